"""Whether draws have the odds that were published: pure statistics over counts."""
