"""One training loop for every family: schedules, updates, the loop itself, its log."""
