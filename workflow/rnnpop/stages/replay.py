"""Replay: networks play the trials that mice were given, and are asked how likely what the mice did is by what they would do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch
import xarray as xr
from jaxtyping import Float

from rnnpop.names import identity, variable
from rnnpop.numerics.affine import Parameters, trained_parameters
from rnnpop.numerics.replays import agreement, course_of, fitted_lapse, foretold, likelihood, trials_of
from rnnpop.numerics.sessions import Behaviour, Course
from rnnpop.numerics.trial_tables import behaviour_of
from rnnpop.seeds import stream


def replay(
    networks: xr.Dataset, tables: Mapping[str, pd.DataFrame], task: Any, cell: Any, settings: Mapping[str, Any], *, seed: int
) -> xr.Dataset:
    """P(right) of each network on each trial of each mouse, over draws of the noise, and the likelihood of the mouse's choice.

    Networks play whole sessions by their own clocks, with the feedback of their own actions, never reset within a session; all have the
    same noise. One lapse is fitted to each network and mouse.

    Args:
        tables, settings: as in `gather`.

    Returns:
        Store of stage `replay`; computed in float64, trial by trial kept in float32. Log-likelihoods are in bits a choice; chance is −1.
        NaN for a network whose outputs are not finite.
    """
    mice = {name: behaviour_of(table, settings["contrasts"], settings["strengths"]) for name, table in tables.items()}
    draws = settings["draws"]
    courses = {
        name: course_of(behaviour, draws, stream(seed, "replay", name), observations=task.observations, noise=task.noise)
        for name, behaviour in mice.items()
    }
    rows = [
        [_replayed(trained_parameters(networks, place), cell, task, courses[name], mice[name], draws) for name in mice]
        for place in range(networks.sizes["network"])
    ]
    right, bits = (np.stack([np.concatenate([one[part] for one in row]) for row in rows]).astype(np.float32) for part in ("right", "bits"))
    per_mouse = {
        "log_likelihood": ("mean log-likelihood of a choice", "bit"),
        "lapse": ("lapse of greatest likelihood", "1"),
        "agreement": ("fraction of choices of the likelier side", "1"),
        "accuracy": ("P(the stimulus' side is held likelier at the end of a trial)", "1"),
        "observations": ("mean number of observations before a trial ends", "1"),
    }
    return xr.Dataset(
        {
            "right_probability": variable(("network", "replayed"), right, "P(right) over draws of the noise"),
            "choice_bits": variable(("network", "replayed"), bits, "log-likelihood of the mouse's choice", "bit"),
            **{
                column: variable(("network", "mouse"), np.array([[one[column] for one in row] for row in rows]), *label)
                for column, label in per_mouse.items()
            },
        },
        {**identity(networks), "mouse": list(mice), **trials_of(mice)},
    )


class _Player:
    """A network as an agent, in many environments at once."""

    def __init__(self, parameters: Parameters, cell: Any, environments: int) -> None:
        self._parameters, self._cell = parameters, cell
        self._state = parameters["initial_state"].expand(environments, -1)

    def __call__(self, inputs: Float[np.ndarray, "environment input"]) -> Float[np.ndarray, "environment output"]:
        with torch.no_grad():
            self._state = self._cell.step(self._parameters, torch.from_numpy(inputs).double(), self._state)
            outputs: np.ndarray = self._cell.readout(self._parameters, self._state).numpy()
        return outputs


def _replayed(parameters: Parameters, cell: Any, task: Any, course: Course, behaviour: Behaviour, draws: int) -> dict[str, Any]:
    """What one network says of one mouse."""
    right, steps = foretold(task, course, _Player(parameters, cell, len(course.trials)), behaviour, draws)
    lapse = fitted_lapse(right, behaviour.action)
    bits = likelihood(right, behaviour.action, lapse)
    told = bits[~np.isnan(bits)]
    sound = bool(np.isfinite(right).all())
    return {
        "right": right,
        "bits": bits,
        "log_likelihood": float(told.mean()) if told.size else np.nan,
        "lapse": lapse,
        "agreement": agreement(right, behaviour.action),
        "accuracy": float(np.where(behaviour.side > 0, right, 1 - right).mean()) if sound else np.nan,
        "observations": float(steps.mean()) - task.blanks if sound else np.nan,
    }
