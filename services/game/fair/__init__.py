"""All that an auditor must trust: entries, draws, tables, the Merkle log, receipts, verification. Pure."""
