"""Erasure of players: what names them goes, what they did stays, and every proof stays valid."""
