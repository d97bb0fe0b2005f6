"""Back-propagation through time of the gated recurrent unit, reset gate before the matrix."""

from __future__ import annotations

from typing import Any, ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from rnnpop.numerics.activations import ACTIVATIONS, sigmoid_pull_back
from rnnpop.numerics.affine import Parameters
from rnnpop.numerics.kernels import TorchKernel, project, rows, started, weight_gradients


@final
class GRUKernel(TorchKernel):
    """u = σ(a_u + b_g), r = σ(a_r), c = φ(A_c x + W_c (r∘h) + b_c), h' = u∘h + (1−u)∘c."""

    native: ClassVar = "gru"
    constant: ClassVar = "gate_bias"

    def __init__(self, cell: Any, networks: int, steps: int, trials: int, dtype: torch.dtype, device: torch.device) -> None:
        self.cell, self.phi, n = cell, ACTIVATIONS[cell.activation], cell.units

        def empty(*shape: int) -> Tensor:
            return torch.zeros(networks, *shape, dtype=dtype, device=device)

        self.h = empty(steps + 1, trials, n)
        self.reset = empty(steps, trials, n)  # r∘h
        self.a = empty(steps, trials, 3 * n)  # pre-activations, then [u, r, c]
        self.delta = empty(steps, trials, 3 * n)
        self.carry, self.work = empty(trials, n), empty(trials, n)
        self.initial = empty(trials, n)

    def forward(
        self,
        parameters: Parameters,
        inputs: Float[Tensor, "network time trial input"],
        states: Float[Tensor, "network trial unit"] | None = None,
    ) -> Float[Tensor, "network time trial target"]:
        n, h, a = self.cell.units, self.h, self.a
        self.inputs = inputs
        self.W_gates = parameters["recurrent_weights"][:, :2].flatten(1, 2)
        self.W_c = parameters["recurrent_weights"][:, 2]
        h[:, 0] = started(parameters, states)
        project(inputs, parameters["input_weights"], self.biases(self.cell, parameters), out=a)
        for t in range(inputs.shape[1]):
            gates = a[:, t, :, : 2 * n].baddbmm_(h[:, t], self.W_gates.mT).sigmoid_()
            torch.mul(gates[..., n:], h[:, t], out=self.reset[:, t])
            c = self.phi.into(a[:, t, :, 2 * n :].baddbmm_(self.reset[:, t], self.W_c.mT))
            torch.lerp(c, h[:, t], gates[..., :n], out=h[:, t + 1])
        return h[:, 1:]

    def backward(self, gradient: Float[Tensor, "network time trial target"], out: Parameters) -> Float[Tensor, "network time trial column"]:
        n = self.cell.units
        for t in range(gradient.shape[1] - 1, -1, -1):
            u, r, c = self.a[:, t].split(n, dim=-1)
            delta_u, delta_r, delta_c = self.delta[:, t].split(n, dim=-1)
            below = gradient[:, t - 1] if t else self.initial.zero_()
            torch.sub(self.h[:, t], c, out=self.work).mul_(gradient[:, t])
            sigmoid_pull_back(self.work, u, delta_u)
            torch.mul(gradient[:, t], u, out=self.carry)
            torch.sub(gradient[:, t], self.carry, out=self.work)
            self.phi.pull_back(self.work, c, delta_c)
            below.add_(self.carry)
            torch.bmm(delta_c, self.W_c, out=self.work)  # gradient of r∘h
            below.addcmul_(self.work, r)
            sigmoid_pull_back(self.work.mul_(self.h[:, t]), r, delta_r)
            below.baddbmm_(self.delta[:, t, :, : 2 * n], self.W_gates)
        weights, states = out["recurrent_weights"], rows(self.h[:, :-1])
        torch.bmm(rows(self.delta[..., : 2 * n]).mT, states, out=weights[:, :2].flatten(1, 2))
        torch.bmm(rows(self.delta[..., 2 * n :]).mT, rows(self.reset), out=weights[:, 2])
        weight_gradients(self.delta, self.inputs, out)
        torch.sum(self.initial, dim=1, out=out["initial_state"])
        return self.delta
