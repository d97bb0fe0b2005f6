"""Random matrices and directions that circuits are made of."""

from __future__ import annotations

import numpy as np
from jaxtyping import Complex, Float

from rnnpop.numerics.recurrences import by_real_part


def frame(rng: np.random.Generator, units: int, directions: int) -> Float[np.ndarray, "unit direction"]:
    """Orthonormal columns, uniform over all such frames (Haar): QR of a Gaussian matrix with a positive diagonal of R (Mezzadri 2007).

    No more columns than units come out, however many are asked for.
    """
    orthonormal, triangle = np.linalg.qr(rng.standard_normal((units, directions)))
    return orthonormal * np.where(np.diagonal(triangle) < 0, -1.0, 1.0)


def gaussian(rng: np.random.Generator, units: int, gain: float) -> Float[np.ndarray, "unit unit"]:
    """Entries N(0, g² / D)."""
    return gain / np.sqrt(units) * rng.standard_normal((units, units))


def symmetric(rng: np.random.Generator, units: int, gain: float) -> Float[np.ndarray, "unit unit"]:
    """(Q + Qᵀ) / 2, Q with entries N(0, g² / D); the spectrum ends near ±√2 g."""
    square = gaussian(rng, units, gain)
    return (square + square.T) / 2


def directions(rng: np.random.Generator, units: int, number: int) -> Float[np.ndarray, "unit direction"]:
    """Columns of length 1, each uniform over all directions, drawn one beside the other: not orthogonal."""
    drawn = rng.standard_normal((units, number))
    return drawn / np.linalg.norm(drawn, axis=0)


def signal_path(rng: np.random.Generator, units: int) -> tuple[Float[np.ndarray, "unit"], Float[np.ndarray, "unit"]]:
    """Drive √D v and readout v / √D of a circuit that is given none by its construction, v a random direction.

    What enters is read as it is, and each unit gets a share of order 1.
    """
    direction = directions(rng, units, 1)[:, 0]
    return np.sqrt(units) * direction, direction / np.sqrt(units)


def with_zeros(eigenvalues: Float[np.ndarray, "mode"] | Complex[np.ndarray, "mode"], units: int) -> Complex[np.ndarray, "unit"]:
    """The spectrum of a matrix whose other eigenvalues are 0, by falling real part."""
    return by_real_part(np.concatenate([eigenvalues, np.zeros(units - len(eigenvalues))]))


def factored(
    left: Float[np.ndarray, "unit rank"], right: Float[np.ndarray, "unit rank"]
) -> tuple[Float[np.ndarray, "unit direction"], Float[np.ndarray, "direction direction"]]:
    """Orthonormal columns U and a small matrix K with left · rightᵀ = U K Uᵀ."""
    basis = np.linalg.qr(np.concatenate([left, right], axis=1))[0]
    return basis, (basis.T @ left) @ (basis.T @ right).T
