"""PURE. Whether counts fit published odds: tests whose chances can be trusted far out, and intervals."""
