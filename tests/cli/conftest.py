"""The command line, called in this process."""

import pytest

from zoo.cli import main


@pytest.fixture
def zoo(capsys):
    """zoo(*words) -> (exit code, stdout, stderr), in this process."""

    def run(*words):
        capsys.readouterr()
        code = main([str(word) for word in words])
        out, err = capsys.readouterr()
        return code, out, err

    return run
