"""Survey: fields of a map that is known, real states beside the grid, and the laws of a stage."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
import xarray as xr

import session_stores as synthetic
from rnnpop import names
from rnnpop.cells.vanilla import Vanilla
from rnnpop.stages.survey import grid, survey

CELL = Vanilla(2 * synthetic.COPIES)
SETTINGS = {"grid": 7, "visits": 40, "bins": 5, "path": 500}
KINDS = ("published", "hasty", "diverged")


@dataclasses.dataclass(frozen=True)
class Linear:
    """h' = s W h + A x: what a vanilla cell would be without its activation."""

    units: int
    scale: float = 1.0

    def step(self, parameters: dict[str, torch.Tensor], still: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        return self.scale * state @ parameters["recurrent_weights"][0].T + still @ parameters["input_weights"][0].T


def stores(kinds: tuple[str, ...] = KINDS) -> tuple[xr.Dataset, xr.Dataset]:
    return synthetic.networks(kinds), synthetic.sessions(kinds)


def test_it_keeps_the_promise_of_its_schema_and_touches_nothing() -> None:
    """Every store is left as it was, to the bit."""
    networks, sessions = stores()
    before = networks.copy(deep=True), sessions.copy(deep=True)
    surveyed = survey(networks, sessions, synthetic.TASK, CELL, settings=SETTINGS)
    names.check(surveyed, "survey")
    assert dict(surveyed.sizes) | {"point": 49, "visit": 40, "bin": 5, "still": 6, "network": 3} == dict(surveyed.sizes)
    xr.testing.assert_identical(networks, before[0])
    xr.testing.assert_identical(sessions, before[1])
    assert np.isnan(surveyed.isel(network=2).drop_vars("index")["flow"].values).all()
    assert all(np.isnan(surveyed[name].values[2]).all() for name in names.SCHEMAS["survey"].variables)
    assert all(np.isfinite(surveyed[name].values[:2]).all() for name in names.SCHEMAS["survey"].variables)


def test_flow_and_speed_are_those_of_a_known_linear_map() -> None:
    """G = (W − 1) h + A x at centre + plane · place, whole and in the plane; and at the visited states (1e-12)."""
    networks, sessions = stores(("published",))
    surveyed = survey(networks, sessions, synthetic.TASK, Linear(6), settings=SETTINGS).isel(network=0)
    own = synthetic.parameters("published")
    played = sessions["state"].values[0].reshape(-1, 6).astype(float)
    visited = played[np.linspace(0, len(played) - 1, 40).astype(int)]
    plane, centre = surveyed["plane"].values, surveyed["centre"].values
    np.testing.assert_allclose(plane.T @ plane, np.eye(2), atol=1e-12)
    np.testing.assert_allclose(surveyed["visited"], (visited - centre) @ plane, atol=1e-12)
    for places, flow, speed in (
        (centre + surveyed["position"].values @ plane.T, "flow", "speed"),
        (visited, "visited_flow", "visited_speed"),
    ):
        for number, still in enumerate(synthetic.TASK.still_inputs().values()):
            step = places @ (own["recurrent_weights"][0] - np.eye(6)).T + own["input_weights"][0] @ still
            np.testing.assert_allclose(surveyed[flow].values[number], step @ plane, atol=1e-12)
            np.testing.assert_allclose(surveyed[speed].values[number], np.linalg.norm(step, axis=1), atol=1e-12)


def test_the_slow_path_holds_the_slowest_states_of_every_belief() -> None:
    """No state of a bin is slower, some state of it is as slow, and beliefs rise from bin to bin."""
    networks, sessions = stores(("published",))
    whole = SETTINGS | {"path": sessions["state"][0, :, :, 0].size}
    surveyed = survey(networks, sessions, synthetic.TASK, CELL, settings=whole).isel(network=0)
    states = torch.from_numpy(sessions["state"].values[0].reshape(-1, 6).astype(float))
    own = synthetic.parameters("published")
    step = torch.tanh(states @ torch.from_numpy(own["recurrent_weights"][0]).T) - states
    speeds = step.norm(dim=1).numpy()
    path = surveyed["path_speed"].values
    assert (np.diff(surveyed["path_belief"].values) > 0).all()
    np.testing.assert_allclose(path.min(), speeds.min(), atol=1e-12)
    assert np.abs(speeds[:, None] - path).min(axis=0).max() < 1e-12
    # far from the middle of the belief the only node is far, and the state moves
    assert path[2] < path[0]
    assert path[2] < path[-1]


def test_the_plane_points_to_the_right() -> None:
    """A network and its mirror image (all states and weights negative) are drawn alike."""
    networks, sessions = stores(("published",))
    mirrored_networks, mirrored = networks.copy(deep=True), sessions.copy(deep=True)
    for name in ("input_weights", "readout_weights"):
        mirrored_networks[name] = -networks[name]
    mirrored["state"] = -sessions["state"]
    first, second = (
        survey(n, s, synthetic.TASK, CELL, settings=SETTINGS) for n, s in ((networks, sessions), (mirrored_networks, mirrored))
    )
    np.testing.assert_allclose(second["plane"], -first["plane"], atol=1e-12)
    np.testing.assert_allclose(second["flow"], first["flow"], atol=1e-9)


@pytest.mark.parametrize("modulus", [0.9, 1.0, 1.01])
def test_gradients_of_a_linear_map_fall_with_its_modulus(modulus: float) -> None:
    """A scaled rotation: |λ|^lag at every lag, whatever was played (1e-10 after 300 steps of 1e-16 each)."""
    networks, sessions = stores(("published",))
    rotation = np.linalg.qr(np.random.default_rng(0).standard_normal((6, 6)))[0]
    networks["recurrent_weights"][0, -1, 0] = rotation
    surveyed = survey(networks, sessions, synthetic.TASK, Linear(6, modulus), settings=SETTINGS)
    np.testing.assert_allclose(surveyed["gradient_norm"][0], modulus ** surveyed["lag"].values, rtol=1e-10)


def test_gradients_are_products_of_jacobians_along_the_played_states() -> None:
    """g_k = g_{k−1} diag(1 − h²) W at the stored states, from the readout's direction; 1e-4: stored in float32, over 300 steps."""
    networks, sessions = stores(("hasty",))
    found = survey(networks, sessions, synthetic.TASK, CELL, settings=SETTINGS)["gradient_norm"].values[0]
    own, state = synthetic.parameters("hasty"), sessions["state"].values[0].astype(float)
    session, time = np.nonzero(sessions["trial_step"].values[0, :, 300:] >= synthetic.TASK.blanks)
    chosen = np.linspace(0, len(time) - 1, 48).astype(int)
    gradient = np.tile(np.subtract(*own["readout_weights"]), (48, 1))
    norms = [np.linalg.norm(gradient, axis=1).mean()]
    for lag in range(300):
        slope = 1 - state[session[chosen], time[chosen] + 300 - lag] ** 2
        gradient = gradient * slope @ own["recurrent_weights"][0]
        norms.append(np.linalg.norm(gradient, axis=1).mean())
    np.testing.assert_allclose(found, np.array(norms) / norms[0], rtol=1e-4)
    assert found[100] < found[20] < found[5] < 1


def test_short_sessions_have_no_gradients() -> None:
    networks, sessions = stores(("published",))
    surveyed = survey(networks, sessions.isel(time=slice(200)), synthetic.TASK, CELL, settings=SETTINGS)
    assert np.isnan(surveyed["gradient_norm"]).all()
    assert np.isfinite(surveyed["flow"]).all()


def test_a_network_does_not_know_its_shard() -> None:
    networks, sessions = stores()
    together = survey(networks, sessions, synthetic.TASK, CELL, settings=SETTINGS)
    alone = survey(networks.isel(network=[1]), sessions.isel(network=[1]), synthetic.TASK, CELL, settings=SETTINGS)
    xr.testing.assert_identical(together.isel(network=[1]), alone)


def test_the_grid_counts_who_was_near() -> None:
    """Rows of places from low to high; each point counts at its nearest place, and all points do."""
    seen = np.array([[0.0, 0.0], [1.0, 2.0], [0.49, 1.1], [0.0, 0.0]])
    position, visits = grid(seen, 3)
    np.testing.assert_array_equal(position[[0, 2, 8]], [[0, 0], [1, 0], [1, 2]])
    nearest = np.linalg.norm((seen[:, None] - position) / [0.5, 1.0], axis=2).argmin(axis=1)
    np.testing.assert_array_equal(visits, np.bincount(nearest, minlength=9) / 4)
    flat = grid(np.array([[0.0, 1.0], [2.0, 1.0]]), 3)
    np.testing.assert_array_equal(flat[1], [0.5, 0, 0.5, 0, 0, 0, 0, 0, 0])
