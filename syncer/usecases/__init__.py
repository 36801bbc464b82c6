"""One verb each; every one is safe to repeat, and to die in at any line."""
