"""Find the fixed and slow points of the networks of a shard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from jaxtyping import Bool, Complex, Float, Int
from torch import Tensor

from rnnpop.names import identity, variable
from rnnpop.numerics.affine import Parameters, trained_parameters
from rnnpop.numerics.directions import extended
from rnnpop.numerics.eigenvalues import UNSTABLE
from rnnpop.numerics.embeddings import mixed
from rnnpop.numerics.fixed_points import Box, Roots, merge, midpoint_starts, nearest, newton, spread_starts
from rnnpop.numerics.manifolds import slowest_at
from rnnpop.seeds import stream

_OUTCOMES = ("fixed", "slow", "outlier", "unsettled")
#: |argument of a non-smooth activation| below which a point sits on a kink.
_KINK = 1e-8
#: Starts that are searched side by side: their Jacobians stay in the cache, and later ones leave at roots that earlier ones found.
_BATCH = 64


@dataclass(frozen=True)
class Points:
    """Distinct points of one network under one constant input: fixed ones first, each kind by rising speed; or by level.

    Attributes:
        kind: fixed, slow or manifold.
        hits: starts that ended at each point.
        level: readout at which each point was sought, NaN for those of the free search.
        ends: starts by outcome.
    """

    state: Float[np.ndarray, "point unit"]
    speed: Float[np.ndarray, "point"]
    eigenvalue: Complex[np.ndarray, "point mode"]
    index: Int[np.ndarray, "point"]
    kind: np.ndarray
    hits: Int[np.ndarray, "point"]
    level: Float[np.ndarray, "point"]
    ends: dict[str, int]

    @property
    def fixed(self) -> Bool[np.ndarray, "point"]:
        return self.kind == "fixed"


def settle(
    networks: xr.Dataset, trajectories: xr.Dataset, task: Any, cell: Any, *, settings: Mapping[str, Any], study: str, seed: int, device: str
) -> xr.Dataset:
    """Fixed points (|F(h) − h| ≤ tolerance · √n) and, apart from them, slow points of every network under every still input.

    Each network is searched alone, whatever its shard; float64. Starts are spread over convex combinations of visited states, then
    over midpoints of the stable points found. Networks with non-finite states have no points.

    Where the task has `levels`, the slowest point at each of these readouts follows, of kind `manifold`.

    Args:
        settings: the `settle` entry of config.yaml.

    Returns:
        Store of stage `settle`; `starts` says how many starts ended where, `index_sum` is Σ sign det(I − J) over the fixed
        points under each still input, to be held against 1 where `invariant_box` is true.
    """
    names = networks["network"].values
    rows: list[dict[str, Any]] = []
    ends = np.zeros((len(names), len(_OUTCOMES)), dtype=np.int64)
    stills, commands, levels = task.still_inputs(), task.commands(), task.levels()
    sums = np.full((len(names), len(stills)), np.nan)
    for network, name in enumerate(names):
        visited = _visited(trajectories, network)
        if visited is None:
            continue
        parameters = trained_parameters(networks, network)
        for number, (condition, still) in enumerate(stills.items()):
            rng = stream(seed, study, name, condition, "starts")
            felt = mixed(parameters, still)
            points = search(cell, parameters, felt, visited, settings, rng, device)
            ends[network] += [points.ends[outcome] for outcome in _OUTCOMES]
            found = _rows(cell, parameters, felt, points)
            sums[network, number] = sum(row["index_sign"] for row in found if row["kind"] == "fixed")
            if len(levels):
                under = _visited_under(trajectories, network, np.stack(list(stills.values())), number)
                found += _rows(cell, parameters, felt, hold(cell, parameters, felt, levels, under, visited, device))
            node = sum(row["owner"] == name for row in rows)
            rows += [row | {"owner": name, "condition": condition, "node": node + place} for place, row in enumerate(found)]

    units = trajectories.sizes["unit"]
    return xr.Dataset(
        {
            "state": variable(("fixed_point", "unit"), _stack(rows, "state", (units,)), "state"),
            "speed": variable(("fixed_point",), _stack(rows, "speed"), "length of one step from the point, |F(h) - h|"),
            "kind": variable(("fixed_point",), _stack(rows, "kind", dtype=object), "fixed, slow or manifold"),
            "eigenvalue": variable(("fixed_point", "mode"), _stack(rows, "eigenvalue", (units,), complex), "eigenvalues of the Jacobian"),
            "unstable": variable(("fixed_point",), _stack(rows, "unstable", dtype=np.int64), "directions with modulus above 1 + 1e-6"),
            "index_sign": variable(("fixed_point",), _stack(rows, "index_sign", dtype=np.int64), "sign det(I - J)"),
            "kink": variable(("fixed_point",), _stack(rows, "kink", dtype=bool), "the activation is not differentiable here"),
            "outputs": variable(("fixed_point", "output"), _stack(rows, "outputs", (task.outputs,)), "readout"),
            "hits": variable(("fixed_point",), _stack(rows, "hits", dtype=np.int64), "starts that ended here"),
            "starts": variable(("network", "outcome"), ends, "starts that ended as this"),
            "index_sum": variable(("network", "still"), sums, "sum of sign det(I - J) over fixed points"),
            "invariant_box": variable(("network",), np.full(len(names), bool(cell.invariant_box)), "theory asks for an index sum of 1"),
            "still_input": variable(("still", "input"), np.stack(list(stills.values())), "constant input"),
            "command": variable(("still",), np.array([commands[name] for name in stills]), "number that the input stands for"),
        },
        coords={
            **identity(networks),
            "owner": ("fixed_point", _stack(rows, "owner", dtype=object)),
            "node": ("fixed_point", _stack(rows, "node", dtype=np.int64)),
            "condition": ("fixed_point", _stack(rows, "condition", dtype=object)),
            "level": ("fixed_point", _stack(rows, "level")),
            "still": np.array(list(stills), dtype=object),
            "outcome": list(_OUTCOMES),
            "part": trajectories["part"],
        },
        attrs={"levels": levels.tolist()},  # a shard without any point has them too
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
    an index sum of 1 and the fixed points found do not give it, points are missing: midpoints of all pairs found are tried, then
    another round follows, with twice the starts.
    """
    where = torch.device(device)
    weights = {name: value.to(where) for name, value in parameters.items()}
    x, seen = torch.from_numpy(still).to(where), torch.from_numpy(visited).to(where)
    box, limits = Box.around(seen), _Limits.of(visited, settings)

    def step(h: Tensor) -> Tensor:
        return cell.step(weights, x, h)

    def jacobian(h: Tensor) -> Tensor:
        return cell.jacobian(weights, x, h)

    def solver(h: Tensor) -> Callable[[Tensor], Tensor]:
        return cell.newton_solver(weights, x, h)

    ended: list[tuple[Tensor, Tensor]] = []
    roots = Roots.at(seen[:0], seen[:0, 0], jacobian)

    def descend(starts: np.ndarray) -> Roots:
        """All roots found so far, those that these starts find included."""
        known = roots
        for batch in torch.from_numpy(starts).to(where).split(_BATCH):
            state, speed = newton(step, jacobian, batch, box, solver, known)
            ended.append((state, speed))
            fixed = torch.from_numpy(limits.outcome(state.cpu().numpy(), speed.cpu().numpy()) == "fixed").to(where)
            known = known.among(state[fixed], speed[fixed], limits.merge, jacobian)
        return known

    for number in [settings["starts"] * 2**done for done in range(settings["rounds"])]:
        roots = descend(spread_starts(visited, number, rng))
        roots = descend(midpoint_starts(roots.state.cpu().numpy()[roots.stable], number // 2, rng))
        if cell.invariant_box and roots.index.sum() != 1:
            roots = descend(midpoint_starts(roots.state.cpu().numpy(), number, rng, sizes=(2,)))
        if not cell.invariant_box or roots.index.sum() == 1:
            break
    state, speed = (torch.cat(part).cpu().numpy() for part in zip(*ended, strict=True))
    return _points(roots, state, speed, limits, jacobian)


def hold(
    cell: Any,
    parameters: Parameters,
    still: Float[np.ndarray, "input"],
    levels: Float[np.ndarray, "level"],
    under: Float[np.ndarray, "run unit"],
    visited: Float[np.ndarray, "sample unit"],
    device: str = "cpu",
) -> Points:
    """The slowest point of one network at each level of its first output, under one constant input; levels without one are left out.

    Args:
        under: states visited under this input, where the search starts.
        visited: states visited under all inputs, whose box it stays in.
    """
    where = torch.device(device)
    weights = {name: value.to(where) for name, value in parameters.items()}
    x, seen = torch.from_numpy(still).to(where), torch.from_numpy(under).to(where)
    normal = torch.from_numpy(extended(parameters["readout_weights"].numpy(), seen.shape[1])[0]).to(where)
    offsets = torch.from_numpy(levels).to(where) - weights["readout_bias"][0]

    def jacobian(h: Tensor) -> Tensor:
        return cell.jacobian(weights, x, h)

    box = Box.around(torch.from_numpy(visited).to(where))
    state, speed = slowest_at(lambda h: cell.step(weights, x, h), jacobian, normal, offsets, seen, box)
    sound = speed.isfinite()
    points = Roots.at(state[sound], speed[sound], jacobian)
    return Points(
        state=points.state.cpu().numpy(),
        speed=points.speed.cpu().numpy(),
        eigenvalue=points.eigenvalue,
        index=points.index,
        kind=np.full(len(points.state), "manifold", dtype=object),
        hits=np.ones(len(points.state), dtype=np.int64),
        level=levels[sound.cpu().numpy()],
        ends={},
    )


@dataclass(frozen=True)
class _Limits:
    """What a point is, by its speed and by its distance from what was visited; lengths in units of the state."""

    centre: Float[np.ndarray, "unit"]
    reach: float
    fixed: float
    slow: float
    merge: float

    @classmethod
    def of(cls, visited: Float[np.ndarray, "sample unit"], settings: Mapping[str, Any]) -> _Limits:
        centre = visited.mean(0)
        return cls(
            centre=centre,
            reach=settings["outlier"] * np.linalg.norm(visited - centre, axis=1).max(),
            fixed=settings["tolerance"] * visited.shape[1] ** 0.5,
            slow=settings["slow"],
            merge=settings["merge"] * float(np.median(np.linalg.norm(visited, axis=1))),
        )

    def outcome(self, state: Float[np.ndarray, "start unit"], speed: Float[np.ndarray, "start"]) -> np.ndarray:
        finite = np.isfinite(state).all(1) & np.isfinite(speed)
        far = finite & (np.linalg.norm(state - self.centre, axis=1) > self.reach)
        return np.select([~finite, far, speed <= self.fixed, speed <= self.slow], ["unsettled", "outlier", "fixed", "slow"], "unsettled")


def _points(roots: Roots, state: np.ndarray, speed: np.ndarray, limits: _Limits, jacobian: Callable[[Tensor], Tensor]) -> Points:
    """The roots and, apart from them, the distinct slow points."""
    outcome = limits.outcome(state, speed)
    slow = np.flatnonzero(outcome == "slow")
    kept, owner = merge(state[slow], speed[slow], limits.merge)
    like = roots.state
    smear = Roots.at(torch.from_numpy(state[slow[kept]]).to(like), torch.from_numpy(speed[slow[kept]]).to(like), jacobian)
    every = [(roots, nearest(state[outcome == "fixed"], roots.state.cpu().numpy())), (smear, owner)]
    order = np.concatenate([np.argsort(roots.speed.cpu().numpy(), kind="stable"), len(roots.state) + np.arange(len(kept))])

    def column(values: list[np.ndarray]) -> np.ndarray:
        return np.concatenate(values)[order]

    return Points(
        state=column([kind.state.cpu().numpy() for kind, _ in every]),
        speed=column([kind.speed.cpu().numpy() for kind, _ in every]),
        eigenvalue=column([kind.eigenvalue for kind, _ in every]),
        index=column([kind.index for kind, _ in every]),
        kind=np.array(["fixed"] * len(roots.state) + ["slow"] * len(kept), dtype=object),
        hits=column([np.bincount(owner, minlength=len(kind.state)) for kind, owner in every]),
        level=np.full(len(order), np.nan),
        ends={name: int((outcome == name).sum()) for name in _OUTCOMES},
    )


def _rows(cell: Any, parameters: Parameters, still: np.ndarray, points: Points) -> list[dict[str, Any]]:
    """One row of the store for each point."""
    states = torch.from_numpy(points.state)
    outputs = cell.readout(parameters, states).numpy()
    arguments = cell.arguments(parameters, torch.from_numpy(still), states)
    kinks = np.zeros(len(states), dtype=bool) if arguments is None else (arguments.abs() < _KINK).any(-1).numpy()
    return [
        {
            "state": points.state[place],
            "speed": points.speed[place],
            "kind": points.kind[place],
            "level": points.level[place],
            "eigenvalue": points.eigenvalue[place],
            "unstable": int((np.abs(points.eigenvalue[place]) > UNSTABLE).sum()),
            "index_sign": int(points.index[place]),
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


def _visited_under(trajectories: xr.Dataset, network: int, stills: Float[np.ndarray, "still input"], still: int) -> np.ndarray:
    """States of a network, on the probe batch and in the trials for pictures, where the mean input is nearest to this still input."""
    own = nearest(trajectories["inputs"].values.astype(np.float64).mean(axis=1), stills) == still
    shown = own & (trajectories["batch"].values != 1)
    return trajectories["state"].values[network, shown].reshape(-1, trajectories.sizes["unit"]).astype(np.float64)


def _stack(rows: list[dict[str, Any]], key: str, shape: tuple[int, ...] = (), dtype: Any = np.float64) -> np.ndarray:
    stacked = np.empty((len(rows), *shape), dtype=dtype)
    for place, row in enumerate(rows):
        stacked[place] = row[key]
    return stacked
