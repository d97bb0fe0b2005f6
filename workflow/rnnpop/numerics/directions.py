"""Directions of state space: readouts as such, lengths, angles."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.linalg import svd

#: A first singular value that is above the second one by less than this share of it belongs to a plane, not to a direction.
_ALONE: Final = 1e-9


class Singular(NamedTuple):
    """Singular values σ of a matrix M by falling size, and the first pair of vectors: M v = σ₁ u."""

    values: Float[np.ndarray, "mode"]
    left: Float[np.ndarray, "target"]
    right: Float[np.ndarray, "source"]


def singular(matrix: Float[np.ndarray, "target source"]) -> Singular:
    """Of a matrix of two rows and columns or more; the vectors are NaN where the two largest values are equal: none is the first."""
    try:
        left, values, right = np.linalg.svd(matrix)
    except np.linalg.LinAlgError:  # many values that are nearly the same: the faster algorithm may not converge
        left, values, right = svd(matrix, lapack_driver="gesvd")
    if values[0] - values[1] <= _ALONE * values[0]:
        return Singular(values, np.full(len(matrix), np.nan), np.full(matrix.shape[1], np.nan))
    return Singular(values, left[:, 0], right[0])


def extended(readout: Float[np.ndarray, "output source"], units: int) -> Float[np.ndarray, "output unit"]:
    """The readout's rows in state space: 0 for the cells of an LSTM, which stand behind the hidden units and are not read out.

    Args:
        units: size of the state vector.
    """
    return np.pad(readout, ((0, 0), (0, units - readout.shape[1])))


def unit_vector(vector: Float[np.ndarray, "unit"]) -> Float[np.ndarray, "unit"]:
    """The vector over its length; NaN for none. The argument is left as it is."""
    length = np.linalg.norm(vector)
    return vector / length if length > 0 else np.full(vector.shape, np.nan)


def angle(first: Float[np.ndarray, "unit"], second: Float[np.ndarray, "unit"]) -> float:
    """Angle of two directions, degrees, 0 to 180: both have a sense, so an obtuse angle stays obtuse."""
    return _degrees(unit_vector(first) @ unit_vector(second))


def angle_of_lines(first: Float[np.ndarray, "unit"], second: Float[np.ndarray, "unit"]) -> float:
    """Angle of two directions without a sense, degrees, 0 to 90; both of length 1."""
    return _degrees(abs(first @ second))


def _degrees(cosine: float) -> float:
    return float(np.degrees(np.arccos(np.clip(cosine, -1, 1))))
