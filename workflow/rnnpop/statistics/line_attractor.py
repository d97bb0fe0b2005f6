"""How nearly a network's slowest points, readout by readout, form a line of fixed points."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Complex, Float

from rnnpop.names import identity, variable
from rnnpop.numerics.eigenvalues import participation
from rnnpop.statistics import Statistic
from rnnpop.variants import Positive

_COLUMNS = {
    "manifold_points": ("levels at which the slowest point is slow", "1"),
    "manifold_participation": ("participation ratio of the slowest points", "1"),
    "manifold_coverage": ("range of readouts at which points are slow, over the range of levels", "1"),
    "manifold_drift": ("median |F(h) - h| of the slowest points", "1"),
    "manifold_relative_drift": ("median |F(h) - h| over the arc length of the line per unit of readout", "1/step"),
    "top_modulus": ("median largest modulus of an eigenvalue", "1"),
    "second_modulus": ("median second largest modulus of an eigenvalue", "1"),
    "arc_linearity": ("R² of arc length along the line on readout", "1"),
}


@final
@dataclass(frozen=True)
class LineAttractor(Statistic):
    """Numbers of the points of kind `manifold`, one a level, for each still input; means over still inputs. Reads `fixed_points`.

    A line attractor has a participation ratio near 1 ((Σλ)² / Σλ² of the covariance of the points), a coverage of 1, a drift near 0
    and one eigenvalue near 1. A point is *slow* if a run at its speed |F(h) − h| needs at least 1 / `slow` steps from one end
    of the line to the other: whether a line holds what it stores is a matter of its own length, not of the units of the state.
    `top_near_one` is whether `top_modulus` is 1 ± `near`. NaN without points.

    Attributes:
        slow: largest share of the line's length that a slow point moves in a step; 0.01 is half a line in a trial of 50 steps.
        near: distance from 1.

    Source: Maheswaranathan et al. 2019, figure 3b; Sussillo & Barak 2013.
    """

    slow: Positive = 0.01
    near: Positive = 0.02

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        points = stores["fixed_points"]
        owner, kind, condition = (points[name].values for name in ("owner", "kind", "condition"))
        rows = []
        for name in points["network"].values:
            mine = (owner == name) & (kind == "manifold")
            lines = [np.flatnonzero(mine & (condition == still)) for still in np.unique(condition[mine].astype(str))]
            described = [self._describe_line(points.isel(fixed_point=line)) for line in lines]
            rows.append(np.mean(described, axis=0) if described else np.full(len(_COLUMNS), np.nan))
        table = dict(zip(_COLUMNS, np.array(rows).reshape(-1, len(_COLUMNS)).T, strict=True))
        near = np.where(np.isnan(table["top_modulus"]), np.nan, np.abs(table["top_modulus"] - 1) <= self.near)
        return xr.Dataset(
            {name: variable(("network",), table[name], *_COLUMNS[name]) for name in _COLUMNS}
            | {"top_near_one": variable(("network",), near, f"whether the largest modulus is 1 ± {self.near}")},
            identity(points),
        )

    def _describe_line(self, line: xr.Dataset) -> tuple[float, ...]:
        level, state, speed, eigenvalue = (line[name].values for name in ("level", "state", "speed", "eigenvalue"))
        return describe_line(level, state, speed, eigenvalue, self.slow)


def describe_line(
    level: Float[np.ndarray, "point"],
    state: Float[np.ndarray, "point unit"],
    speed: Float[np.ndarray, "point"],
    eigenvalue: Complex[np.ndarray, "point mode"],
    slow: float,
) -> tuple[float, ...]:
    """The columns of one line, in their order."""
    order = np.argsort(level)
    level, state, speed = level[order], state[order], speed[order]
    arc = np.append(0, np.cumsum(np.linalg.norm(np.diff(state, axis=0), axis=1)))
    length, reach = arc[-1], np.ptp(level)
    held = level[speed <= slow * length]
    variances = np.linalg.svd(state - state.mean(axis=0), compute_uv=False) ** 2
    modulus = np.median(np.abs(eigenvalue), axis=0)
    return (
        float(len(held)),
        participation(variances) if length > 0 else np.nan,
        np.ptp(held) / reach if len(held) else 0.0,
        float(np.median(speed)),
        float(np.median(speed)) / length * reach if length > 0 else np.nan,
        modulus[0],
        modulus[1] if len(modulus) > 1 else np.nan,
        np.corrcoef(arc, level)[0, 1] ** 2 if length > 0 else np.nan,
    )
