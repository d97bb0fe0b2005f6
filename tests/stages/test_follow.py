"""Follow, on maps whose long runs are known."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

import review_corpus
from oracles import HopfCell, as_store, cube_store
from rnnpop import names
from rnnpop.cells import Cell
from rnnpop.stages.follow import follow
from rnnpop.stages.record import record
from rnnpop.tasks import Task
from rnnpop.tasks.sine import Sine
from rnnpop.variants import base, kinds, load

FOLLOW = {"lengths": 10, "perturbation": 0.1, "tolerance": 0.05}
TASK = Sine(steps=100, analysed=5)


def followed(cell: Cell, task: Task = TASK, seeds: tuple[int, ...] = (0,), **first: np.ndarray) -> xr.Dataset:
    words = task.first_embedding(np.random.default_rng(0))
    read = {} if words is None else {"embedding": words}
    drawn = [cell.init(np.random.default_rng(seed), task.inputs, task.outputs) | read | first for seed in seeds]
    networks = as_store(cell, drawn)
    trajectories = record(networks, task, cell, names={"task": "t"}, seed=1)
    found = follow(networks, trajectories, task, cell, settings=FOLLOW, study="s", seed=1)
    names.check(found, "follow")
    return found


@pytest.mark.parametrize("mu", [0.02, 0.2, 0.45])
@pytest.mark.parametrize("highest", [10.0, 30.0])
def test_the_cycle_of_the_hopf_map_is_verified(mu: float, highest: float) -> None:
    """Radius √μ and the commanded frequency. Straight lines between steps miss a crossing by up to 0.06 steps at 3.3 steps a turn, of
    the 500 that are looked at: 2.4e-4 of the frequency. The mean over turns cut at whole steps: 1 step in 500, for the amplitude."""
    task = Sine(highest=highest, steps=100, analysed=5)
    found = followed(HopfCell(mu=mu, task=task), task)
    assert found["cycle"].values.all()
    assert not found["resting"].values.any()
    np.testing.assert_allclose(1 / found["period"].values[0], found["command"], rtol=2.4e-4)
    np.testing.assert_allclose(found["radius"], np.sqrt(mu), rtol=1e-4)
    np.testing.assert_allclose(found["amplitude"], np.sqrt(mu), rtol=2e-3)
    assert float(found["dt"]) == task.dt


def test_attraction_is_the_radial_multiplier_to_the_power_of_the_steps() -> None:
    """μ so small that 500 steps leave (1 − 2μ)^500 = 0.37 of a deviation: no cycle at a tolerance of 0.05, however round it is.
    A deviation of 0.1 radii shrinks a little faster outside and slower inside: ±0.1, and the median lies between."""
    mu = 0.001
    found = followed(HopfCell(mu=mu))
    np.testing.assert_allclose(found["attraction"], (1 - 2 * mu) ** 500, rtol=0.15)
    assert (found["period_spread"] < 0.01).all()
    assert not found["cycle"].values.any()


def test_a_neutral_rotation_is_not_attracting() -> None:
    """Every circle is an orbit: a deviation within the plane stays, whatever it is in the directions that contract (up to the curve's 4e-4
    radii in 0.1)."""
    found = followed(HopfCell(units=64, mu=0.0, saturation=0.0))
    np.testing.assert_allclose(found["attraction"], 1, rtol=0, atol=0.02)
    np.testing.assert_allclose(found["radius"], 1, rtol=1e-4)
    assert not found["cycle"].values.any()
    assert not found["resting"].values.any()


def test_a_decaying_spiral_rests() -> None:
    found = followed(HopfCell(mu=-0.02))
    assert found["resting"].values.all()
    assert not found["cycle"].values.any()
    assert np.isnan(found["period"]).all()
    assert np.isnan(found["attraction"]).all()


def test_a_silent_output_leaves_the_principal_component() -> None:
    found = followed(HopfCell(), readout_weights=np.zeros((1, 6)))
    assert found["cycle"].values.all()
    np.testing.assert_allclose(1 / found["period"].values[0], found["command"], rtol=2.4e-4)
    assert (found["amplitude"] == 0).all()


def test_what_does_not_oscillate_rests() -> None:
    cell, networks, trajectories, task = cube_store()
    found = follow(networks, trajectories, task, cell, settings=FOLLOW, study="s", seed=1)
    assert found["resting"].values.all()


@pytest.mark.parametrize("kind", [kind for kind in kinds("tasks") if base("tasks", kind) != "DrivenTask"])
def test_every_task_can_be_followed(kind: str) -> None:
    """A weak GRU forgets: it rests under every still input of any task."""
    task = review_corpus.task(kind)
    found = followed(load("cells", {"kind": "gru", "units": 4, "gain": 0.5}), task)
    assert found["resting"].values.all()
    assert not found["cycle"].values.any()
    assert list(found["still"].values) == list(task.still_inputs())


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("growth", [0.01, 0.5, 3.0])
def test_a_run_that_escapes_is_not_a_number(growth: float) -> None:
    """An unbounded spiral, which is finite on the probe trials: no cycle, no rest, and nothing raised."""
    found = followed(HopfCell(mu=growth, saturation=0.0), Sine(steps=20, analysed=3))
    assert not found["cycle"].values.any()
    assert not found["resting"].values.any()
    if growth > 0.1:
        assert np.isnan(found["radius"]).all()


def test_a_network_that_is_not_finite_stays() -> None:
    cell = HopfCell()
    broken = followed(cell, initial_state=np.full(6, np.nan))
    assert np.isnan(broken["radius"]).all()
    assert np.isnan(broken["attraction"]).all()
    assert not broken["cycle"].values.any()
    assert not broken["resting"].values.any()


def test_a_network_does_not_know_its_shard() -> None:
    cell = load("cells", {"kind": "ugrnn", "units": 16, "gain": 2.5})
    networks = as_store(cell, [cell.init(np.random.default_rng(seed), 1, 1) for seed in range(3)])
    trajectories = record(networks, TASK, cell, names={"task": "t"}, seed=1)

    def run(rows: list[int]) -> xr.Dataset:
        return follow(networks.isel(network=rows), trajectories.isel(network=rows), TASK, cell, settings=FOLLOW, study="s", seed=1)

    together = run([0, 1, 2])
    assert np.isfinite(together["attraction"]).any()  # else nothing random was drawn
    xr.testing.assert_identical(together.isel(network=[1]), run([1]))
