"""Singer target that sends any stream to Dynatrace as business events."""
