"""prizes."""
