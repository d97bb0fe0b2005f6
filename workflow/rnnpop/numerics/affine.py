"""The affine parts that every cell shares: pre-activations a = A x + W h + b by gate, the readout y = C h + d, and their first values."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import torch
from jaxtyping import Float
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
    "readout_weights": ("output", "source"),
    "readout_bias": ("output",),
}

Parameters = dict[str, Tensor]

#: Laws of first values, see `first_parameters`.
FirstWeights = Literal["gaussian", "uniform"]


def first_parameters(
    rng: np.random.Generator, *, gates: int, units: int, inputs: int, outputs: int, state: int, gain: float, weights: FirstWeights
) -> dict[str, Float[np.ndarray, ...]]:
    """First values of one network's parameters; the initial state is zero.

    - gaussian: every weight N(0, g²/fan-in), biases zero. As in the library of the universality paper's first author (g = 1), for
      input, recurrent and readout weights alike.
    - uniform: all weights and biases uniform between ±1/√units, as torch's recurrent and linear layers have them. Torch has two biases of
      a gate, which are one here: the sum of two draws.

    Args:
        gates: number G of pre-activation blocks of the cell.
        state: size of the state vector (LSTM: 2 · units).
        gain: g of the recurrent weights; the other weights have g = 1.
    """
    if weights == "uniform":
        bound = 1 / np.sqrt(units)
        return {
            "input_weights": rng.uniform(-bound, bound, (gates, units, inputs)),
            "recurrent_weights": rng.uniform(-bound, bound, (gates, units, units)) * gain,
            "bias": rng.uniform(-bound, bound, (2, gates, units)).sum(axis=0),
            "initial_state": np.zeros(state),
            "readout_weights": rng.uniform(-bound, bound, (outputs, units)),
            "readout_bias": rng.uniform(-bound, bound, outputs),
        }
    return {
        "input_weights": rng.standard_normal((gates, units, inputs)) / np.sqrt(inputs),
        "recurrent_weights": rng.standard_normal((gates, units, units)) * gain / np.sqrt(units),
        "bias": np.zeros((gates, units)),
        "initial_state": np.zeros(state),
        "readout_weights": rng.standard_normal((outputs, units)) / np.sqrt(units),
        "readout_bias": np.zeros(outputs),
    }


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


def trained_parameters(networks: Any, network: int) -> Parameters:
    """Parameters of one network of a `train` store at its last checkpoint, float64."""
    return {name: torch.from_numpy(np.array(networks[name][network, -1], dtype=np.float64)) for name in DIMENSIONS}
