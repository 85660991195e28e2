"""sandbox_ledger."""
