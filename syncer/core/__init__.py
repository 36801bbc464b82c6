"""Pure rules and values: standard library and packaging only; no I/O, no clock, no log."""
