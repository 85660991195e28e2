"""Tests of the tests: against brute force, known values, and pools that are fair or not."""
