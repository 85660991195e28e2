"""Tests of the auditor's tools."""
