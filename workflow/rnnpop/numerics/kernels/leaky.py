"""Back-propagation through time of the leaky cell, in both of its forms."""

from __future__ import annotations

from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor

from rnnpop.numerics.activations import ACTIVATIONS
from rnnpop.numerics.affine import Parameters
from rnnpop.numerics.kernels import TorchKernel, project, rows, started, weight_gradients


@final
class LeakyKernel(TorchKernel):
    """φ((1 − α) h + α a) or (1 − α) h + α φ(a), with a = A x + W h + b.

    Values of φ stand in a buffer of their own (`inside`: they are the states). Deltas, the gradients by α a, are built in the place of the
    gradient of the states.
    """

    def __init__(self, cell: Any, networks: int, steps: int, trials: int, dtype: torch.dtype, device: torch.device) -> None:
        self.phi, self.leak, self.inside = ACTIVATIONS[cell.activation], cell.leak, cell.form == "inside"
        self.h = torch.zeros(networks, steps + 1, trials, cell.units, dtype=dtype, device=device)
        self.y = self.h[:, 1:] if self.inside else torch.zeros_like(self.h[:, 1:])

    def forward(
        self,
        parameters: Parameters,
        inputs: Float[Tensor, "network time trial input"],
        states: Float[Tensor, "network trial unit"] | None = None,
    ) -> Float[Tensor, "network time trial target"]:
        self.inputs, self.W = inputs, parameters["recurrent_weights"].flatten(1, 2)
        h, y, W, leak = self.h, self.y, self.W.mT, self.leak
        h[:, 0] = started(parameters, states)
        project(inputs, parameters["input_weights"], parameters["bias"], out=y)
        for t in range(inputs.shape[1]):
            a = y[:, t].baddbmm_(h[:, t], W)
            if self.inside:
                self.phi.into(a.mul_(leak).add_(h[:, t], alpha=1 - leak))
            else:
                torch.lerp(h[:, t], self.phi.into(a), leak, out=h[:, t + 1])
        return h[:, 1:]

    def backward(self, gradient: Float[Tensor, "network time trial target"], out: Parameters) -> Float[Tensor, "network time trial column"]:
        for t in range(gradient.shape[1] - 1, -1, -1):
            delta = gradient[:, t]
            around = None if self.inside else delta * (1 - self.leak)  # what goes past φ
            self.phi.pull_back(delta, self.y[:, t], delta)
            around = delta * (1 - self.leak) if around is None else around
            before = around.baddbmm_(delta.mul_(self.leak), self.W)
            if t:
                gradient[:, t - 1].add_(before)
        torch.bmm(rows(gradient).mT, rows(self.h[:, :-1]), out=out["recurrent_weights"].flatten(1, 2))
        weight_gradients(gradient, self.inputs, out)
        torch.sum(before, dim=1, out=out["initial_state"])
        return gradient
