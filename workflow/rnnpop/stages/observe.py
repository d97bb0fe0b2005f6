"""Observe: what ideal observers and actors, and approximations of them, make of a task that answers back: ceilings for every network."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Float
from scipy.special import logit

from rnnpop.names import variable
from rnnpop.numerics import observers, psychometrics
from rnnpop.numerics.observers import Actor, Evidence, Generative
from rnnpop.numerics.sessions import Behaviour, Course, Steps, behaviour, play
from rnnpop.seeds import stream

#: Actors by name: what they make of past trials (None: of the exact block, but when to act is for the most reward), and of observations.
_ACTORS: dict[str, tuple[observers.Block | None, Evidence]] = {
    "exact": ("exact", "full"),
    "exact difference": ("exact", "difference"),
    "optimal stopping": (None, "difference"),
    "soft": ("soft", "full"),
    "hmm": ("hmm", "full"),
    "smoothing": ("smoothing", "full"),
    "blockless": ("blockless", "full"),
    "published": ("published", "difference"),
}
ACTORS = tuple(_ACTORS)

#: Observers of blocks by name: whether the hazard is exact, and after how many observations a trial's evidence is taken (None: its side
#: is told).
OBSERVERS: dict[str, tuple[bool, int | None]] = {
    "exact": (True, None),
    "hmm": (False, None),
    "exact soft, 1 observation": (True, 1),
    "exact soft, 2 observations": (True, 2),
    "hmm soft, 2 observations": (False, 2),
}

#: Columns of `score` and of `ceilings`, and what they are.
SCORES = {
    "accuracy": "fraction of trials with the right action; a timeout is wrong",
    "forced_accuracy": "the same, with the likelier side taken for the action at a timeout",
    "timeouts": "fraction of trials without an action",
    "observations": "mean observations of a trial",
    "reward": "mean reward of a trial",
}
CEILINGS = {
    "block_belief_before": "mean P(true block side) before a trial",
    "block_belief_after": "mean P(true block side) after a trial",
    "block_accuracy_before": "fraction of trials before which the true block side is the likelier",
    "block_accuracy_after": "fraction of trials after which the true block side is the likelier",
    "block_log_loss": "mean -log P(true block side) before a trial, nats",
}

#: Trials of a session before ceilings are taken.
_BURN_IN = 100

#: Edges of the histogram of log-odds; what lies beyond counts in the outermost.
_EDGES = np.linspace(-8, 8, 33)


def observe(task: Any, *, settings: Mapping[str, Any], names: tuple[str, ...], seed: int) -> xr.Dataset:
    """Behaviour of actors by threshold, and what observers of blocks can know; all on the same luck.

    Args:
        task: that answers back.
        settings: the `observe` entry of config.yaml: `sessions` of `trials` trials, and `thresholds`, to which the task's own is added.
        names: study and task, whose luck this is.

    Returns:
        Store of stage `observe`. Errors are standard errors over sessions. By actor and threshold: see `SCORES` (optimal stopping has no
        threshold: its row is one number). By actor, at the task's own threshold: the curves of `psychometrics.curves`. By observer of
        blocks, after a burn-in: see `CEILINGS`; P(true block side) after each trial of a block, NaN where fewer than ten blocks are
        behind it; and the share of trials by log-odds of a right block before them.
    """
    sessions, trials = settings["sessions"], settings["trials"]
    course = task.course(stream(seed, *names, "actors"), sessions, steps=_steps(task, trials))
    thresholds = np.unique([*settings["thresholds"], task.threshold])
    scored = np.full((len(ACTORS), len(thresholds), len(SCORES), 2), np.nan)
    curves: dict[str, list[psychometrics.Curve]] = {}
    for row, actor in enumerate(ACTORS):
        for column, threshold in enumerate(thresholds):
            if _ACTORS[actor][0] is None and threshold != task.threshold:
                continue
            steps = perform(task, course, actor, float(threshold))
            done = behaviour(steps, course, task.blanks)
            scored[row, column] = score(steps, done)
            if threshold == task.threshold:
                for name, curve in psychometrics.curves(done, task.strengths).items():
                    curves.setdefault(name, []).append(curve)
        if _ACTORS[actor][0] is None:
            scored[row] = scored[row, thresholds == task.threshold]

    longer = task.course(stream(seed, *names, "observers"), sessions, steps=_steps(task, _BURN_IN + trials))
    known = [ceilings(longer, task.generative, *kind) for kind in OBSERVERS.values()]
    numbers, ages, shares = (np.stack(parts) for parts in zip(*known, strict=True))
    made = {
        **_columns(("actor", "threshold"), scored, SCORES),
        **{
            name: variable(("actor", *found[0][0]), np.stack([values for _, values in found]), name.replace("_", " "))
            for name, found in curves.items()
        },
        **_columns(("observer",), numbers, CEILINGS),
        "block_belief_by_block_trial": variable(("observer", "block_trial"), ages, "mean P(true block side) after a trial of a block"),
        "block_belief_histogram": variable(("observer", "log_odds"), shares, "share of trials by block log-odds before them"),
    }
    axes = psychometrics.coordinates(task.strengths)
    used = {dim for item in made.values() for dim in item.dims}
    return xr.Dataset(
        made,
        {
            "actor": np.array(ACTORS, dtype=object),
            "threshold": thresholds,
            "observer": np.array(list(OBSERVERS), dtype=object),
            "log_odds": (_EDGES[1:] + _EDGES[:-1]) / 2,
            **{name: values for name, values in axes.items() if name in used},
        },
        {"threshold": task.threshold, "sessions": sessions, "trials": trials},
    )


def perform(task: Any, course: Course, actor: str, threshold: float) -> Steps:
    """Let the named actor play all trials of a course.

    Args:
        threshold: of both the environment and the actor.
    """
    block, evidence = _ACTORS[actor]
    stopping = None
    if block is None:
        most = logit(np.clip(task.congruence, 0.6, 0.99))  # no prior is beyond that of a known block
        stopping = observers.optimal_stopping(task.generative, np.linspace(-most, most, 33))
    agent = Actor(
        task.generative,
        len(course.trials),
        threshold,
        block=block or "exact",
        evidence=evidence,
        deadline=task.deadline,
        stopping=stopping,
    )
    return play(replace(task, threshold=threshold), course, agent, int(course.trials.max()) * (task.blanks + task.observations))


def score(steps: Steps, done: Behaviour) -> Float[np.ndarray, "score 2"]:
    """Means over trials and their standard errors over sessions, of `SCORES`.

    Args:
        done: the trials of the same steps.
    """
    forced = np.where(done.timed_out, np.diff(steps.outputs[steps.ended], axis=1)[:, 0] * done.side > 0, done.correct)
    columns = (done.correct, forced, done.timed_out, done.duration, done.reward)
    return np.array([_told(column, done.session) for column in columns])


def ceilings(
    course: Course, generative: Generative, exact: bool, observations: int | None
) -> tuple[Float[np.ndarray, "ceiling 2"], Float[np.ndarray, "block_trial"], Float[np.ndarray, "log_odds"]]:
    """What an observer of blocks knows of the true one: see `CEILINGS`, by trial of the block, and as a histogram of log-odds.

    Args:
        exact: whether it knows the hazard of blocks, or takes a constant one.
        observations: after which a trial's evidence is taken, the same for all trials; None where the side is told.
    """
    hazard = generative.hazard if exact else observers.CONSTANT_HAZARD
    side = np.stack([course.side < 0, course.side > 0], axis=-1)
    if observations is None:
        weights = side.astype(float)
    else:
        total = course.noise[:, :, :observations].sum(axis=2, dtype=float) + observations * course.strength[..., None] * side
        weights = observers.relative(observers.log_likelihoods(generative, total, np.full(side.shape[:2], observations)))
    evidence = observers.mixed(weights, generative.congruence)
    before = observers.filter_blocks(evidence, hazard, generative.unbiased)
    after = before * evidence / (before * evidence).sum(axis=-1, keepdims=True)
    judged = (np.arange(side.shape[1]) >= _BURN_IN) & (course.block_side != 0)
    session, trial = np.nonzero(judged)
    own = session, trial, (course.block_side[judged] > 0).astype(int)
    first, then = before[own], after[own]
    columns = first, then, first > 0.5, then > 0.5, -np.log(first)
    by_age, blocks = psychometrics.grouped(then, (course.block_trial[judged] - 1,), (psychometrics.LONGEST,))
    by_age = np.where(blocks < psychometrics.FEWEST, np.nan, by_age)
    counts, _ = np.histogram(np.clip(logit(before[judged, 1]), _EDGES[0], _EDGES[-1]), bins=_EDGES)
    return np.array([_told(column, session) for column in columns]), by_age, counts / max(len(first), 1)


def _told(values: np.ndarray, session: np.ndarray) -> tuple[float, float]:
    return float(values.mean()) if len(values) else np.nan, psychometrics.session_error(values, session)


def _steps(task: Any, trials: int) -> int:
    """Steps for which a course has at least so many trials: its shortest ones take an observation each."""
    return trials * (task.blanks + 1)


def _columns(dims: tuple[str, ...], values: Float[np.ndarray, "*row column 2"], columns: Mapping[str, str]) -> dict[str, xr.Variable]:
    """A variable for each column, and one for its standard error."""
    made = {}
    for place, (name, told) in enumerate(columns.items()):
        made[name] = variable(dims, values[..., place, 0], told)
        made[f"{name}_error"] = variable(dims, values[..., place, 1], f"standard error over sessions of: {told}")
    return made
