"""How near the fixed points of a memory are to the ideal cube."""

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


@final
@dataclass(frozen=True)
class Cube(Statistic):
    """Fixed points against the ideal solution of a task with p binary outputs; reads `fixed_points`.

    The label of a point is the sign pattern of its outputs, 0 where |y| <= threshold. The ideal solution has one fixed point for
    each of the 3^p labels, with as many unstable directions as the label has zeros (p = 3: 8, 12, 6, 1). A label is *matched* if some
    fixed point has it together with that many unstable directions; `missing_labels` are those that are not, `extra_points` the fixed
    points beyond one for each matched label, and the cube is full if there are neither.

    Attributes:
        threshold: |output| above which a label's entry is its sign.

    Source: Maheswaranathan et al. 2019, figure 1e.
    """

    threshold: NonNegative = 0.5

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        points = stores["fixed_points"]
        owner, order = points["owner"].values, points["unstable"].values
        label = labels(points["outputs"].values, self.threshold)
        fixed = [(owner == name) & (points["kind"].values == "fixed") for name in points["network"].values]
        cube = np.array([compare_with_cube(label[own], order[own]) for own in fixed]).reshape(-1, 2)
        searched = np.isfinite(points["index_sum"].values).all(axis=1)  # others had no finite states to start from
        columns = {
            "stable_labels": ([corners(label[own], order[own]) for own in fixed], "distinct labels without zeros of stable fixed points"),
            "missing_labels": (cube[:, 0], "labels of the ideal cube without their fixed point"),
            "extra_points": (cube[:, 1], "fixed points beyond one for each matched label"),
            "full_cube": (cube.sum(axis=1) == 0, "whether the fixed points are the ideal cube"),
        }
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
