"""Scratch cards: their artwork, and uncovering them."""
