"""Descend to the slow points of the networks of a shard, by the published recipe: Adam on the mean squared step, then filters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float, Int

from rnnpop.names import identity, variable
from rnnpop.numerics.affine import Parameters, trained_parameters
from rnnpop.numerics.descent import descend as descended
from rnnpop.numerics.descent import looks, spread_along, survivors
from rnnpop.numerics.eigenvalues import UNSTABLE
from rnnpop.numerics.embeddings import mixed
from rnnpop.numerics.fixed_points import spectrum
from rnnpop.seeds import stream
from rnnpop.stages.portray import AXES, principal_axes

_PRECISIONS = {"single": torch.float32, "double": torch.float64}


def descend(
    networks: xr.Dataset, trajectories: xr.Dataset, task: Any, cell: Any, *, settings: Mapping[str, Any], study: str, seed: int, device: str
) -> xr.Dataset:
    """Ends of descents on the mean squared step q = (1/n) |F(h) − h|² that are slower than `tolerance`.

    Starts are visited states of the probe batch, drawn alike often and none twice. Each network descends alone, whatever
    its shard. Networks with non-finite states have no points. Beside every slow end stands whether the published filters keep it; of
    those that they keep, `examined` ones, spread along the direction in which they vary most, have eigenvalues.

    Nothing holds an end near the visited states, nor tells a slow point from a fixed one: see `displacement` and stage `settle`.

    Args:
        settings: the `descend` entry of config.yaml.

    Returns:
        Store of stage `descend`.

    Raises:
        ValueError: if `inputs` names a still input that the task does not have.

    Source: the tutorial of Yang & Wang 2020 by BrainPy, and Maheswaranathan et al. 2019b, which differ in their settings.
    """
    names, every = networks["network"].values, task.still_inputs()
    stills = _chosen(every, settings.get("inputs"))
    tolerances, marks = settings["tolerances"], looks(settings["iterations"], settings["every"])
    shape = (len(names), len(stills))
    starts, distinct = np.zeros(shape, dtype=np.int64), np.zeros(shape, dtype=np.int64)
    below, losses = np.zeros((*shape, len(tolerances)), dtype=np.int64), np.full((*shape, len(marks)), np.nan)
    found: list[dict[str, Any]] = []
    for network, name in enumerate(names):
        visited = _visited(trajectories, network)
        if visited is None:
            continue
        parameters, node = trained_parameters(networks, network), 0
        centre, axes, _ = principal_axes(visited)
        for place, (condition, still) in enumerate(stills.items()):
            rng = stream(seed, study, name, condition, "descend")
            rows = _drawn(len(visited), settings["starts"], rng)
            noise = settings["noise"] * rng.standard_normal((len(rows), visited.shape[1]))
            every_end, points = _descend_one(cell, parameters, mixed(parameters, still), visited[rows] + noise, settings, device)
            starts[network, place], distinct[network, place] = len(rows), points.pop("distinct")
            below[network, place] = [(every_end["mean_squared_step"] < tolerance).sum() for tolerance in tolerances]
            losses[network, place] = every_end["mean_loss"]
            number = len(points["state"])
            labels = {"owner": np.full(number, name, dtype=object), "condition": np.full(number, condition, dtype=object)}
            places = {"position": (points["state"] - centre) @ axes, "start": rows[points["start"]], "node": node + np.arange(number)}
            found.append(points | labels | places)
            node += number

    units, commands = trajectories.sizes["unit"], task.commands()

    def column(key: str, dtype: Any = np.float64, *more: int) -> np.ndarray:
        return np.concatenate([np.empty((0, *more), dtype=dtype), *(points[key] for points in found)])

    return xr.Dataset(
        {
            "state": variable(("fixed_point", "unit"), column("state", np.float64, units), "state"),
            "position": variable(
                ("fixed_point", "axis"), column("position", np.float64, AXES), "state on the principal components of the visited states"
            ),
            "mean_squared_step": variable(("fixed_point",), column("mean_squared_step"), "|F(h) - h|^2 over the number of units"),
            "speed": variable(("fixed_point",), column("speed"), "length of one step from the point, |F(h) - h|"),
            "displacement": variable(("fixed_point",), column("displacement"), "distance from the start"),
            "start": variable(
                ("fixed_point",), column("start", np.int64), "number of the visited state, in the probe batch, trial by trial"
            ),
            "kept": variable(("fixed_point",), column("kept", bool), "left by the filters: distinct, and not alone"),
            "eigenvalue": variable(
                ("fixed_point", "mode"), column("eigenvalue", complex, units), "eigenvalues of the Jacobian; NaN: not asked for"
            ),
            "unstable": variable(("fixed_point",), column("unstable"), "directions with modulus above 1 + 1e-6; NaN: not asked for"),
            "outputs": variable(("fixed_point", "output"), column("outputs", np.float64, task.outputs), "readout"),
            "starts": variable(("network", "still"), starts, "starts"),
            "below": variable(("network", "still", "tolerance"), below, "ends with a mean squared step below the tolerance"),
            "distinct": variable(("network", "still"), distinct, "ends below the tolerance that have no earlier one within the radius"),
            "mean_loss": variable(("network", "still", "iteration"), losses, "mean squared step over all starts, as the iteration saw it"),
            "still_input": variable(("still", "input"), np.stack(list(stills.values())), "constant input"),
            "command": variable(("still",), np.array([commands[name] for name in stills]), "number that the input stands for"),
        },
        coords={
            **identity(networks),
            "owner": ("fixed_point", column("owner", object)),
            "node": ("fixed_point", column("node", np.int64)),
            "condition": ("fixed_point", column("condition", object)),
            "still": np.array(list(stills), dtype=object),
            "tolerance": np.array(tolerances, dtype=float),
            "iteration": marks,
            "part": trajectories["part"],
        },
        attrs={"tolerance": settings["tolerance"]},
    )


def _descend_one(
    cell: Any,
    parameters: Parameters,
    still: Float[np.ndarray, "input"],
    starts: Float[np.ndarray, "start unit"],
    settings: Mapping[str, Any],
    device: str,
) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
    """Mean squared steps of all ends, with the mean losses; and the slow ends, by the columns of the store."""
    where = torch.device(device)
    precise = {name: value.to(where) for name, value in parameters.items()}
    x = torch.from_numpy(still).to(where)
    precision = _PRECISIONS[settings["precision"]]
    rough = {name: value.to(precision) for name, value in precise.items()}
    ended = descended(
        lambda h: cell.step(rough, x.to(precision), h),
        torch.from_numpy(starts).to(where, precision),
        **{key: settings[key] for key in ("learning_rate", "iterations", "every", "stop")},
    )
    state = ended.state.double()
    speed = (cell.step(precise, x, state) - state).norm(dim=1)
    loss = (speed.square() / state.shape[1]).cpu().numpy()
    slow = np.flatnonzero(loss < settings["tolerance"])
    points = state[torch.from_numpy(slow).to(where)]
    here = points.cpu().numpy()
    left = survivors(here, settings["unique"], settings["outlier"])
    examined = left.kept[spread_along(here[left.kept], settings["examined"])]
    eigenvalue = np.full(here.shape, np.nan, dtype=complex)
    if len(examined):
        eigenvalue[examined] = spectrum(cell.jacobian(precise, x, points[torch.from_numpy(examined).to(where)]))
    return {"mean_squared_step": loss, "mean_loss": ended.mean_loss}, {
        "state": here,
        "mean_squared_step": loss[slow],
        "speed": speed.cpu().numpy()[slow],
        "displacement": np.linalg.norm(here - starts[slow], axis=1),
        "start": slow,
        "kept": np.isin(np.arange(len(slow)), left.kept),
        "eigenvalue": eigenvalue,
        "unstable": np.where(np.isnan(eigenvalue).any(axis=1), np.nan, (np.abs(eigenvalue) > UNSTABLE).sum(axis=1)),
        "outputs": cell.readout(precise, points).cpu().numpy(),
        "distinct": len(left.distinct),
    }


def _chosen(stills: dict[str, np.ndarray], names: list[str] | None) -> dict[str, np.ndarray]:
    """The still inputs named; the first one, where none is."""
    strange = [name for name in names or [] if name not in stills]
    if strange:
        raise ValueError(f"descend.inputs: '{strange[0]}' is no still input of this task; it has: {', '.join(stills)}")
    return {name: stills[name] for name in names or list(stills)[:1]}


def _drawn(visited: int, number: int, rng: np.random.Generator) -> Int[np.ndarray, "start"]:
    """Rows of `number` visited states, rising; of all where the number is 0 or larger than theirs."""
    return np.sort(rng.choice(visited, number, replace=False)) if 0 < number < visited else np.arange(visited)


def _visited(trajectories: xr.Dataset, network: int) -> Float[np.ndarray, "sample unit"] | None:
    """States of a network on the probe batch; None if they are not finite."""
    states = trajectories["state"].values[network, trajectories["batch"].values == 0].astype(np.float64)
    return states.reshape(-1, states.shape[-1]) if np.isfinite(states).all() and np.ptp(states) > 0 else None
