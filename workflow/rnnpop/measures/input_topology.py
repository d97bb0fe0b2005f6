"""Input topology: whether the fixed points of two networks under each input lie to each other in the same way."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import xarray as xr
from jaxtyping import Float

from rnnpop.measures import Measure, alive
from rnnpop.names import identity, variable
from rnnpop.numerics.trees import centred_ranks, disagreements, distance_levels, nearest_neighbours, overlaps, spanning_tree
from rnnpop.variants import Count


@final
@dataclass(frozen=True)
class InputTopology(Measure):
    """Relations between the states of a network at a list of places, from their Euclidean distances D; reads `fixed_points`.

    Places are the task's still inputs, in its order; where it asks for points at levels of the readout (attribute `levels` of the
    store), all levels under each still input. The state of a place is the `manifold` point of its level; without levels, of the fixed
    points of its input the one where most starts of the search ended, which is the one nearest to where the network goes: between
    equals the first found. A place without a point is absent.

    `tree`: d = 1 - |E_a n E_b| / max(|E_a|, |E_b|) of the minimum spanning trees. With K places, none absent, that is
        1 - |E_a n E_b| / (K - 1): 0 between any two networks whose points lie in order on a simple curve. One tree spans the points of
        all contexts: ideally a path in each, and one bridge from path to path, which may stand anywhere and is 1 edge of K - 1.
        From 0 to 1, a metric.
    `neighbours`: d = ||N_a - N_b||_F / sqrt(2 K k) of the 0/1 matrices from each place to its k nearest others. From 0 to 1, a metric.
    `ranks`: d = 1 - Spearman's correlation of D, ranked row by row: 0 to 2, 1 where unrelated. Not a metric (its root is).

    Absent places are in no edge, and their rows and columns of ranks count as 0 after centring: what only one of two networks
    has is disagreement, and a network is at distance 0 from itself. All is invariant under rotations, permutations, shifts and a common
    factor of the states. Distances have few values, many of them 0. A task with one place has nothing to compare.

    Attributes:
        by: the relation.
        neighbours: k; for `neighbours` alone.

    Source: after Maheswaranathan et al. 2019, figures 2e and 3d, whose recipe is not given.
    """

    by: Literal["tree", "neighbours", "ranks"]
    neighbours: Count = 1

    def represent(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        points = stores["fixed_points"]
        found = [
            self._relation(_places(points, name)) if living else None
            for name, living in zip(points["network"].values, alive(points), strict=True)
        ]
        number = points.sizes["still"] * max(1, len(points.attrs["levels"]))
        relations = np.stack([np.full((number, number), np.nan) if relation is None else relation for relation in found])
        long_name = {
            "tree": "1 for each edge of the minimum spanning tree",
            "neighbours": "1 from each place to its nearest others",
            "ranks": "rank of distance in its row, less the mean rank, times 2",
        }[self.by]
        return xr.Dataset({"relation": variable(("network", "place", "other_place"), relations, long_name)}, coords=identity(points))

    def _relation(self, states: Float[np.ndarray, "place unit"]) -> Float[np.ndarray, "place place"]:
        present = np.flatnonzero(np.isfinite(states).all(axis=1))
        distances = distance_levels(states[present])
        relation = np.zeros((len(states), len(states)))
        relation[np.ix_(present, present)] = (
            spanning_tree(distances)
            if self.by == "tree"
            else nearest_neighbours(distances, self.neighbours)
            if self.by == "neighbours"
            else centred_ranks(distances)
        )
        return relation

    def compare(self, first: xr.Dataset, second: xr.Dataset) -> xr.Dataset:
        relations = [block["relation"].values for block in (first, second)]
        if self.by == "neighbours":
            shared, own, partner = overlaps(*relations)
            distances = np.sqrt((own[:, None] + partner - 2 * shared) / (2 * relations[0].shape[1] * self.neighbours))
        else:
            distances = disagreements(*relations)
        return xr.Dataset({"distance": variable(("network", "partner"), distances, f"distance of {self.by} of input-dependent points")})


def _places(points: xr.Dataset, name: str) -> Float[np.ndarray, "place unit"]:
    """The state of one network at each place; NaN where it has none."""
    own = points.isel(fixed_point=points["owner"].values == name)
    levels = points.attrs["levels"] or [np.nan]
    kind, condition, level = (own[of].values for of in ("kind", "condition", "level"))
    states = np.full((points.sizes["still"], len(levels), points.sizes["unit"]), np.nan)
    for still, still_name in enumerate(points["still"].values):
        for number, sought in enumerate(levels):
            here = (kind == "fixed") if np.isnan(sought) else (kind == "manifold") & (level == sought)
            candidates = np.flatnonzero(here & (condition == still_name))
            if len(candidates):
                states[still, number] = own["state"].values[candidates[np.argmax(own["hits"].values[candidates])]]
    return states.reshape(-1, points.sizes["unit"])
