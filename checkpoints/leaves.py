"""A pytree as {path: array}, and back into the structure of another like it."""

from collections.abc import Mapping
from typing import Any

import jax
import numpy as np

from checkpoints.errors import CheckpointError
from checkpoints.paths import segment

Entry = dict[str, Any]


def flatten(tree: Any) -> tuple[dict[str, Any], dict[str, Entry]]:
    """({path: array}, {path: {"kind": ...} for leaves that are no plain arrays})."""
    arrays: dict[str, Any] = {}
    kinds: dict[str, Entry] = {}
    for keys, leaf in jax.tree_util.tree_flatten_with_path(tree)[0]:
        path = "/".join(map(_segment, keys)) or segment("")
        if path in arrays:
            raise CheckpointError(f'two leaves have the path "{path}"; give them different keys')
        kinds[path] = _kind(leaf)
        arrays[path] = _array(leaf)
    return arrays, kinds


def compare(saved: Mapping[str, Entry], target: Any) -> None:
    """Raise CheckpointError, naming the first difference, unless `target` has the saved leaves."""
    wanted = {
        "/".join(map(_segment, keys)) or segment(""): _expected(leaf)
        for keys, leaf in jax.tree_util.tree_flatten_with_path(target)[0]
    }
    missing, extra = sorted(set(saved) - set(wanted)), sorted(set(wanted) - set(saved))
    cure = "use the model, optimiser and options of the saved run"
    if missing or extra:
        which = [f'"{path}" was saved but is not wanted' for path in missing[:1]]
        which += [f'"{path}" is wanted but was not saved' for path in extra[:1]]
        raise CheckpointError(
            f"the run has {len(saved)} leaves, the target {len(wanted)}: {', '.join(which)}; {cure}"
        )
    for path, entry in wanted.items():
        if entry != saved[path]:
            raise CheckpointError(
                f'leaf "{path}" was saved as {_words(saved[path])}, '
                f"the target has {_words(entry)}; {cure}"
            )


def rebuild(arrays: Mapping[str, np.ndarray | None], target: Any) -> Any:
    """The arrays in the structure of `target`, each placed as the leaf of `target` is."""
    return jax.tree_util.tree_map_with_path(
        lambda keys, leaf: _placed(arrays["/".join(map(_segment, keys)) or segment("")], leaf),
        target,
    )


def _segment(key: Any) -> str:
    """Dict and attribute keys by name, sequence positions as ints, anything else as it prints."""
    for attribute in ("key", "idx", "name"):
        value = getattr(key, attribute, None)
        if value is not None:
            plain = isinstance(value, str | int) and not isinstance(value, bool)
            return segment(value if plain else repr(value))
    return segment(str(key))


def _is_key(leaf: Any) -> bool:
    return hasattr(leaf, "dtype") and jax.dtypes.issubdtype(leaf.dtype, jax.dtypes.prng_key)


def _is_number(leaf: Any) -> bool:
    return isinstance(leaf, bool | int | float) and not isinstance(leaf, np.generic)


def _kind(leaf: Any) -> Entry:
    if _is_key(leaf):
        return {"kind": str(leaf.dtype)}
    return {"kind": type(leaf).__name__} if _is_number(leaf) else {}


def _array(leaf: Any) -> Any:
    if _is_key(leaf):
        return jax.random.key_data(leaf)
    return np.asarray(leaf) if _is_number(leaf) else leaf


def _expected(leaf: Any) -> Entry:
    """The manifest entry that the leaf would be saved with."""
    if _is_key(leaf):
        leaf, kind = jax.eval_shape(jax.random.key_data, leaf), _kind(leaf)
    else:
        kind = _kind(leaf)
        if not hasattr(leaf, "dtype"):
            leaf = np.asarray(leaf)
    return {"shape": list(leaf.shape), "dtype": np.dtype(leaf.dtype).name, **kind}


def _words(entry: Entry) -> str:
    kind = f" ({entry['kind']})" if "kind" in entry else ""
    return f"{entry['dtype']}{tuple(entry['shape'])}{kind}"


def _placed(array: np.ndarray | None, leaf: Any) -> Any:
    """The saved `array` as what `leaf` is: a Python number, NumPy, a key, or where `leaf` lies."""
    assert array is not None
    sharding = getattr(leaf, "sharding", None)
    if _is_number(leaf):
        return array.item()
    if _is_key(leaf):
        impl = jax.random.key_impl(jax.numpy.empty((), leaf.dtype))
        return jax.jit(
            lambda data: jax.random.wrap_key_data(data, impl=impl), out_shardings=sharding
        )(array)
    if sharding is None:
        return array
    if len(sharding.device_set) > 1:
        return jax.make_array_from_callback(array.shape, sharding, lambda index: array[index])
    placed = jax.numpy.asarray(array)
    if getattr(leaf, "weak_type", False) and array.ndim == 0:
        weak = jax.numpy.asarray(array.item())  # come back strong, it would promote what it meets
        placed = weak if weak.dtype == array.dtype else placed
    # Not pinned to its device, as fresh arrays are not, unless it belongs on another one.
    return placed if placed.sharding == sharding else jax.device_put(placed, sharding)
