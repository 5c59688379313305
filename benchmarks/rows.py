"""Rows of results in JSON-lines files, which benchmarks resume from."""

import json
from pathlib import Path


def load(store: Path) -> list[dict]:
    """Rows of a store, none where there is no file."""
    return [json.loads(line) for line in store.read_text().splitlines()] if store.exists() else []


def append(store: Path, row: dict) -> None:
    """Add a row to a store."""
    store.parent.mkdir(parents=True, exist_ok=True)
    with open(store, "a") as file:
        file.write(json.dumps(row) + "\n")
