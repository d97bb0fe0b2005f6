"""The vanilla cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, final

import numpy as np
from jaxtyping import Float
from torch import Tensor

from rnnpop.cells import Cell
from rnnpop.numerics.activations import ACTIVATIONS
from rnnpop.numerics.affine import Parameters, drive, first_parameters, recur, scaled
from rnnpop.numerics.kernels.vanilla import VanillaKernel
from rnnpop.variants import Count, Positive


@final
@dataclass(frozen=True)
class Vanilla(Cell):
    """h' = φ(A x + W h + b), with ∂h'/∂h = diag(φ') W (Elman 1990).

    Attributes:
        units: number of hidden units.
        activation: φ.
        first_weights: normal (gaussian), or uniform as torch has them (uniform): see `affine.first_parameters`.
        gain: g of the first recurrent weights, beside that law.
    """

    gates: ClassVar[tuple[str, ...]] = ("candidate",)
    kernel: ClassVar = VanillaKernel

    units: Count
    activation: Literal["tanh", "relu"] = "tanh"
    first_weights: Literal["gaussian", "uniform"] = "gaussian"
    gain: Positive = 1.0

    def init(self, rng: np.random.Generator, inputs: int, outputs: int) -> dict[str, Float[np.ndarray, ...]]:
        sizes = {"gates": 1, "units": self.units, "inputs": inputs, "outputs": outputs, "state": self.units}
        return first_parameters(rng, **sizes, gain=self.gain, weights=self.first_weights)

    def step(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial unit"]:
        return ACTIVATIONS[self.activation].value(self._argument(parameters, input, state))

    def jacobian(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial unit unit"]:
        return scaled(ACTIVATIONS[self.activation].slope(self.step(parameters, input, state)), parameters["recurrent_weights"][0])

    def arguments(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial argument"] | None:
        return None if ACTIVATIONS[self.activation].smooth else self._argument(parameters, input, state)

    @property
    def invariant_box(self) -> bool:
        return self.activation == "tanh"

    def _argument(self, parameters: Parameters, input: Tensor, state: Tensor) -> Tensor:
        return drive(parameters, input)[0] + recur(parameters["recurrent_weights"], state)[0]
