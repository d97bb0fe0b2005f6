"""Leaky recurrent networks as arrays: circuits that are watched, and models of what is seen of them. float64."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np
from jaxtyping import Complex, Float, Int

Form = Literal["current", "rate"]

#: Non-linearity φ, and its slope as a function of the argument.
NONLINEARITIES: Final[dict[str, tuple[Callable[[np.ndarray], np.ndarray], Callable[[np.ndarray], np.ndarray]]]] = {
    "identity": (lambda x: x, np.ones_like),
    "tanh": (np.tanh, lambda x: 1 - np.tanh(x) ** 2),
    "relu": (lambda x: np.maximum(x, 0), lambda x: (x > 0).astype(x.dtype)),
}


@dataclass(frozen=True)
class Recurrence:
    """A leaky network, and what is seen of it: y = C x + c.

    - form current: x' = (1 − a) x + a (B φ(x) + U u + b)
    - form rate: x' = (1 − a) x + a φ(B x + U u + b)

    Attributes:
        weights: B. Its eigenvalues are those of "B scale": with φ = identity the map is (1 − a) I + a B.
        leak: a = dt / τ.
        activation: φ.
        input_weights: U; None for no input.
        bias: b; None for 0.
        readout: C; None for the identity: every unit is a channel.
        offset: c; None for 0.
    """

    weights: Float[np.ndarray, "target source"]
    leak: float
    activation: str = "identity"
    form: Form = "current"
    input_weights: Float[np.ndarray, "target input"] | None = None
    bias: Float[np.ndarray, "target"] | None = None
    readout: Float[np.ndarray, "channel source"] | None = None
    offset: Float[np.ndarray, "channel"] | None = None

    @property
    def units(self) -> int:
        return len(self.weights)

    def step(self, states: Float[np.ndarray, "*run unit"], inputs: Float[np.ndarray, "*run input"] | None = None) -> np.ndarray:
        """F(x, u); without inputs u = 0. Noise is added by whoever has some."""
        return (1 - self.leak) * states + self.leak * self._driven(states, inputs)

    def jacobian(self, states: Float[np.ndarray, "*run unit"], inputs: Float[np.ndarray, "*run input"] | None = None) -> np.ndarray:
        """∂F/∂x (target, source) at each state."""
        slope = NONLINEARITIES[self.activation][1]
        if self.form == "current":
            driven = self.weights * slope(states)[..., None, :]
        else:
            driven = slope(self._argument(states, inputs))[..., :, None] * self.weights
        return (1 - self.leak) * np.eye(self.units) + self.leak * driven

    def under(self, inputs: Float[np.ndarray, "input"]) -> Recurrence:
        """The network under a constant input, which becomes part of its bias."""
        constant = np.zeros(self.units) if self.input_weights is None else self.input_weights @ inputs
        return replace(self, input_weights=None, bias=constant if self.bias is None else self.bias + constant)

    def seen(self, states: Float[np.ndarray, "*run unit"]) -> Float[np.ndarray, "*run channel"]:
        """C x + c."""
        channels = states if self.readout is None else states @ self.readout.T
        return channels if self.offset is None else channels + self.offset

    def run(
        self,
        start: Float[np.ndarray, "*run unit"],
        steps: int,
        inputs: Float[np.ndarray, "time *run input"] | None = None,
        noise: Float[np.ndarray, "time *run unit"] | None = None,
    ) -> Float[np.ndarray, "time *run unit"]:
        """States from `start` (the first one) on, `steps` of them. `inputs[t]` and `noise[t]`, an increment, take state t to t + 1."""
        states = np.empty((steps, *start.shape))
        states[0] = start
        for t in range(steps - 1):
            states[t + 1] = self.step(states[t], None if inputs is None else inputs[t])
            if noise is not None:
                states[t + 1] += noise[t]
        return states

    def _driven(self, states: np.ndarray, inputs: np.ndarray | None) -> np.ndarray:
        phi = NONLINEARITIES[self.activation][0]
        if self.form == "rate":
            return phi(self._argument(states, inputs))
        return self._argument(phi(states), inputs)

    def _argument(self, values: np.ndarray, inputs: np.ndarray | None) -> np.ndarray:
        argument = values @ self.weights.T
        if self.input_weights is not None and inputs is not None:
            argument = argument + inputs @ self.input_weights.T
        return argument if self.bias is None else argument + self.bias


@dataclass(frozen=True)
class Recording:
    """Activity over time, and the kind of network that it is taken to come from.

    Attributes:
        states: x of the watched units, all of them or some.
        inputs: known inputs; those at t take state t to t + 1. No columns without any.
        leak: a = dt / τ; time constants are in units of τ.
        activation, form: of the network, and of students that are matched to it.
    """

    states: Float[np.ndarray, "trial time unit"]
    inputs: Float[np.ndarray, "trial time input"]
    leak: float
    activation: str = "identity"
    form: Form = "current"

    def observed(self, units: Int[np.ndarray, "observed"]) -> Recording:
        """What is seen of it by watching these units only."""
        return replace(self, states=self.states[..., units])

    @property
    def pairs(self) -> tuple[Float[np.ndarray, "sample unit"], Float[np.ndarray, "sample input"], Float[np.ndarray, "sample unit"]]:
        """State, input, and next state, over all trials."""
        trials, steps = self.states.shape[:2]
        before, inputs, after = (
            values.reshape(trials * (steps - 1), values.shape[-1])
            for values in (self.states[:, :-1], self.inputs[:, :-1], self.states[:, 1:])
        )
        return before, inputs, after


@dataclass(frozen=True)
class Fit:
    """A student: what was fitted to activity.

    Attributes:
        spectrum: eigenvalues λ of the B-scale matrix, by falling real part; a fitted map M has λ = (μ − 1 + a) / a.
        model: the network; its state may be latent. None where the student is no network (autoregression over several lags).
        described: what else the learner says of it, by name: log_likelihood, iterations, ...
    """

    spectrum: Complex[np.ndarray, "mode"]
    model: Recurrence | None
    described: dict[str, float]

    @classmethod
    def of(cls, model: Recurrence, **described: float) -> Fit:
        """The fit of a network, with its spectrum computed."""
        return cls(by_real_part(np.linalg.eigvals(model.weights)), model, described)


def by_real_part(eigenvalues: Float[np.ndarray, "mode"] | Complex[np.ndarray, "mode"]) -> Complex[np.ndarray, "mode"]:
    """By falling real part, conjugates with the positive imaginary part first."""
    values = np.asarray(eigenvalues, dtype=complex)
    return values[np.lexsort((-values.imag, -values.real))]
