"""Random faults while packages are being published, through real processes: ``make chaos``.

A `Site` is one whole installation with real servers. In each round `campaign` publishes packages, lets
one fault of a `Kind` happen while they are on their way, waits until everything is right again, and has
the `judge` compare what was published with what the target, the ledger and every page said.
"""
