"""A small, real double-entry ledger on PostgreSQL that keeps the whole contract; for local runs and tests."""
