"""Badge collections: sets, what becomes of duplicates, redemption, and the odds of completing a set."""
