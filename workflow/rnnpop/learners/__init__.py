"""Learners: how weights come about."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float, Int

from rnnpop.names import variable
from rnnpop.numerics.distillation import STRIDES
from rnnpop.numerics.recurrences import Fit
from rnnpop.numerics.sessions import Course, Steps
from rnnpop.numerics.students import FOLLOWED

Arrays = dict[str, np.ndarray]


@dataclass(frozen=True)
class Teacher:
    """A trained network that another one learns from, with the sessions that it played.

    Attributes:
        name: as in stores: task/cell/learner/index.
        parameters: its trained ones, float64.
        steps: of its own sessions.
        state: after each step; hidden units first.
        course: what chance brought to its sessions; their noise is not kept (no observations), it stands in the inputs.
        blanks: steps of a trial before its first observation.
    """

    name: str
    parameters: Arrays
    steps: Steps
    state: Float[np.ndarray, "session time unit"]
    course: Course
    blanks: int


@dataclass(frozen=True)
class Apprentice:
    """One network before training: its first parameters, the stream of its training trials, and its teacher, if it has one."""

    initial: Arrays
    trials: np.random.Generator
    teacher: Teacher | None = None


@dataclass(frozen=True)
class Training:
    """What came of a shard of networks, in their order.

    Attributes:
        trained: parameters of each network.
        step: optimiser steps at each evaluation.
        loss: error on the frozen evaluation batch; NaN after a network stopped.
        solved: whether the task was solved at each evaluation.
        steps: optimiser steps taken.
        final_loss: error of the weights that were kept.
        status: ok (met the criterion), not_converged, diverged (the last finite weights were kept), untrained.
        described: what else the learner alone can say of each network, by name; variables along `network`.
        coordinates: of further dimensions of `described`.
    """

    trained: list[Arrays]
    step: Int[np.ndarray, "evaluation"]
    loss: Float[np.ndarray, "network evaluation"]
    solved: Bool[np.ndarray, "network evaluation"]
    steps: Int[np.ndarray, "network"]
    final_loss: Float[np.ndarray, "network"]
    status: list[str]
    described: dict[str, xr.Variable] = field(default_factory=dict)
    coordinates: dict[str, np.ndarray] = field(default_factory=dict)


class Learner(ABC):
    """A way to get weights. A network does not know its shard: what comes of it depends on itself alone."""

    @abstractmethod
    def learn(self, task: Any, cell: Any, apprentices: Sequence[Apprentice], evaluation: Any, device: str) -> Training:
        """Train `apprentices` of `cell` on `task`.

        Args:
            evaluation: the frozen batch of trials that decides when a network is done; the same for every network of the task.
            device: cpu or cuda.
        """


class TrialLearner(Learner):
    """One that wants trials with inputs and targets: for tasks that do not answer back."""


class SessionLearner(Learner):
    """One that wants sessions which networks play: for tasks that answer back."""


@dataclass(frozen=True, kw_only=True)
class ActivityLearner(ABC):
    """A student: a model fitted to what is seen of a network, by watching some of its units.

    Attributes:
        teacher: path of the trained population that is watched, study/task/cell/learner, where it is not the population's own circuits;
            {task} and {cell} stand for the student's own.
        sees: a recording, or (of linear circuits) the covariance of an infinite one.
    """

    sees: ClassVar[Literal["recording", "covariance"]] = "recording"

    teacher: str | None = None

    @abstractmethod
    def fit(self, seen: Sequence[Any], streams: Sequence[np.random.Generator]) -> list[Fit]:
        """One student for each recording (`recurrences.Recording`, already reduced to the watched units), or for each `stationary.Seen`.

        What comes of one does not depend, in any bit, on the others: they are given together so that work can be shared.

        Args:
            streams: a generator for each.
        """


def half_cosine(phase: float, last: float) -> float:
    """From 1 at phase 0 to `last` at phase 1: what a learning rate is over its peak."""
    return last + (1 - last) * (1 + math.cos(math.pi * phase)) / 2


def verdicts(errors: Float[np.ndarray, "network"], criterion: float) -> list[str]:
    """Status of networks by their last errors."""
    return np.where(np.isnan(errors), "diverged", np.where(errors <= criterion, "ok", "not_converged")).tolist()


@dataclass(frozen=True)
class Student:
    """What came of a network that learnt from a teacher.

    Attributes:
        parameters: its own.
        loss: share of the teacher that it misses on sessions that it was not fitted to: 0 for none, 1 for a constant's.
        described: entries of `students.FOLLOWED`.
        updates: steps of an optimiser.
    """

    parameters: Arrays
    loss: float
    described: dict[str, Any]
    updates: int = 0


def taught(apprentices: Sequence[Apprentice], students: Sequence[Student | None]) -> Training:
    """The students of a shard, evaluated once, at the end.

    A student is ok if it misses less of its teacher than a constant does. Where the teacher had nothing finite to teach, the student is
    None here, keeps its first parameters and counts as diverged.
    """
    loss = np.array([np.nan if student is None else student.loss for student in students])
    missing = {name: np.full(len(STRIDES) if dims else (), np.nan) for name, (dims, _, _) in FOLLOWED.items()}
    rows = [missing if student is None else student.described for student in students]
    described = {
        name: variable(("network", *dims), np.array([row[name] for row in rows]), *text) for name, (dims, *text) in FOLLOWED.items()
    }
    teachers = [apprentice.teacher.name if apprentice.teacher else "" for apprentice in apprentices]
    described["teacher"] = variable(("network",), np.array(teachers, dtype=object), "network that this one learnt from")
    return Training(
        [apprentice.initial if student is None else student.parameters for apprentice, student in zip(apprentices, students, strict=True)],
        np.zeros(1, dtype=np.int64),
        loss[:, None],
        (loss < 1)[:, None],
        np.array([0 if student is None else student.updates for student in students], dtype=np.int64),
        loss,
        ["diverged" if student is None else "ok" if student.loss < 1 else "not_converged" for student in students],
        described,
        {"stride": np.array(STRIDES)},
    )
