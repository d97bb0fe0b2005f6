"""Cells: recurrent update rules, each written for one network."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np
import torch
from jaxtyping import Complex, Float
from torch import Tensor
from torch.nn.functional import linear

from rnnpop.numerics.activations import ACTIVATIONS
from rnnpop.numerics.affine import Parameters, add_diagonal, drive, recur, scaled
from rnnpop.numerics.fixed_points import newton_solver
from rnnpop.numerics.kernels import Kernel
from rnnpop.numerics.recurrences import Recurrence
from rnnpop.variants import Count, Probability


class Cell(ABC):
    """A recurrent update rule h' = F(h, x) of one network, with a linear readout y = C h + d of its hidden units.

    `step`, `jacobian` and `arguments` broadcast over leading dimensions of states (trials, starts) of one network; a batch of
    networks is had by `torch.func.vmap` over parameters, inputs and states.

    Attributes:
        gates: names of the blocks of pre-activations, in the order of their weights.
        parts: parts of the state vector, each of `units` components; the readout sees the first, or all where the cell has that option.
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
        """C h + d; of a cell whose whole state is read out, C has as many columns as that."""
        weights = parameters["readout_weights"]
        return linear(state[..., : weights.shape[-1]], weights, parameters["readout_bias"])


@dataclass(frozen=True)
class Wiring:
    """One circuit as it was constructed.

    Attributes:
        weights: B.
        spectrum: its eigenvalues as the construction has them, by falling real part. Never those that a solver finds: of a rotated
            nilpotent matrix of 500 units they come out at a modulus of 0.9 where they are 0.
        drive: direction b along which a signal enters.
        readout: w, whose product with the state is the circuit's output.
        basis: orthonormal columns U with B = U `core` Uᵀ, where the construction has such a form; equations are solved there.
        core: the matrix in that basis; B itself without a basis.
    """

    weights: Float[np.ndarray, "target source"]
    spectrum: Complex[np.ndarray, "mode"]
    drive: Float[np.ndarray, "target"]
    readout: Float[np.ndarray, "source"]
    basis: Float[np.ndarray, "unit direction"] | None = None
    core: Float[np.ndarray, "direction direction"] | None = None


@dataclass(frozen=True)
class Circuit(Cell):
    """A leaky network that is constructed, not trained; see `recurrences.Recurrence` for the two forms.

    Attributes:
        units: D.
        leak: a = dt / τ.
        activation: φ.
        form: where φ stands.
    """

    gates: ClassVar[tuple[str, ...]] = ("candidate",)

    units: Count
    leak: Probability = 0.01
    activation: Literal["identity", "tanh", "relu"] = "identity"
    form: Literal["current", "rate"] = "current"

    @abstractmethod
    def wiring(self, rng: np.random.Generator) -> Wiring:
        """One circuit of the family."""

    def recurrence(self, wiring: Wiring) -> Recurrence:
        """The circuit as arrays, with its drive as the one input."""
        return Recurrence(wiring.weights, self.leak, self.activation, self.form, wiring.drive[:, None])

    def init(self, rng: np.random.Generator, inputs: int, outputs: int) -> dict[str, Float[np.ndarray, ...]]:
        """The circuit as parameters of a cell: its drive is the first input, its readout the first output, others are 0."""
        wiring = self.wiring(rng)
        columns, rows = np.zeros((self.units, inputs)), np.zeros((outputs, self.units))
        columns[:, :1], rows[:1] = wiring.drive[:, None], wiring.readout
        return {
            "input_weights": columns[None],
            "recurrent_weights": wiring.weights[None],
            "bias": np.zeros((1, self.units)),
            "initial_state": np.zeros(self.units),
            "readout_weights": rows,
            "readout_bias": np.zeros(outputs),
        }

    def step(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial unit"]:
        phi, argument = self._value, self._argument(parameters, input, state)
        return (1 - self.leak) * state + self.leak * (phi(argument) if self.form == "rate" else argument)

    def jacobian(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial unit unit"]:
        weights = parameters["recurrent_weights"][0]
        if self.form == "rate":
            driven = scaled(self._slope(self._argument(parameters, input, state)), weights)
        else:
            driven = weights * self._slope(state).unsqueeze(-2)
        return add_diagonal(self.leak * driven, torch.full_like(state, 1 - self.leak))

    def arguments(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial argument"] | None:
        if self.activation != "relu":
            return None
        return self._argument(parameters, input, state) if self.form == "rate" else state

    @property
    def invariant_box(self) -> bool:
        """A bounded φ keeps the state within max(1, the sum of the rows' |B|): a box, if not that of the unit cube."""
        return False

    def _argument(self, parameters: Parameters, input: Tensor, state: Tensor) -> Tensor:
        values = state if self.form == "rate" else self._value(state)
        return drive(parameters, input)[0] + recur(parameters["recurrent_weights"], values)[0]

    def _value(self, argument: Tensor) -> Tensor:
        return argument if self.activation == "identity" else ACTIVATIONS[self.activation].value(argument)

    def _slope(self, argument: Tensor) -> Tensor:
        return torch.ones_like(argument) if self.activation == "identity" else ACTIVATIONS[self.activation].slope(self._value(argument))
