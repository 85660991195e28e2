"""For auditors: a log read from outside, replayed, tested and reported. Needs no database and no settings."""
