"""The life of a play, and the seats it is drawn from."""
