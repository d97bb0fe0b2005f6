"""The leaky cell: a network in continuous time, by Euler steps."""

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
from rnnpop.numerics.kernels.leaky import LeakyKernel
from rnnpop.variants import Count, Positive, Probability


@final
@dataclass(frozen=True)
class Leaky(Cell):
    """h' = φ((1 − α) h + α a) (inside), or h' = (1 − α) h + α φ(a) (outside), with a = A x + W h + b and α = dt/τ.

    ∂h'/∂h = diag(φ') ((1 − α) I + α W), or (1 − α) I + α diag(φ') W. With α = 1 both are the vanilla cell. The usual form is `outside`,
    where rates decay to 0 by themselves; the tutorial of the primer has `inside` (Yang & Wang 2020).

    Attributes:
        units: number of hidden units.
        activation: φ.
        leak: α.
        form: where the leak stands: inside φ, or outside.
        first_weights: see `affine.first_parameters`.
        gain: g of the first recurrent weights, beside that law.
    """

    gates: ClassVar[tuple[str, ...]] = ("candidate",)
    kernel: ClassVar = LeakyKernel

    units: Count
    activation: Literal["tanh", "relu"] = "relu"
    leak: Probability = 1.0
    form: Literal["inside", "outside"] = "inside"
    first_weights: Literal["gaussian", "uniform", "lecun", "kaiming"] = "lecun"
    gain: Positive = 1.0

    def init(self, rng: np.random.Generator, inputs: int, outputs: int) -> dict[str, Float[np.ndarray, ...]]:
        sizes = {"gates": 1, "units": self.units, "inputs": inputs, "outputs": outputs, "state": self.units}
        return first_parameters(rng, **sizes, gain=self.gain, weights=self.first_weights)

    def step(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial unit"]:
        value = ACTIVATIONS[self.activation].value(self._argument(parameters, input, state))
        return value if self.form == "inside" else (1 - self.leak) * state + self.leak * value

    def jacobian(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial unit unit"]:
        phi, weights = ACTIVATIONS[self.activation], self.leak * parameters["recurrent_weights"][0]
        slope = phi.slope(phi.value(self._argument(parameters, input, state)))
        stay = torch.full_like(slope, 1 - self.leak)
        return add_diagonal(scaled(slope, weights), slope * stay if self.form == "inside" else stay)

    def arguments(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial argument"] | None:
        return None if ACTIVATIONS[self.activation].smooth else self._argument(parameters, input, state)

    @property
    def invariant_box(self) -> bool:
        return self.activation == "tanh"

    def _argument(self, parameters: Parameters, input: Tensor, state: Tensor) -> Tensor:
        """What φ is applied to."""
        a = drive(parameters, input)[0] + recur(parameters["recurrent_weights"], state)[0]
        return (1 - self.leak) * state + self.leak * a if self.form == "inside" else a
