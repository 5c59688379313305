"""The online generator: many PDEs simulated while a model trains on their snapshots."""
