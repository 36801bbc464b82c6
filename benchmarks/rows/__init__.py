"""One module for each row of the table; each has a ``ROW``."""
