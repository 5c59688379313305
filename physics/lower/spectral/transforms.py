"""Between a few Fourier modes and the grid.

To the modes by FFT. To the grid by FFT or, on a CPU and for moderate grids, as products with DFT
matrices: only the kept modes are worked on and matrix products run near the peak of the machine,
where XLA's inverse real FFT takes about twice the time of the forward one.
Complex numbers are pairs of reals in the products.
"""

import functools
from typing import Any

import numpy as np

LARGEST = {1: 0, 2: 64, 3: 128}  # points per axis up to which matrices are used on a CPU


def by_matrices(points: tuple[int, ...], backend: str) -> bool:
    """Whether the way to the grid is by matrix products."""
    return backend == "cpu" and max(points) <= LARGEST[len(points)]


@functools.lru_cache(maxsize=64)
def _full(points: int, numbers: tuple[int, ...]) -> np.ndarray:
    """Real matrix of the inverse DFT along one axis, (2·points, 2·modes)."""
    wave = np.exp(2j * np.pi * np.outer(np.arange(points), numbers) / points) / points
    return np.block([[wave.real, -wave.imag], [wave.imag, wave.real]])


@functools.lru_cache(maxsize=64)
def _half(points: int, count: int) -> np.ndarray:
    """The same to a real field from the modes 0 … count − 1, (2·count, points)."""
    wave = np.exp(2j * np.pi * np.outer(np.arange(count), np.arange(points)) / points) / points
    twice = np.where((np.arange(count) == 0) | (2 * np.arange(count) == points), 1.0, 2.0)
    return np.concatenate([wave.real, -wave.imag]) * np.tile(twice, 2)[:, None]


def matrices_to_grid(modes: Any, points: tuple[int, ...], numbers: tuple) -> Any:
    """(field, *modes) complex -> (field, *space) real."""
    import jax
    import jax.numpy as jnp

    kind = modes.real.dtype
    count, *shape = modes.shape
    done = count
    x = jnp.stack([modes.real, modes.imag], axis=1)  # (done, 2, K, …)
    for axis, n in enumerate(points[:-1]):
        kept, rest = shape[axis], shape[axis + 1 :]
        matrix = jnp.asarray(_full(n, numbers[axis]), kind)
        x = x.reshape(done, 2 * kept, -1)
        x = jax.lax.dot_general(matrix, x, (((1,), (1,)), ((), ())))  # (2N, done, rest)
        x = x.reshape(2, n, done, *rest)
        x = jnp.moveaxis(x, (2, 1), (0, 1)).reshape(done * n, 2, *rest)
        done *= n
    matrix = jnp.asarray(_half(points[-1], shape[-1]), kind)
    return (x.reshape(done, 2 * shape[-1]) @ matrix).reshape(count, *points)


def fft_to_modes(fields: Any, kept: tuple[int, ...], shape: tuple[int, ...]) -> Any:
    """(field, *space) real -> (field, *modes) complex."""
    import jax.numpy as jnp

    dim = len(shape)
    modes = jnp.fft.rfftn(fields, axes=range(1, dim + 1))[..., : shape[-1]]
    for axis in range(dim - 1):
        m, size = kept[axis], modes.shape[axis + 1]
        if shape[axis] < size:
            before = (slice(None),) * (axis + 1)
            low, high = modes[(*before, slice(0, m + 1))], modes[(*before, slice(size - m, size))]
            modes = jnp.concatenate([low, high], axis + 1)
    return modes


def fft_to_grid(modes: Any, points: tuple[int, ...], kept: tuple[int, ...]) -> Any:
    """(field, *modes) complex -> (field, *space) real."""
    import jax.numpy as jnp

    dim = len(points)
    for axis in range(dim - 1):
        m, missing = kept[axis], points[axis] - modes.shape[axis + 1]
        if missing:
            shape = list(modes.shape)
            shape[axis + 1] = missing
            before = (slice(None),) * (axis + 1)
            low, high = modes[(*before, slice(0, m + 1))], modes[(*before, slice(m + 1, None))]
            modes = jnp.concatenate([low, jnp.zeros(shape, modes.dtype), high], axis + 1)
    return jnp.fft.irfftn(modes, s=points, axes=range(1, dim + 1))
