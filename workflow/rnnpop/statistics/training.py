"""How training went: steps, loss, and how well the outputs meet the targets, in the range of training and beyond it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Float

from rnnpop.names import identity, variable
from rnnpop.numerics.scores import r_squared
from rnnpop.statistics import Statistic


@final
@dataclass(frozen=True)
class Training(Statistic):
    """Steps to the criterion and in all, final loss, errors on the probe batch and beyond; reads `networks` and `trajectories`.

    R² = 1 − Σ(y − y*)² / Σ(y* − ȳ*)² over trials, times and outputs, ȳ* the mean of each output. Sign accuracy is the
    fraction of (trial, time, output) with y* ≠ 0 at which y has the sign of y* (chance 0.5). `worst_r2` is the R² of the trial that is met
    worst, where each trial of the probe batch has a still input of its own (the sine's frequencies), else NaN. `beyond_loss` is the
    loss on trials out of the range of training, which the task defines. NaN where an output is not finite; R² and mean squared error also
    where outputs are not what is wanted but stand for its probability (the losses `log` and `logistic`).
    """

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        networks = stores["networks"]
        probes = stores["trajectories"].isel(trial=stores["trajectories"]["batch"].values == 0)
        target = probes["targets"].values.astype(float)
        outputs = probes["outputs"].values.astype(float)
        scores = np.array([score(output, target) for output in outputs]).reshape(-1, 2)
        squared = stores["trajectories"].attrs.get("loss", "squared") == "squared"
        alive = np.isfinite(scores[:, 0])
        conditions = probes["condition"].values.tolist()
        one_each = "" not in conditions and len(set(conditions)) == len(conditions)
        asked = one_each and squared
        worst = [min(score(o[None], t[None])[0] for o, t in zip(output, target, strict=True)) if asked else np.nan for output in outputs]
        error = [np.mean((output - target) ** 2) for output in outputs]  # one by one: a sum of many would be another sum
        columns = {
            "steps": variable(("network",), networks["steps"].values, "optimiser steps taken", "step"),
            "criterion_step": variable(
                ("network",), networks["criterion_step"].values, "optimiser steps until the criterion was first met", "step"
            ),
            "final_loss": variable(("network",), networks["final_loss"].values, "evaluation loss at the end of training"),
            "output_r2": variable(("network",), np.where(squared, scores[:, 0], np.nan), "R² of outputs on targets, probe batch"),
            "probe_loss": variable(("network",), np.where(squared & alive, error, np.nan), "mean squared error, probe batch"),
            "worst_r2": variable(("network",), worst, "R² of the probe trial that is met worst, where each has a still input of its own"),
            "beyond_loss": variable(
                ("network",),
                np.where(alive, stores["trajectories"]["beyond_loss"].values, np.nan),
                "loss on trials out of the range of training",
            ),
            "sign_accuracy": variable(("network",), scores[:, 1], "fraction of outputs with the sign of the target, probe batch"),
        }
        return xr.Dataset(columns, identity(networks))


def score(output: Float[np.ndarray, "trial time output"], target: Float[np.ndarray, "trial time output"]) -> tuple[float, float]:
    """R² and sign accuracy of one network's outputs."""
    if not np.isfinite(output).all():
        return np.nan, np.nan
    told = target != 0
    accuracy = np.mean(np.sign(output[told]) == np.sign(target[told])) if told.any() else np.nan
    return r_squared(output, target), float(accuracy)
