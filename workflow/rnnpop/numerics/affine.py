"""The affine parts that every cell shares: pre-activations a = A x + W h + b by gate, the readout y = C h + d, and their first values."""

from __future__ import annotations

from typing import Any, Final, Literal

import numpy as np
import torch
from jaxtyping import Float
from scipy.special import ndtr, ndtri
from torch import Tensor
from torch.nn.functional import linear

#: Names of the weights that the L2 penalty sees: the matrices.
WEIGHTS = ("input_weights", "recurrent_weights", "readout_weights")

#: Parameter -> its dimensions in a store, behind `network` and `checkpoint`.
DIMENSIONS = {
    "input_weights": ("gate", "target", "input"),
    "recurrent_weights": ("gate", "target", "source"),
    "bias": ("gate", "target"),
    "initial_state": ("unit",),
    "readout_weights": ("output", "read"),
    "readout_bias": ("output",),
}

#: The same of a parameter that only networks which read words have.
EMBEDDING = {"embedding": ("word", "input")}

Parameters = dict[str, Tensor]

#: Laws of first values, see `first_parameters`.
FirstWeights = Literal["gaussian", "uniform", "lecun", "kaiming"]

#: Variance of a weight times its fan-in, where weights are normal and cut.
_CUT_VARIANCE: Final = {"lecun": 1.0, "kaiming": 2.0}
#: Deviation of a standard normal cut at ±2.
_CUT_DEVIATION: Final = 0.8796256610342398


def first_parameters(
    rng: np.random.Generator,
    *,
    gates: int,
    units: int,
    inputs: int,
    outputs: int,
    state: int,
    gain: float,
    weights: FirstWeights,
    read: int | None = None,
) -> dict[str, Float[np.ndarray, ...]]:
    """First values of one network's parameters; the initial state is zero.

    - gaussian: every weight N(0, g²/fan-in), biases zero. As in the library of the universality paper's first author (g = 1), for
      input, recurrent and readout weights alike.
    - uniform: all weights and biases uniform between ±1/√units, as torch's recurrent and linear layers have them. Torch has two biases of
      a gate, which are one here: the sum of two draws.
    - lecun, kaiming: weights normal, cut at two deviations and of variance g²/fan-in (LeCun et al. 1998) or 2g²/fan-in (He et al. 2015);
      biases uniform between ±1/√units. The former is what the tutorial of the primer calls Kaiming-normal, of scale 1.

    Args:
        gates: number G of pre-activation blocks of the cell.
        state: size of the state vector (LSTM: 2 · units).
        gain: g of the recurrent weights; the other weights have g = 1.
        read: components of the state that the readout sees; `units` where it is not given.
    """
    read = read or units
    if weights == "uniform":
        bound = 1 / np.sqrt(units)
        return {
            "input_weights": rng.uniform(-bound, bound, (gates, units, inputs)),
            "recurrent_weights": rng.uniform(-bound, bound, (gates, units, units)) * gain,
            "bias": rng.uniform(-bound, bound, (2, gates, units)).sum(axis=0),
            "initial_state": np.zeros(state),
            "readout_weights": rng.uniform(-bound, bound, (outputs, read)),
            "readout_bias": rng.uniform(-bound, bound, outputs),
        }
    if weights != "gaussian":
        bound, scale = 1 / np.sqrt(units), np.sqrt(_CUT_VARIANCE[weights]) / _CUT_DEVIATION
        return {
            "input_weights": _cut_normal(rng, (gates, units, inputs)) * scale / np.sqrt(inputs),
            "recurrent_weights": _cut_normal(rng, (gates, units, units)) * gain * scale / np.sqrt(units),
            "bias": rng.uniform(-bound, bound, (gates, units)),
            "initial_state": np.zeros(state),
            "readout_weights": _cut_normal(rng, (outputs, read)) * scale / np.sqrt(read),
            "readout_bias": rng.uniform(-bound, bound, outputs),
        }
    return {
        "input_weights": rng.standard_normal((gates, units, inputs)) / np.sqrt(inputs),
        "recurrent_weights": rng.standard_normal((gates, units, units)) * gain / np.sqrt(units),
        "bias": np.zeros((gates, units)),
        "initial_state": np.zeros(state),
        "readout_weights": rng.standard_normal((outputs, read)) / np.sqrt(read),
        "readout_bias": np.zeros(outputs),
    }


def _cut_normal(rng: np.random.Generator, shape: tuple[int, ...]) -> Float[np.ndarray, "..."]:
    """Draws of a standard normal between ±2."""
    return ndtri(rng.uniform(ndtr(-2.0), ndtr(2.0), shape))


def drive(parameters: Parameters, input: Float[Tensor, "*#trial input"]) -> tuple[Float[Tensor, "*#trial target"], ...]:
    """A x + b, one tensor a gate."""
    return linear(input, parameters["input_weights"].flatten(0, 1), parameters["bias"].flatten()).chunk(parameters["bias"].shape[0], dim=-1)


def recur(
    weights: Float[Tensor, "gate target source"], hidden: Float[Tensor, "*#trial source"]
) -> tuple[Float[Tensor, "*#trial target"], ...]:
    """W h, one tensor a gate."""
    return linear(hidden, weights.flatten(0, 1)).chunk(weights.shape[0], dim=-1)


def scaled(left: Float[Tensor, "*#trial target"], matrix: Float[Tensor, "*#trial target source"]) -> Float[Tensor, "*#trial target source"]:
    """diag(left) · matrix, for every trial."""
    return left.unsqueeze(-1) * matrix


def add_diagonal(matrix: Float[Tensor, "*#trial unit unit"], diagonal: Float[Tensor, "*#trial unit"]) -> Float[Tensor, "*#trial unit unit"]:
    """matrix + diag(diagonal), written into `matrix`."""
    matrix.diagonal(dim1=-2, dim2=-1).add_(diagonal)
    return matrix


def stored_parameters(networks: Any, network: int, checkpoint: int) -> Parameters:
    """Parameters of one network of a `train` store at a checkpoint, float64."""
    names = [name for name in DIMENSIONS | EMBEDDING if name in networks]
    return {name: torch.from_numpy(np.array(networks[name][network, checkpoint], dtype=np.float64)) for name in names}


def trained_parameters(networks: Any, network: int) -> Parameters:
    """Parameters of one network of a `train` store at its last checkpoint, float64."""
    return stored_parameters(networks, network, -1)
