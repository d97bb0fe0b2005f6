"""Survey where networks go from the states that they visit: vector fields, the slowest states, and how long a change of state is felt."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float

from rnnpop.names import identity, variable
from rnnpop.numerics.affine import Parameters, trained_parameters
from rnnpop.numerics.circuits import Belief, block_belief, stimulus_direction
from rnnpop.numerics.subspaces import principal_subspace

_AXES = 2

#: Steps over which gradients are followed back: longer than any horizon of training in configs/; and moments that they start from.
_LAGS, _WINDOWS = 300, 48


def survey(networks: xr.Dataset, sessions: xr.Dataset, task: Any, cell: Any, *, settings: Mapping[str, Any]) -> xr.Dataset:
    """One step F(h, x) − h of every network under each still input x, from two sets of states; float64.

    - *Places* of a square grid in the plane of the first two principal components of all played states, over their range (centred on
      the mean), put back into the full space. `visits` is the share of played states around each place: where it is 0, nobody
      has ever been.
    - *Visits*: states that the network was really in, off the plane too, evenly spaced over its sessions.

    `flow` is the step's part in the plane, `speed` the length of the whole step: what an arrow in the plane hides. Components point to
    the side where right is likelier, by the readout and by the block direction together.

    - *Slow path*: the block belief's coordinate of visited states, in bins of equal numbers of states; the speed of the slowest one in each
      bin under zero input. A line attractor has states of speed 0 at every belief.
    - *Gradients by lag* k: |∂z_t/∂h_{t−k}| / |∂z_t/∂h_t| for the log-odds z = y_right − y_left, mean over observation steps t that are
      spread over the sessions, along the played states and with the inputs held, as in training. A score s(z) of the step, whichever, has
      the same ratio at each t. 1 at lag 0; a linear network h' = λh has |λ|^k. NaN where sessions are shorter, or the readout is 0.

    Args:
        settings: the `survey` entry of config.yaml: `grid`, places along an edge; `visits`; `bins` and `path`, the states in them.

    Returns:
        Store of stage `survey`; NaN for networks whose states are not finite. Lengths in units of the state.
    """
    stills = task.still_inputs()
    rows = []
    for network in range(networks.sizes["network"]):
        own = sessions.isel(network=network)
        played = _Played.of(own, networks["readout_weights"].values[network, -1].astype(np.float64), task.blanks)
        rows.append(_Survey(cell, trained_parameters(networks, network), played, settings).columns(stills))

    def column(name: str, dims: tuple[str, ...], long_name: str) -> xr.Variable:
        return variable(("network", *dims), np.stack([row[name] for row in rows]), long_name)

    return xr.Dataset(
        {
            "centre": column("centre", ("unit",), "mean of the played states"),
            "plane": column("plane", ("unit", "axis"), "first two principal components"),
            "position": column("position", ("point", "axis"), "places of the grid"),
            "visits": column("visits", ("point",), "share of the played states around a place"),
            "flow": column("flow", ("still", "point", "axis"), "part of F(h) - h in the plane"),
            "speed": column("speed", ("still", "point"), "|F(h) - h|"),
            "visited": column("visited", ("visit", "axis"), "visited states"),
            "visited_flow": column("visited_flow", ("still", "visit", "axis"), "part of F(h) - h in the plane"),
            "visited_speed": column("visited_speed", ("still", "visit"), "|F(h) - h|"),
            "path_belief": column("path_belief", ("bin",), "block belief, median of the bin"),
            "path_speed": column("path_speed", ("bin",), "smallest |F(h) - h| in the bin under zero input"),
            "typical_step": column("typical_step", (), "median length of the steps played"),
            "gradient_norm": column("gradient_norm", ("lag",), "gradient of the log-odds by an earlier state, over that at lag 0"),
        },
        {
            **identity(networks),
            "still": np.array(list(stills), dtype=object),
            "part": sessions["part"].variable,
            "lag": np.arange(_LAGS + 1),
        },
    )


@dataclass(frozen=True)
class _Played:
    """The states of one network in its sessions.

    Attributes:
        first: states at the beginning of windows.
        following: the inputs of the `_LAGS` steps from there on; the last one is an observation.
    """

    states: Float[np.ndarray, "sample unit"]
    belief: Belief
    stimulus: Float[np.ndarray, "unit"]
    typical_step: float
    first: Float[np.ndarray, "window unit"]
    following: Float[np.ndarray, "window time input"]

    @classmethod
    def of(cls, own: xr.Dataset, readout: Float[np.ndarray, "output source"], blanks: int) -> _Played:
        state = own["state"].values.astype(np.float64)
        belief = block_belief(
            state, own["ended"].values.astype(bool), *(own[name].values for name in ("trial_number", "block_side", "side"))
        )
        steps = np.linalg.norm(np.diff(state, axis=1), axis=2)
        typical = float(np.median(steps)) or np.nan
        session, begun = np.nonzero(own["trial_step"].values[:, _LAGS:] >= blanks)
        chosen = np.linspace(0, len(begun) - 1, min(_WINDOWS, len(begun))).astype(int)
        session, begun = session[chosen, None], begun[chosen, None]
        following = own["inputs"].values[session, begun + np.arange(1, _LAGS + 1)].astype(np.float64)
        stimulus = stimulus_direction(readout, state.shape[-1])
        return cls(state.reshape(-1, state.shape[-1]), belief, stimulus, typical, state[session[:, 0], begun[:, 0]], following)

    @property
    def finite(self) -> bool:
        return bool(np.isfinite(self.states).all())

    def some(self, number: int) -> Float[np.ndarray, "sample unit"]:
        """So many of them, evenly spaced."""
        return self.states[np.linspace(0, len(self.states) - 1, number).astype(int)]

    def plane(self) -> Float[np.ndarray, "unit axis"]:
        """The principal components, turned to the right; a direction that is not there is 0."""
        axes = principal_subspace(self.states, _AXES).axes
        right = np.nan_to_num(self.stimulus) + np.nan_to_num(self.belief.direction)
        return axes * np.where(right @ axes < 0, -1.0, 1.0)


@dataclass(frozen=True)
class _Survey:
    """What is asked of one network."""

    cell: Any
    parameters: Parameters
    played: _Played
    settings: Mapping[str, Any]

    def columns(self, stills: Mapping[str, Float[np.ndarray, "input"]]) -> dict[str, np.ndarray]:
        """Columns of the store."""
        played, edge = self.played, self.settings["grid"]
        units = played.states.shape[1]
        if not played.finite:
            return self._empty(units, len(stills))
        centre, plane = played.states.mean(axis=0), played.plane()
        seen = (played.states - centre) @ plane
        position, visits = grid(seen, edge)
        visited = played.some(self.settings["visits"])
        inputs = np.stack(list(stills.values()))
        flow, speed = self._step(inputs, centre + position @ plane.T, plane)
        visited_flow, visited_speed = self._step(inputs, visited, plane)
        path_belief, path_speed = self._slow_path(np.zeros((1, inputs.shape[1])), plane)
        return {
            **{"centre": centre, "plane": plane, "position": position, "visits": visits, "flow": flow, "speed": speed},
            **{"visited": (visited - centre) @ plane, "visited_flow": visited_flow, "visited_speed": visited_speed},
            **{"path_belief": path_belief, "path_speed": path_speed, "typical_step": np.array(played.typical_step)},
            "gradient_norm": self._gradients(),
        }

    def _empty(self, units: int, stills: int) -> dict[str, np.ndarray]:
        places, visits, bins = self.settings["grid"] ** 2, self.settings["visits"], self.settings["bins"]
        shapes: dict[str, tuple[int, ...]] = {
            **{"centre": (units,), "plane": (units, _AXES), "position": (places, _AXES), "visits": (places,)},
            **{"flow": (stills, places, _AXES), "speed": (stills, places), "visited": (visits, _AXES)},
            **{"visited_flow": (stills, visits, _AXES), "visited_speed": (stills, visits)},
            **{"path_belief": (bins,), "path_speed": (bins,), "typical_step": (), "gradient_norm": (_LAGS + 1,)},
        }
        return {name: np.full(shape, np.nan) for name, shape in shapes.items()}

    def _step(
        self, inputs: Float[np.ndarray, "still input"], states: Float[np.ndarray, "place unit"], plane: Float[np.ndarray, "unit axis"]
    ) -> tuple[Float[np.ndarray, "still place axis"], Float[np.ndarray, "still place"]]:
        """F(h, x) − h in the plane, and its length in the full space."""
        h = torch.from_numpy(states)
        step = np.stack([self.cell.step(self.parameters, torch.from_numpy(still), h).numpy() - states for still in inputs])
        return step @ plane, np.linalg.norm(step, axis=2)

    def _gradients(self) -> Float[np.ndarray, "lag"]:
        """Mean over windows; the direction read is the one of the log-odds, of length 1, so that lag 0 has 1."""
        if not len(self.played.first) or not np.isfinite(self.played.stimulus).all():
            return np.full(_LAGS + 1, np.nan)
        states = [torch.from_numpy(self.played.first).requires_grad_()]
        for inputs in torch.from_numpy(self.played.following).unbind(dim=1):
            states.append(self.cell.step(self.parameters, inputs, states[-1]))
        read = states[-1] @ torch.from_numpy(self.played.stimulus)
        gradients = torch.autograd.grad(read.sum(), states[::-1])
        return torch.stack(gradients).norm(dim=2).mean(dim=1).numpy()

    def _slow_path(
        self, zero: Float[np.ndarray, "still input"], plane: Float[np.ndarray, "unit axis"]
    ) -> tuple[Float[np.ndarray, "bin"], Float[np.ndarray, "bin"]]:
        """Median block belief and smallest speed of each bin."""
        states, bins = self.played.some(self.settings["path"]), self.settings["bins"]
        belief = self.played.belief.coordinate(states)
        speed = self._step(zero, states, plane)[1][0]
        order = np.array_split(np.argsort(belief, kind="stable"), bins)
        path = np.array([np.median(belief[own]) for own in order])
        return path, np.where(np.isfinite(path), [speed[own].min() for own in order], np.nan)


def grid(seen: Float[np.ndarray, "sample axis"], edge: int) -> tuple[Float[np.ndarray, "point axis"], Float[np.ndarray, "point"]]:
    """Places of a grid over the range of points in a plane, row by row, and the share of points that are nearest to each.

    Args:
        edge: places along each axis, one at either end of the range.
    """
    low, high = seen.min(axis=0), seen.max(axis=0)
    pitch = (high - low) / (edge - 1)
    across, up = np.meshgrid(*(np.linspace(first, last, edge) for first, last in zip(low, high, strict=True)))
    number = np.rint((seen - low) / np.where(pitch > 0, pitch, 1.0)).astype(int)
    counts = np.bincount(number[:, 1] * edge + number[:, 0], minlength=edge**2)
    return np.stack([across.ravel(), up.ravel()], axis=1), counts / len(seen)
