"""Tests of the code that the plugins share."""
