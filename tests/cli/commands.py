"""What the tests of the command line share."""

import subprocess
import sys

from zoo.cli.app import app

DECAY = ("solve", "x' = -a*x", "-p", "a=2", "-i", "x=3", "-t", "0:1:11")
VERBS = {c.name or c.callback.__name__: c.callback for c in app.registered_commands}


def outside(*words, **options):
    """The command as a process of its own."""
    command = [sys.executable, "-m", "zoo", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, **options)
