"""Descend beside settle on the ideal cube, the ideal line and a trained network; shards, inputs, networks that are not finite."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import yaml
from scipy.spatial.distance import cdist

from oracles import LineCell, as_store, cube_store
from rnnpop import names
from rnnpop.stages.descend import descend
from rnnpop.stages.record import record
from rnnpop.stages.settle import settle
from rnnpop.stages.train import train
from rnnpop.statistics.slow_points import SlowPoints
from rnnpop.tasks.context_integration import ContextIntegration
from rnnpop.variants import load

CONFIG = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text())
SETTINGS = CONFIG["descend"] | {"starts": 60, "learning_rate": 0.01, "iterations": 600, "every": 100}
GIVEN: dict[str, Any] = {"study": "s", "seed": 1, "device": "cpu"}


def test_starts_in_the_cube_end_at_fixed_points_that_newton_finds() -> None:
    """Below q = 1e-12 an end is within |F(h) − h| / η ≈ 3e-5 of a root; each is one of the 8 corners, around which states were seen."""
    cell, networks, trajectories, task = cube_store()
    found = descend(
        networks, trajectories, task, cell, settings=SETTINGS | {"iterations": 1500, "tolerance": 1e-12, "outlier": 10.0}, **GIVEN
    )
    names.check(found, "descend")
    roots = settle(networks, trajectories, task, cell, settings=CONFIG["settle"], **GIVEN)
    assert found.sizes["fixed_point"] > 50
    assert cdist(found["state"].values, roots["state"].values).min(axis=1).max() < 1e-4
    kept = found.isel(fixed_point=np.flatnonzero(found["kept"].values))
    assert len(np.unique(np.sign(kept["outputs"].values), axis=0)) == kept.sizes["fixed_point"] == 8
    assert (kept["unstable"] == 0).all()
    np.testing.assert_allclose(np.abs(kept["eigenvalue"].values[:, :3]), 0.8, atol=1e-3)
    np.testing.assert_allclose(found["speed"] ** 2, cell.units * found["mean_squared_step"], rtol=1e-12)
    states = trajectories["state"].values[0, :32].reshape(-1, cell.units)[found["start"].values]
    np.testing.assert_allclose(np.linalg.norm(found["state"].values - states, axis=1), found["displacement"], rtol=1e-12)


def test_counts_and_looks_agree_with_the_ends() -> None:
    cell, networks, trajectories, task = cube_store()
    found = descend(networks, trajectories, task, cell, settings=SETTINGS | {"iterations": 250, "examined": 3}, **GIVEN)
    step = found["mean_squared_step"].values
    assert found["starts"].item() == 60
    assert found["below"].values[0, 0].tolist() == [(step < tolerance).sum() for tolerance in SETTINGS["tolerances"]]
    assert found["iteration"].values.tolist() == [1, 100, 200]
    assert (np.diff(found["mean_loss"].values[0, 0]) < 0).all()
    assert found["kept"].sum() <= found["distinct"].item() <= len(step)
    looked = ~np.isnan(found["eigenvalue"].values).any(axis=1)
    assert looked.sum() == min(3, found["kept"].sum())
    assert (found["kept"].values[looked]).all()
    np.testing.assert_array_equal(np.isnan(found["unstable"].values), ~looked)


@pytest.fixture(scope="module")
def line() -> dict[str, xr.Dataset]:
    cell, task = LineCell(), ContextIntegration(probe_trials=16)
    networks = as_store(cell, [cell.init(np.random.default_rng(0), 4, 1)])
    trajectories = record(networks, task, cell, names={"task": "context_integration"}, seed=1)
    settings = SETTINGS | {"starts": 0, "iterations": 1000, "unique": 0.01, "outlier": 1.0}
    found = descend(networks, trajectories, task, cell, settings=settings, **GIVEN)
    points = settle(networks, trajectories, task, cell, settings=CONFIG["settle"] | {"starts": 8, "rounds": 1}, **GIVEN)
    return {"networks": networks, "trajectories": trajectories, "slow_points": found, "fixed_points": points}


def test_a_line_is_covered_by_slow_points(line: dict[str, xr.Dataset]) -> None:
    """The aligned line: states run along r₁ alone, so do slow points; the first eigenvalue is 1, the others are those of the map."""
    found = SlowPoints().describe(line)
    names.check(found, "describe")
    assert found["slow_starts"] == line["slow_points"]["start"].max() + 1
    assert found["slow_ends"] == found["slow_starts"]
    for column in ("slow_participation", "slow_explained_1", "slow_in_states", "slow_coverage", "slow_range", "slow_modulus"):
        np.testing.assert_allclose(found[column], 1, atol=0.05, err_msg=column)
    assert found["slow_time_constant_1"] > 1e6
    np.testing.assert_allclose(found["slow_time_constant_2"], -1 / np.log(0.85), rtol=1e-6)


def test_what_surrounds_one_fixed_point_has_no_shape(line: dict[str, xr.Dataset]) -> None:
    """Ends of descents that lie within 1 % of the spread of states are one point, though their own scatter be along a line."""
    points = line["slow_points"]
    found = SlowPoints().describe(line | {"slow_points": points.assign(state=0.01 * points["state"])})
    assert found["slow_kept"] > 10
    assert found["slow_range"] < 0.02
    for column in ("slow_participation", "slow_explained_1", "slow_explained_3", "slow_in_states", "slow_readout_cosine"):
        assert np.isnan(found[column]).all(), column


def test_inputs_are_those_asked_for(line: dict[str, xr.Dataset]) -> None:
    cell, task = LineCell(), ContextIntegration(probe_trials=16)
    stills = list(task.still_inputs())
    assert line["slow_points"]["still"].values.tolist() == stills[:1]
    settings = SETTINGS | {"starts": 5, "iterations": 3, "tolerance": 1e3}
    given: dict[str, Any] = {"networks": line["networks"], "trajectories": line["trajectories"], "task": task, "cell": cell}
    found = descend(**given, settings=settings | {"inputs": stills[::-1]}, **GIVEN)
    assert found["still"].values.tolist() == stills[::-1]
    assert found["node"].values.tolist() == list(range(5 * len(stills)))
    with pytest.raises(ValueError, match=r"descend\.inputs: 'nothing' is no still input of this task; it has: "):
        descend(**given, settings=settings | {"inputs": ["nothing"]}, **GIVEN)


@pytest.fixture(scope="module")
def memories() -> tuple[Any, Any, xr.Dataset, xr.Dataset, xr.Dataset]:
    """Two trained memories of one bit: cell, task, networks, trajectories, Newton's points."""
    cell, task = load("cells", {"kind": "gru", "units": 10}), load("tasks", {"kind": "flip_flop", "channels": 1, "steps": 20})
    learner = load("learners", {"kind": "adam", "learning_rate": 0.02, "steps": 200, "batch": 32, "clip": 0.5})
    labels = {"task": "flip_flop", "cell": "gru", "learner": "adam"}
    networks = train(task, cell, learner, study="s", names=labels, indexes=[0, 1], factors={"architecture": "gru"}, seed=6, device="cpu")
    trajectories = record(networks, task, cell, names=labels, seed=6)
    return cell, task, networks, trajectories, settle(networks, trajectories, task, cell, settings=CONFIG["settle"], **GIVEN)


