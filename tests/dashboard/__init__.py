"""Tests of the Dynatrace dashboard."""
