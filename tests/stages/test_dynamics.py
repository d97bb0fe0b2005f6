"""Settle and connect on the ideal cube, and on networks that are not finite."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from oracles import CORNERS, CUBE, as_store, cube_store
from rnnpop import names
from rnnpop.stages.connect import connect
from rnnpop.stages.settle import settle
from rnnpop.variants import load

SETTLE = {"starts": 256, "rounds": 2, "tolerance": 1e-8, "slow": 1e-3, "merge": 1e-3, "outlier": 2.0}
CONNECT = {"perturbations": 256, "size": 1e-3, "steps": 2000, "landed": 1e-2, "near": 0.1}


@pytest.fixture(scope="module")
def cube() -> tuple[xr.Dataset, xr.Dataset]:
    cell, networks, trajectories, task = cube_store()
    points = settle(networks, trajectories, task, cell, settings=SETTLE, study="oracle", seed=1, device="cpu")
    edges = connect(networks, trajectories, points, task, cell, settings=CONNECT, study="oracle", seed=1)
    names.check(points, "settle")
    names.check(edges, "connect")
    return points, edges


def test_the_cube_is_found_and_counted(cube: tuple[xr.Dataset, xr.Dataset]) -> None:
    points, _ = cube
    assert np.bincount(points["unstable"]).tolist() == [8, 12, 6, 1]
    assert (points["kind"] == "fixed").all()
    np.testing.assert_allclose(np.abs(np.round(points["outputs"]) - points["outputs"]).max(), 0, atol=1e-9)
    assert int(points["index_sum"][0]) == 1
    assert int(points["hits"].sum()) == int(points["starts"].sel(outcome="fixed")[0])
    assert int(points["starts"].sum()) == 256 + 28 + 70 + 1


def test_an_index_k_point_reaches_its_2_to_the_k_corners_alike(cube: tuple[xr.Dataset, xr.Dataset]) -> None:
    """256 runs a point: a probability p has a standard error of √(p(1−p)/256) ≤ 0.032; four of them. None reaches a saddle."""
    points, edges = cube
    pattern = np.round(points["outputs"].values)
    for node in range(27):
        row = edges.isel(edge=np.flatnonzero((edges["relation"] == "autonomous") & (edges["origin"] == node)))
        unstable = int(points["unstable"][node])
        corners = {tuple(corner) for corner in CORNERS if np.all((pattern[node] == 0) | (pattern[node] == corner))}
        assert {tuple(pattern[d]) for d in row["destination"].values} == corners
        np.testing.assert_allclose(row["weight"], 0.5**unstable, atol=4 * 0.032 if unstable else 0)


def test_an_eigenvector_leads_to_the_neighbour_with_one_zero_less(cube: tuple[xr.Dataset, xr.Dataset]) -> None:
    """Edge points alone have an exact answer, their two corners: degenerate eigenvalues leave the others' directions free."""
    points, edges = cube
    pattern = np.round(points["outputs"].values)
    for node in np.flatnonzero(points["unstable"] == 1):
        row = edges.isel(edge=np.flatnonzero((edges["relation"] == "heteroclinic") & (edges["origin"] == node)))
        reached = pattern[row["destination"].values]
        assert len(reached) == 2
        assert (np.abs(reached - pattern[node]).sum(1) == 1).all()
        np.testing.assert_allclose(row["weight"], 0.5)


def test_pulses_set_their_bit(cube: tuple[xr.Dataset, xr.Dataset]) -> None:
    points, edges = cube
    pattern = np.round(points["outputs"].values)
    driven = edges.isel(edge=np.flatnonzero(edges["relation"] == "input"))
    assert driven.sizes["edge"] == 8 * 6
    for edge in range(driven.sizes["edge"]):
        channel, sign = str(driven["condition"].values[edge])[7:].split(":")
        expected = pattern[driven["origin"].values[edge]].copy()
        expected[int(channel)] = float(sign)
        assert tuple(pattern[driven["destination"].values[edge]]) == tuple(expected)
    assert len(CUBE) == points.sizes["fixed_point"]


def test_a_network_does_not_know_its_shard() -> None:
    """Points and edges of a network are the same to the bit alone and beside others."""
    cell = load("cells", {"kind": "gru", "units": 6})
    task = load("tasks", {"kind": "flip_flop"})
    drawn = [cell.init(np.random.default_rng(seed), 3, 3) for seed in range(3)]
    stores = as_store(cell, drawn)
    rng = np.random.default_rng(8)
    trajectories = xr.Dataset(
        {"state": (("network", "trial", "time", "unit"), rng.uniform(-1, 1, (3, 4, 20, 6)).astype(np.float32))},
        coords={
            "network": stores["network"],
            "batch": ("trial", [0, 0, 1, 1]),
            "part": ("unit", np.array(["hidden"] * 6, dtype=object)),
        },
    )

    def both(rows: list[int]) -> tuple[xr.Dataset, xr.Dataset]:
        nets, seen = stores.isel(network=rows), trajectories.isel(network=rows)
        points = settle(nets, seen, task, cell, settings=SETTLE, study="s", seed=1, device="cpu")
        return points, connect(nets, seen, points, task, cell, settings=CONNECT | {"steps": 200}, study="s", seed=1)

    together, alone = both([0, 1, 2]), both([1])
    name = stores["network"].values[1]
    for all_three, one in zip(together, alone, strict=True):
        dim = "fixed_point" if "fixed_point" in one.dims else "edge"
        mine = all_three.sel(network=[name]).isel({dim: np.flatnonzero(all_three["owner"] == name)})
        xr.testing.assert_identical(mine, one)


def test_a_network_that_is_not_finite_stays_with_no_points() -> None:
    cell, networks, trajectories, task = cube_store()
    trajectories = trajectories.copy(deep=True)
    trajectories["state"][:] = np.nan
    points = settle(networks, trajectories, task, cell, settings=SETTLE, study="oracle", seed=1, device="cpu")
    edges = connect(networks, trajectories, points, task, cell, settings=CONNECT, study="oracle", seed=1)
    names.check(points, "settle")
    assert points.sizes["fixed_point"] == edges.sizes["edge"] == 0
    assert points["network"].size == edges["network"].size == 1
    assert np.isnan(points["index_sum"][0])
