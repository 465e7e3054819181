"""How fast the tap and the target are, beside what a user would take instead."""