@pytest.mark.parametrize("precision", ["double", "single"])
def test_a_trained_network_has_its_newton_points_among_the_ends_whatever_its_shard(
    memories: tuple[Any, Any, xr.Dataset, xr.Dataset, xr.Dataset], precision: str
) -> None:
    """Two networks, together and alone, are the same to the bit; ends of q < 1e-9 are within reach of one of Newton's points."""
    cell, task, networks, trajectories, roots = memories
    settings = SETTINGS | {"starts": 40, "precision": precision, "outlier": 10.0, "noise": 0.1}

    def made(rows: list[int]) -> xr.Dataset:
        return descend(networks.isel(network=rows), trajectories.isel(network=rows), task, cell, settings=settings, **GIVEN)

    together, alone = made([0, 1]), made([1])
    mine = together.isel(network=[1], fixed_point=np.flatnonzero(together["owner"].values == networks["network"].values[1]))
    xr.testing.assert_identical(mine, alone)
    for name in networks["network"].values:
        own = (together["owner"].values == name) & (together["mean_squared_step"].values < 1e-9)
        exact = roots["state"].values[(roots["owner"].values == name) & (roots["kind"].values == "fixed")]
        assert own.sum() >= 20
        assert cdist(together["state"].values[own], exact).min(axis=1).max() < 0.02


def test_a_network_that_is_not_finite_has_no_points() -> None:
    cell, networks, trajectories, task = cube_store()
    trajectories = trajectories.copy(deep=True)
    trajectories["state"][0, 0, 3] = np.nan
    found = descend(networks, trajectories, task, cell, settings=SETTINGS, **GIVEN)
    names.check(found, "descend")
    assert found.sizes["fixed_point"] == found["starts"].item() == found["below"].values.sum() == 0
    assert np.isnan(found["mean_loss"]).all()


def test_where_nothing_is_slow_there_are_no_points() -> None:
    """No step at all is made: the states themselves move."""
    cell, networks, trajectories, task = cube_store()
    found = descend(networks, trajectories, task, cell, settings=SETTINGS | {"iterations": 1, "tolerance": 1e-12}, **GIVEN)
    names.check(found, "descend")
    assert found.sizes["fixed_point"] == found["distinct"].item() == 0
