"""Tests of the target that keeps cost centers and products."""
