"""How long a run takes: before it begins, and what is left of it while it works."""
