"""A local stand-in for the Dynatrace services the DPS plugins talk to, for demos and tests."""
