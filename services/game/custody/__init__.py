"""Custody of what is secret: which columns are sealed, the rotation of their keys, who read a secret."""
