"""Long short-term memory."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Literal, final

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from rnnpop.cells import Cell
from rnnpop.numerics.activations import ACTIVATIONS
from rnnpop.numerics.affine import Parameters, drive, first_parameters, recur, scaled
from rnnpop.numerics.fixed_points import newton_solver
from rnnpop.numerics.kernels.lstm import LSTMKernel
from rnnpop.variants import Count, Positive


@final
@dataclass(frozen=True)
class LSTM(Cell):
    """f = σ(a_f + b_f), i = σ(a_i), o = σ(a_o), g = φ(a_g), c' = f∘c + i∘g, h' = o∘φ(c') (Hochreiter & Schmidhuber 1997; Gers 2000).

    The state is [h; c]. With q = o∘φ'(c'):
    ∂c'/∂c = diag(f); ∂c'/∂h = diag(c∘f(1−f)) W_f + diag(g∘i(1−i)) W_i + diag(i∘φ'(a_g)) W_g;
    ∂h'/∂c = diag(q∘f); ∂h'/∂h = diag(q) ∂c'/∂h + diag(φ(c')∘o(1−o)) W_o.

    Attributes:
        units: number of hidden units; the state has twice as many components.
        activation: φ; gates are logistic.
        forget_bias: b_f, a constant beside the trained bias.
        first_weights: normal (gaussian), or uniform as torch has them (uniform): see `affine.first_parameters`.
        gain: g of the first recurrent weights, beside that law.
        exposes: what the readout sees: h (hidden), as is usual, or [h; c] (state), as in the library of the universality
            paper's first author.
    """

    gates: ClassVar[tuple[str, ...]] = ("forget", "write", "emit", "candidate")
    parts: ClassVar[tuple[str, ...]] = ("hidden", "cell")
    kernel: ClassVar = LSTMKernel

    units: Count
    activation: Literal["tanh", "relu"] = "tanh"
    forget_bias: float = 1.0
    first_weights: Literal["gaussian", "uniform"] = "gaussian"
    gain: Positive = 1.0
    exposes: Literal["hidden", "state"] = "hidden"

    def init(self, rng: np.random.Generator, inputs: int, outputs: int) -> dict[str, Float[np.ndarray, ...]]:
        sizes = {"gates": 4, "units": self.units, "inputs": inputs, "outputs": outputs, "state": 2 * self.units}
        read = self.units * (2 if self.exposes == "state" else 1)
        return first_parameters(rng, **sizes, gain=self.gain, weights=self.first_weights, read=read)

    def step(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial unit"]:
        f, i, o, a_g = self._parts(parameters, input, state)
        phi = ACTIVATIONS[self.activation].value
        c = f * state[..., self.units :] + i * phi(a_g)
        return torch.cat([o * phi(c), c], dim=-1)

    def jacobian(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial unit unit"]:
        phi, slope = ACTIVATIONS[self.activation].value, ACTIVATIONS[self.activation].slope
        f, i, o, a_g = self._parts(parameters, input, state)
        g, c = phi(a_g), state[..., self.units :]
        h_new = phi(f * c + i * g)
        W_f, W_i, W_o, W_g = parameters["recurrent_weights"]
        c_by_h = scaled(c * f * (1 - f), W_f) + scaled(g * i * (1 - i), W_i) + scaled(i * slope(g), W_g)
        q = o * slope(h_new)
        h_by_h = scaled(q, c_by_h) + scaled(h_new * o * (1 - o), W_o)
        top = torch.cat([h_by_h, torch.diag_embed(q * f)], dim=-1)
        return torch.cat([top, torch.cat([c_by_h, torch.diag_embed(f)], dim=-1)], dim=-2)

    def newton_solver(
        self, parameters: Parameters, input: Float[Tensor, "input"], state: Float[Tensor, "trial unit"]
    ) -> Callable[[Float[Tensor, "trial unit"]], Float[Tensor, "trial unit"]]:
        """G -> (I − ∂F/∂state)⁻¹ G from a system of n equations, not 2n: ∂c'/∂c and ∂h'/∂c are diagonal.

        With B = ∂c'/∂h, E = diag(φ(c')∘o(1−o)) W_o and G = [r; s]:
        (I − E − diag(q/(1−f)) B) δh = r + q∘f∘s/(1−f), then δc = (s + B δh)/(1−f).
        """
        phi, slope = ACTIVATIONS[self.activation].value, ACTIVATIONS[self.activation].slope
        f, i, o, a_g = self._parts(parameters, input, state)
        g, c = phi(a_g), state[..., self.units :]
        h_new = phi(f * c + i * g)
        q, weights = o * slope(h_new), parameters["recurrent_weights"]
        # B is the sum over gates of diag(rows) W; the emitting gate has no part in it
        by_gate = {0: c * f * (1 - f), 1: g * i * (1 - i), 3: i * slope(g)}
        matrix = scaled(h_new * o * (1 - o), weights[2])
        for gate, rows in by_gate.items():
            matrix.addcmul_((rows * q / (1 - f)).unsqueeze(-1), weights[gate])
        solve_h = newton_solver(matrix)

        def solve(residual: Tensor) -> Tensor:
            r, s = residual.split(self.units, dim=-1)
            move_h = solve_h(r + q * f * s / (1 - f))
            driven = recur(weights, move_h)
            move_c = (s + sum(rows * driven[gate] for gate, rows in by_gate.items())) / (1 - f)
            return torch.cat([move_h, move_c], dim=-1)

        return solve

    def arguments(
        self, parameters: Parameters, input: Float[Tensor, "*#trial input"], state: Float[Tensor, "*#trial unit"]
    ) -> Float[Tensor, "*#trial argument"] | None:
        if ACTIVATIONS[self.activation].smooth:
            return None
        f, i, _, a_g = self._parts(parameters, input, state)
        c = f * state[..., self.units :] + i * ACTIVATIONS[self.activation].value(a_g)
        return torch.cat([a_g, c], dim=-1)

    @property
    def invariant_box(self) -> bool:
        return self.activation == "tanh"  # |h| < 1, hence f < 1 is bounded away from 1, hence |c| <= 1 / (1 - max f)

    def _parts(self, parameters: Parameters, input: Tensor, state: Tensor) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        x = drive(parameters, input)
        h = recur(parameters["recurrent_weights"], state[..., : self.units])
        f, i, o, a_g = (x_k + h_k for x_k, h_k in zip(x, h, strict=True))
        return torch.sigmoid(f + self.forget_bias), torch.sigmoid(i), torch.sigmoid(o), a_g
