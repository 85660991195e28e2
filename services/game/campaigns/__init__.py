"""Campaigns and pools from draft to close, and the page that everybody sees."""
