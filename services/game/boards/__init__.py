"""Leaderboards per campaign and season, in PostgreSQL."""
