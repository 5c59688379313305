"""The command line `zoo`: the public verbs, typed.

Nothing heavy is imported before a verb runs: `zoo list`, `zoo show` and `zoo --help` need no JAX.
"""

from zoo.cli.entry import main

__all__ = ["main"]
