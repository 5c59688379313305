"""One file per environment: its stem is the name, its `environment(...)` makes it."""
