"""verify.py: the auditor's one file."""
