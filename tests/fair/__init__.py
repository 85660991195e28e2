"""Tests of the draw protocol."""
