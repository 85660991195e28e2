"""The outbox: credits on their way to the core ledger."""
