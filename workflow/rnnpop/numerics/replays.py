"""A mouse's trials given to networks and ideal observers, and how well what these would do foretells what the mouse did."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import minimize_scalar

from rnnpop.numerics.sessions import Agent, Behaviour, Course

#: Smallest probability of a choice, as in `psychometrics.fit`.
_LEAST = 1e-9


def course_of(behaviour: Behaviour, draws: int, rng: np.random.Generator, *, observations: int, noise: float) -> Course:
    """The sessions of a mouse as those of a task: its sides, strengths and blocks, with noise of our own, `draws` times.

    Environments stand session by session, those of one session side by side; which environment has which noise depends on `rng` alone.

    Args:
        behaviour: its `strength` in the task's units.
        observations: at most, in a trial.
        noise: standard deviation of an observation.
    """
    sessions, trials = np.unique(behaviour.session, return_counts=True)
    shape = len(sessions), int(trials.max())
    place = np.searchsorted(sessions, behaviour.session), behaviour.number

    def laid_out(values: np.ndarray, empty: int) -> np.ndarray:
        table = np.full(shape, empty, dtype=values.dtype)
        table[place] = values
        return table.repeat(draws, axis=0)

    # trials that fill up a short session are never played; a side of 1 keeps them lawful
    return Course(
        side=laid_out(behaviour.side, 1),
        strength=laid_out(behaviour.strength, 0),
        block_side=laid_out(behaviour.block_side, 0),
        block=laid_out(behaviour.block, 0),
        block_trial=laid_out(behaviour.block_trial, 1),
        noise=noise * rng.standard_normal((len(sessions) * draws, shape[1], observations, 2), dtype=np.float32),
        trials=trials.repeat(draws),
    )


def foretold(
    task: Any, course: Course, agent: Agent, behaviour: Behaviour, draws: int
) -> tuple[Float[np.ndarray, "trial"], Float[np.ndarray, "trial"]]:
    """P(right) of each trial, and the mean number of steps after which the agent ended it, over the draws of `course_of`.

    The agent plays by its own clock, and is given the feedback of what it does itself. Its choice is the side that it held likelier when
    the trial ended, a timeout included: a threshold that is met too seldom says nothing of what is believed. NaN where an output was.
    A fraction of n draws for a probability costs likelihood: for the exact filter some 0.07 / n bits a choice (measured, 16 against 32).
    """
    clock = task.begin(course)
    right, steps = (np.full(course.side.shape, np.nan) for _ in range(2))
    while (clock.trial < course.trials).any():
        trial, step = clock.trial, clock.step  # the task makes new arrays
        outputs = agent(task.observe(course, clock))
        ended = np.flatnonzero(task.respond(course, clock, outputs).ended)
        odds = outputs[ended, 1].astype(float) - outputs[ended, 0]
        right[ended, trial[ended]] = np.where(np.isnan(odds), np.nan, (odds > 0) + 0.5 * (odds == 0))
        steps[ended, trial[ended]] = step[ended] + 1
    place = np.searchsorted(np.unique(behaviour.session), behaviour.session), behaviour.number
    # the mean of each trial is of its own draws, so nothing that fills up a short session is in it
    averaged = (values.reshape(-1, draws, values.shape[1])[place[0], :, place[1]].mean(axis=1) for values in (right, steps))
    chance, length = averaged
    return chance, length


def likelihood(right: Float[np.ndarray, "trial"], action: Int[np.ndarray, "trial"], lapse: float) -> Float[np.ndarray, "trial"]:
    """log₂ of λ/2 + (1 − λ) P(the choice made), in bits, a probability below 10⁻⁹ counting as that; NaN where none was made. Chance is −1.

    Args:
        right: P(right).
        action: −1 left, +1 right, 0 none.
        lapse: λ, the fraction of choices made by tossing a coin.
    """
    chance = lapse / 2 + (1 - lapse) * np.where(action > 0, right, 1 - right)
    return np.where(action != 0, np.log2(np.maximum(chance, _LEAST)), np.nan)


def fitted_lapse(right: Float[np.ndarray, "trial"], action: Int[np.ndarray, "trial"]) -> float:
    """The λ of greatest likelihood, from 10⁻⁶ to 1; NaN where P(right) is not known. The likelihood is concave in λ, so there is one."""
    chosen = _chosen(right, action)
    if not chosen.any():
        return np.nan
    p, side = right[chosen], action[chosen]
    found = minimize_scalar(lambda lapse: -likelihood(p, side, lapse).sum(), bounds=(1e-6, 1.0), method="bounded", options={"xatol": 1e-9})
    return float(found.x)


def agreement(right: Float[np.ndarray, "trial"], action: Int[np.ndarray, "trial"]) -> float:
    """Fraction of choices that are of the likelier side; one half for a tie."""
    chosen = _chosen(right, action)
    if not chosen.any():
        return np.nan
    return float(np.mean(0.5 + 0.5 * np.sign(right[chosen] - 0.5) * action[chosen]))


def trials_of(mice: Mapping[str, Behaviour]) -> dict[str, tuple[str, np.ndarray]]:
    """Coordinates of `replayed`, on which the trials of all mice stand: whose each is, of which session, and its number there."""
    owner = [np.full(len(behaviour.action), name, dtype=object) for name, behaviour in mice.items()]
    return {
        "owner": ("replayed", np.concatenate(owner)),
        "session_number": ("replayed", np.concatenate([behaviour.session for behaviour in mice.values()])),
        "trial_number": ("replayed", np.concatenate([behaviour.number for behaviour in mice.values()])),
    }


def _chosen(right: Float[np.ndarray, "trial"], action: Int[np.ndarray, "trial"]) -> Bool[np.ndarray, "trial"]:
    """Trials with a choice; none where P(right) is not known for all of them."""
    return (action != 0) & bool(np.isfinite(right).all())
