"""What students of partly observed networks look like beside their teachers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Float

from rnnpop.names import identity, variable
from rnnpop.statistics import Statistic
from rnnpop.variants import Positive


@final
@dataclass(frozen=True)
class Imitation(Statistic):
    """Columns of the students of each network at each fraction watched: means over subsets of units, texts of the first subset.

    - line_attractor: share of subsets whose student would be read as an approximate line attractor: score above `score`, the leading
      eigenvalue real and stable.
    - read: the same, whether stable or not: as publications do, which hold the score alone against a threshold. Over a short record a
      slow mode that decays is hardly told from one that grows.
    - spurious, spurious_read: line_attractor, and read, where the teacher's own score is known and not above `score`.
    - overestimated: share of subsets with a time constant above `overestimate` times the teacher's longest, or with none: an unstable
      student never forgets.
    - topology_right: share of subsets with as many fixed points of each number of unstable directions as the teacher; not known where the
      indices of the points found do not sum to 1, as they do of all points where φ is bounded.
    - mismatch: the teacher's limit set -> the student's, of most runs. invented: whether the student ends elsewhere than at the origin
      (invented_cycle: in a cycle), of teachers whose runs end there and who have no other fixed point: most runs of one with several may
      end at the origin, and its student has not invented the others. missed: whether the student ends at the origin, of teachers that do
      not.

    Reads `students`, and `circuits` where teachers are circuits. NaN, or no text, where a student could not be fitted.

    Attributes:
        score: line-attractor score above which a student is read as a line attractor (Nair et al. 2023, as Qian et al. 2024 cite them: 1).
        overestimate: least ratio of time constants that counts.
    """

    score: Positive = 1.0
    overestimate: Positive = 1.5

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        students = stores["students"]
        dims = ("network", "fraction")
        columns = {
            str(name): variable(dims, _mean(item.values), item.attrs["long_name"])
            for name, item in students.data_vars.items()
            if item.dims == (*dims, "subset") and item.dtype.kind == "f"
        }
        columns |= {
            str(name): variable(("network",), item.values, item.attrs["long_name"])
            for name, item in students.data_vars.items()
            if item.dims == ("network",)
        }
        score, own = students["line_attractor_score"].values, students["teacher_score"].values
        unstable = students["unstable"].values == 1
        read = np.where(np.isnan(score), np.nan, (score > self.score) & (students["leading_complex"].values == 0))
        line = np.where(unstable, np.minimum(read, 0), read)
        none = (own <= self.score)[:, None, None]
        for name, found, text in (("line_attractor", line, ", real, stable"), ("read", read, ", real")):
            columns[name] = variable(dims, _mean(found), f"read as a line attractor: score above {self.score:g}{text}")
            spurious = "spurious" if name == "line_attractor" else f"spurious_{name}"
            columns[spurious] = variable(dims, _mean(np.where(none, found, np.nan)), f"{name}, where the teacher has none")
        if "overestimation" in students:
            ratio = students["overestimation"].values
            over = np.where(np.isnan(ratio), np.nan, unstable | (ratio > self.overestimate))
            text = f"unstable, or a time constant above {self.overestimate:g} times the teacher's"
            columns["overestimated"] = variable(dims, _mean(over), text)
        columns |= self._limits(students, stores.get("circuits"))
        spectra = {"eigenvalue": students["eigenvalue"][:, :, 0], "teacher_eigenvalue": students["teacher_eigenvalue"]}
        columns |= {
            f"{name}_{part}": variable(tuple(map(str, item.dims)), getattr(item.values, part), f"{item.attrs['long_name']}: {part} part")
            for name, item in spectra.items()
            for part in ("real", "imag")
        }
        observed = np.tile(students["observed"].values, (students.sizes["network"], 1))
        columns["observed"] = variable(dims, observed, "watched units")
        coordinates = {"fraction": students["fraction"].variable}
        return xr.Dataset(columns, identity(students) | coordinates | {"timescale": np.arange(students.sizes["timescale"])})

    def _limits(self, students: xr.Dataset, circuits: xr.Dataset | None) -> dict[str, xr.Variable]:
        """Limit sets and fixed points of students beside those of their teachers."""
        limit_set = students["limit_set"].values[:, :, 0]
        columns = {"limit_set": variable(("network", "fraction"), limit_set, "where most runs of the student without noise end")}
        known = students["known_points"].values
        if circuits is not None and "known_points" in circuits:
            own = circuits["limit_set"].values
            mismatch = [[f"{a} -> {b}" if a and b else "" for b in row] for a, row in zip(own, limit_set, strict=True)]
            columns["mismatch"] = variable(
                ("network", "fraction"), np.array(mismatch, dtype=object), "limit set: the teacher's -> the student's"
            )
            elsewhere = (own[:, None] != "origin") & (own[:, None] != "")
            rests = ((own == "origin") & (circuits["known_points"].values.sum(axis=1) == 1))[:, None]
            columns["invented"] = variable(
                ("network", "fraction"),
                np.where(rests & (limit_set != ""), limit_set != "origin", np.nan),
                "the student has another limit set than the origin, which is all that the teacher has",
            )
            columns["invented_cycle"] = variable(
                ("network", "fraction"),
                np.where(rests & (limit_set != ""), limit_set == "limit cycle", np.nan),
                "the student has a limit cycle, and its teacher nothing but the origin",
            )
            columns["missed"] = variable(
                ("network", "fraction"),
                np.where(elsewhere & (limit_set != ""), limit_set == "origin", np.nan),
                "the student rests at the origin, and its teacher does not",
            )
            known = np.where(np.isnan(known), circuits["known_points"].values, known)
        points = students["points"].values
        with np.errstate(invalid="ignore"):
            right = (points == known[:, None, None]).all(axis=-1).astype(float)
        right[np.isnan(points).any(axis=-1) | np.isnan(known).any(axis=-1)[:, None, None]] = np.nan
        if "index_sum" in students:  # of a bounded φ the indices of all points sum to 1: else the search has missed some
            right[students["index_sum"].values != 1] = np.nan
        columns["topology_right"] = variable(("network", "fraction"), _mean(right), "as many fixed points of each kind as the teacher")
        return columns


def _mean(values: Float[np.ndarray, "network fraction subset"]) -> Float[np.ndarray, "network fraction"]:
    """Over subsets that have a number; NaN without one."""
    finite = np.isfinite(values)
    number = finite.sum(axis=-1)
    total = np.where(finite, values, 0.0).sum(axis=-1)
    return np.where(number > 0, total / np.maximum(number, 1), np.nan)
