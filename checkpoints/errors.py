"""The one error of this package."""

import errno
import os


class CheckpointError(ValueError):
    """A checkpoint cannot be written, found or trusted; the message says what to do about it.

    >>> str(CheckpointError('"a" is damaged', "copy it again"))
    '"a" is damaged; copy it again'
    """

    def __init__(self, problem: str, cure: str = "") -> None:
        super().__init__(problem, cure)
        self.problem, self.cure = problem, cure

    def __str__(self) -> str:
        return f"{self.problem}; {self.cure}" if self.cure else self.problem


_CURES = {
    errno.EROFS: "the place is read-only; choose a folder you may write to",
    errno.EACCES: "permission is denied; choose a folder you may write to",
    errno.EPERM: "permission is denied; choose a folder you may write to",
    errno.ENOSPC: "the disk is full; free some space and save again",
    errno.EDQUOT: "your disk quota is used up; free some space and save again",
    errno.ENOTDIR: "a part of that path is a file; choose another folder",
    errno.ENOTEMPTY: "something else was put there meanwhile; choose another path",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
}


def cannot_write(path: object, error: Exception) -> CheckpointError:
    """What to tell the user when writing `path` failed with `error`, of the system or of Orbax."""
    if isinstance(error, CheckpointError):
        return error
    if isinstance(error, OSError) and error.errno in _CURES:
        return CheckpointError(f'cannot write "{path}": {_CURES[error.errno]}')
    for number, cure in _CURES.items():
        # TensorStore reports system errors as text inside a long ValueError.
        if os.strerror(number) in str(error):
            return CheckpointError(f'cannot write "{path}": {cure}')
    return CheckpointError(
        f'cannot write "{path}" ({brief(error)}); nothing was changed, try another place'
    )


def brief(error: Exception) -> str:
    """The last clause of an error's first line: long library errors put the cause at the end.

    >>> brief(ValueError('DATA_LOSS: Error reading "a" in "/tmp/x": File too large [spec={...}]'))
    'File too large'
    """
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    lines = str(error).split(" [")[0].strip().splitlines() or [type(error).__name__]
    return lines[0].rsplit(": ", 1)[-1].rstrip(". ")[:160]
