"""What networks do in sessions of a task that answers back: accuracy, its curves, and its distance from ideal observers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Float, Int

from rnnpop.names import identity, variable
from rnnpop.numerics import psychometrics, sessions
from rnnpop.numerics.psychometrics import Curve
from rnnpop.seeds import stream
from rnnpop.statistics import Statistic

#: Numbers and curves that are told a second time, of forced choices.
_FORCED = (
    *("accuracy", "zero_contrast_concordant", "zero_contrast_discordant", "strongest_concordant", "strongest_discordant"),
    *("zero_contrast_block_effect", "psychometric_shift", "psychometric_lapse"),
    *("first_trial_accuracy", "plateau_accuracy", "switch_dip", "recovery_trials"),
    *("right_fraction", "psychometric_bias", "psychometric_threshold", "psychometric_lapse_left", "psychometric_lapse_right"),
    *("accuracy_by_strength", "accuracy_by_block_trial", "zero_accuracy_by_block_trial"),
)

#: Units of the columns that have some.
_UNITS = {
    **dict.fromkeys(("observations", "duration", "duration_correct", "duration_wrong"), "observation"),
    **{"recovery_trials": "trial", "recovery_trials_error": "trial", "early_slope": "1/trial", "steps": "step"},
}


@final
@dataclass(frozen=True)
class Behaviour(Statistic):
    """The numbers and curves of `numerics.psychometrics`, and what is below; reads `networks` and `sessions`.

    A trial that times out is not correct. `forced_…` are of the same trials with the likelier side as the choice where no action was
    taken: the sign of the outputs at the trial's last step.

    - `accuracy_error`, `forced_accuracy_error`: standard errors, sessions independent; `first_trial_accuracy_error`,
      `plateau_accuracy_error`, `switch_dip_error`, `recovery_trials_error`: by bootstrap of blocks.
    - `{observer}_accuracy`, for the observers exact (feedback tells it the side) and soft (it makes no use of feedback): accuracy of the
      sign of their log-odds at the last step of each trial of the network's own sessions, so on the same observations.
    - `{observer}_gap`: that less the network's `forced_accuracy`, and `{observer}_gap_error`, trials paired, sessions independent;
      `observer_gap` (observer, strength): by strength, and so what is missing to the ideal.
    - `history_weight`, `history_error` (observer, regressor): see `psychometrics.history`; the prior is an observer's at the last blank
      step, so NaN in a task without blanks. `{observer}_previous_choice` and `{observer}_previous_rewarded_choice` are two of the weights.
    - `final_loss`, `steps`: of its training.

    A network that never acts has an accuracy of 0, and NaN where only actions count. All is NaN for a network whose states or outputs
    are not finite.

    Source: figures 2 and 3 of Schaeffer et al. 2020, without their unpaired comparison of agents.
    """

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        played, networks = stores["sessions"], stores["networks"]
        strengths = np.unique(np.asarray(played.attrs["strengths"], dtype=float)).tolist()
        rows = [_describe(played, network, strengths) for network in range(played.sizes["network"])]
        columns = {}
        for name, (dims, _) in rows[0].items():
            values = np.stack([row[name][1] for row in rows])
            columns[name] = variable(("network", *dims), values, name.replace("_", " "), _UNITS.get(name.removeprefix("forced_"), "1"))
        for name in ("final_loss", "steps"):
            columns[name] = variable(("network",), networks[name].values.astype(float), str(networks[name].attrs["long_name"]))
        used = {str(dim) for column in columns.values() for dim in column.dims}
        axes = psychometrics.coordinates(strengths) | {
            "observer": played["observer"].values,
            "regressor": np.array(psychometrics.REGRESSORS, dtype=object),
        }
        return xr.Dataset(columns, {**identity(played), **{name: values for name, values in axes.items() if name in used}})


def _describe(played: xr.Dataset, network: int, strengths: list[float]) -> dict[str, Curve]:
    """Every column of one network."""
    name, blanks = str(played["network"].values[network]), int(played.attrs["blanks"])
    steps, course = sessions.played(played, network)
    finite = all(np.isfinite(played[item].values[network]).all() for item in ("state", "outputs"))
    if not finite:  # no trial is looked at, so that nothing but the shape of each column is left
        steps = replace(steps, ended=np.zeros_like(steps.ended))
    own = sessions.behaviour(steps, course, blanks)
    session, end = np.nonzero(steps.ended)
    likelier = _sign(steps.outputs[session, end, 1] - steps.outputs[session, end, 0])
    forced = replace(own, action=np.where(own.timed_out, likelier, own.action))
    told = _told(own, strengths)
    told |= {f"forced_{column}": values for column, values in _told(forced, strengths).items() if column in _FORCED}
    errors = psychometrics.recovery_errors(own, stream(0, name, "blocks"))
    errors |= {"accuracy": psychometrics.session_error(own.correct, own.session)}
    errors |= {"forced_accuracy": psychometrics.session_error(forced.correct, own.session)}
    told |= {f"{column}_error": _number(value) for column, value in errors.items()}
    odds = played["stimulus_log_odds"].values[network].astype(float)
    told |= _against_observers(played["observer"].values.tolist(), odds, steps, forced, own, strengths, blanks)
    return told if finite else {column: (dims, np.full(values.shape, np.nan)) for column, (dims, values) in told.items()}


def _told(behaviour: sessions.Behaviour, strengths: list[float]) -> dict[str, Curve]:
    """Numbers and curves alike."""
    drawn = psychometrics.curves(behaviour, strengths)
    return {name: _number(value) for name, value in psychometrics.numbers(behaviour, strengths, drawn).items()} | drawn


def _against_observers(
    observers: list[str],
    odds: Float[np.ndarray, "observer session time"],
    steps: sessions.Steps,
    forced: sessions.Behaviour,
    own: sessions.Behaviour,
    strengths: list[float],
    blanks: int,
) -> dict[str, Curve]:
    """How much better the observers of a network's own sessions are, and what its choices owe to trials before beside their priors."""
    session, end = np.nonzero(steps.ended)
    before = end - steps.trial_step[session, end] + blanks - 1
    level = np.abs(own.strength[:, None] - np.array(strengths)).argmin(axis=1)
    told: dict[str, Curve] = {}
    gaps, weights, errors = [], [], []
    for observer, believed in zip(observers, odds, strict=True):
        last = believed[session, end]
        right = _sign(last) == own.side
        gap = right.astype(float) - forced.correct
        told[f"{observer}_accuracy"] = _number(right.mean() if len(right) else np.nan)
        told[f"{observer}_gap"] = _number(gap.mean() if len(gap) else np.nan)
        told[f"{observer}_gap_error"] = _number(psychometrics.session_error(gap, own.session))
        gaps.append(psychometrics.grouped(gap, (level,), (len(strengths),))[0])
        prior = believed[session, before] if blanks else np.full(len(end), np.nan)
        weight, error = psychometrics.history(own, prior)
        weights.append(weight)
        errors.append(error)
        for name in ("previous_choice", "previous_rewarded_choice"):
            told[f"{observer}_{name}"] = _number(weight[psychometrics.REGRESSORS.index(name)])
    return told | {
        "observer_gap": (("observer", "strength"), np.stack(gaps)),
        "history_weight": (("observer", "regressor"), np.stack(weights)),
        "history_error": (("observer", "regressor"), np.stack(errors)),
    }


def _sign(odds: Float[np.ndarray, "trial"]) -> Int[np.ndarray, "trial"]:
    """The likelier side; right where they are equal."""
    return np.where(odds >= 0, 1, -1)


def _number(value: float) -> Curve:
    return (), np.asarray(float(value))
