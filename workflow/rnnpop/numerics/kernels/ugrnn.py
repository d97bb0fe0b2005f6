"""Back-propagation through time of the update-gate cell."""

from __future__ import annotations

from typing import Any, ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from rnnpop.numerics.activations import ACTIVATIONS, sigmoid_pull_back
from rnnpop.numerics.affine import Parameters
from rnnpop.numerics.kernels import TorchKernel, project, rows, started, weight_gradients


@final
class UGRNNKernel(TorchKernel):
    """u = σ(a_u + b_g), c = φ(a_c), h' = u∘h + (1−u)∘c."""

    native: ClassVar = "ugrnn"
    constant: ClassVar = "gate_bias"

    def __init__(self, cell: Any, networks: int, steps: int, trials: int, dtype: torch.dtype, device: torch.device) -> None:
        self.cell, self.phi, n = cell, ACTIVATIONS[cell.activation], cell.units

        def empty(*shape: int) -> Tensor:
            return torch.zeros(networks, *shape, dtype=dtype, device=device)

        self.h = empty(steps + 1, trials, n)
        self.a = empty(steps, trials, 2 * n)  # pre-activations, then [u, c]
        self.delta = empty(steps, trials, 2 * n)
        self.carry, self.work = empty(trials, n), empty(trials, n)
        self.initial = empty(trials, n)

    def forward(
        self,
        parameters: Parameters,
        inputs: Float[Tensor, "network time trial input"],
        states: Float[Tensor, "network trial unit"] | None = None,
    ) -> Float[Tensor, "network time trial target"]:
        n, h, a = self.cell.units, self.h, self.a
        self.inputs, self.W = inputs, parameters["recurrent_weights"].flatten(1, 2)
        h[:, 0] = started(parameters, states)
        project(inputs, parameters["input_weights"], self.biases(self.cell, parameters), out=a)
        for t in range(inputs.shape[1]):
            now = a[:, t].baddbmm_(h[:, t], self.W.mT)
            u, c = now[..., :n].sigmoid_(), self.phi.into(now[..., n:])
            torch.lerp(c, h[:, t], u, out=h[:, t + 1])
        return h[:, 1:]

    def backward(self, gradient: Float[Tensor, "network time trial target"], out: Parameters) -> Float[Tensor, "network time trial column"]:
        n = self.cell.units
        for t in range(gradient.shape[1] - 1, -1, -1):
            u, c, delta = self.a[:, t, :, :n], self.a[:, t, :, n:], self.delta[:, t]
            below = gradient[:, t - 1] if t else self.initial.zero_()
            torch.sub(self.h[:, t], c, out=self.work).mul_(gradient[:, t])
            sigmoid_pull_back(self.work, u, delta[..., :n])
            torch.mul(gradient[:, t], u, out=self.carry)
            torch.sub(gradient[:, t], self.carry, out=self.work)
            self.phi.pull_back(self.work, c, delta[..., n:])
            below.add_(self.carry).baddbmm_(delta, self.W)
        torch.bmm(rows(self.delta).mT, rows(self.h[:, :-1]), out=out["recurrent_weights"].flatten(1, 2))
        weight_gradients(self.delta, self.inputs, out)
        torch.sum(self.initial, dim=1, out=out["initial_state"])
        return self.delta
