"""The main job on one machine, end to end: ``make demo`` and ``make demo-serve``."""
