"""The gated recurrent unit, reset gate before the matrix."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from rnnpop.cells import Cell
from rnnpop.numerics.activations import ACTIVATIONS
from rnnpop.numerics.affine import Parameters, add_diagonal, drive, first_parameters, recur
from rnnpop.numerics.kernels.gru import GRUKernel
from rnnpop.variants import Count, Positive


@final
@dataclass(frozen=True)
class GRU(Cell):
    """u = σ(a_u + b_g), r = σ(a_r), c = φ(A_c x + W_c (r∘h) + b_c), h' = u∘h + (1−u)∘c (Cho et al. 2014).

    The reset gate acts before the matrix; `torch.nn.GRU` applies it after, which is another cell.
    ∂h'/∂h = diag(u) + diag((h−c)∘u(1−u)) W_u + diag((1−u)∘φ') W_c [diag(r) + diag(h∘r(1−r)) W_r].

    Attributes:
        units: number of hidden units.
        activation: φ of the candidate; gates are logistic.
        gate_bias: b_g of the update gate, a constant.
        first_weights: normal (gaussian), or uniform as torch has them (uniform): see `affine.first_parameters`.
        gain: g of the first recurrent weights, beside that law.
    """

    gates: ClassVar[tuple[str, ...]] = ("update", "reset", "candidate")
    kernel: ClassVar = GRUKernel

    units: Count
    activation: Literal["tanh", "relu"] = "tanh"
    gate_bias: float = 0.0
    first_weights: Literal["gaussian", "uniform"] = "gaussian"
    gain: Positive = 1.0

    def init(self, rng: np.random.Generator, inputs: int, outputs: int) -> dict[str, Float[np.ndarray, ...]]:
        sizes = {"gates": 3, "units": self.units, "inputs": inputs, "outputs": outputs, "state": self.units}
        return first_parameters(rng, **sizes, gain=self.gain, weights=self.first_weights)

    def step(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial unit"]:
        u, _, a_c = self._parts(parameters, input, state)
        return u * state + (1 - u) * ACTIVATIONS[self.activation].value(a_c)

    def jacobian(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial unit unit"]:
        u, r, a_c = self._parts(parameters, input, state)
        c = ACTIVATIONS[self.activation].value(a_c)
        W_u, W_r, W_c = parameters["recurrent_weights"]
        # W_c diag(·) for all trials side by side, so that one product of matrices serves them all
        through_candidate = (W_c * (state * r * (1 - r)).unsqueeze(-2)) @ W_r
        through_candidate.addcmul_(W_c, r.unsqueeze(-2)).mul_(((1 - u) * ACTIVATIONS[self.activation].slope(c)).unsqueeze(-1))
        return add_diagonal(through_candidate.addcmul_(((state - c) * u * (1 - u)).unsqueeze(-1), W_u), u)

    def arguments(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial argument"] | None:
        return None if ACTIVATIONS[self.activation].smooth else self._parts(parameters, input, state)[2]

    @property
    def invariant_box(self) -> bool:
        return self.activation == "tanh"

    def _parts(self, parameters: Parameters, input: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        x_u, x_r, x_c = drive(parameters, input)
        h_u, h_r = recur(parameters["recurrent_weights"][:2], state)
        r = torch.sigmoid(x_r + h_r)
        (h_c,) = recur(parameters["recurrent_weights"][2:], r * state)
        return torch.sigmoid(x_u + h_u + self.gate_bias), r, x_c + h_c
