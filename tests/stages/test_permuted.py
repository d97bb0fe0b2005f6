"""A network whose units stand in another order is the same network: to its outputs, its fixed points, and every measure of config.yaml."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr
import yaml

from rnnpop.numerics.affine import trained_parameters
from rnnpop.stages.compare import compare
from rnnpop.stages.connect import connect
from rnnpop.stages.record import record
from rnnpop.stages.represent import represent
from rnnpop.stages.settle import settle
from rnnpop.stages.train import train
from rnnpop.variants import load

CONFIG = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text())
TASKS = {
    "flip_flop": {"kind": "flip_flop", "channels": 2, "steps": 30, "criterion": 0.05, "probe_trials": 16},
    "sine": {"kind": "sine", "steps": 40, "frequencies": 6, "analysed": 5, "criterion": 0.3, "least_r2": 0.0},
    "context_integration": {"kind": "context_integration", "steps": 20, "criterion": 0.05, "probe_trials": 16, "drives": 3, "held": 5},
}
#: Order of the units after, by their places before.
UNITS = 12
ORDER = np.random.default_rng(3).permutation(UNITS)
#: Graphs of memories say nothing where there is one output, and relations between inputs nothing where there is one input.
OF_TASK = {"transition_graph": ("flip_flop",), "input_topology": ("sine", "context_integration")}
SETTLE = CONFIG["settle"] | {"starts": 128}


def permuted(networks: xr.Dataset, cell: Any) -> xr.Dataset:
    """P W Pᵀ, P A, P b, C Pᵀ; the parts of the state alike."""
    state = np.concatenate([ORDER + part * UNITS for part in range(len(cell.parts))])
    return networks.isel(target=ORDER, source=ORDER, read=ORDER, unit=state)


def analysed(networks: xr.Dataset, task: Any, cell: Any) -> dict[str, xr.Dataset]:
    """The stores that measures read."""
    given = {"study": "s", "seed": 1}
    trajectories = record(networks, task, cell, names={"task": "t"}, seed=1)
    points = settle(networks, trajectories, task, cell, settings=SETTLE | {"rounds": 2}, device="cpu", **given)
    settings = CONFIG["connect"] | {"perturbations": 64}
    transitions = connect(networks, trajectories, points, task, cell, settings=settings, **given)
    return {"trajectories": trajectories, "fixed_points": points, "transitions": transitions}


#: Every task, and states of one part and of two; the others say the same again.
PAIRS = [
    *(("flip_flop", "gru"), ("flip_flop", "lstm"), ("sine", "gru"), ("context_integration", "lstm")),
    *(pytest.param(pair, marks=pytest.mark.slow) for pair in (("sine", "lstm"), ("context_integration", "gru"))),
]


@pytest.fixture(scope="module", params=PAIRS, ids="-".join)
def pair(request: pytest.FixtureRequest) -> tuple[str, dict[str, xr.Dataset], dict[str, xr.Dataset]]:
    """Stores of a trained network, and of the same one with its units in another order."""
    name, kind = request.param
    task, cell = load("tasks", TASKS[name]), load("cells", {"kind": kind, "units": UNITS})
    learner = load("learners", {"kind": "adam", "learning_rate": 0.02, "steps": 300, "batch": 32, "clip": 0.5})
    names = {"task": "t", "cell": kind, "learner": "adam"}
    networks = train(task, cell, learner, study="s", names=names, indexes=[0], factors={"architecture": kind}, seed=6, device="cpu")
    return name, analysed(networks, task, cell), analysed(permuted(networks, cell), task, cell)


def test_outputs_and_fixed_points_are_the_same(pair: tuple[str, dict[str, xr.Dataset], dict[str, xr.Dataset]]) -> None:
    """States are kept in float32, which rounds to 6e-8; points are polished to 1e-13, and a smooth map moves them by its rounding alone."""
    _, one, other = pair
    np.testing.assert_allclose(one["trajectories"]["outputs"], other["trajectories"]["outputs"], atol=2e-6)
    np.testing.assert_array_equal(one["fixed_points"]["index_sum"], other["fixed_points"]["index_sum"])
    eigenvalues, again = (
        np.sort_complex(store["fixed_points"]["eigenvalue"].values[store["fixed_points"]["kind"].values == "fixed"].ravel())
        for store in (one, other)
    )
    np.testing.assert_allclose(eigenvalues, again, atol=1e-6)


def test_every_measure_sees_one_network(pair: tuple[str, dict[str, xr.Dataset], dict[str, xr.Dataset]]) -> None:
    """Distance 0 to 2e-6: bases on a grid (4e-9 √samples for an angle), states rounded to float32."""
    task, one, other = pair
    asked = {name: entry for name, entry in CONFIG["measures"].items() if task in OF_TASK.get(entry["kind"], (task,))}
    assert len(asked) >= 17
    for name, entry in asked.items():
        measure = load("measures", entry)
        first, second = (represent([{store: stores[store] for store in entry["reads"]}], measure) for stores in (one, other))
        distance = compare(first, second, measure)["distance"].item()
        assert abs(distance) <= 2e-6, name


def test_a_tanh_network_without_biases_is_odd() -> None:
    """F(−h, −x) = −F(h, x) to the bit, so fixed points come in pairs ±h with the same eigenvalues."""
    cell = load("cells", {"kind": "vanilla", "units": UNITS, "gain": 2.0})
    task = load("tasks", TASKS["flip_flop"])
    names = {"task": "t", "cell": "vanilla", "learner": "untrained"}
    networks = train(
        task, cell, load("learners", {"kind": "untrained"}), study="s", names=names, indexes=[0], factors={}, seed=2, device="cpu"
    )
    weights = networks["recurrent_weights"].values
    weights += weights.swapaxes(-1, -2)  # symmetric, so that there are many fixed points and no cycles
    parameters = trained_parameters(networks, 0)
    state, inputs = (torch.from_numpy(np.random.default_rng(0).standard_normal((5, size))) for size in (UNITS, 2))
    assert torch.equal(cell.step(parameters, -inputs, -state), -cell.step(parameters, inputs, state))
    points = settle(
        networks, record(networks, task, cell, names={"task": "t"}, seed=1), task, cell, settings=SETTLE, study="s", seed=1, device="cpu"
    )
    found = points["state"].values[points["kind"].values == "fixed"]
    assert len(found) > 1
    opposite = np.abs(found[:, None] + found).max(axis=2).min(axis=1)
    assert (opposite < 1e-6).all()
