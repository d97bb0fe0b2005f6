"""A lane: networks of one cell trained side by side, their parameters in one buffer, one optimiser step for all of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor
from torch.nn.functional import embedding, pad

from rnnpop.numerics.affine import WEIGHTS, Parameters
from rnnpop.numerics.kernels import Kernel, Loss, native
from rnnpop.numerics.kernels.automatic import AutomaticKernel
from rnnpop.numerics.kernels.native import NativeKernel

Arrays = dict[str, np.ndarray]


def time_major(
    trials: Any, device: torch.device
) -> tuple[Float[Tensor, "time trial input"] | Int[Tensor, "time trial 1"], Float[Tensor, "time trial output"]]:
    """Inputs and targets of a batch in the layout that lanes take."""
    inputs, targets = (torch.from_numpy(np.ascontiguousarray(a.swapaxes(0, 1))).to(device) for a in (trials.input, trials.target))
    return inputs, targets


class Lane:
    """K networks of one cell: the score of their outputs, its gradient, and an optimiser, each network with settings of its own.

    The parameters of a network are one row of a flat buffer, of which `parameters` are views; so a norm, a clip or an Adam step
    is a handful of operations whatever the cell. Nothing crosses from one row to another.

    Args:
        cell: the cell.
        networks: first values of each network's parameters.
        steps, trials: shape of a training batch.
        penalised: names of the parameters that the L2 penalty sees.
        held: names of those that stay as they are.
        loss: how outputs are scored.
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
        held: Sequence[str] = (),
        loss: Loss = "squared",
    ) -> None:
        self.cell, self.steps, self.trials, self.dtype, self.device, self.loss = cell, steps, trials, dtype, device, loss
        self.held = held
        self.native = native.available(cell, dtype, device)
        shapes = {name: value.shape for name, value in networks[0].items()}
        self.shapes = shapes
        flat = np.stack([np.concatenate([network[name].ravel() for name in shapes]) for network in networks])
        self._lay_out(torch.as_tensor(flat, dtype=dtype, device=device))
        self.first_moment, self.second_moment = torch.zeros_like(self.flat), torch.zeros_like(self.flat)
        seen = np.concatenate(
            [np.full(int(np.prod(shape)), float(name in penalised and name not in held)) for name, shape in shapes.items()]
        )
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
            self.kernels[trials].loss = self.loss
        return self.kernels[trials]

    def keep(self, rows: Sequence[int]) -> None:
        """Go on with these networks only; the others have left the lane, and what stays is not changed by it."""
        index = torch.as_tensor(rows, device=self.device)
        self.first_moment, self.second_moment = self.first_moment[index], self.second_moment[index]
        self._lay_out(self.flat[index].clone())

    def step_gradient(
        self,
        inputs: Float[Tensor, "network time trial input"] | Sequence[Float[Tensor, "_ trial input"] | Int[Tensor, "_ trial 1"]],
        targets: Float[Tensor, "network time trial output"] | Sequence[Float[Tensor, "_ trial output"]],
        states: Float[Tensor, "network trial unit"] | None = None,
    ) -> Float[Tensor, "network"]:
        """Mean score of each network; its gradient is left in `gradient`.

        Args:
            inputs, targets: of every network, the former vectors or numbers of words; each network may have as many steps as it likes.
            states: where the trials start, instead of at the first state, which then gets no gradient.
        """
        if not self.native and not isinstance(inputs, Tensor):
            inputs, targets = self._equally_long(inputs, list(targets))
        given, pulled = inputs, None
        if "embedding" in self.parameters:
            given = [self._embedded(k, numbers) for k, numbers in enumerate(inputs)]
            pulled = None if "embedding" in self.held else [torch.empty_like(x) for x in given]
        errors = self._kernel(self.trials).gradient(self.parameters, given, targets, self.gradients, states, pulled)
        for k, (numbers, found) in enumerate(zip(inputs, pulled or (), strict=False)):
            words = self.gradients["embedding"][k]
            words.copy_(torch.ops.aten.embedding_dense_backward(found, numbers.squeeze(-1), len(words), -1, False))
        for name in (*self.held, *(("initial_state",) if states is not None else ())):
            self.gradients[name].zero_()
        return errors

    def _embedded(self, network: int, inputs: Tensor) -> Float[Tensor, "time trial input"]:
        """Numbers of words as a network takes them; what is a vector already stays as it is."""
        return inputs if inputs.is_floating_point() else embedding(inputs.squeeze(-1), self.parameters["embedding"][network])

    def _equally_long(self, inputs: Sequence[Tensor], targets: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
        """Batches of the networks in one, as products of several networks want them: steps that are not scored follow the shorter ones,
        and the score of the rest is a mean over as many more."""
        longest = max(len(batch) for batch in inputs)
        if longest > self.steps:
            self.steps = longest
            self.kernels.clear()
        padding = [(0, 0) * (batch.dim() - 1) + (0, self.steps - len(batch)) for batch in inputs]
        longer = [pad(batch, by) for batch, by in zip(inputs, padding, strict=True)]
        wanted = [pad(batch, by) * (self.steps / len(batch)) for batch, by in zip(targets, padding, strict=True)]
        return torch.stack(longer), torch.stack(wanted)

    def advance(
        self, inputs: Float[Tensor, "network trial input"], states: Float[Tensor, "network trial unit"]
    ) -> Float[Tensor, "network trial output"]:
        """Outputs after one step of every network, whose states go on by it, in place."""
        kernel = self._kernel(states.shape[1]) if self.native else None
        if isinstance(kernel, NativeKernel):
            return kernel.advance(self.parameters, inputs, states)
        states.copy_(torch.func.vmap(self.cell.step)(self.parameters, inputs, states))
        return torch.func.vmap(self.cell.readout)(self.parameters, states)

    def losses(
        self, inputs: Float[Tensor, "time trial input"] | Int[Tensor, "time trial 1"], targets: Float[Tensor, "time trial output"]
    ) -> Float[np.ndarray, "network"]:
        """Mean score of each network on one batch that all of them see, in chunks of the training batch's size."""
        total = np.zeros(len(self.flat))
        for chunk, target in zip(inputs.split(self.trials, dim=1), targets.split(self.trials, dim=1), strict=True):
            trials, steps = chunk.shape[1], self._scored(target)
            given = [self._embedded(k, chunk[:steps]) for k in range(len(self.flat))] if "embedding" in self.parameters else chunk[:steps]
            errors = self._kernel(trials).error(self.parameters, given, target[:steps])
            total += trials * steps / len(chunk) * errors.cpu().numpy()
        return total / inputs.shape[1]

    def _scored(self, targets: Float[Tensor, "time trial output"]) -> int:
        """Steps up to the last one that is scored, where the native passes need not take the rest."""
        if not self.native or self.loss == "squared":
            return len(targets)
        return int(targets.any(dim=2).any(dim=1).nonzero().max()) + 1

    def adam(
        self,
        step: int,
        learning_rate: Float[Tensor, "network"],
        l2: Float[Tensor, "network"],
        clip: Float[Tensor, "network"],
        *,
        beta1: float = 0.9,
        beta2: float = 0.999,
        epsilon: float = 1e-8,
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

    def descend(self, learning_rate: Float[Tensor, "network"], momentum: float) -> None:
        """One step of gradient descent with momentum: v ← momentum · v + gradient, weights ← weights − rate · v."""
        self.first_moment.mul_(momentum).add_(self.gradient)
        self.flat.addcmul_(self.first_moment, -learning_rate.unsqueeze(1))

    def snapshot(self, row: int) -> tuple[Tensor, Tensor, Tensor]:
        """Parameters and moments of one network, to go back to."""
        return self.flat[row].clone(), self.first_moment[row].clone(), self.second_moment[row].clone()

    def restore(self, row: int, snapshot: tuple[Tensor, Tensor, Tensor]) -> None:
        """Put one network back to where it was."""
        self.flat[row], self.first_moment[row], self.second_moment[row] = snapshot

    def values(self, row: int) -> Arrays:
        """Parameters of one network, float64."""
        return {name: value[row].double().cpu().numpy() for name, value in self.parameters.items()}
