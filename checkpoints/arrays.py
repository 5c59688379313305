"""Flat {path: array} to and from Orbax, exactly: same bits, same dtype, same shape.

Orbax v1 casts a wrong dtype silently, reads a flipped bit silently, and refuses NumPy scalars and
zero-size arrays. So leaves are checked before anything is written, arrays without numbers live in
the manifest only, and the decoded arrays are hashed.
"""

import functools
import hashlib
import logging
import operator
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from checkpoints.errors import CheckpointError, brief
from checkpoints.paths import nest

DTYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
)
Arrays = dict[str, np.ndarray | None]  # None: an empty dict at a path that ends in "/"


def hosted(flat: Mapping[str, Any]) -> Arrays:
    """NumPy arrays in native byte order for NumPy or JAX leaves, whole even where JAX sharded them.

    Raises CheckpointError for leaves that are no arrays and for dtypes that cannot be kept.
    """
    arrays = {path: _host(flat[path], path) for path in sorted(flat)}
    if not any(map(_holds, arrays.values())):
        raise CheckpointError("there is nothing to save; give at least one array that is not empty")
    return arrays


def manifest(arrays: Arrays) -> dict[str, dict[str, Any]]:
    """{path: {shape, dtype}}."""
    return {
        path: {} if array is None else {"shape": list(array.shape), "dtype": array.dtype.name}
        for path, array in arrays.items()
    }


def digest(arrays: Arrays) -> str:
    """sha256 over paths, dtypes, shapes and little-endian bytes."""
    total = hashlib.sha256()
    for path in sorted(arrays):
        array = arrays[path]
        if array is None:
            total.update(f"{path}\n".encode())
            continue
        total.update(f"{path} {array.dtype.name} {list(array.shape)}\n".encode())
        if array.size:
            little = array.astype(array.dtype.newbyteorder("<"), order="C", copy=False)
            total.update(little.reshape(-1).view(np.uint8).data)
    return total.hexdigest()


def write(folder: Path, arrays: Arrays) -> None:
    """Have Orbax write the arrays into `folder`, which must not exist; errors pass through."""
    from orbax.checkpoint import v1 as ocp

    with _quiet(), ocp.Context():
        ocp.save(folder, _stored(arrays))
    mark = folder / "commit_success.txt"  # Orbax writes the path of this machine into it
    if mark.exists():
        mark.write_text("committed\n", encoding="utf-8")


def read(folder: Path, wanted: Mapping[str, Mapping[str, Any]]) -> Arrays:
    """The arrays of the manifest `wanted`; CheckpointError unless all are there as described.

    Each process of a job reads on its own, onto the host: no devices, no collectives.
    """
    from orbax.checkpoint import v1 as ocp

    try:
        empty = {path: _empty(path, entry) for path, entry in wanted.items()}
        with _quiet(), _alone():
            tree = ocp.load(folder, _stored(empty))
        arrays = {path: _pick(tree, path) if _holds(a) else a for path, a in empty.items()}
    except Exception as error:
        raise CheckpointError(
            f'"{folder}" cannot be decoded ({brief(error)})', "copy the folder again"
        ) from error
    if any(type(array) is not np.ndarray for array in arrays.values() if array is not None):
        raise CheckpointError(f'"{folder}" came back as other than NumPy arrays; upgrade Orbax')
    if manifest(arrays) != manifest(empty):
        raise CheckpointError(
            f'"{folder}" has other shapes or dtypes than described; copy it again'
        )
    return arrays


def _host(leaf: Any, path: str) -> np.ndarray | None:
    import jax

    if path.endswith("/"):
        return None
    if isinstance(leaf, jax.Array):
        if jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key):
            raise CheckpointError(f'"{path}" is a typed PRNG key; save jax.random.key_data(key)')
        if not leaf.is_fully_addressable and not leaf.is_fully_replicated:
            from jax.experimental import multihost_utils

            leaf = multihost_utils.process_allgather(leaf, tiled=True)
    elif not isinstance(leaf, np.ndarray | np.generic):
        raise CheckpointError(
            f'"{path}" is a {type(leaf).__name__}, no array',
            "use np.asarray, or nnx.to_pure_dict for a Flax state",
        )
    array = np.asarray(leaf)
    if array.dtype.name not in DTYPES:
        raise CheckpointError(
            f'"{path}" has dtype {array.dtype}, which cannot be kept; cast it to one of '
            + ", ".join(DTYPES)
        )
    # Own memory and plain layout: the caller may change the array while it is being written.
    return np.array(array, dtype=array.dtype.newbyteorder("="), order="C")


def _empty(path: str, entry: Mapping[str, Any]) -> np.ndarray | None:
    if path.endswith("/"):
        return None
    if entry["dtype"] not in DTYPES:
        raise CheckpointError(f"dtype {entry['dtype']} of {path} is unknown")
    return np.empty(entry["shape"], np.dtype(entry["dtype"]))


def _holds(array: np.ndarray | None) -> bool:
    """Whether Orbax is to store it: it refuses arrays without numbers."""
    return array is not None and array.size > 0


def _stored(arrays: Arrays) -> dict[str, Any]:
    """The tree Orbax sees: nested like the state, its keys path segments (text without dots)."""
    return nest({path: array for path, array in arrays.items() if _holds(array)}, decode=False)


def _pick(tree: Any, path: str) -> Any:
    return functools.reduce(operator.getitem, path.split("/"), tree)


@contextmanager
def _alone() -> Iterator[None]:
    """Orbax settings of our own, and no waiting for other processes."""
    import jax
    from orbax.checkpoint import v1 as ocp

    context = ocp.Context()
    if jax.process_count() > 1:
        me = jax.process_index()
        context.multiprocessing.primary_host = me
        context.multiprocessing.active_processes = {me}
        context.multiprocessing.barrier_sync_key_prefix = f"checkpoints-{me}"
    with context:
        yield


@contextmanager
def _quiet() -> Iterator[None]:
    """Drop Orbax's log: on an error it prints pages of tracebacks before our one sentence."""
    logger = logging.getLogger("absl")

    def ours(record: logging.LogRecord) -> bool:
        return "orbax" not in record.pathname

    logger.addFilter(ours)
    try:
        yield
    finally:
        logger.removeFilter(ours)
