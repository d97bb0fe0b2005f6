"""How a network's slow mode picks the cued stream and leaves the other one out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Float

from rnnpop.names import identity, variable
from rnnpop.statistics import Statistic
from rnnpop.variants import Whole

_COLUMNS = {
    "gain_cued": ("median |l B| of the cued channel", "1"),
    "gain_uncued": ("median |l B| of the other channels", "1"),
    "gain_ratio": ("median |l B| of the cued channel over that of the others", "1"),
    "marginal_readout_angle": ("median angle between readout and r", "rad"),
    "tangent_alignment": ("mean |cosine| between r and the direction from the point below to the point above", "1"),
    "selection_angle": ("mean angle between the l of the first two still inputs at one level", "rad"),
    "right_angle": ("mean angle between the r of the first two still inputs at one level", "rad"),
}


@final
@dataclass(frozen=True)
class Selection(Statistic):
    """Numbers of the marginal mode (eigenvalue nearest to 1) at points of kind `manifold`; reads `fixed_points` and `linearisations`.

    With its eigenvectors r (the line's direction) and l (the selection vector), |r| = 1 and l · r = 1, the ideal solution has |l B| large
    for the cued channel and 0 for the other; r may be the same in both contexts, l is not (Mante et al. 2013). NaN without points.

    Attributes:
        cued: number of the input channel that each still input names, in their order.
    """

    cued: tuple[Whole, ...] = (0, 1)

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        points, linear = stores["fixed_points"], stores["linearisations"]
        stills = [str(still) for still in points["still"].values]
        rows = []
        for name in points["network"].values:
            mine = (points["owner"].values == name) & (points["kind"].values == "manifold")
            lines = [np.flatnonzero(mine & (points["condition"].values == still)) for still in stills]
            rows.append(self._describe_network(points, linear, lines) if mine.any() else [np.nan] * len(_COLUMNS))
        table = np.array(rows, dtype=float).reshape(-1, len(_COLUMNS)).T
        columns = {name: variable(("network",), values, *_COLUMNS[name]) for name, values in zip(_COLUMNS, table, strict=True)}
        return xr.Dataset(columns, identity(points))

    def _describe_network(self, points: xr.Dataset, linear: xr.Dataset, lines: list[np.ndarray]) -> list[float]:
        gains = np.abs(linear["input_gain"].values)
        cued = np.concatenate([gains[line, own] for line, own in zip(lines, self.cued, strict=False)])
        others = [np.setdiff1d(self.cued, own) for own in self.cued]
        uncued = np.concatenate([gains[np.ix_(line, other)].mean(axis=1) for line, other in zip(lines, others, strict=False)])
        every = np.concatenate(lines)
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = cued / uncued
        right, left, level = linear["right"].values, linear["left"].values, points["level"].values
        aligned = [_cosine(right[line], np.gradient(points["state"].values[line], axis=0)) for line in lines if len(line) > 1]
        first, second = (lines[place] for place in range(2)) if len(lines) > 1 else (every[:0], every[:0])
        _, one, other = np.intersect1d(level[first], level[second], return_indices=True)
        return [
            float(np.median(cued)),
            float(np.median(uncued)),
            float(np.median(ratio)),
            float(np.median(linear["readout_angle"].values[every])),
            float(np.mean(np.abs(np.concatenate(aligned)))) if aligned else np.nan,
            *(_mean_angle(vectors[first[one]], vectors[second[other]]) for vectors in (left, right)),
        ]


def _cosine(a: Float[np.ndarray, "point unit"], b: Float[np.ndarray, "point unit"]) -> Float[np.ndarray, "point"]:
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.sum(a * b, axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def _mean_angle(a: Float[np.ndarray, "point unit"], b: Float[np.ndarray, "point unit"]) -> float:
    return float(np.mean(np.arccos(np.clip(_cosine(a, b), -1, 1)))) if len(a) else np.nan
