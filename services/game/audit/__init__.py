"""The draw log of a campaign: append, checkpoints, tiles, receipts, and the beacon."""
