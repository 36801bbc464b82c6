"""The status view: server-rendered pages and ``/health`` over the read models."""
