"""How many fixed points a network has, of which kind, and how near they are to the ideal cube."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Int

from rnnpop.names import identity, variable
from rnnpop.numerics.graphs import labels
from rnnpop.statistics import Statistic
from rnnpop.variants import NonNegative

#: Numbers of unstable directions that have a column of their own: those of the 3-bit cube.
_ORDERS = range(4)


@final
@dataclass(frozen=True)
class FixedPoints(Statistic):
    """Counts of fixed points, their labels, and the checks on the search; reads `fixed_points`.

    The label of a point is the sign pattern of its outputs, 0 where |y| <= threshold. The ideal solution of a task with p
    binary outputs has one fixed point for each of the 3^p labels, with as many unstable directions as the label has zeros
    (p = 3: 8, 12, 6, 1). A label is *matched* if some fixed point has it together with that many unstable directions;
    `missing_labels` are those that are not, `extra_points` the fixed points beyond one for each matched label, and the cube
    is full if there are neither.

    Attributes:
        threshold: |output| above which a label's entry is its sign.

    Source: Maheswaranathan et al. 2019, figure 1e; index sum: Poincaré–Hopf, for maps that send a box into itself.
    """

    threshold: NonNegative = 0.5

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        points = stores["fixed_points"]
        owner, kind, order = (points[name].values for name in ("owner", "kind", "unstable"))
        label = labels(points["outputs"].values, self.threshold)
        fixed = [(owner == name) & (kind == "fixed") for name in points["network"].values]
        cube = np.array([compare_with_cube(label[own], order[own]) for own in fixed]).reshape(-1, 2)
        searched = np.isfinite(points["index_sum"].values)  # others had no finite states to start from
        settled = np.where(points["invariant_box"].values.astype(bool), points["index_sum"].values == 1, np.nan)
        counts = {
            f"n_fixed_{k}": ([np.sum(order[own] == k) for own in fixed], f"fixed points with {k} unstable directions") for k in _ORDERS
        }
        columns = counts | {
            "n_fixed_more": (
                [np.sum(order[own] >= len(_ORDERS)) for own in fixed],
                f"fixed points with {len(_ORDERS)} or more unstable directions",
            ),
            "n_slow": ([np.sum((owner == name) & (kind == "slow")) for name in points["network"].values], "slow points"),
            "stable_labels": ([corners(label[own], order[own]) for own in fixed], "distinct labels without zeros of stable fixed points"),
            "missing_labels": (cube[:, 0], "labels of the ideal cube without their fixed point"),
            "extra_points": (cube[:, 1], "fixed points beyond one for each matched label"),
            "full_cube": (cube.sum(axis=1) == 0, "whether the fixed points are the ideal cube"),
            "index_sum": (points["index_sum"].values, "sum of sign det(I - J) over fixed points"),
            "invariant_box": (points["invariant_box"].values, "whether the map sends a box into itself, so that the index sum must be 1"),
            "index_sum_holds": (settled, "whether the index sum is 1, where it must be"),
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


def corners(label: Int[np.ndarray, "fixed_point output"], order: Int[np.ndarray, " fixed_point"]) -> int:
    """Number of distinct labels without zeros among the stable points."""
    return len(np.unique(label[(order == 0) & (label != 0).all(axis=1)], axis=0))


def compare_with_cube(label: Int[np.ndarray, "fixed_point output"], order: Int[np.ndarray, " fixed_point"]) -> tuple[int, int]:
    """Labels of the ideal cube that are missing, and fixed points that are too many."""
    matched = len(np.unique(label[(label == 0).sum(axis=1) == order], axis=0))
    return 3 ** label.shape[1] - matched, len(label) - matched
