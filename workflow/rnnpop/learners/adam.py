"""Back-propagation through time with Adam."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
import torch
from torch import Tensor

from rnnpop.learners import Apprentice, Arrays, Learner, Training
from rnnpop.numerics.affine import WEIGHTS
from rnnpop.numerics.lanes import Lane
from rnnpop.variants import Count, NonNegative, Positive, Probability


@final
@dataclass(frozen=True)
class Adam(Learner):
    """Adam on the mean squared error plus l2 · Σw², until the error on the evaluation batch meets the task's criterion.

    The learning rate rises linearly over `warmup` of the steps and falls as a half cosine to `final_rate` of its peak. The
    paper's optimiser settings could not be read; these are ours, and networks are compared at matched error (Huang et al. 2025).

    Attributes:
        learning_rate: peak of the schedule.
        steps: at most.
        batch: trials per step.
        clip: largest norm of a network's gradient, penalty included.
        l2: λ of the penalty λ Σw² (torch's `weight_decay` would be 2λ).
        penalise: what w runs over: the weight matrices, or all parameters, biases and first state included (as in a tutorial of the
            paper's co-author); the paper's own choice could not be read.
        warmup: fraction of the steps over which the rate rises.
        final_rate: last learning rate over the peak.
        evaluate_every: steps between evaluations.
        patience: evaluations in a row that must meet the criterion.
        lane: networks that take a step together on a CPU; on a GPU the whole shard does.
        train_initial_state: whether the first state is trained (as in the paper's first author's library) or stays 0.
        beta1, beta2, epsilon: Adam's.
    """

    learning_rate: Positive = 3e-3
    steps: Count = 3000
    batch: Count = 64
    clip: Positive = 1.0
    l2: NonNegative = 0.0
    penalise: Literal["weights", "all"] = "weights"
    warmup: Probability = 0.05
    final_rate: Probability = 0.01
    evaluate_every: Count = 25
    patience: Count = 1
    lane: Count = 1
    train_initial_state: bool = True
    beta1: Probability = 0.9
    beta2: Probability = 0.999
    epsilon: Positive = 1e-8

    def learn(self, task: Any, cell: Any, apprentices: Sequence[Apprentice], evaluation: Any, device: str) -> Training:
        side_by_side = len(apprentices) if device != "cpu" else self.lane
        total = _Progress(len(apprentices), range(self.evaluate_every, self.steps + 1, self.evaluate_every))
        for first in range(0, len(apprentices), side_by_side):
            rows = range(first, min(first + side_by_side, len(apprentices)))
            self._run(task, cell, apprentices, rows, evaluation, torch.device(device), total)
        return total.result(task.criterion)

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 1."""
        warm = max(1, round(self.warmup * self.steps))
        if step <= warm:
            return self.learning_rate * step / warm
        phase = (step - warm) / max(1, self.steps - warm)
        return self.learning_rate * (self.final_rate + (1 - self.final_rate) * (1 + math.cos(math.pi * phase)) / 2)

    def _run(
        self, task: Any, cell: Any, apprentices: Sequence[Apprentice], rows: range, evaluation: Any, device: torch.device, total: _Progress
    ) -> None:
        steps = evaluation.input.shape[1]
        networks = [apprentices[row].initial for row in rows]
        penalised = WEIGHTS if self.penalise == "weights" else tuple(networks[0])
        lane = Lane(cell, networks, steps=steps, trials=self.batch, dtype=torch.float32, device=device, penalised=penalised)
        active = list(rows)
        seen, wanted = _time_major(evaluation, device)
        met = dict.fromkeys(active, 0)
        for step in range(1, self.steps + 1):
            batches = [_time_major(task.trials(apprentices[row].trials, self.batch), device) for row in active]
            lane.step_gradient(torch.stack([b[0] for b in batches]), torch.stack([b[1] for b in batches]))
            if not self.train_initial_state:
                lane.gradients["initial_state"].zero_()
            full = torch.ones(len(active), device=device)
            lane.adam(
                step, full * self.rate(step), full * self.l2, full * self.clip, beta1=self.beta1, beta2=self.beta2, epsilon=self.epsilon
            )
            if step % self.evaluate_every and step != self.steps:
                continue
            stay = []
            for place, loss in enumerate(lane.losses(seen, wanted)):
                row = active[place]
                met[row] = met[row] + 1 if loss <= task.criterion else 0
                total.note(row, step, float(loss), lane.values(place))
                if math.isfinite(loss) and met[row] < self.patience:
                    stay.append(place)
            if not stay:
                return
            if len(stay) < len(active):
                active = [active[place] for place in stay]
                lane.keep(stay)


def _time_major(trials: Any, device: torch.device) -> tuple[Tensor, Tensor]:
    return tuple(torch.from_numpy(np.ascontiguousarray(a.swapaxes(0, 1))).to(device) for a in (trials.input, trials.target))  # type: ignore[return-value]


class _Progress:
    """Evaluations of every network of a shard, as they come."""

    def __init__(self, networks: int, evaluations: range) -> None:
        self.evaluations = evaluations
        self.loss = np.full((networks, len(evaluations)), np.nan)
        self.steps = np.zeros(networks, dtype=np.int64)
        self.final_loss = np.full(networks, np.nan)
        self.trained: list[Arrays] = [{} for _ in range(networks)]
        self.diverged = [False] * networks

    def note(self, row: int, step: int, loss: float, values: Arrays) -> None:
        self.steps[row] = step
        if step in self.evaluations:
            self.loss[row, self.evaluations.index(step)] = loss
        self.diverged[row] = not math.isfinite(loss)
        if not self.diverged[row] or not self.trained[row]:
            self.trained[row], self.final_loss[row] = values, loss

    def result(self, criterion: float) -> Training:
        status = [
            "diverged" if diverged else "ok" if loss <= criterion else "not_converged"
            for diverged, loss in zip(self.diverged, self.final_loss, strict=True)
        ]
        return Training(self.trained, np.array(self.evaluations), self.loss, self.steps, self.final_loss, status)
