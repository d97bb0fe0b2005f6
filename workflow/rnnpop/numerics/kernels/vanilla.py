"""Back-propagation through time of the vanilla cell."""

from __future__ import annotations

from typing import Any, ClassVar, final

import torch
from jaxtyping import Float
from torch import Tensor

from rnnpop.numerics.activations import ACTIVATIONS
from rnnpop.numerics.affine import Parameters
from rnnpop.numerics.kernels import TorchKernel, project, rows, started, weight_gradients


@final
class VanillaKernel(TorchKernel):
    """h' = φ(A x + W h + b): pre-activations are built in the place of the states, deltas in the place of the gradient."""

    native: ClassVar = "vanilla"

    def __init__(self, cell: Any, networks: int, steps: int, trials: int, dtype: torch.dtype, device: torch.device) -> None:
        self.phi = ACTIVATIONS[cell.activation]
        self.h = torch.zeros(networks, steps + 1, trials, cell.units, dtype=dtype, device=device)

    def forward(
        self,
        parameters: Parameters,
        inputs: Float[Tensor, "network time trial input"],
        states: Float[Tensor, "network trial unit"] | None = None,
    ) -> Float[Tensor, "network time trial target"]:
        self.inputs, self.W = inputs, parameters["recurrent_weights"].flatten(1, 2)
        h, W = self.h, self.W.mT
        h[:, 0] = started(parameters, states)
        project(inputs, parameters["input_weights"], parameters["bias"], out=h[:, 1:])
        for t in range(inputs.shape[1]):
            self.phi.into(h[:, t + 1].baddbmm_(h[:, t], W))
        return h[:, 1:]

    def backward(self, gradient: Float[Tensor, "network time trial target"], out: Parameters) -> Float[Tensor, "network time trial column"]:
        for t in range(gradient.shape[1] - 1, -1, -1):
            delta = gradient[:, t]
            self.phi.pull_back(delta, self.h[:, t + 1], delta)
            if t:
                gradient[:, t - 1].baddbmm_(delta, self.W)
        torch.bmm(rows(gradient).mT, rows(self.h[:, :-1]), out=out["recurrent_weights"].flatten(1, 2))
        weight_gradients(gradient, self.inputs, out)
        torch.sum(gradient[:, 0] @ self.W, dim=1, out=out["initial_state"])
        return gradient
