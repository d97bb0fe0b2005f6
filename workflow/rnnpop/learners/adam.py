"""Back-propagation through time with Adam."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
import torch
from torch import Tensor

from rnnpop.learners import Apprentice, Arrays, Training, TrialLearner, half_cosine
from rnnpop.numerics.affine import WEIGHTS
from rnnpop.numerics.lanes import Lane, time_major
from rnnpop.numerics.unroll import unroll
from rnnpop.variants import Count, NonNegative, Positive, Probability, Whole


@final
@dataclass(frozen=True)
class Adam(TrialLearner):
    """Adam on the task's loss plus l2 · Σw², until the loss on the evaluation batch meets the task's criterion.

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
        patience: evaluations in a row that must meet the criterion; null: training goes on to the last step.
        keep: weights that are kept, of the last evaluation or of the best one.
        diverged_above: error above which training has come apart; the network goes back to its last sound evaluation, with half the
            learning rate, which doubles again, up to what it was, at each sound evaluation that follows.
        retries: how often in a row that may happen; then its status is diverged, and the last sound weights are kept.
        lane: networks that take a step together on a CPU; on a GPU the whole shard does.
        targets: the trials' own; or each those of another trial of the batch (shuffled), for a control that sees as many of the same
            inputs and targets without what relates them.
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
    patience: Count | None = 1
    keep: Literal["last", "best"] = "last"
    diverged_above: Positive = 10.0
    retries: Whole = 6
    lane: Count = 1
    targets: Literal["own", "shuffled"] = "own"
    train_initial_state: bool = True
    beta1: Probability = 0.9
    beta2: Probability = 0.999
    epsilon: Positive = 1e-8

    def learn(self, task: Any, cell: Any, apprentices: Sequence[Apprentice], evaluation: Any, device: str) -> Training:
        side_by_side = len(apprentices) if device != "cpu" else self.lane
        total = _Progress(apprentices, range(self.evaluate_every, self.steps + 1, self.evaluate_every), self.keep == "best")
        for first in range(0, len(apprentices), side_by_side):
            rows = range(first, min(first + side_by_side, len(apprentices)))
            self._run(task, cell, apprentices, rows, evaluation, torch.device(device), total)
        return total.result()

    def rate(self, step: int) -> float:
        """Learning rate of a step, counted from 1."""
        warm = max(1, round(self.warmup * self.steps))
        if step <= warm:
            return self.learning_rate * step / warm
        phase = (step - warm) / max(1, self.steps - warm)
        return self.learning_rate * half_cosine(phase, self.final_rate)

    def _run(
        self, task: Any, cell: Any, apprentices: Sequence[Apprentice], rows: range, evaluation: Any, device: torch.device, total: _Progress
    ) -> None:
        networks = [apprentices[row].initial for row in rows]
        penalised = WEIGHTS if self.penalise == "weights" else tuple(networks[0])
        held = (*task.frozen, *(() if self.train_initial_state else ("initial_state",)))
        shape = {"steps": evaluation.input.shape[1], "trials": self.batch}
        lane = Lane(cell, networks, **shape, dtype=torch.float32, device=device, penalised=penalised, held=held, loss=task.loss)
        pupils = [_Pupil(row, lane.snapshot(place)) for place, row in enumerate(rows)]
        seen, wanted = time_major(evaluation, device)
        for step in range(1, self.steps + 1):
            batches = [time_major(task.trials(apprentices[pupil.row].trials, self.batch), device) for pupil in pupils]
            targets = [batch[1] for batch in batches]
            if self.targets == "shuffled":  # trials are drawn one by one, so the next one's targets are as good as any
                targets = [wanted.roll(1, dims=1) for wanted in targets]
            lane.step_gradient([batch[0] for batch in batches], targets)
            ones = torch.ones(len(pupils), device=device)
            rates = torch.tensor([self.rate(step) * pupil.scale for pupil in pupils], device=device)
            lane.adam(step, rates, ones * self.l2, ones * self.clip, beta1=self.beta1, beta2=self.beta2, epsilon=self.epsilon)
            if step % self.evaluate_every and step != self.steps:
                continue
            losses = lane.losses(seen, wanted)
            stay = []
            for place, loss in enumerate(losses):
                values = lane.values(place)
                solved = bool(loss <= task.criterion) and _solves(task, cell, values, evaluation)
                total.note(pupils[place].row, step, float(loss), solved, values if loss <= self.diverged_above else None)
                if self._goes_on(lane, place, pupils[place], float(loss), solved):
                    stay.append(place)
            if not stay:
                return
            if len(stay) < len(pupils):
                pupils = [pupils[place] for place in stay]
                lane.keep(stay)

    def _goes_on(self, lane: Lane, place: int, pupil: _Pupil, loss: float, solved: bool) -> bool:
        """Whether a network stays in the lane after an evaluation; one that has come apart goes back."""
        if loss <= self.diverged_above:
            pupil.snapshot, pupil.retries, pupil.scale = lane.snapshot(place), 0, min(1.0, 2 * pupil.scale)
            pupil.met = pupil.met + 1 if solved else 0
            return self.patience is None or pupil.met < self.patience
        lane.restore(place, pupil.snapshot)
        pupil.scale, pupil.retries = pupil.scale / 2, pupil.retries + 1
        return pupil.retries <= self.retries


@dataclass
class _Pupil:
    """A network in a lane: where it last was sound, how often in a row it went back there, how often in a row it met the criterion."""

    row: int
    snapshot: tuple[Tensor, Tensor, Tensor]
    scale: float = 1.0
    retries: int = 0
    met: int = 0


class _Progress:
    """Evaluations of every network of a shard, as they come."""

    def __init__(self, apprentices: Sequence[Apprentice], evaluations: range, best: bool) -> None:
        self.evaluations, self.best = evaluations, best
        self.loss = np.full((len(apprentices), len(evaluations)), np.nan)
        self.steps = np.zeros(len(apprentices), dtype=np.int64)
        self.final_loss = np.full(len(apprentices), np.nan)
        self.trained = [apprentice.initial for apprentice in apprentices]
        self.solved = np.zeros(self.loss.shape, dtype=bool)
        self.kept, self.status = (["diverged"] * len(apprentices) for _ in range(2))

    def note(self, row: int, step: int, loss: float, solved: bool, values: Arrays | None) -> None:
        """Keep an evaluation; `values` are the weights, None if they are not worth keeping."""
        self.steps[row] = step
        if step in self.evaluations:
            place = self.evaluations.index(step)
            self.loss[row, place], self.solved[row, place] = loss, solved
        if values is not None and not (self.best and loss >= self.final_loss[row]):
            self.trained[row], self.final_loss[row], self.kept[row] = values, loss, "ok" if solved else "not_converged"
        self.status[row] = "diverged" if values is None else self.kept[row]

    def result(self) -> Training:
        return Training(self.trained, np.array(self.evaluations), self.loss, self.solved, self.steps, self.final_loss, self.status)


def _solves(task: Any, cell: Any, values: Arrays, evaluation: Any) -> bool:
    parameters = {name: torch.from_numpy(value) for name, value in values.items()}
    inputs = torch.from_numpy(evaluation.input)
    inputs = inputs.double() if inputs.is_floating_point() else inputs
    return task.solves(lambda: cell.readout(parameters, unroll(cell, parameters, inputs)).numpy(), evaluation)
