"""Translators between the ports and the outside; they do not know each other."""
