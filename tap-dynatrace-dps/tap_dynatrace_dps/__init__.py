"""Singer tap for Dynatrace Platform Subscription (DPS) cost and usage."""
