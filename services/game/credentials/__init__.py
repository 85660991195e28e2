"""Badges as Open Badges 3.0 credentials: who issues them, what is exported, and what was revoked."""
