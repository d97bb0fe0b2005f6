"""Hand-written passes over a trial, forward and backward, for networks side by side, in buffers laid out once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from rnnpop.numerics.affine import Parameters

#: How outputs are scored against what is wanted of them.
Loss = Literal["squared", "log", "linear", "logistic"]


class Kernel(ABC):
    """Mean score of K networks side by side, and its gradient by back-propagation through time.

    Scores of the outputs y of a step: `squared`, the mean of (y − y*)² over outputs; of their softmax p `log`, −Σ y* log p, and
    `linear`, −Σ y* p, where y* is one-hot, times the weight of the step: 0 where nothing is scored; `logistic`,
    Σ |y*| log(1 + exp(−sign(y*) y)), where y* is ±1 times that weight. The mean is over steps and trials.

    Args:
        cell: the cell (its `units`, `activation`, constants).
        networks, steps, trials: the shape K × T × B of a batch.

    Attributes:
        native: name of the same passes in native.c; None if there are none.
        constant: name of the cell's field that is added to the bias of its first gate; None if it has none.
        loss: the score.
    """

    native: ClassVar[str | None] = None
    constant: ClassVar[str | None] = None
    loss: Loss = "squared"

    @abstractmethod
    def __init__(self, cell: Any, networks: int, steps: int, trials: int, dtype: torch.dtype, device: torch.device) -> None: ...

    @abstractmethod
    def gradient(
        self,
        parameters: Parameters,
        inputs: Float[Tensor, "network time trial input"] | Sequence[Float[Tensor, "_ trial input"]],
        targets: Float[Tensor, "network time trial output"] | Sequence[Float[Tensor, "_ trial output"]],
        out: Parameters,
        states: Float[Tensor, "network trial unit"] | None = None,
        pulled: Sequence[Float[Tensor, "_ trial input"]] | None = None,
    ) -> Float[Tensor, "network"]:
        """Score of each network on a batch of its own; its gradient is written into `out`.

        Args:
            states: where the trials start, instead of at the first state; that of the latter is then of no meaning.
            pulled: where the gradient by the inputs is written, if it is asked for.
        """

    @abstractmethod
    def error(
        self,
        parameters: Parameters,
        inputs: Float[Tensor, "time trial input"] | Sequence[Float[Tensor, "time trial input"]],
        targets: Float[Tensor, "time trial output"],
    ) -> Float[Tensor, "network"]:
        """Score, float64, of each network on one batch that all of them see, or each in its own way."""


class TorchKernel(Kernel):
    """The passes over a trial as torch operations, on any device; the readout and its score stand here, for all cells.

    Buffers are [network, time, trial, ...]: one step of one network is contiguous, and a weight gradient is one product over
    time × trial. They are written anew at each call, because the first touch of fresh memory costs more than the arithmetic.
    Held equal to the plain cell under automatic differentiation by tests/rooms/test_cells.py.
    """

    pulled: Tensor | None = None  # gradient of the hidden units, through the readout

    def gradient(
        self,
        parameters: Parameters,
        inputs: Float[Tensor, "network time trial input"] | Sequence[Float[Tensor, "_ trial input"]],
        targets: Float[Tensor, "network time trial output"] | Sequence[Float[Tensor, "_ trial output"]],
        out: Parameters,
        states: Float[Tensor, "network trial unit"] | None = None,
        pulled: Sequence[Float[Tensor, "_ trial input"]] | None = None,
    ) -> Float[Tensor, "network"]:
        hidden = self.forward(parameters, _together(inputs), states)
        loss, error = self._score(_read_out(parameters, hidden), rows(_together(targets)))
        torch.bmm(error.mT, rows(hidden), out=out["readout_weights"])
        torch.sum(error, dim=1, out=out["readout_bias"])
        self.pulled = torch.empty(hidden.shape, dtype=hidden.dtype, device=hidden.device) if self.pulled is None else self.pulled
        torch.bmm(error, parameters["readout_weights"], out=rows(self.pulled))
        deltas = self.backward(self.pulled, out)
        if pulled is not None:
            for into, found in zip(pulled, self.pull_back(parameters, deltas), strict=True):
                into.copy_(found)
        return loss

    def error(
        self,
        parameters: Parameters,
        inputs: Float[Tensor, "time trial input"] | Sequence[Float[Tensor, "time trial input"]],
        targets: Float[Tensor, "time trial output"],
    ) -> Float[Tensor, "network"]:
        each = [inputs] * len(parameters["bias"]) if isinstance(inputs, Tensor) else inputs
        hidden = self.forward(parameters, torch.stack(list(each)))
        return self._score(_read_out(parameters, hidden).double(), targets.flatten(0, 1).unsqueeze(0).double())[0]

    def _score(
        self, outputs: Float[Tensor, "network row output"], wanted: Float[Tensor, "*#network row output"]
    ) -> tuple[Float[Tensor, "network"], Float[Tensor, "network row output"]]:
        """Mean score, and its gradient by the outputs."""
        count = outputs.shape[1]
        if self.loss == "squared":
            error = outputs - wanted
            return error.square().mean(dim=(1, 2)), error * (2 / (count * error.shape[2]))
        if self.loss == "logistic":
            z, weight = torch.sign(wanted) * outputs, wanted.abs()
            return (weight * torch.nn.functional.softplus(-z)).sum(dim=(1, 2)) / count, -wanted * torch.sigmoid(-z) / count
        p = outputs.softmax(dim=2)
        if self.loss == "log":
            return -(wanted * outputs.log_softmax(dim=2)).sum(dim=(1, 2)) / count, (wanted.sum(dim=2, keepdim=True) * p - wanted) / count
        met = (wanted * p).sum(dim=2, keepdim=True)
        return -met.sum(dim=(1, 2)) / count, p * (met - wanted) / count

    @abstractmethod
    def forward(
        self,
        parameters: Parameters,
        inputs: Float[Tensor, "network time trial input"],
        states: Float[Tensor, "network trial unit"] | None = None,
    ) -> Float[Tensor, "network time trial target"]:
        """Hidden units after each step, from `states` or else from the first state; a view of a buffer, valid until the next call."""

    @abstractmethod
    def backward(self, gradient: Float[Tensor, "network time trial target"], out: Parameters) -> Float[Tensor, "network time trial column"]:
        """Gradients of all parameters but the readout's, written into `out`, given that of the hidden units after each step.

        `gradient` is used up as working space.

        Returns:
            What `pull_back` takes: those of the pre-activations.
        """

    def pull_back(
        self, parameters: Parameters, deltas: Float[Tensor, "network time trial column"]
    ) -> Float[Tensor, "network time trial input"]:
        """Gradients of the inputs from those of the pre-activations."""
        return torch.bmm(rows(deltas), parameters["input_weights"].flatten(1, 2)).view(*deltas.shape[:3], -1)

    @staticmethod
    def biases(cell: Any, parameters: Parameters) -> Float[Tensor, "network gate target"]:
        """The biases, with the cell's constant added to those of its first gate."""
        if cell.kernel.constant is None:
            return parameters["bias"]
        bias = parameters["bias"].clone()
        bias[:, 0] += getattr(cell, cell.kernel.constant)
        return bias


