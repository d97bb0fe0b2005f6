"""Find how the fixed points of the networks of a shard connect."""

from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from rnnpop.names import identity, variable
from rnnpop.numerics.affine import Parameters, trained_parameters
from rnnpop.numerics.directions import extended
from rnnpop.numerics.transitions import land, oriented, unstable_basis, unstable_directions, visits
from rnnpop.seeds import stream

#: A run at this share of the smallest perturbation's speed rests.
_REST = 1e-9


@dataclass(frozen=True)
class Edge:
    """One arrow: `weight` is the fraction of runs from `origin` that took it; destination −1 is no stable point."""

    origin: int
    destination: int
    relation: str
    condition: str
    weight: float


@dataclass(frozen=True)
class Scale:
    """Lengths of one network, in units of its state.

    Attributes:
        typical: median norm of visited states.
        landed: distance to a stable point at which a run has landed there.
        near: distance at which a passing run visits a point.
    """

    typical: float
    landed: float
    near: float


def connect(
    networks: xr.Dataset,
    trajectories: xr.Dataset,
    fixed_points: xr.Dataset,
    task: Any,
    cell: Any,
    *,
    settings: Mapping[str, Any],
    study: str,
    seed: int,
) -> xr.Dataset:
    """Transition graphs of every network: three relations between the fixed points of each still input.

    - `autonomous`: where runs land that leave a point by small random perturbations within its unstable eigenspace (from stable points:
      in any direction; their arrow to themselves is the share that returns).
    - `heteroclinic`: the points that runs pass or reach which leave along ± each unstable eigenvector.
    - `input`: where each stable point goes after one step of each of the task's pulses.

    Args:
        settings: the `connect` entry of config.yaml.

    Returns:
        Store of stage `connect`.
    """
    edges: list[tuple[str, Edge]] = []
    for network, name in enumerate(networks["network"].values):
        parameters = trained_parameters(networks, network)
        mine = fixed_points.isel(fixed_point=np.flatnonzero((fixed_points["owner"] == name) & (fixed_points["kind"] == "fixed")))
        visited = trajectories["state"].values[network, trajectories["batch"].values == 0].astype(np.float64)
        typical = float(np.median(np.linalg.norm(visited, axis=-1)))
        scale = Scale(typical, settings["landed"] * typical, settings["near"] * typical)
        for condition, still in task.still_inputs().items():
            x = torch.from_numpy(still)
            points = mine.isel(fixed_point=np.flatnonzero(mine["condition"] == condition))
            if not points.sizes["fixed_point"]:
                continue
            states, stable = torch.from_numpy(points["state"].values), points["unstable"].values == 0
            jacobians = cell.jacobian(parameters, x, states).numpy()
            # perturbations are drawn along what the outputs see, so that equal networks are perturbed alike whatever their units are called
            readout = extended(parameters["readout_weights"].numpy(), states.shape[1])
            graph = _Graph(
                cell=cell,
                parameters=parameters,
                still=x,
                points=states,
                jacobians=jacobians,
                bases=[j[:, :0] if s else oriented(unstable_basis(j), readout) for j, s in zip(jacobians, stable, strict=True)],
                stable=stable,
                scale=scale,
                settings=settings,
            )
            node = points["node"].values
            found = [
                *graph.autonomous(functools.partial(stream, seed, study, name, condition, "perturbations")),
                *graph.heteroclinic(),
                *graph.driven(task.pulses()),
            ]
            edges += [
                (
                    name,
                    Edge(
                        int(node[e.origin]),
                        int(node[e.destination]) if e.destination >= 0 else -1,
                        e.relation,
                        e.condition if e.relation == "input" else condition,
                        e.weight,
                    ),
                )
                for e in found
            ]

    def column(values: list[Any], dtype: Any) -> tuple[str, np.ndarray]:
        return "edge", np.array(values, dtype=dtype)

    return xr.Dataset(
        {"weight": variable(("edge",), np.array([e.weight for _, e in edges], dtype=np.float64), "fraction of runs")},
        coords={
            **identity(networks),
            "owner": column([owner for owner, _ in edges], object),
            "origin": column([e.origin for _, e in edges], np.int64),
            "destination": column([e.destination for _, e in edges], np.int64),
            "relation": column([e.relation for _, e in edges], object),
            "condition": column([e.condition for _, e in edges], object),
        },
    )


