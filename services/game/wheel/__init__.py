"""The wheel that the app draws, and where it stops."""
