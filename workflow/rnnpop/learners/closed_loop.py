"""Back-propagation through time in sessions that the networks themselves play."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
import torch

from rnnpop.learners import Apprentice, SessionLearner, Training, half_cosine, verdicts
from rnnpop.numerics.kernels import native
from rnnpop.numerics.lanes import Lane
from rnnpop.numerics.rollouts import Rollout, errors
from rnnpop.variants import Count, NonNegative, Positive, Probability, Whole


@final
@dataclass(frozen=True)
class ClosedLoop(SessionLearner):
    """Supervised: outputs are scored against the right answer at every observation; what is observed, and when, follows from them.

    Either whole sessions of `blocks` blocks, back-propagated from end to end, the states reset at each (Schaeffer et al. 2020: one
    environment, plain gradient descent at 1e-3 with momentum 0.1, 100 001 updates); or sessions of `session_steps` steps, back-propagated
    over `horizon` steps at a time, the state carried from one to the next. The first state stays 0.

    The error that training reports is the fraction of trials of the evaluation sessions that end with the wrong side likelier.

    Attributes:
        loss: score of a step: −log p of the right answer (log); or −p (linear), which the paper's code computes, an improper score under
            which a belief of 0.6 is best told as 1.
        optimiser: Adam, or gradient descent with `momentum` and without clipping.
        learning_rate: peak; it rises linearly over `warmup` of the updates, and falls as a half cosine to `final_rate` of it (constant at 0
            and 1).
        updates: optimiser steps; all are taken.
        environments: sessions that a network plays side by side.
        horizon: steps of an update.
        session_steps: steps of a session, a multiple of the horizon.
        blocks: blocks of a session that is back-propagated whole; 0 for sessions cut by steps.
        clip: largest norm of a network's gradient (Adam).
        l2: λ of the penalty λ Σw² on the weight matrices (Adam).
        evaluate_every: updates between evaluations.
        lane: networks that take a step together; what comes of each does not depend on it.
    """

    learning_rate: Positive
    updates: Count
    loss: Literal["log", "linear"] = "log"
    optimiser: Literal["adam", "descent"] = "adam"
    momentum: Probability = 0.1
    environments: Count = 64
    horizon: Count = 100
    session_steps: Count = 600
    blocks: Whole = 0
    clip: Positive = 1.0
    l2: NonNegative = 0.0
    warmup: Probability = 0.05
    final_rate: Probability = 0.01
    evaluate_every: Count = 50
    lane: Count = 8

    def learn(self, task: Any, cell: Any, apprentices: Sequence[Apprentice], evaluation: Any, device: str) -> Training:
        together = self._together(cell, torch.device(device), len(apprentices))
        runs = [
            self._run(task, cell, apprentices[first : first + together], evaluation, torch.device(device))
            for first in range(0, len(apprentices), together)
        ]
        step = np.array([*range(self.evaluate_every, self.updates, self.evaluate_every), self.updates])
        loss = np.concatenate([run[1] for run in runs])
        final = loss[:, -1]
        return Training(
            trained=[values for run in runs for values in run[0]],
            step=step,
            loss=loss,
            solved=loss <= task.criterion,
            steps=np.full(len(apprentices), self.updates),
            final_loss=final,
            status=verdicts(final, task.criterion),
        )

    def rate(self, update: int) -> float:
        """Learning rate of an update, counted from 1."""
        warm = self.warmup * self.updates
        if update <= warm:
            return self.learning_rate * update / warm
        phase = (update - warm) / max(1.0, self.updates - warm)
        return self.learning_rate * half_cosine(phase, self.final_rate)

    def _together(self, cell: Any, device: torch.device, networks: int) -> int:
        """Networks of a lane: one, where several would share a product whose rounding depends on its shape, or differ in length."""
        if native.available(cell, torch.float32, device):
            return self.lane
        return networks if device.type != "cpu" and not self.blocks else 1

    def _run(
        self, task: Any, cell: Any, apprentices: Sequence[Apprentice], evaluation: Any, device: torch.device
    ) -> tuple[list[dict[str, np.ndarray]], np.ndarray]:
        """Trained weights, and errors [network evaluation]; a network that comes apart keeps its last sound weights, and NaN errors."""
        initial = [apprentice.initial for apprentice in apprentices]
        dtype = torch.float32
        lane = Lane(cell, initial, steps=self.horizon, trials=self.environments, dtype=dtype, device=device, loss=self.loss)
        kept, history, rollout = list(initial), [], None
        for update in range(1, self.updates + 1):
            if self.blocks or (update - 1) * self.horizon % self.session_steps == 0:
                length = {"blocks": self.blocks} if self.blocks else {"steps": self.session_steps}
                rollout = Rollout.begin(task, lane, [task.course(a.trials, self.environments, **length) for a in apprentices])
            assert rollout is not None  # the first update begins one
            begun = rollout.states.clone()
            inputs, wanted = rollout.to_the_end() if self.blocks else rollout.steps(self.horizon)
            lane.step_gradient(inputs, wanted, begun)
            self._descend(lane, update)
            if update % self.evaluate_every == 0 or update == self.updates:
                found = errors(task, lane, evaluation, task.probe_steps)
                sound = lane.flat.isfinite().all(dim=1).cpu().numpy() & np.isfinite(found)
                history.append(np.where(sound, found, np.nan))
                kept = [lane.values(row) if fine else old for row, (fine, old) in enumerate(zip(sound, kept, strict=True))]
        return kept, np.column_stack(history)

    def _descend(self, lane: Lane, update: int) -> None:
        ones = torch.ones(len(lane.flat), device=lane.device)
        if self.optimiser == "descent":
            lane.descend(ones * self.rate(update), self.momentum)
        else:
            lane.adam(update, ones * self.rate(update), ones * self.l2, ones * self.clip)
