"""Follow the networks of a shard for long under each still input: do they rest, or run round an attracting cycle?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from rnnpop.names import identity, variable
from rnnpop.numerics.affine import Parameters, trained_parameters
from rnnpop.numerics.cycles import closed_curve, distance_to_orbit, turns, upward_crossings
from rnnpop.numerics.embeddings import mixed
from rnnpop.numerics.subspaces import principal_subspace
from rnnpop.seeds import stream

#: Perturbations of each kind, whose median is taken.
_DRAWS = 3
#: Share of the typical norm of the states that is taken for nothing.
_REST = 1e-3
#: Multiple of the typical norm of the states beyond which a run has escaped.
_ESCAPED = 1e6


@dataclass(frozen=True)
class Orbit:
    """Where one network ends under one still input; times in steps, lengths in units of the state, NaN where undefined.

    Attributes:
        curve: closed curve through the orbit; empty where none is sought.
    """

    resting: bool
    period: float
    period_spread: float
    radius: float
    amplitude: float
    curve: Float[np.ndarray, "place unit"]


def follow(
    networks: xr.Dataset, trajectories: xr.Dataset, task: Any, cell: Any, *, settings: Mapping[str, Any], study: str, seed: int
) -> xr.Dataset:
    """Long runs of every network under every still input, from its first state; float64.

    A run has `lengths` trials' steps, and its second half is looked at. It is *resting* where no step of its last trial's length is
    longer than a thousandth of the typical norm of the probe states. Else its period is that of the upward crossings, of their mean, of
    the first output, or, where that is silent, of the first principal component.

    Where the turns spread by at most `tolerance`, the state is moved by `perturbation` times the radius, in random directions of the
    orbit's own span and, apart from them, in any directions, and runs on for as many steps as were looked at: `attraction` is its
    distance to the orbit at the end over that at the start, the median over directions, of the worse of the two kinds (1 for a neutral
    orbit). A *cycle* is verified where that, too, is at most `tolerance`, and the radius is above a thousandth of the typical norm.

    Args:
        settings: the `follow` entry of config.yaml: `lengths`, `perturbation`, `tolerance`.

    Returns:
        Store of stage `follow`; NaN for runs that escape and for networks whose probe states are not finite.
    """
    names, stills = networks["network"].values, task.still_inputs()
    commands = task.commands()
    rows = []
    for network, name in enumerate(names):
        probe = trajectories["state"].values[network, trajectories["batch"].values == 0].astype(np.float64)
        typical = float(np.median(np.linalg.norm(probe, axis=-1))) if np.isfinite(probe).all() else np.nan
        parameters = trained_parameters(networks, network)
        inputs = torch.from_numpy(np.stack([mixed(parameters, still) for still in stills.values()]))
        run = _Run(cell, parameters, inputs, typical, trajectories.sizes["time"], settings)
        rows.append(run.describe([stream(seed, study, name, condition, "follow") for condition in stills]))

    def column(key: str, long_name: str, units: str = "1", scale: float | None = None) -> xr.Variable:
        values = np.stack([row[key] for row in rows])
        return variable(("network", "still"), values if scale is None else scale * values, long_name, units)

    return xr.Dataset(
        {
            "cycle": column("cycle", "whether the run ends on a verified attracting cycle"),
            "resting": column("resting", "whether the run comes to rest"),
            "period": column("period", "period", "s", task.dt),
            "period_spread": column("period_spread", "standard deviation of single turns over their mean"),
            "radius": column("radius", "root mean square distance of the orbit from its mean"),
            "amplitude": column("amplitude", "amplitude of the sine that varies as the first output does"),
            "attraction": column("attraction", "distance of a perturbed run to the orbit at its end over that at its start"),
            "command": variable(("still",), np.array([commands[name] for name in stills]), "number that the input stands for"),
            "dt": variable((), task.dt, "length of a step", "s"),
        },
        coords={**identity(networks), "still": np.array(list(stills), dtype=object)},
    )


@dataclass(frozen=True)
class _Run:
    """The long runs of one network, under all still inputs side by side."""

    cell: Any
    parameters: Parameters
    inputs: Float[Tensor, "still input"]
    typical: float
    trial: int
    settings: Mapping[str, Any]

    def describe(self, rngs: list[np.random.Generator]) -> dict[str, np.ndarray]:
        """Columns of the store; a generator for each still input."""
        half = max(self.settings["lengths"] * self.trial // 2, 2)
        state = self.parameters["initial_state"].expand(len(self.inputs), -1)
        state = self._go(self.inputs, state, half)
        states = torch.empty((half, *state.shape), dtype=state.dtype)
        for step in range(half):
            state = states[step] = self._go(self.inputs, state, 1)
        outputs = self.cell.readout(self.parameters, states)[..., 0].numpy()
        orbits = [self._orbit(states[:, still].numpy(), outputs[:, still]) for still in range(len(self.inputs))]
        columns = {item.name: np.array([getattr(o, item.name) for o in orbits]) for item in fields(Orbit) if item.name != "curve"}
        attraction = self._attraction(orbits, states, rngs)
        cycle = (attraction <= self.settings["tolerance"]) & (columns["radius"] > _REST * self.typical)
        return columns | {"attraction": attraction, "cycle": cycle}

    def _go(self, inputs: Float[Tensor, "run input"], state: Float[Tensor, "run unit"], steps: int) -> Float[Tensor, "run unit"]:
        for _ in range(steps):
            state = self.cell.step(self.parameters, inputs, state)
        return state

    def _orbit(self, states: Float[np.ndarray, "time unit"], output: Float[np.ndarray, "time"]) -> Orbit:
        none = np.empty((0, states.shape[1]))
        if not np.abs(states).max() <= _ESCAPED * self.typical:  # also where either is not a number
            return Orbit(False, np.nan, np.nan, np.nan, np.nan, none)
        speed = np.linalg.norm(np.diff(states[-self.trial - 1 :], axis=0), axis=1)
        if speed.max() <= _REST * self.typical:
            return Orbit(True, np.nan, np.nan, _radius(states), np.sqrt(2) * output.std(), none)
        silent = output.std() <= _REST * _radius(states)
        crossings = upward_crossings(_first_component(states) if silent else output)
        period, first, spread = turns(crossings)
        if np.isnan(period):
            return Orbit(False, period, spread, _radius(states), np.sqrt(2) * output.std(), none)
        # means over whole turns are those of the orbit
        whole = slice(int(np.ceil(crossings[0])), int(np.ceil(crossings[-1])))
        curve = closed_curve(states, period, first) if spread <= self.settings["tolerance"] else none
        return Orbit(False, period, spread, _radius(states[whole]), np.sqrt(2) * output[whole].std(), curve)

    def _attraction(
        self, orbits: list[Orbit], states: Float[Tensor, "time still unit"], rngs: list[np.random.Generator]
    ) -> Float[np.ndarray, "still"]:
        """Ratio of distances for each orbit that has a curve; all runs side by side."""
        found = [still for still, orbit in enumerate(orbits) if len(orbit.curve)]
        attraction = np.full(len(orbits), np.nan)
        if not found:
            return attraction
        starts = []
        for still in found:
            visited = states[:, still].numpy()
            own = rngs[still].standard_normal((_DRAWS, len(visited))) @ (visited - visited.mean(0))
            directions = np.concatenate([own, rngs[still].standard_normal((_DRAWS, visited.shape[1]))])
            directions /= np.linalg.norm(directions, axis=1, keepdims=True)
            starts.append(visited[-1] + self.settings["perturbation"] * orbits[still].radius * directions)
        inputs = self.inputs[found].repeat_interleave(2 * _DRAWS, dim=0)
        ends = self._go(inputs, torch.from_numpy(np.concatenate(starts)), len(states)).numpy().reshape(len(found), 2 * _DRAWS, -1)
        for still, start, end in zip(found, starts, ends, strict=True):
            if np.abs(end).max() <= _ESCAPED * self.typical:
                orbit = states[:, still].numpy(), orbits[still].curve
                ratio = distance_to_orbit(end, *orbit) / distance_to_orbit(start, *orbit)
                attraction[still] = np.median(ratio.reshape(2, _DRAWS), axis=1).max()
        return attraction


def _radius(states: Float[np.ndarray, "time unit"]) -> float:
    return float(np.sqrt(((states - states.mean(0)) ** 2).sum(1).mean()))


def _first_component(states: Float[np.ndarray, "time unit"]) -> Float[np.ndarray, "time"]:
    return (states - states.mean(0)) @ principal_subspace(states, 1).axes[:, 0]
