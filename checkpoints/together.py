"""Several processes, one folder: process 0 acts, and all learn how it went.

Orbax's save is collective even for arrays that every process holds, so in a job of several
processes each of them calls `save`. In a job of one, all of this is a plain call.
"""

import json
from collections.abc import Callable

from checkpoints.errors import CheckpointError, cannot_write


def lead(action: Callable[[], str], path: object) -> str:
    """Run `action` on process 0; its text is returned, or its failure raised, on every process.

    Raises CheckpointError that names `path` for whatever ordinary error `action` raised.
    """
    import jax

    if jax.process_count() == 1:
        return _explained(action, path)
    reply = {"text": "", "error": ""}
    if jax.process_index() == 0:
        try:
            reply["text"] = _explained(action, path)
        except CheckpointError as error:
            reply["error"] = str(error)
    reply = json.loads(_broadcast(json.dumps(reply).encode()))
    if reply["error"]:
        raise CheckpointError(reply["error"])
    return reply["text"]


def attempt(action: Callable[[], None], path: object) -> None:
    """Run `action` on every process; CheckpointError on all of them if it failed on any."""
    import jax

    failure: Exception | None = None
    try:
        action()
    except Exception as error:
        failure = error
    if jax.process_count() > 1:
        import numpy as np
        from jax.experimental import multihost_utils

        failed = multihost_utils.process_allgather(np.int32(failure is not None))
        if failure is None and np.any(failed):
            failure = CheckpointError(f'another process could not write "{path}"; see its message')
    if failure is not None:
        raise cannot_write(path, failure) from failure


def _explained(action: Callable[[], str], path: object) -> str:
    try:
        return action()
    except Exception as error:
        raise cannot_write(path, error) from error


def _broadcast(data: bytes) -> bytes:
    import numpy as np
    from jax.experimental import multihost_utils

    size = int(multihost_utils.broadcast_one_to_all(np.int32(len(data))))
    padded = np.frombuffer(data.ljust(size, b"\0")[:size], np.uint8)
    return bytes(np.asarray(multihost_utils.broadcast_one_to_all(padded), np.uint8))
