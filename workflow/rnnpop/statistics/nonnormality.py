"""How far the circuits behind students are from normal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import xarray as xr

from rnnpop.names import identity, variable
from rnnpop.statistics import Statistic

#: What is said of the circuits' own runs and points stands beside the same of their students.
_OWN = ("limit_set", "index_sum")


@final
@dataclass(frozen=True)
class Nonnormality(Statistic):
    """Indices of the circuit that a student was fitted to, as they stand in `circuits`, which it reads.

    `henrici_index`, `commutator_index`, `numerical_abscissa`, `abscissa_excess`, `kreiss_constant`, `operator_norm` of its matrix;
    `noise_amplification`, `largest_variance`, `noise_participation_ratio` of its stationary covariance (numerics/nonnormality.py). Of
    nonlinear circuits `teacher_limit_set`, `teacher_index_sum`, `teacher_fixed_points` and `teacher_stable_points`, too. NaN, or no text,
    where a circuit has none.

    Source: Trefethen & Embree 2005.
    """

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        circuits = stores["circuits"]
        columns = {
            f"teacher_{name}" if name in _OWN else str(name): item.variable
            for name, item in circuits.data_vars.items()
            if item.dims == ("network",)
        }
        points = circuits["known_points"].values
        columns["teacher_fixed_points"] = variable(("network",), points.sum(axis=1), "fixed points of the teacher")
        columns["teacher_stable_points"] = variable(("network",), points[:, 0].astype(float), "stable fixed points of the teacher")
        return xr.Dataset(columns, identity(circuits))
