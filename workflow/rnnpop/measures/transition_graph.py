"""Transition graph: how unlike the transitions between the labelled fixed points of two networks are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import xarray as xr
from jaxtyping import Float

from rnnpop.measures import Measure, alive
from rnnpop.names import identity, variable
from rnnpop.numerics.graphs import cube_group, graph_distances, label_names, label_numbers, labels, transition_matrix
from rnnpop.variants import Positive


@final
@dataclass(frozen=True)
class TransitionGraph(Measure):
    """d = ||T_a - T_b||_F / sqrt(3^p) of the label-averaged transition matrices; reads `fixed_points` and `transitions`.

    A fixed point's label is the sign pattern of its p outputs, 0 where |y| <= `threshold`. T (3^p x 3^p; 27 x 27 for three
    outputs) is the fraction of perturbations of a point that end at a stable point of each label, averaged over the points of a
    label; rows of labels that a network lacks are 0, and what reached no stable fixed point stands outside. Slow points do not
    count. The distance is 0 to sqrt(2).

    Attributes:
        align: `label`: labels mean the same in both networks. `cube`: the smallest distance over all 2^p p! signed permutations of
            the outputs (48 for three), which takes the identity of channels and signs away.
        threshold: in units of the output.

    Source: after Maheswaranathan et al. 2019, figures 1e and 1f, whose own alignment of nodes is not given.
    """

    align: Literal["label", "cube"]
    threshold: Positive

    def represent(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        points, transitions = stores["fixed_points"], stores["transitions"]
        points_of = points.isel(fixed_point=points["kind"].values == "fixed")
        edges = transitions.isel(edge=transitions["relation"].values == "autonomous")
        found = [
            self._matrix(points_of.isel(fixed_point=points_of["owner"].values == name), edges.isel(edge=edges["owner"].values == name))
            for name in points["network"].values
        ]
        matrices = np.where(alive(points)[:, None, None], np.stack(found), np.nan)
        names = np.array(label_names(points.sizes["output"]), dtype=object)
        long_name = "fraction of perturbations of a label's fixed points that land at each label"
        return xr.Dataset(
            {"transition": variable(("network", "label", "landing"), matrices, long_name)},
            coords={**identity(points), "label": names, "landing": names},
        )

    def _matrix(self, points: xr.Dataset, edges: xr.Dataset) -> Float[np.ndarray, "label landing"]:
        nodes = points["node"].values.astype(int)
        # a node's place among the fixed points; -1, also the destination of an edge that landed nowhere, stays -1
        place = np.full(max([-1, *nodes, *edges["origin"].values.astype(int), *edges["destination"].values.astype(int)]) + 2, -1)
        place[nodes] = np.arange(len(nodes))
        origins, destinations = (place[edges[end].values.astype(int)] for end in ("origin", "destination"))
        numbers = label_numbers(labels(points["outputs"].values, self.threshold))
        known = origins >= 0
        weights = edges["weight"].values.astype(np.float64)
        return transition_matrix(numbers, origins[known], destinations[known], weights[known], points.sizes["output"])

    def compare(self, first: xr.Dataset, second: xr.Dataset) -> xr.Dataset:
        group = cube_group(len(next(iter(first["label"].values))))
        relabellings = group if self.align == "cube" else group[:1]  # the identity comes first
        distances = graph_distances(first["transition"].values, second["transition"].values, relabellings)
        return xr.Dataset({"distance": variable(("network", "partner"), distances, "distance of transition graphs")})
