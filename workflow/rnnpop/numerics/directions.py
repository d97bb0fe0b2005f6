"""Directions of state space: readouts as such, lengths, angles."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float


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
