"""Carriers of messages: Celery between processes, threads within one."""