@dataclass(frozen=True)
class _Graph:
    """The fixed points of one network under one still input, and the map that connects them."""

    cell: Any
    parameters: Parameters
    still: Float[Tensor, "input"]
    points: Float[Tensor, "point unit"]
    jacobians: Float[np.ndarray, "point unit unit"]
    bases: list[Float[np.ndarray, "unit _"]]
    stable: np.ndarray
    scale: Scale
    settings: Mapping[str, Any]

    def step(self, states: Float[Tensor, "run unit"]) -> Float[Tensor, "run unit"]:
        return self.cell.step(self.parameters, self.still, states)

    def _perturbation(self, point: int) -> float:
        return self.settings["size"] * max(float(self.points[point].norm()), self.scale.typical)

    def _land(self, states: Tensor) -> np.ndarray:
        """Number of the stable point where each run lands, −1 for none."""
        attractors = np.flatnonzero(self.stable)
        landed = land(self.step, states, self.points[torch.from_numpy(self.stable)], self.scale.landed, self.settings["steps"])
        return np.append(attractors, -1)[landed]

    def autonomous(self, rng: Callable[[int], np.random.Generator]) -> Iterator[Edge]:
        """Where perturbations land; points with as many unstable directions are perturbed alike, in whatever order they were found.

        Args:
            rng: by the number of directions.
        """
        starts: list[Tensor] = []
        drawn = []
        for point, basis in enumerate(self.bases):
            directions = len(self.points[point]) if self.stable[point] else basis.shape[1]
            z = rng(directions).standard_normal((self.settings["perturbations"], directions))
            z /= np.linalg.norm(z, axis=1, keepdims=True)
            # along one direction there are two runs, however many are drawn
            z, run = np.unique(z, axis=0, return_inverse=True)
            away = self._perturbation(point) * (z if self.stable[point] else z @ basis.T)
            drawn.append(run.ravel() + sum(len(start) for start in starts))
            starts.append(self.points[point] + torch.from_numpy(away))
        landed = self._land(torch.cat(starts))
        for point, runs in enumerate(drawn):
            row = landed[runs]
            for destination, count in sorted(Counter(row.tolist()).items()):
                yield Edge(point, destination, "autonomous", "", count / len(row))

    def heteroclinic(self) -> Iterator[Edge]:
        directions = [unstable_directions(jacobian, basis) for jacobian, basis in zip(self.jacobians, self.bases, strict=True)]
        origin = np.repeat(np.arange(len(directions)), [len(d) for d in directions])
        if not len(origin):
            return
        sizes = np.array([self._perturbation(point) for point in origin.tolist()])
        starts = self.points[torch.from_numpy(origin)] + torch.from_numpy(np.concatenate(directions) * sizes[:, None])
        rest = _REST * self.scale.typical
        passed = visits(self.step, starts, self.points, self.scale.near, self.settings["steps"], rest)
        for point in np.unique(origin):
            share = passed[origin == point].mean(0)
            for destination in np.flatnonzero(share):
                yield Edge(int(point), int(destination), "heteroclinic", "", float(share[destination]))

    def driven(self, pulses: Mapping[str, np.ndarray]) -> Iterator[Edge]:
        attractors = np.flatnonzero(self.stable)
        if not len(attractors) or not pulses:
            return
        corners = self.points[torch.from_numpy(attractors)]
        states = torch.cat([self.cell.step(self.parameters, self.still + torch.from_numpy(pulse), corners) for pulse in pulses.values()])
        landed = self._land(states).reshape(len(pulses), -1)
        for condition, row in zip(pulses, landed, strict=True):
            for point, destination in zip(attractors, row, strict=True):
                yield Edge(int(point), int(destination), "input", condition, 1.0)
