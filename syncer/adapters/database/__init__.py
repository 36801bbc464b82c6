"""The ledger on SQLAlchemy."""
