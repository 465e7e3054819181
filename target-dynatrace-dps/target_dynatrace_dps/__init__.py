"""Singer target that writes Dynatrace cost centers and products."""
