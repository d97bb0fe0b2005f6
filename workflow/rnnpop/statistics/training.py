"""How training went: steps, loss, and how well the outputs meet the targets of the probe batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Float

from rnnpop.names import identity, variable
from rnnpop.statistics import Statistic


@final
@dataclass(frozen=True)
class Training(Statistic):
    """Steps to the criterion and in all, final loss, R² and sign accuracy on the probe batch; reads `networks` and `trajectories`.

    R² = 1 − Σ(y − y*)² / Σ(y* − ȳ*)² over trials, times and outputs, ȳ* the mean of each output. Sign accuracy is the
    fraction of (trial, time, output) with y* ≠ 0 at which y has the sign of y* (chance 0.5). NaN where an output is not finite.
    """

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        networks = stores["networks"]
        probes = stores["trajectories"].isel(trial=stores["trajectories"]["batch"].values == 0)
        target = probes["targets"].values.astype(float)
        scores = np.array([score(output, target) for output in probes["outputs"].values.astype(float)]).reshape(-1, 2)
        columns = {
            "steps": variable(("network",), networks["steps"].values, "optimiser steps taken", "step"),
            "criterion_step": variable(
                ("network",), networks["criterion_step"].values, "optimiser steps until the criterion was first met", "step"
            ),
            "final_loss": variable(("network",), networks["final_loss"].values, "evaluation loss at the end of training"),
            "output_r2": variable(("network",), scores[:, 0], "R² of outputs on targets, probe batch"),
            "sign_accuracy": variable(("network",), scores[:, 1], "fraction of outputs with the sign of the target, probe batch"),
        }
        return xr.Dataset(columns, identity(networks))


def score(output: Float[np.ndarray, "trial time output"], target: Float[np.ndarray, "trial time output"]) -> tuple[float, float]:
    """R² and sign accuracy of one network's outputs."""
    if not np.isfinite(output).all():
        return np.nan, np.nan
    total = np.sum((target - target.mean(axis=(0, 1))) ** 2)
    r2 = 1 - np.sum((output - target) ** 2) / total if total > 0 else np.nan
    told = target != 0
    accuracy = np.mean(np.sign(output[told]) == np.sign(target[told])) if told.any() else np.nan
    return float(r2), float(accuracy)
