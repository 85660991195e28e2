"""What paid plays are measured against: each a program of its own, beside the servers of an installation."""
