"""What a network's transition graph says of it: how undecided its saddles are, and whether its pulses do what the task asks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import pandas as pd
import xarray as xr

from rnnpop.names import identity, variable
from rnnpop.numerics.graphs import labels
from rnnpop.statistics import Statistic
from rnnpop.variants import NonNegative


@final
@dataclass(frozen=True)
class Transitions(Statistic):
    """Numbers of the transition graph of section "Memory task: transition graph"; reads `fixed_points` and `transitions`.

    - `row_entropy`: H = −Σ_b P_ab log2 P_ab of an unstable node's autonomous row (landing nowhere counts as one end), mean
      over unstable nodes; NaN without any. An isotropically perturbed saddle of the ideal cube with k unstable directions
      has k bits.
    - `unlanded`: fraction of the autonomous weight of unstable nodes that reached no stable fixed point.
    - `heteroclinic_edges`: arrows along single unstable directions.
    - `automaton_accuracy`: over stable nodes whose label has no zero, and the conditions "channel<i>:+1" and
      "channel<i>:-1", the fraction of input weight that lands on a label with output i set to that sign and all others
      kept. 0 where a network has no such node: it does not do the task by fixed points.

    Attributes:
        threshold: |output| above which a label's entry is its sign.

    Units: bits for the entropy.
    """

    threshold: NonNegative = 0.5

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        points, edges = stores["fixed_points"], stores["transitions"]
        nodes = pd.DataFrame({name: points[name].values for name in ("owner", "node", "kind", "unstable")})
        nodes["label"] = [tuple(label) for label in labels(points["outputs"].values, self.threshold).tolist()]
        arrows = pd.DataFrame({name: edges[name].values for name in ("owner", "origin", "destination", "relation", "condition", "weight")})
        rows = [
            describe_graph(nodes[nodes["owner"] == name].set_index("node"), arrows[arrows["owner"] == name]) if searched else [np.nan] * 4
            for name, searched in zip(points["network"].values, np.isfinite(points["index_sum"].values), strict=True)
        ]
        entropy, unlanded, heteroclinic, accuracy = np.array(rows, dtype=float).reshape(-1, 4).T
        columns = {
            "row_entropy": variable(("network",), entropy, "entropy of autonomous transitions, mean over unstable nodes", "bit"),
            "unlanded": variable(("network",), unlanded, "fraction of autonomous weight that reached no stable fixed point"),
            "heteroclinic_edges": variable(("network",), heteroclinic, "heteroclinic connections"),
            "automaton_accuracy": variable(("network",), accuracy, "fraction of input pulses that land where the task says"),
        }
        return xr.Dataset(columns, identity(points))


def describe_graph(nodes: pd.DataFrame, arrows: pd.DataFrame) -> tuple[float, float, int, float]:
    """Mean row entropy, fraction unlanded, number of heteroclinic edges and automaton accuracy of one network."""
    fixed = nodes[nodes["kind"] == "fixed"]
    unstable = fixed.index[fixed["unstable"] > 0]
    drift = arrows[(arrows["relation"] == "autonomous") & arrows["origin"].isin(unstable) & (arrows["weight"] > 0)]
    entropy = (-drift["weight"] * np.log2(drift["weight"])).groupby(drift["origin"]).sum()
    total = drift["weight"].sum()
    return (
        entropy.mean() if len(entropy) else np.nan,
        drift.loc[drift["destination"] == -1, "weight"].sum() / total if total > 0 else np.nan,
        int((arrows["relation"] == "heteroclinic").sum()),
        automaton_accuracy(fixed, arrows[arrows["relation"] == "input"]),
    )


def automaton_accuracy(fixed: pd.DataFrame, pulses: pd.DataFrame) -> float:
    """Fraction of the weight of pulses from corners that ends at the corner which the task says."""
    corners = {node: label for node, label in fixed.loc[fixed["unstable"] == 0, "label"].items() if 0 not in label}
    right = total = 0.0
    for pulse in pulses[pulses["origin"].isin(list(corners))].itertuples():
        channel, sign = pulse.condition.removeprefix("channel").split(":")
        aim = list(corners[pulse.origin])
        aim[int(channel)] = int(sign)
        right += pulse.weight * (corners.get(pulse.destination) == tuple(aim))
        total += pulse.weight
    return right / total if total > 0 else 0.0
