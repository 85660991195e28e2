"""The games service: campaigns, fair draws, plays and prizes."""
