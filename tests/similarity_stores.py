"""Small made-up stores of a shard, for the tests of measures and of the stages that follow them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import xarray as xr

from rnnpop.names import variable

UNITS, TRIALS, STEPS, CHANNELS = 12, 4, 30, 2
STILLS = tuple(f"still {number}" for number in range(7))
CELLS = ("gru-tanh", "gru-relu", "lstm-tanh", "lstm-relu")


def network_name(number: int, group: str = "adam") -> str:
    """Numbers run over the four populations in turn."""
    return f"flip_flop/{CELLS[number % 4]}/{group}/{number // 4:05d}"


def shard(
    numbers: Sequence[int], *, group: str = "adam", status: str = "ok", permuted: bool = False, levels: Sequence[float] = ()
) -> dict[str, xr.Dataset]:
    """Stores of networks whose contents follow from their own numbers alone.

    Args:
        permuted: whether their units stand in another order.
        levels: readouts at which `manifold` points were sought.
    """
    contents = [_content(number, permuted, levels) for number in numbers]
    return _stores(contents, [network_name(number, group) for number in numbers], [status] * len(numbers), levels)


def diverged(number: int, levels: Sequence[float] = ()) -> dict[str, xr.Dataset]:
    """Stores of one network that has diverged: no finite state, no fixed point."""
    content = _content(number, False, levels)
    content["state"][:] = np.nan
    for table in ("points", "edges"):
        content[table] = {name: values[:0] for name, values in content[table].items()}
    return _stores([content], [network_name(number)], ["diverged"], levels)


def _inputs() -> np.ndarray:
    return np.random.default_rng(1).standard_normal((2 * TRIALS, STEPS, 3))


def _content(number: int, permuted: bool, levels: Sequence[float]) -> dict:
    rng = np.random.default_rng([7, number])
    inputs = _inputs()
    mixing = rng.standard_normal((3, UNITS))
    state = np.tanh(inputs @ mixing + 0.3 * rng.standard_normal((2 * TRIALS, STEPS, UNITS)))
    order = np.random.default_rng(2).permutation(UNITS) if permuted else np.arange(UNITS)
    nodes = 3**CHANNELS
    outputs = rng.choice([-1.0, 0.0, 1.0], size=(nodes, CHANNELS)) + 0.1 * rng.standard_normal((nodes, CHANNELS))
    destinations = rng.integers(-1, nodes - 1, size=(nodes, 3))
    points = rng.standard_normal((nodes, UNITS))
    weights = rng.dirichlet(np.ones(3), size=nodes).ravel()
    held = rng.standard_normal((len(STILLS) * len(levels), UNITS))
    return {
        "state": state[..., order],
        "points": {
            "state": np.concatenate([points, held])[:, order],
            "outputs": np.concatenate([outputs, np.zeros((len(held), CHANNELS))]),
            "kind": np.array(["fixed"] * (nodes - 1) + ["slow"] + ["manifold"] * len(held), dtype=object),
            "node": np.arange(nodes + len(held)),
            "hits": np.append(1 + np.arange(nodes), np.ones(len(held), dtype=int)),
            "condition": np.append(
                np.resize(np.array(STILLS, dtype=object), nodes), np.repeat(np.array(STILLS, dtype=object), len(levels))
            ),
            "level": np.append(np.full(nodes, np.nan), np.tile(np.array(levels, dtype=float), len(STILLS))),
        },
        "edges": {
            "origin": np.repeat(np.arange(nodes), 3),
            "destination": destinations.ravel(),
            "weight": weights,
            "relation": np.array((["autonomous"] * 3 * (nodes - 1)) + ["heteroclinic"] * 3, dtype=object),
        },
    }


def _stores(contents: list[dict], names: list[str], status: list[str], levels: Sequence[float]) -> dict[str, xr.Dataset]:
    architecture, activation = zip(*(name.split("/")[1].split("-") for name in names), strict=True)
    coords = {
        "network": np.array(names, dtype=object),
        "index": ("network", [int(name.rsplit("/", 1)[1]) for name in names]),
        "status": ("network", np.array(status, dtype=object)),
        "architecture": ("network", np.array(architecture, dtype=object)),
        "activation": ("network", np.array(activation, dtype=object)),
        "learner": ("network", np.array([name.split("/")[2] for name in names], dtype=object)),
    }

    def table(part: str, column: str) -> np.ndarray:
        return np.concatenate([content[part][column] for content in contents])

    def owners(part: str, column: str) -> np.ndarray:
        return np.repeat(np.array(names, dtype=object), [len(content[part][column]) for content in contents])

    state = np.stack([content["state"] for content in contents])
    points = {
        "state": variable(("fixed_point", "unit"), table("points", "state"), "state"),
        "outputs": variable(("fixed_point", "output"), table("points", "outputs"), "output"),
        "kind": variable(("fixed_point",), table("points", "kind"), "kind"),
        "hits": variable(("fixed_point",), table("points", "hits"), "hits"),
    }
    point_coords = {name: ("fixed_point", table("points", name)) for name in ("node", "condition", "level")}
    edge_coords = {name: ("edge", table("edges", name)) for name in ("origin", "destination", "relation")}
    return {
        "trajectories": xr.Dataset(
            {
                "state": variable(("network", "trial", "time", "unit"), state, "state"),
                "inputs": variable(("trial", "time", "input"), _inputs(), "input"),
            },
            coords={**coords, "batch": ("trial", np.repeat([0, 1], TRIALS))},
        ),
        "fixed_points": xr.Dataset(
            points,
            {**coords, "owner": ("fixed_point", owners("points", "node")), **point_coords, "still": np.array(STILLS, dtype=object)},
            {"levels": list(levels)},
        ),
        "transitions": xr.Dataset(
            {"weight": variable(("edge",), table("edges", "weight"), "weight")},
            {**coords, "owner": ("edge", owners("edges", "origin")), **edge_coords},
        ),
    }
