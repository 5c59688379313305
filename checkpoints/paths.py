"""Nested dicts as flat {path: leaf}: `{"layers": {0: {"w": x}}}` is `{"layers/0/w": x}`.

A segment that reads as an integer *is* an integer key; every other key is text, with all but
letters, digits, `_` and `-` percent-encoded. So int and str keys never mix up, and no two trees
share a path (Orbax joins keys with dots and silently merges `{"a.b": x}` with `{"a": {"b": y}}`).
An empty dict is kept as a path that ends in `/`.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from checkpoints.errors import CheckpointError

_INTEGER = re.compile(r"-?(0|[1-9][0-9]*)", re.ASCII)


def segment(key: int | str) -> str:
    """One key as a piece of a path.

    >>> segment(0), segment("0"), segment("kernel"), segment("phi-rom.v1"), segment("")
    ('0', '%30', 'kernel', 'phi-rom%2Ev1', '%')
    """
    if isinstance(key, int) and not isinstance(key, bool):
        return str(int(key))
    if not isinstance(key, str):
        raise CheckpointError(f"the key {key!r} is a {type(key).__name__}; use text or int keys")
    if _INTEGER.fullmatch(key):
        return "".join(f"%{ord(letter):02X}" for letter in key)
    try:
        encoded = re.sub(rb"[^A-Za-z0-9_-]", lambda m: b"%%%02X" % m[0][0], key.encode())
    except UnicodeEncodeError as error:
        raise CheckpointError(f"the key {key!r} is not valid Unicode; rename it") from error
    return encoded.decode() or "%"


def key_of(piece: str) -> int | str:
    """The key that `segment` encoded.

    >>> key_of("0"), key_of("%30"), key_of("phi-rom%2Ev1"), key_of("%")
    (0, '0', 'phi-rom.v1', '')
    """
    if _INTEGER.fullmatch(piece):
        return int(piece)
    return "" if piece == "%" else unquote(piece)


def flatten(tree: Mapping[Any, Any], prefix: str = "") -> dict[str, Any]:
    """Leaves of a nested dict by path; an empty dict below the top appears as `{"path/": None}`.

    Raises CheckpointError for lists, tuples and keys that are neither text nor int.

    >>> flatten({"params": {0: 1.5}, "rest": {}})
    {'params/0': 1.5, 'rest/': None}
    """
    if not isinstance(tree, Mapping):
        raise CheckpointError(f"a state is a nested dict of arrays, not a {type(tree).__name__}")
    flat: dict[str, Any] = {}
    for key, value in tree.items():
        path = prefix + segment(key)
        if isinstance(value, list | tuple):
            raise CheckpointError(f'"{path}" is a {type(value).__name__}; use a dict with int keys')
        if not isinstance(value, Mapping):
            flat[path] = value
        elif value:
            flat.update(flatten(value, path + "/"))
        else:
            flat[path + "/"] = None
    return flat


def nest(flat: Mapping[str, Any], decode: bool = True) -> dict[Any, Any]:
    """The nested dict that `flatten` took apart; `decode=False` keeps the path segments as keys.

    >>> nest({"params/0": 1.5, "rest/": None})
    {'params': {0: 1.5}, 'rest': {}}
    """
    tree: dict[Any, Any] = {}
    key = key_of if decode else str
    for path, leaf in flat.items():
        *parents, last = path.split("/")
        node = tree
        for piece in parents:
            node = node.setdefault(key(piece), {})
        if last:
            node[key(last)] = leaf
    return tree
