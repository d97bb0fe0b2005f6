"""A lane: networks of one cell trained side by side, their parameters in one buffer, one optimiser step for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from rnnpop.numerics.affine import WEIGHTS, Parameters
from rnnpop.numerics.kernels import Kernel, native
from rnnpop.numerics.kernels.automatic import AutomaticKernel
from rnnpop.numerics.kernels.native import NativeKernel

Arrays = dict[str, np.ndarray]


def time_major(trials: Any, device: torch.device) -> tuple[Float[Tensor, "time trial input"], Float[Tensor, "time trial output"]]:
    """Inputs and targets of a batch in the layout that lanes take."""
    inputs, targets = (torch.from_numpy(np.ascontiguousarray(a.swapaxes(0, 1))).to(device) for a in (trials.input, trials.target))
    return inputs, targets


class Lane:
    """K networks of one cell: squared error, its gradient, and Adam, each network with settings of its own.

    The parameters of a network are one row of a flat buffer, of which `parameters` are views; so a norm, a clip or an Adam step
    is a handful of operations whatever the cell. Nothing crosses from one row to another.

    Args:
        cell: the cell.
        networks: first values of each network's parameters.
        steps, trials: shape of a training batch.
        penalised: names of the parameters that the L2 penalty sees.
    """

    def __init__(
        self,
        cell: Any,
        networks: Sequence[Arrays],
        *,
        steps: int,
        trials: int,
        dtype: torch.dtype,
        device: torch.device,
        penalised: Sequence[str] = WEIGHTS,
    ) -> None:
        self.cell, self.steps, self.trials, self.dtype, self.device = cell, steps, trials, dtype, device
        self.native = native.available(cell, dtype, device)
        shapes = {name: value.shape for name, value in networks[0].items()}
        self.shapes = shapes
        flat = np.stack([np.concatenate([network[name].ravel() for name in shapes]) for network in networks])
        self._lay_out(torch.as_tensor(flat, dtype=dtype, device=device))
        self.first_moment, self.second_moment = torch.zeros_like(self.flat), torch.zeros_like(self.flat)
        seen = np.concatenate([np.full(int(np.prod(shape)), float(name in penalised)) for name, shape in shapes.items()])
        self.penalised = torch.as_tensor(seen, dtype=dtype, device=device)

    def _lay_out(self, flat: Tensor) -> None:
        self.flat, self.gradient = flat, torch.zeros_like(flat)
        self.parameters, self.gradients = self._views(self.flat), self._views(self.gradient)
        self.kernels: dict[int, Kernel] = {}  # by the number of trials

    def _views(self, flat: Tensor) -> Parameters:
        views, start = {}, 0
        for name, shape in self.shapes.items():
            size = int(np.prod(shape))
            views[name] = flat[:, start : start + size].view(len(flat), *shape)
            start += size
        return views

    def _kernel(self, trials: int) -> Kernel:
        if trials not in self.kernels:
            found = NativeKernel if self.native else self.cell.kernel or AutomaticKernel
            self.kernels[trials] = found(self.cell, len(self.flat), self.steps, trials, self.dtype, self.device)
        return self.kernels[trials]

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these networks only; the others have left the lane, and what stays is not changed by it."""
        index = torch.as_tensor(rows, device=self.device)
        self.first_moment, self.second_moment = self.first_moment[index], self.second_moment[index]
        self._lay_out(self.flat[index].clone())

    def step_gradient(
        self,
        inputs: Float[Tensor, "network time trial input"],
        targets: Float[Tensor, "network time trial output"],
    ) -> Float[Tensor, "network"]:
        """Mean squared error of each network; its gradient is left in `gradient`."""
        return self._kernel(self.trials).gradient(self.parameters, inputs, targets, self.gradients)

    def losses(
        self, inputs: Float[Tensor, "time trial input"], targets: Float[Tensor, "time trial output"]
    ) -> Float[np.ndarray, "network"]:
        """Mean squared error of each network on one batch that all of them see, in chunks of the training batch's size."""
        total = np.zeros(len(self.flat))
        for chunk, target in zip(inputs.split(self.trials, dim=1), targets.split(self.trials, dim=1), strict=True):
            trials = chunk.shape[1]
            total += trials * self._kernel(trials).error(self.parameters, chunk, target).cpu().numpy()
        return total / inputs.shape[1]

    def adam(
        self,
        step: int,
        learning_rate: Float[Tensor, "network"],
        l2: Float[Tensor, "network"],
        clip: Float[Tensor, "network"],
        *,
        beta1: float,
        beta2: float,
        epsilon: float,
    ) -> None:
        """One step of Adam (Kingma & Ba 2015) on the error plus l2 · Σ w² over the penalised parameters.

        The gradient, penalty included, is first scaled to a norm of at most `clip`, each network by its own. A network whose gradient
        is not finite does not take the step.

        Args:
            step: counts from 1, for the bias correction.
        """
        if self.native:
            arrays = self.flat, self.gradient, self.first_moment, self.second_moment, self.penalised
            settings = torch.stack([learning_rate, l2, clip], dim=1).tolist()
            native.adam(*arrays, step, settings, beta1=beta1, beta2=beta2, epsilon=epsilon)
            return
        g = self.gradient.addcmul_(self.flat * self.penalised, 2 * l2.unsqueeze(1))
        norm = torch.linalg.vector_norm(g, dim=1, keepdim=True, dtype=torch.float64)  # squares may overflow a float
        sound = norm.isfinite()
        g = torch.where(sound, g * (clip.unsqueeze(1) / norm.clamp_min(1e-30)).clamp_max(1).to(g.dtype), 0)
        self.first_moment.lerp_(g, (1 - beta1) * sound.to(g.dtype))
        self.second_moment.lerp_(g.square(), (1 - beta2) * sound.to(g.dtype))
        denominator = (self.second_moment / (1 - beta2**step)).sqrt_().add_(epsilon)
        self.flat.addcdiv_(self.first_moment * (-learning_rate / (1 - beta1**step)).unsqueeze(1) * sound, denominator)

    def snapshot(self, row: int) -> tuple[Tensor, Tensor, Tensor]:
        """Parameters and moments of one network, to go back to."""
        return self.flat[row].clone(), self.first_moment[row].clone(), self.second_moment[row].clone()

    def restore(self, row: int, snapshot: tuple[Tensor, Tensor, Tensor]) -> None:
        """Put one network back to where it was."""
        self.flat[row], self.first_moment[row], self.second_moment[row] = snapshot

    def values(self, row: int) -> Arrays:
        """Parameters of one network, float64."""
        return {name: value[row].double().cpu().numpy() for name, value in self.parameters.items()}
