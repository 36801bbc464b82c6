"""Who owns the packages and who copies them, on servers that live for one measurement."""

OWNER, TOKEN = "acme", "gitea-token-of-the-benchmark"
USER, PASSWORD = "bench", "devpi-password-of-the-benchmark"
