"""What the syncer costs, measured beside the least that could do the work: ``make bench``."""
