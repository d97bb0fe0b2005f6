"""Back-propagation through time of long short-term memory."""

from __future__ import annotations

from typing import Any, ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from rnnpop.numerics.activations import ACTIVATIONS, sigmoid_pull_back
from rnnpop.numerics.affine import Parameters
from rnnpop.numerics.kernels import TorchKernel, project, rows, started, weight_gradients


@final
class LSTMKernel(TorchKernel):
    """f = σ(a_f + b_f), i = σ(a_i), o = σ(a_o), g = φ(a_g), c' = f∘c + i∘g, h' = o∘φ(c')."""

    native: ClassVar = "lstm"
    constant: ClassVar = "forget_bias"

    def __init__(self, cell: Any, networks: int, steps: int, trials: int, dtype: torch.dtype, device: torch.device) -> None:
        self.cell, self.phi, n = cell, ACTIVATIONS[cell.activation], cell.units
        self.both = cell.exposes == "state"

        def empty(*shape: int) -> Tensor:
            return torch.zeros(networks, *shape, dtype=dtype, device=device)

        self.h, self.c = empty(steps + 1, trials, n), empty(steps + 1, trials, n)
        self.shown = empty(steps, trials, n)  # φ(c')
        self.a = empty(steps, trials, 4 * n)  # pre-activations, then [f, i, o, g]
        self.delta = empty(steps, trials, 4 * n)
        self.work, self.delta_c, self.initial = empty(trials, n), empty(trials, n), empty(trials, n)

    def forward(
        self,
        parameters: Parameters,
        inputs: Float[Tensor, "network time trial input"],
        states: Float[Tensor, "network trial unit"] | None = None,
    ) -> Float[Tensor, "network time trial target"]:
        n = self.cell.units
        self.inputs, self.W = inputs, parameters["recurrent_weights"].flatten(1, 2)
        self.h[:, 0], self.c[:, 0] = started(parameters, states).split(n, dim=2)
        project(inputs, parameters["input_weights"], self.biases(self.cell, parameters), out=self.a)
        for t in range(inputs.shape[1]):
            now = self.a[:, t].baddbmm_(self.h[:, t], self.W.mT)
            f, i, o = now[..., : 3 * n].sigmoid_().split(n, dim=-1)
            g = self.phi.into(now[..., 3 * n :])
            torch.mul(f, self.c[:, t], out=self.c[:, t + 1]).addcmul_(i, g)
            self.phi.into(self.shown[:, t].copy_(self.c[:, t + 1]))
            torch.mul(o, self.shown[:, t], out=self.h[:, t + 1])
        return torch.cat([self.h[:, 1:], self.c[:, 1:]], dim=-1) if self.both else self.h[:, 1:]

    def backward(self, gradient: Float[Tensor, "network time trial target"], out: Parameters) -> Float[Tensor, "network time trial column"]:
        n, work, delta_c = self.cell.units, self.work, self.delta_c.zero_()
        gradient, of_cells = (part.contiguous() for part in gradient.split(n, dim=-1)) if self.both else (gradient, None)
        for t in range(gradient.shape[1] - 1, -1, -1):
            f, i, o, g = self.a[:, t].split(n, dim=-1)
            delta_f, delta_i, delta_o, delta_g = self.delta[:, t].split(n, dim=-1)
            sigmoid_pull_back(torch.mul(gradient[:, t], self.shown[:, t], out=work), o, delta_o)
            if of_cells is not None:
                delta_c.add_(of_cells[:, t])
            delta_c.add_(self.phi.pull_back(torch.mul(gradient[:, t], o, out=work), self.shown[:, t], work))
            sigmoid_pull_back(torch.mul(delta_c, self.c[:, t], out=work), f, delta_f)
            sigmoid_pull_back(torch.mul(delta_c, g, out=work), i, delta_i)
            self.phi.pull_back(torch.mul(delta_c, i, out=work), g, delta_g)
            delta_c.mul_(f)
            (gradient[:, t - 1] if t else self.initial.zero_()).baddbmm_(self.delta[:, t], self.W)
        torch.bmm(rows(self.delta).mT, rows(self.h[:, :-1]), out=out["recurrent_weights"].flatten(1, 2))
        weight_gradients(self.delta, self.inputs, out)
        torch.sum(self.initial, dim=1, out=out["initial_state"][:, :n])
        torch.sum(delta_c, dim=1, out=out["initial_state"][:, n:])
        return self.delta
