"""Gather mice: their behaviour as curves like those of networks, and what ideal observers and their own curves foretell of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Float

from rnnpop.names import variable
from rnnpop.numerics.observers import Actor
from rnnpop.numerics.psychometrics import coordinates, curves, fit, numbers, psychometric
from rnnpop.numerics.replays import agreement, course_of, fitted_lapse, foretold, likelihood, trials_of
from rnnpop.numerics.sessions import Behaviour
from rnnpop.numerics.trial_tables import behaviour_of
from rnnpop.seeds import stream

#: What networks are held against: two ideal observers, and two curves fitted to the mouse itself.
REFERENCES = ("exact filter", "filter without blocks", "psychometric curve", "psychometric curves by block")

#: The laboratory's rig: mean of the exponential law of block lengths, its bounds, and the trials of the first, unbiased block.
_RIG = {"block_law": "exponential", "block_rate": 1 / 60, "shortest": 20, "longest": 100, "unbiased": 90}

#: Blocks behind a point of a curve over trials of a block: mice have fewer of them than networks.
_FEWEST = 5


def gather(tables: Mapping[str, pd.DataFrame], task: Any, settings: Mapping[str, Any], *, seed: int) -> xr.Dataset:
    """Curves and numbers of each mouse (`psychometrics.curves`, strengths in the task's units), and what is foretold of each choice.

    The ideal observers play the mouse's trials with the noise that networks are given (`replay`). They know the law of blocks of the
    laboratory's rig, and have one lapse fitted; the psychometric curves are fitted to the very choices that they foretell (4 numbers; 4 in
    each kind of block), and have lapses of their own.

    Args:
        tables: tables of trials by name of mouse, as `tabulate` gives them.
        settings: `contrasts` and the `strengths` that stand for them; `draws` of the noise.

    Returns:
        Store of stage `gather`. Log-likelihoods are in bits a choice; chance is −1.
    """
    mice = {name: behaviour_of(table, settings["contrasts"], settings["strengths"]) for name, table in tables.items()}
    levels = task.strengths
    axes = coordinates(levels)
    made = {name: curves(behaviour, levels, fewest=_FEWEST) for name, behaviour in mice.items()}
    single = {name: numbers(behaviour, levels) for name, behaviour in mice.items()}
    columns = {
        curve: variable(("mouse", *dims), np.stack([made[name][curve][1] for name in mice]), curve.replace("_", " "))
        for curve, (dims, _) in next(iter(made.values())).items()
    }
    columns |= {
        number: variable(("mouse",), np.array([single[name][number] for name in mice]), number.replace("_", " "))
        for number in next(iter(single.values()))
    }
    told = {name: _references(name, behaviour, task, settings, seed) for name, behaviour in mice.items()}
    right = {name: one for name, (one, _) in told.items()}
    lapses = np.array([lapse for _, lapse in told.values()])
    bits = [_bits(right[name], behaviour, lapse) for (name, behaviour), lapse in zip(mice.items(), lapses, strict=True)]
    columns |= {
        "choice": variable(("replayed",), np.concatenate([one.action for one in mice.values()]), "choice of the mouse: −1 left, +1 right"),
        "reference_right": variable(("reference", "replayed"), np.concatenate(list(right.values()), axis=1), "P(right) by a reference"),
        "reference_bits": variable(("reference", "replayed"), np.concatenate(bits, axis=1), "log-likelihood of the choice", "bit"),
        "reference_lapse": variable(("mouse", "reference"), lapses, "lapse of greatest likelihood"),
        "reference_log_likelihood": variable(("mouse", "reference"), _means(bits), "mean log-likelihood of a choice", "bit"),
        "reference_agreement": variable(
            ("mouse", "reference"),
            np.array([[agreement(row, mice[name].action) for row in right[name]] for name in mice]),
            "fraction of choices of the likelier side",
        ),
        "reaction_time": variable(
            ("mouse",), np.array([_median(one.duration) for one in mice.values()]), "median time from stimulus to response", "s"
        ),
        "median_duration": variable(
            ("mouse", "signed_strength"),
            np.array([[_median(one.duration[one.signed_strength == level]) for level in axes["signed_strength"]] for one in mice.values()]),
            "median time from stimulus to response",
            "s",
        ),
    }
    coords = {"mouse": list(mice), "reference": list(REFERENCES), **trials_of(mice), **axes}
    return xr.Dataset(columns, coords, {key: list(settings[key]) for key in ("contrasts", "strengths")})


def _references(
    name: str, behaviour: Behaviour, task: Any, settings: Mapping[str, Any], seed: int
) -> tuple[Float[np.ndarray, "reference trial"], Float[np.ndarray, "reference"]]:
    """P(right) of each trial by each reference, and their lapses (0 for those that have their own)."""
    draws = settings["draws"]
    course = course_of(behaviour, draws, stream(seed, "replay", name), observations=task.observations, noise=task.noise)
    rig = replace(task, strengths=tuple(np.unique(behaviour.strength).tolist()), **_RIG).generative
    filters: list[Actor] = [
        Actor(rig, len(course.trials), task.threshold, block=block, deadline=task.deadline) for block in ("exact", "blockless")
    ]
    right = [foretold(task, course, one, behaviour, draws)[0] for one in filters]
    lapses = [fitted_lapse(one, behaviour.action) for one in right]
    return np.stack([*right, *_own_curves(behaviour, task.strengths)]), np.array([*lapses, 0.0, 0.0])


def _own_curves(behaviour: Behaviour, levels: Sequence[float]) -> list[Float[np.ndarray, "trial"]]:
    """P(right) of each trial by the mouse's psychometric curve, and by those of its blocks' sides."""
    made, x = curves(behaviour, levels), coordinates(levels)["signed_strength"]
    fraction, count = made["right_fraction"][1], made["acted_trials"][1]
    total = count.sum(axis=1)
    pooled = np.divide((np.nan_to_num(fraction) * count).sum(axis=1), total, out=np.zeros_like(total), where=total > 0)
    each = np.column_stack([made[f"psychometric_{part}"][1] for part in ("bias", "threshold", "lapse_left", "lapse_right")])
    signed = behaviour.signed_strength
    of_blocks = [psychometric(signed, *row) for row in each]
    return [psychometric(signed, *fit(x, pooled, total)), np.choose(behaviour.block_side + 1, of_blocks)]


def _bits(
    right: Float[np.ndarray, "reference trial"], behaviour: Behaviour, lapses: Float[np.ndarray, "reference"]
) -> Float[np.ndarray, "reference trial"]:
    return np.stack([likelihood(row, behaviour.action, lapse) for row, lapse in zip(right, lapses, strict=True)])


def _means(bits: Sequence[Float[np.ndarray, "reference _"]]) -> Float[np.ndarray, "mouse reference"]:
    """Of each mouse over the trials on which it chose."""
    return np.array([[_mean(row) for row in one] for one in bits])


def _mean(values: Float[np.ndarray, "trial"]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else np.nan


def _median(values: Float[np.ndarray, "trial"]) -> float:
    known = values[~np.isnan(values)]
    return float(np.median(known)) if known.size else np.nan
