"""What a user would take instead: small programs that do the same job."""
