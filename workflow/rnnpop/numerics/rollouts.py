"""Networks of a lane in sessions of a task that answers back, each in environments of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from rnnpop.numerics.lanes import Arrays, Lane
from rnnpop.numerics.sessions import Clock, Course, Response


def side_by_side(courses: Sequence[Course]) -> Course:
    """The environments of several courses, one after another; where one has fewer trials, what fills it up is never played."""
    most = max(course.side.shape[1] for course in courses)
    joined = {
        name: np.concatenate([_filled(getattr(course, name), most) for course in courses])
        for name in Course.__dataclass_fields__
        if name != "trials"
    }
    return Course(**joined, trials=np.concatenate([course.trials for course in courses]))


def _filled(values: np.ndarray, trials: int) -> np.ndarray:
    return np.pad(values, [(0, 0), (0, trials - values.shape[1]), *[(0, 0)] * (values.ndim - 2)])


@dataclass
class Rollout:
    """K networks in B environments each, at some moment of their sessions.

    Attributes:
        course, clock: of all environments, network by network.
        states: of the networks, carried from step to step.
    """

    task: Any
    lane: Lane
    course: Course
    clock: Clock
    states: Float[Tensor, "network environment unit"]

    @classmethod
    def begin(cls, task: Any, lane: Lane, courses: Sequence[Course]) -> Rollout:
        """Sessions at their start, from the first state of each network."""
        course, number = side_by_side(courses), len(courses[0].trials)
        first = lane.parameters["initial_state"]
        return cls(task, lane, course, task.begin(course), first.unsqueeze(1).repeat(1, number, 1))

    @property
    def over(self) -> np.ndarray:
        """Whether each environment [network environment] has played all its trials."""
        return (self.clock.trial >= self.course.trials).reshape(self.states.shape[:2])

    def step(self) -> tuple[Float[np.ndarray, "row input"], Float[np.ndarray, "row output"], Response]:
        """One step of all environments, in the rows of the course: what the networks were given and put out, and what the task answered."""
        inputs = self.task.observe(self.course, self.clock)
        given = torch.from_numpy(inputs).view(*self.states.shape[:2], -1).to(self.states)
        outputs = self.lane.advance(given, self.states).flatten(0, 1).cpu().numpy()
        return inputs, outputs, self.task.respond(self.course, self.clock, outputs)

    def steps(
        self, number: int
    ) -> tuple[Float[Tensor, "network time environment input"], Float[Tensor, "network time environment output"]]:
        """Inputs and wanted outputs of so many steps, as `Lane.step_gradient` takes them."""
        return self._batches([self.step() for _ in range(number)])

    def _batches(
        self, taken: Sequence[tuple[np.ndarray, np.ndarray, Response]]
    ) -> tuple[Float[Tensor, "network time environment input"], Float[Tensor, "network time environment output"]]:
        """Inputs and wanted outputs of some steps."""
        shape = self.states.shape[:2]
        inputs, wanted = ([inputs.reshape(*shape, -1) for inputs, _, _ in taken], [said.wanted.reshape(*shape, -1) for _, _, said in taken])
        return torch.from_numpy(np.stack(inputs, axis=1)).to(self.states), torch.from_numpy(np.stack(wanted, axis=1)).to(self.states)

    def to_the_end(self) -> tuple[list[Float[Tensor, "_ environment input"]], list[Float[Tensor, "_ environment output"]]]:
        """Inputs and wanted outputs of each network up to the step at which the first of its environments is over."""
        taken, lasted = [], np.zeros(len(self.states), dtype=int)
        while (going := ~self.over.any(axis=1)).any():
            taken.append(self.step())
            lasted += going
        inputs, wanted = ([row[:last] for row, last in zip(whole, lasted, strict=True)] for whole in self._batches(taken))
        return inputs, wanted


def errors(task: Any, lane: Lane, course: Course, steps: int) -> Float[np.ndarray, "network"]:
    """Fraction of each network's finished trials whose last outputs do not favour the stimulus' side.

    NaN if no trial finished, or states are not finite.
    """
    rollout = Rollout.begin(task, lane, [course] * len(lane.flat))
    ended, wrong = np.zeros(len(lane.flat)), np.zeros(len(lane.flat))
    for _ in range(steps):
        _, outputs, said = rollout.step()
        missed = said.ended & (np.sign(outputs[:, 1] - outputs[:, 0]) != said.wanted[:, 1] - said.wanted[:, 0])
        ended += said.ended.reshape(len(ended), -1).sum(axis=1)
        wrong += missed.reshape(len(wrong), -1).sum(axis=1)
    sound = rollout.states.isfinite().all(dim=2).all(dim=1).cpu().numpy()
    with np.errstate(invalid="ignore"):
        return np.where(sound, wrong / ended, np.nan)


def error(task: Any, cell: Any, parameters: Arrays, course: Course) -> float:
    """The same of one network, as evaluations in training see it: float32, on a CPU."""
    lane = Lane(cell, [parameters], steps=1, trials=len(course.trials), dtype=torch.float32, device=torch.device("cpu"))
    return float(errors(task, lane, course, task.probe_steps)[0])
