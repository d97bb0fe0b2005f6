"""The update-gate cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from rnnpop.cells import Cell
from rnnpop.numerics.activations import ACTIVATIONS
from rnnpop.numerics.affine import Parameters, add_diagonal, drive, first_parameters, recur, scaled
from rnnpop.numerics.kernels.ugrnn import UGRNNKernel
from rnnpop.variants import Count, Positive


@final
@dataclass(frozen=True)
class UGRNN(Cell):
    """u = σ(a_u + b_g), c = φ(a_c), h' = u∘h + (1−u)∘c, with a_k = A_k x + W_k h + b_k (Collins, Sohl-Dickstein & Sussillo 2017).

    ∂h'/∂h = diag(u) + diag((h−c)∘u(1−u)) W_u + diag((1−u)∘φ') W_c.

    Attributes:
        units: number of hidden units.
        activation: φ of the candidate; the gate is logistic.
        gate_bias: b_g, a constant; 0 in the universality paper's first author's library, 1 in TensorFlow's cell.
        first_weights: normal (gaussian), or uniform as torch has them (uniform): see `affine.first_parameters`.
        gain: g of the first recurrent weights, beside that law.
    """

    gates: ClassVar[tuple[str, ...]] = ("update", "candidate")
    kernel: ClassVar = UGRNNKernel

    units: Count
    activation: Literal["tanh", "relu"] = "tanh"
    gate_bias: float = 0.0
    first_weights: Literal["gaussian", "uniform"] = "gaussian"
    gain: Positive = 1.0

    def init(self, rng: np.random.Generator, inputs: int, outputs: int) -> dict[str, Float[np.ndarray, ...]]:
        sizes = {"gates": 2, "units": self.units, "inputs": inputs, "outputs": outputs, "state": self.units}
        return first_parameters(rng, **sizes, gain=self.gain, weights=self.first_weights)

    def step(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial unit"]:
        u, c = self._parts(parameters, input, state)
        return u * state + (1 - u) * c

    def jacobian(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial unit unit"]:
        u, c = self._parts(parameters, input, state)
        W_u, W_c = parameters["recurrent_weights"]
        through_gate = scaled((state - c) * u * (1 - u), W_u)
        return add_diagonal(through_gate.addcmul_(((1 - u) * ACTIVATIONS[self.activation].slope(c)).unsqueeze(-1), W_c), u)

    def arguments(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial argument"] | None:
        return None if ACTIVATIONS[self.activation].smooth else self._preactivations(parameters, input, state)[1]

    @property
    def invariant_box(self) -> bool:
        return self.activation == "tanh"

    def _preactivations(self, parameters: Parameters, input: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        x_u, x_c = drive(parameters, input)
        h_u, h_c = recur(parameters["recurrent_weights"], state)
        return x_u + h_u + self.gate_bias, x_c + h_c

    def _parts(self, parameters: Parameters, input: Tensor, state: Tensor) -> tuple[Tensor, Tensor]:
        a_u, a_c = self._preactivations(parameters, input, state)
        return torch.sigmoid(a_u), ACTIVATIONS[self.activation].value(a_c)
