"""Networks of a lane in sessions of a task that answers back, each in environments of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Float, Int
from torch import Tensor

from rnnpop.numerics.lanes import Lane
from rnnpop.numerics.sessions import Clock, Course


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

    def step(
        self,
    ) -> tuple[
        Float[np.ndarray, "network environment input"],
        Float[np.ndarray, "network environment output"],
        Int[np.ndarray, "network environment"],
    ]:
        """One step of all: what the networks were given, what their outputs are scored against, and what came of each trial.

        Returns:
            The last is 1 where a trial ended and the outputs favoured its stimulus' side, −1 where it ended otherwise, else 0.
        """
        networks, environments = self.states.shape[:2]
        side = self.course.side[np.arange(len(self.clock.trial)), np.minimum(self.clock.trial, self.course.trials - 1)]
        inputs = self.task.observe(self.course, self.clock).reshape(networks, environments, -1)
        outputs = self.lane.advance(torch.from_numpy(inputs).to(self.states), self.states).cpu().numpy()
        flat = outputs.reshape(networks * environments, -1)
        response = self.task.respond(self.course, self.clock, flat)
        favoured = np.where(np.sign(flat[:, 1] - flat[:, 0]) == side, 1, -1)
        shape = (networks, environments)
        return inputs, response.wanted.reshape(*shape, -1), np.where(response.ended, favoured, 0).reshape(shape)

    def steps(
        self, number: int
    ) -> tuple[Float[Tensor, "network time environment input"], Float[Tensor, "network time environment output"]]:
        """Inputs and wanted outputs of so many steps, as `Lane.step_gradient` takes them."""
        taken = [self.step() for _ in range(number)]
        inputs, wanted = (torch.from_numpy(np.stack([one[place] for one in taken], axis=1)) for place in (0, 1))
        return inputs.to(self.states), wanted.to(self.states)

    def to_the_end(self) -> tuple[list[Float[Tensor, "_ environment input"]], list[Float[Tensor, "_ environment output"]]]:
        """Inputs and wanted outputs of each network up to the step at which the first of its environments is over."""
        inputs, wanted, lasted = [], [], np.zeros(len(self.states), dtype=int)
        while (going := ~self.over.any(axis=1)).any():
            one = self.step()
            inputs.append(one[0])
            wanted.append(one[1])
            lasted += going
        x, y = (torch.from_numpy(np.stack(values, axis=1)).to(self.states) for values in (inputs, wanted))
        return [row[:last] for row, last in zip(x, lasted, strict=True)], [row[:last] for row, last in zip(y, lasted, strict=True)]


def errors(task: Any, lane: Lane, course: Course, steps: int) -> Float[np.ndarray, "network"]:
    """Fraction of each network's finished trials whose last outputs do not favour the stimulus' side.

    NaN if no trial finished, or states are not finite.
    """
    rollout = Rollout.begin(task, lane, [course] * len(lane.flat))
    right, wrong = np.zeros(len(lane.flat)), np.zeros(len(lane.flat))
    for _ in range(steps):
        came = rollout.step()[2]
        right += (came > 0).sum(axis=1)
        wrong += (came < 0).sum(axis=1)
    sound = rollout.states.isfinite().all(dim=2).all(dim=1).cpu().numpy()
    with np.errstate(invalid="ignore"):
        return np.where(sound, wrong / (right + wrong), np.nan)
