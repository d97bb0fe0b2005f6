"""Cells: recurrent update rules, each written for one network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import ClassVar

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import linear

from rnnpop.numerics.affine import Parameters
from rnnpop.numerics.fixed_points import newton_solver
from rnnpop.numerics.kernels import Kernel


class Cell(ABC):
    """A recurrent update rule h' = F(h, x) of one network, with a linear readout y = C h + d of its hidden units.

    `step`, `jacobian` and `arguments` broadcast over leading dimensions of states (trials, starts) of one network; a batch of
    networks is had by `torch.func.vmap` over parameters, inputs and states.

    Attributes:
        gates: names of the blocks of pre-activations, in the order of their weights.
        parts: parts of the state vector, each of `units` components; the readout sees the first.
        kernel: hand-written forward and backward pass over a trial, or None to train by automatic differentiation of `step`.
    """

    gates: ClassVar[tuple[str, ...]]
    parts: ClassVar[tuple[str, ...]] = ("hidden",)
    kernel: ClassVar[type[Kernel] | None] = None

    units: int

    @abstractmethod
    def init(self, rng: np.random.Generator, inputs: int, outputs: int) -> dict[str, Float[np.ndarray, ...]]:
        """First values of one network's parameters."""

    @abstractmethod
    def step(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial unit"]:
        """The next state."""

    def jacobian(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial unit unit"]:
        """∂F/∂state [new, old]. By automatic differentiation, unless the cell's file has its formula."""
        flat = state.reshape(-1, state.shape[-1])
        inputs = input.expand(*state.shape[:-1], input.shape[-1]).reshape(-1, input.shape[-1])
        each = torch.func.vmap(torch.func.jacrev(lambda h, x: self.step(parameters, x, h)))(flat, inputs)
        return each.reshape(*state.shape, state.shape[-1])

    def newton_solver(
        self, parameters: Parameters, input: Float[Tensor, "input"], state: Float[Tensor, "trial unit"]
    ) -> Callable[[Float[Tensor, "trial unit"]], Float[Tensor, "trial unit"]]:
        """G -> (I − ∂F/∂state)⁻¹ G, from the whole Jacobian, unless the cell's file has a shorter way for its structure."""
        return newton_solver(self.jacobian(parameters, input, state))

    def arguments(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial argument"] | None:
        """What a non-smooth activation is applied to (a kink lies where one is 0); None if the cell is smooth."""
        return None

    @property
    def invariant_box(self) -> bool:
        """Whether F maps a bounded box of states into itself for every weight, so that the indices of its fixed points sum to 1."""
        return False

    def readout(self, parameters: Parameters, state: Float[Tensor, "*#trial unit"]) -> Float[Tensor, "*#trial output"]:
        """C h + d."""
        return linear(state[..., : self.units], parameters["readout_weights"], parameters["readout_bias"])
