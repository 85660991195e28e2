"""Gifts of chances and spare badges: given by a code that is used once, redeemed, cancelled, or returned."""
