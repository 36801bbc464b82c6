"""The only place that builds things: Settings become Services."""
