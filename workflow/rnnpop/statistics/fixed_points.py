"""How many fixed points a network has, of which kind, and the checks on the search for them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr

from rnnpop.names import identity, variable
from rnnpop.statistics import Statistic

#: Numbers of unstable directions that have a column of their own: those of the 3-bit cube.
_ORDERS = range(4)


@final
@dataclass(frozen=True)
class FixedPoints(Statistic):
    """Counts of fixed points by number of unstable directions, under all still inputs together; reads `fixed_points`.

    The index sum is Σ sign det(I − J) over the fixed points under a still input, 1 for maps that send a box into itself
    (Poincaré–Hopf); how the starts of the search ended is given in fractions.
    """

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        points = stores["fixed_points"]
        owner, kind, order = (points[name].values for name in ("owner", "kind", "unstable"))
        fixed = [(owner == name) & (kind == "fixed") for name in points["network"].values]
        sums = points["index_sum"].values
        searched = np.isfinite(sums).all(axis=1)  # others had no finite states to start from
        settled = np.where(points["invariant_box"].values.astype(bool), (sums == 1).all(axis=1), np.nan)
        counts = {
            f"n_fixed_{k}": ([np.sum(order[own] == k) for own in fixed], f"fixed points with {k} unstable directions") for k in _ORDERS
        }
        columns = counts | {
            "n_fixed_more": (
                [np.sum(order[own] >= len(_ORDERS)) for own in fixed],
                f"fixed points with {len(_ORDERS)} or more unstable directions",
            ),
            "n_slow": ([np.sum((owner == name) & (kind == "slow")) for name in points["network"].values], "slow points"),
            "index_sum": (sums.mean(axis=1), "sum of sign det(I - J) over fixed points, mean over still inputs"),
            "invariant_box": (points["invariant_box"].values, "whether the map sends a box into itself, so that the index sum must be 1"),
            "index_sum_holds": (settled, "whether the index sum is 1 under every still input, where it must be"),
            "median_speed": (
                [np.median(points["speed"].values[own]) if own.any() else np.nan for own in fixed],
                "median |F(h) - h| of fixed points",
            ),
        }
        starts = points["starts"].values / np.maximum(points["starts"].sum("outcome").values, 1)[:, None]
        for number, outcome in enumerate(points["outcome"].values):
            columns[f"starts_{outcome}"] = (starts[:, number], f"fraction of starts of the search that ended: {outcome}")
        return xr.Dataset(
            {
                name: variable(("network",), np.where(searched, np.asarray(values, dtype=float), np.nan), long_name)
                for name, (values, long_name) in columns.items()
            },
            identity(points),
        )
