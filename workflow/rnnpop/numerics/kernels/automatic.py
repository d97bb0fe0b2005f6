"""Back-propagation through time of any cell, by automatic differentiation of its step: slower, and always right."""

from __future__ import annotations

from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor

from rnnpop.numerics.affine import Parameters
from rnnpop.numerics.kernels import TorchKernel, started


@final
class AutomaticKernel(TorchKernel):
    """For cells without a hand-written kernel, and what the hand-written ones are held equal to."""

    def __init__(self, cell: Any, networks: int, steps: int, trials: int, dtype: torch.dtype, device: torch.device) -> None:
        del steps, dtype, device  # torch lays out its own memory
        self.cell, self.networks, self.trials = cell, networks, trials

    def forward(
        self,
        parameters: Parameters,
        inputs: Float[Tensor, "network time trial input"],
        states: Float[Tensor, "network trial unit"] | None = None,
    ) -> Float[Tensor, "network time trial target"]:
        self.parameters = {name: value.detach().clone().requires_grad_() for name, value in parameters.items()}
        step = torch.func.vmap(self.cell.step)
        with torch.enable_grad():
            self.inputs = inputs.detach().requires_grad_()
            state = started(self.parameters, states).expand(-1, self.trials, -1)
            hidden = []
            for t in range(inputs.shape[1]):
                state = step(self.parameters, self.inputs[:, t], state)
                hidden.append(state[..., : self.parameters["readout_weights"].shape[-1]])
            self.hidden = torch.stack(hidden, dim=1)
        return self.hidden.detach()

    def backward(self, gradient: Float[Tensor, "network time trial target"], out: Parameters) -> Float[Tensor, "network time trial column"]:
        names = [name for name in self.parameters if not name.startswith("readout")]
        wanted = [self.inputs, *(self.parameters[name] for name in names)]
        pulled, *found = torch.autograd.grad(self.hidden, wanted, gradient, materialize_grads=True)
        for name, value in zip(names, found, strict=True):
            out[name].copy_(value)
        return pulled

    def pull_back(
        self, parameters: Parameters, deltas: Float[Tensor, "network time trial column"]
    ) -> Float[Tensor, "network time trial input"]:
        return deltas  # of the inputs already