def started(parameters: Parameters, states: Float[Tensor, "network trial unit"] | None) -> Float[Tensor, "network #trial unit"]:
    """Where trials start: at `states`, or else at the trained first state."""
    return parameters["initial_state"].unsqueeze(1) if states is None else states


def _together(batches: Tensor | Sequence[Tensor]) -> Float[Tensor, "network time trial channel"]:
    """Batches of the networks in one; products of several networks want them equally long."""
    return batches if isinstance(batches, Tensor) else torch.stack(list(batches))


def rows(buffer: Float[Tensor, "network time trial column"]) -> Float[Tensor, "network row column"]:
    """The buffer with time × trial as rows; a view."""
    return buffer.flatten(1, 2)


def _read_out(parameters: Parameters, hidden: Tensor) -> Float[Tensor, "network row output"]:
    return torch.baddbmm(parameters["readout_bias"].unsqueeze(1), rows(hidden), parameters["readout_weights"].mT)


def project(inputs: Tensor, weights: Tensor, bias: Tensor, out: Tensor) -> None:
    """out = x Aᵀ + b at all times at once; weights [network gate target input], bias [network gate target]."""
    torch.baddbmm(bias.flatten(1).unsqueeze(1), rows(inputs), weights.flatten(1, 2).mT, out=rows(out))


def weight_gradients(deltas: Tensor, inputs: Tensor, out: Parameters) -> None:
    """Gradients of input weights and biases from those of the pre-activations, deltas [network time trial gate·target]."""
    torch.bmm(rows(deltas).mT, rows(inputs), out=out["input_weights"].flatten(1, 2))
    torch.sum(rows(deltas), dim=1, out=out["bias"].flatten(1))
