"""Find the fixed and slow points of the networks of a shard."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float
from torch import Tensor

from rnnpop.names import identity, variable
from rnnpop.numerics.affine import Parameters, trained_parameters
from rnnpop.numerics.fixed_points import UNSTABLE, Box, index_sign, merge, midpoint_starts, newton, spectrum, spread_starts
from rnnpop.seeds import stream

_OUTCOMES = ("fixed", "slow", "outlier", "unsettled")
#: |argument of a non-smooth activation| below which a point sits on a kink.
_KINK = 1e-8


@dataclass(frozen=True)
class Points:
    """Distinct points of one network under one constant input, fixed ones first, each kind by rising speed."""

    state: Float[np.ndarray, "point unit"]
    speed: Float[np.ndarray, "point"]
    fixed: np.ndarray
    hits: np.ndarray
    ends: dict[str, int]


def settle(
    networks: xr.Dataset, trajectories: xr.Dataset, task: Any, cell: Any, *, settings: Mapping[str, Any], study: str, seed: int, device: str
) -> xr.Dataset:
    """Fixed points (|F(h) − h| ≤ tolerance · √n) and, apart from them, slow points of every network under every still input.

    Each network is searched alone, whatever its shard; float64. Starts are spread over convex combinations of visited states, then
    over midpoints of the stable points found. Networks with non-finite states have no points.

    Args:
        settings: the `settle` entry of config.yaml.

    Returns:
        Store of stage `settle`; `starts` says how many starts ended where, `index_sum` is Σ sign det(I − J) over the fixed
        points (averaged over still inputs), to be held against 1 where `invariant_box` is true.
    """
    names = networks["network"].values
    rows: list[dict[str, Any]] = []
    ends = np.zeros((len(names), len(_OUTCOMES)), dtype=np.int64)
    sums = np.full(len(names), np.nan)
    for network, name in enumerate(names):
        visited = _visited(trajectories, network)
        if visited is None:
            continue
        parameters = trained_parameters(networks, network)
        index_sums = []
        for condition, still in task.still_inputs().items():
            rng = stream(seed, study, name, condition, "starts")
            points = search(cell, parameters, still, visited, settings, rng, device)
            ends[network] += [points.ends[outcome] for outcome in _OUTCOMES]
            found = _linearise(cell, parameters, still, points)
            index_sums.append(sum(row["index_sign"] for row in found if row["kind"] == "fixed"))
            node = sum(row["owner"] == name for row in rows)
            rows += [row | {"owner": name, "condition": condition, "node": node + place} for place, row in enumerate(found)]
        sums[network] = np.mean(index_sums)

    units = trajectories.sizes["unit"]
    return xr.Dataset(
        {
            "state": variable(("fixed_point", "unit"), _stack(rows, "state", (units,)), "state"),
            "speed": variable(("fixed_point",), _stack(rows, "speed"), "length of one step from the point, |F(h) - h|"),
            "kind": variable(("fixed_point",), _stack(rows, "kind", dtype=object), "fixed or slow"),
            "eigenvalue": variable(("fixed_point", "mode"), _stack(rows, "eigenvalue", (units,), complex), "eigenvalues of the Jacobian"),
            "unstable": variable(("fixed_point",), _stack(rows, "unstable", dtype=np.int64), "directions with modulus above 1 + 1e-6"),
            "index_sign": variable(("fixed_point",), _stack(rows, "index_sign", dtype=np.int64), "sign det(I - J)"),
            "kink": variable(("fixed_point",), _stack(rows, "kink", dtype=bool), "the activation is not differentiable here"),
            "outputs": variable(("fixed_point", "output"), _stack(rows, "outputs", (task.outputs,)), "readout"),
            "hits": variable(("fixed_point",), _stack(rows, "hits", dtype=np.int64), "starts that ended here"),
            "starts": variable(("network", "outcome"), ends, "starts that ended as this"),
            "index_sum": variable(("network",), sums, "sum of sign det(I - J) over fixed points, mean over still inputs"),
            "invariant_box": variable(("network",), np.full(len(names), bool(cell.invariant_box)), "theory asks for an index sum of 1"),
        },
        coords={
            **identity(networks),
            "owner": ("fixed_point", _stack(rows, "owner", dtype=object)),
            "node": ("fixed_point", _stack(rows, "node", dtype=np.int64)),
            "condition": ("fixed_point", _stack(rows, "condition", dtype=object)),
            "outcome": list(_OUTCOMES),
            "part": trajectories["part"],
        },
    )


def search(
    cell: Any,
    parameters: Parameters,
    still: Float[np.ndarray, "input"],
    visited: Float[np.ndarray, "sample unit"],
    settings: Mapping[str, Any],
    rng: np.random.Generator,
    device: str = "cpu",
) -> Points:
    """Distinct fixed and slow points of one network under one constant input.

    A round searches from starts spread over the visited states, then from midpoints of the stable points found. Where theory asks for
    an index sum of 1 and the fixed points found do not give it, points are missing: another round follows, with twice the starts.
    """
    where = torch.device(device)
    weights = {name: value.to(where) for name, value in parameters.items()}
    x = torch.from_numpy(still).to(where)
    box = Box.around(torch.from_numpy(visited).to(where))
    ended: list[tuple[np.ndarray, np.ndarray]] = []

    def descend(starts: np.ndarray) -> Points:
        """Everything found so far, these starts included."""
        if len(starts):
            found = newton(
                lambda h: cell.step(weights, x, h), lambda h: cell.jacobian(weights, x, h), torch.from_numpy(starts).to(where), box
            )
            ended.append((found[0].cpu().numpy(), found[1].cpu().numpy()))
        return _distinct(np.concatenate([e[0] for e in ended]), np.concatenate([e[1] for e in ended]), visited, settings)

    for number in [settings["starts"] * 2**done for done in range(settings["rounds"])]:
        points = descend(spread_starts(visited, number, rng))
        points = descend(midpoint_starts(points.state[points.fixed][_stable(cell, parameters, still, points)], number // 2, rng))
        if not cell.invariant_box or _signs(cell, parameters, still, points).sum() == 1:
            break
    return points


def _jacobians(cell: Any, parameters: Parameters, still: np.ndarray, points: Points) -> Float[Tensor, "fixed unit unit"]:
    return cell.jacobian(parameters, torch.from_numpy(still), torch.from_numpy(points.state[points.fixed]))


def _stable(cell: Any, parameters: Parameters, still: np.ndarray, points: Points) -> np.ndarray:
    """Which of the fixed points are stable."""
    return (np.abs(spectrum(_jacobians(cell, parameters, still, points))) <= UNSTABLE).all(1)


def _signs(cell: Any, parameters: Parameters, still: np.ndarray, points: Points) -> np.ndarray:
    """Indices of the fixed points."""
    return index_sign(_jacobians(cell, parameters, still, points))


def _distinct(state: np.ndarray, speed: np.ndarray, visited: np.ndarray, settings: Mapping[str, Any]) -> Points:
    typical = float(np.median(np.linalg.norm(visited, axis=1)))
    fixed_below = settings["tolerance"] * visited.shape[1] ** 0.5
    centre = visited.mean(0)
    reach = settings["outlier"] * np.linalg.norm(visited - centre, axis=1).max()
    finite = np.isfinite(state).all(1) & np.isfinite(speed)
    far = finite & (np.linalg.norm(state - centre, axis=1) > reach)
    fixed = finite & ~far & (speed <= fixed_below)
    slow = finite & ~far & ~fixed & (speed <= settings["slow"])
    parts = []
    for chosen in (fixed, slow):
        rows = np.flatnonzero(chosen)
        kept, nearest = merge(state[rows], speed[rows], settings["merge"] * typical)
        parts.append((rows[kept], np.bincount(nearest, minlength=len(kept)) if len(kept) else np.zeros(0, dtype=np.int64)))
    rows = np.concatenate([part[0] for part in parts])
    ends = {"fixed": fixed.sum(), "slow": slow.sum(), "outlier": far.sum(), "unsettled": (~fixed & ~slow & ~far).sum()}
    return Points(state[rows], speed[rows], fixed[rows], np.concatenate([part[1] for part in parts]), {k: int(v) for k, v in ends.items()})


def _linearise(cell: Any, parameters: Parameters, still: np.ndarray, points: Points) -> list[dict[str, Any]]:
    if not len(points.state):
        return []
    states, x = torch.from_numpy(points.state), torch.from_numpy(still)
    jacobians = cell.jacobian(parameters, x, states)
    eigenvalues, signs = spectrum(jacobians), index_sign(jacobians)
    outputs = cell.readout(parameters, states).numpy()
    arguments = cell.arguments(parameters, x, states)
    kinks = np.zeros(len(states), dtype=bool) if arguments is None else (arguments.abs() < _KINK).any(-1).numpy()
    return [
        {
            "state": points.state[place],
            "speed": points.speed[place],
            "kind": "fixed" if points.fixed[place] else "slow",
            "eigenvalue": eigenvalues[place],
            "unstable": int((np.abs(eigenvalues[place]) > UNSTABLE).sum()),
            "index_sign": int(signs[place]),
            "kink": bool(kinks[place]),
            "outputs": outputs[place],
            "hits": int(points.hits[place]),
        }
        for place in range(len(states))
    ]


def _visited(trajectories: xr.Dataset, network: int) -> Float[np.ndarray, "sample unit"] | None:
    """States of a network on the probe batch; None if they are not finite."""
    probe = trajectories["batch"].values == 0
    states = trajectories["state"].values[network, probe].reshape(-1, trajectories.sizes["unit"]).astype(np.float64)
    return states if np.isfinite(states).all() and np.ptp(states) > 0 else None


def _stack(rows: list[dict[str, Any]], key: str, shape: tuple[int, ...] = (), dtype: Any = np.float64) -> np.ndarray:
    stacked = np.empty((len(rows), *shape), dtype=dtype)
    for place, row in enumerate(rows):
        stacked[place] = row[key]
    return stacked
