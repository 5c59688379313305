"""Tables of the documents, each re-made by one command: python -m benchmarks.NAME."""
