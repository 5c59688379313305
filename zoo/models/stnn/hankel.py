"""The weights with which the structured network is an exact Hankel product.

H_ij = h_{i+j}, n x n. T = Ĩ H is Toeplitz, T_ij = h_{n−1−i+j}; it is the upper left block of the
circulant C of size r = 2n with first column c = [T_{0…n−1,0}; 0; T_{0,n−1…1}], and C = F⁻¹ diag(F
c) F. So H = Ĩ T = Ĩ Jᵀ F⁻¹ D̂ F J with D̂ = diag(F c): the network without activations and biases.
"""

from typing import Any

import numpy as np

from zoo.models.stnn.butterfly import Butterfly

LINEAR = ("identity", "identity", "identity")


def fourier(size: int, inverse: bool = False) -> Butterfly:
    """The butterfly that is the unitary DFT of `size`, outputs in bit-reversed order (numpy,
    complex); the transposed inverse one takes them back."""
    sign = 1j if inverse else -1j
    levels, m = [], size
    while m > 2:
        levels.append(np.exp(sign * 2 * np.pi * np.arange(m // 2) / m))
        m //= 2
    hadamard = np.array([[1, 1], [1, -1]]) / np.sqrt(2)
    return Butterfly(np.concatenate(levels)[None], np.stack([hadamard] * 2)[None].astype(complex))


def exact(h: np.ndarray) -> dict[str, Any]:
    """Weights for `network.apply` (activations LINEAR, one block) of the Hankel matrix with first
    column h[:n] and last row h[n − 1:]; h: (2n − 1,), n a power of 2 from 4."""
    h = np.asarray(h)
    n = (len(h) + 1) // 2
    if h.ndim != 1 or len(h) != 2 * n - 1 or n < 4 or n & (n - 1):
        raise ValueError("a Hankel matrix of size n has 2n − 1 numbers, n a power of 2 from 4")
    column, row = h[n - 1 :: -1], h[n - 1 :]
    circulant = np.concatenate([column, [0.0], row[:0:-1]])
    spectrum = np.fft.fft(circulant)[reversed_bits(2 * n)]
    zero = np.zeros((1, n), complex)
    return {
        "first": fourier(2 * n)._asdict(),
        "second": fourier(2 * n, inverse=True)._asdict(),
        "bias_1": np.zeros((1, 2 * n), complex),
        "spectrum": spectrum[None],
        "bias_2": zero,
        "bias_3": zero,
        "readout": zero + 1.0,
        "bias": zero[0],
    }


def reversed_bits(size: int) -> np.ndarray:
    """The places of 0 … size − 1 with the bits of each number reversed.

    >>> reversed_bits(8)
    array([0, 4, 2, 6, 1, 5, 3, 7])
    """
    places = np.zeros(1, int)
    while len(places) < size:
        places = np.concatenate([2 * places, 2 * places + 1])
    return places
