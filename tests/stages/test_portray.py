"""Portray: the picture is an isometry of what it shows, and does not depend on the shard."""

from __future__ import annotations

import numpy as np
import xarray as xr

import synthetic_population as synthetic
from rnnpop import names
from rnnpop.stages.portray import portray, principal_axes


def shard(count: int = 3) -> tuple[xr.Dataset, xr.Dataset]:
    coords = synthetic.identity("gru", "tanh", count)
    trajectories = synthetic.trajectories(coords)
    return trajectories, synthetic.fixed_points(coords, trajectories.attrs["frames"])


def test_it_keeps_the_promise_of_its_schema() -> None:
    portraits = portray(*shard())
    names.check(portraits, "portray")
    assert portraits.sizes["trial"] == 8
    assert portraits["trajectory"].dtype == np.float32
    assert set(portraits.coords) >= {"index", "status", "architecture", "activation", "condition", "command", "time", "batch"}


def test_it_shows_all_trials_for_pictures_beside_the_first_probes() -> None:
    """On the components of the probe batch alone: trials for pictures turn no axis."""
    trajectories, points = synthetic.integration_stores(synthetic.identity("gru", "tanh", 2, task="context_integration"))
    portraits = portray(trajectories, points)
    names.check(portraits, "portray")
    shown = synthetic.INTEGRATION.shown()
    np.testing.assert_array_equal(portraits["batch"], np.repeat([0, 2], [8, len(shown.input)]))
    pictured = portraits.isel(trial=portraits["batch"].values == 2)
    assert tuple(pictured["condition"].values) == shown.condition
    np.testing.assert_array_equal(pictured["command"], shown.command)
    np.testing.assert_array_equal(pictured["targets"], shown.target)
    np.testing.assert_array_equal(portraits["still"], points["condition"])
    np.testing.assert_array_equal(portraits["level"], points["level"])
    without = portray(trajectories.isel(trial=trajectories["batch"].values < 2), points)
    np.testing.assert_array_equal(without["position"], portraits["position"])


def test_distances_between_fixed_points_survive() -> None:
    """States lie in three directions but for noise of 0.02, so three components turn the cube and keep its edges to that."""
    portraits = portray(*shard(1))
    position = portraits["position"].values
    drawn = np.linalg.norm(position[:, None] - position[None], axis=-1)
    true = np.linalg.norm(synthetic.CUBE[:, None] - synthetic.CUBE[None], axis=-1)
    np.testing.assert_allclose(drawn, true, atol=0.02)


def test_points_stand_where_trajectories_rest() -> None:
    """A trial that has settled at a corner is drawn at that corner's fixed point, to the noise of the states (5 sd)."""
    trajectories, points = shard(1)
    portraits = portray(trajectories, points)
    label = trajectories["targets"].values[0, -1]
    corner = np.flatnonzero((label == synthetic.CUBE).all(axis=1))[0]
    np.testing.assert_allclose(portraits["trajectory"].values[0, 0, -1], portraits["position"].values[corner], atol=0.1)


def test_signs_and_variances_are_fixed() -> None:
    states = np.random.default_rng(0).standard_normal((200, 6)) * [5, 4, 3, 1, 1, 1]
    mean, axes, explained = principal_axes(states)
    _, mirrored, _ = principal_axes(-states)
    np.testing.assert_allclose(mirrored, axes, atol=1e-12)
    assert (np.take_along_axis(axes, np.abs(axes).argmax(axis=0)[None], axis=0) > 0).all()
    variances = ((states - mean) @ axes).var(axis=0) / states.var(axis=0).sum()
    np.testing.assert_allclose(explained, variances, rtol=1e-10)


def test_the_leading_eigenvalue_is_the_largest() -> None:
    portraits = portray(*shard(1))
    np.testing.assert_array_equal(np.abs(portraits["leading_eigenvalue"]), np.where(portraits["unstable"] > 0, 1.1, 0.8))


def test_a_diverged_network_is_nan_and_a_network_does_not_know_its_shard() -> None:
    trajectories, points = shard()
    name = trajectories["network"].values[2]
    alone = portray(trajectories.isel(network=[2]), points.isel(network=[2], fixed_point=points["owner"].values == name))
    trajectories["state"][1] = np.nan
    together = portray(trajectories, points)
    own = together["owner"].values == name
    xr.testing.assert_identical(together.isel(network=[2], fixed_point=own), alone)
    assert np.isnan(together["trajectory"].values[1]).all()
    assert np.isnan(together["explained_variance"].values[1]).all()


def test_few_units_leave_empty_axes() -> None:
    _, axes, explained = principal_axes(np.random.default_rng(0).standard_normal((50, 2)))
    assert axes.shape == (2, 3)
    assert (axes[:, 2] == 0).all()
    np.testing.assert_allclose(explained.sum(), 1, rtol=1e-12)
