"""Recursive least squares over a recording, step by step while the network runs: in C, or without a compiler in numpy."""

from __future__ import annotations

import ctypes
from pathlib import Path

import numpy as np
from jaxtyping import Float

from rnnpop.numerics.kernels.compiled import library

_SOURCE = Path(__file__).with_suffix(".c")


def passes(
    weights: Float[np.ndarray, "unit unit"],
    inverse: Float[np.ndarray, "unit unit"],
    first: Float[np.ndarray, "trial unit"],
    rates: Float[np.ndarray, "trial time unit"],
    leak: float,
    number: int,
) -> float:
    """`number` passes of the network h' = (1 − a) h + a J tanh(h) over a recording, J corrected at every step, in place; float64.

    Each trial begins at its first state. At every step, with r = tanh(h), the rate r̂ that was seen, and h' made of J as it stood before:

        k = P r,   c = 1 / (1 + rᵀ k),   P ← P − c k kᵀ,   J ← J − c (r − r̂) kᵀ

    so that P⁻¹ grows by r rᵀ (Sherman and Morrison) and J is learnt at rates that fall as one over what was seen. C and numpy agree to
    rounding, which a network that runs freely may amplify.

    Args:
        weights: J.
        inverse: P.
        first: states that trials begin at.
        rates: r̂.

    Returns:
        Sum of squared errors r − r̂ of the last pass; not finite where the network came apart, in the pass that it did.

    Source: Sussillo & Abbott 2009; as it is applied to recordings: Perich et al. 2020.
    """
    native = library(_SOURCE)
    if native is None:
        return _passes(weights, inverse, first, rates, leak, number)
    trials, steps, units = rates.shape
    for array, shape in ((weights, (units, units)), (inverse, (units, units)), (first, (trials, units)), (rates, (trials, steps, units))):
        if array.shape != shape or array.dtype != np.float64 or not array.flags.c_contiguous:
            raise ValueError(
                f"an array of shape {array.shape} and type {array.dtype} where a contiguous one of {shape}, float64, is needed"
            )
    native.passes.argtypes = [*[ctypes.c_int] * 4, ctypes.c_double, *[ctypes.c_void_p] * 5]
    native.passes.restype = ctypes.c_double
    arrays = (first, rates, weights, inverse, np.empty((3, units)))
    return native.passes(units, trials, steps, number, leak, *(array.ctypes.data for array in arrays))


def _passes(weights: np.ndarray, inverse: np.ndarray, first: np.ndarray, rates: np.ndarray, leak: float, number: int) -> float:
    missed = 0.0
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(number):
            missed = 0.0
            for start, seen in zip(first, rates, strict=True):
                state = start.copy()
                for target in seen:
                    rate = np.tanh(state)
                    state += leak * (weights @ rate - state)
                    gain = inverse @ rate
                    scaled = gain / (1 + rate @ gain)
                    error = rate - target
                    missed += float(error @ error)
                    inverse -= np.outer(scaled, gain)
                    weights -= np.outer(error, scaled)
            if not np.isfinite(missed):
                break
    return missed
