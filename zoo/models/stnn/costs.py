"""What an StNN costs, as functions of its configuration alone; imports neither JAX nor NumPy.

One butterfly of size r holds r − 2 twiddles and two 2x2 leaves: r + 6 numbers. Its levels take
r/2 (log₂ r − 1) multiplications and the leaves 2r, without the scalings of 1/√2.
"""

from collections.abc import Mapping
from math import log2
from typing import Any


def numbers(size: int) -> int:
    """How many numbers one butterfly of `size` holds."""
    return size - 2 + 8


def multiplications(size: int) -> int:
    """Real multiplications of one pass of a butterfly in radix 2."""
    return size // 2 * (int(log2(size)) - 1) + 2 * size


def entries_of_a_block(window: int, states: int) -> int:
    """n: the window's numbers, padded in front to a power of 2 from 4."""
    return max(4, 1 << (window * states - 1).bit_length())


def parameter_count(
    n: int, blocks: int, *, share_blocks: bool = False, environments: int = 1, linear: int = 0
) -> int:
    """Trained numbers: p(11n + 12) + n, shared (7n + 12) + 4pn + n.

    environments: further read-outs and biases for each, where there are several.   linear: numbers
    of the linear part, N · d² with d states.
    """
    own = 2 * numbers(2 * n) + 2 * n + n  # two butterflies, D̂, Ď
    whole = (1 if share_blocks else blocks) * own + 4 * blocks * n + n
    extra = environments * (blocks * n + n) if environments > 1 else 0
    return whole + extra + linear


def multiplication_count(n: int, blocks: int, *, linear: int = 0) -> int:
    """Real multiplications per step in radix 2, without scalings and activations: O(p n log n)."""
    return blocks * (2 * multiplications(2 * n) + 2 * n + n) + linear


def dense_count(n: int, blocks: int) -> int:
    """Weights of the dense network of the same widths, n → 2pn → pn → pn → n: 3pn² + 3p²n²."""
    return 3 * blocks * n**2 + 3 * blocks**2 * n**2


def costs(config: Mapping[str, Any]) -> dict[str, str]:
    """What `zoo show` says about the configuration of a card."""
    states, p = len(config["states"]), config["blocks"]
    n = entries_of_a_block(config["window"], states)
    linear = config["window"] * states**2 if config["linear"] else 0
    count = parameter_count(
        n, p, share_blocks=config["share_blocks"], environments=config["environments"],
        linear=linear,
    )  # fmt: skip
    dense = dense_count(n, p)
    widths = " → ".join(map(str, (n, 2 * p * n, p * n, p * n, n)))
    return {
        "trained numbers": f"{count:,}, {count / dense:.1%} of the {dense:,} of the dense {widths}",
        "multiplications": f"{multiplication_count(n, p, linear=linear):,} a step, dense {dense:,}",
        "levels": f"2 butterflies of {int(log2(2 * n))} levels in each of {p} blocks of {n}",
    }
