"""Read models: what the CLI and the status view show; every count is a query over rows."""
