"""Settle, connect and linearise on the ideal cube and the ideal line, and on networks that are not finite."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from oracles import CORNERS, CUBE, LineCell, as_store, cube_store
from rnnpop import names
from rnnpop.stages.connect import connect
from rnnpop.stages.linearise import linearise
from rnnpop.stages.record import record
from rnnpop.stages.settle import settle
from rnnpop.statistics.line_attractor import LineAttractor
from rnnpop.statistics.modes import Modes
from rnnpop.statistics.selection import Selection
from rnnpop.tasks.context_integration import ContextIntegration
from rnnpop.variants import load

SETTLE = {"starts": 256, "rounds": 2, "tolerance": 1e-8, "slow": 1e-3, "merge": 1e-3, "outlier": 2.0}
CONNECT = {"perturbations": 256, "size": 1e-3, "steps": 2000, "landed": 1e-2, "near": 0.1}
LINEARISE = {"horizons": [1, 10, 50]}
INTEGRATION = ContextIntegration(probe_trials=16)


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
    assert points["index_sum"].values.tolist() == [[1]]
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
    assert np.isnan(points["index_sum"]).all()


def on_a_line(aligned: bool, first: float = 0.0) -> dict[str, xr.Dataset]:
    """Stores of the linear line attractor, whose first state is `first` everywhere."""
    cell = LineCell(aligned=aligned)
    networks = as_store(cell, [cell.init(np.random.default_rng(0), 4, 1) | {"initial_state": np.full(cell.units, first)}])
    trajectories = record(networks, INTEGRATION, cell, names={"task": "context_integration"}, seed=1)
    # its matrix I - J is singular, so the free search has nothing to find: four starts
    points = settle(networks, trajectories, INTEGRATION, cell, settings=SETTLE | {"starts": 4}, study="s", seed=1, device="cpu")
    linear = linearise(networks, trajectories, points, INTEGRATION, cell, settings=LINEARISE)
    names.check(points, "settle")
    names.check(linear, "linearise")
    return {"fixed_points": points, "linearisations": linear}


@pytest.fixture(scope="module", params=[True, False], ids=["aligned", "random"])
def line(request: pytest.FixtureRequest) -> tuple[bool, dict[str, xr.Dataset]]:
    return request.param, on_a_line(request.param)


def test_the_line_is_found_level_by_level(line: tuple[bool, dict[str, xr.Dataset]]) -> None:
    """The readout is 1 along r₁, so the fixed point at level y is y r₁; polished to |G| = 1e-13 √n, hence 1e-11 with |(I − J)⁻¹| < 100."""
    points = line[1]["fixed_points"]
    held = points.isel(fixed_point=points["kind"].values == "manifold")
    levels = np.tile(INTEGRATION.levels(), 2)
    np.testing.assert_array_equal(held["level"], levels)
    assert held["condition"].values.tolist() == ["context 1"] * 21 + ["context 2"] * 21
    np.testing.assert_array_equal(points["node"], np.arange(points.sizes["fixed_point"]))
    assert np.isnan(points["level"].values[points["kind"].values != "manifold"]).all()
    np.testing.assert_allclose(held["outputs"].values[:, 0], levels, atol=1e-12)
    np.testing.assert_allclose(held["state"], levels[:, None] * LineCell().frame.numpy()[:, 0], atol=1e-11)


def test_the_line_is_described_as_a_line_attractor(line: tuple[bool, dict[str, xr.Dataset]]) -> None:
    found = LineAttractor().describe(line[1])
    expected = {
        "manifold_points": 21, "manifold_participation": 1, "manifold_coverage": 1, "top_modulus": 1, "top_near_one": 1,
        "second_modulus": 0.85, "arc_linearity": 1, "manifold_drift": 0, "manifold_relative_drift": 0,
    }  # fmt: skip
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=1e-9, err_msg=name)


def test_what_is_driven_along_the_line_needs_one_mode(line: tuple[bool, dict[str, xr.Dataset]]) -> None:
    """With B = r₁ every other coupling vanishes: one mode at every lag. Else several at lag 0, and one in the end."""
    aligned, stores = line
    coupling = stores["linearisations"]["coupling"].values
    found = Modes().describe(stores)
    m90 = found["m90"].values[0]
    if aligned:
        np.testing.assert_allclose(coupling[:, 0, 0, :2], 1, atol=1e-10)
        np.testing.assert_allclose(coupling[:, 1:], 0, atol=1e-10)
        np.testing.assert_array_equal(m90, 1)
        np.testing.assert_allclose(found["retained_output"], 1, atol=1e-10)
        np.testing.assert_allclose(found["cancellation_index"], 1, atol=1e-10)
    else:
        assert m90[0] > 2
        assert m90[-1] == 1
        assert found["cancellation_index"] > 1
    np.testing.assert_allclose(found["retained_output"][..., -1], 1, atol=1e-12)
    np.testing.assert_array_equal(found["m90"].sel(lag=[0, 1, 10])[0], [found[f"m90_{lag}"].item() for lag in (0, 1, 10)])
    np.testing.assert_allclose(found["time_constant_2"], -1 / np.log(0.85), rtol=1e-9)


def test_a_linear_network_is_its_own_linearisation(line: tuple[bool, dict[str, xr.Dataset]]) -> None:
    """R² = 1 at every horizon; states are kept in float32, 1e-7 of their size, and errors enter R² squared."""
    np.testing.assert_allclose(line[1]["linearisations"]["linear_r2"], 1, rtol=0, atol=1e-10)


def test_both_contexts_of_a_linear_network_are_one(line: tuple[bool, dict[str, xr.Dataset]]) -> None:
    """It cannot select: r₁ and l₁ are the same in both contexts, and l₁ B is 1 for both streams where B = r₁."""
    aligned, stores = line
    found = Selection().describe(stores)
    for angle in ("selection_angle", "right_angle"):
        np.testing.assert_allclose(found[angle], 0, atol=1e-6)  # arccos near 1 halves the digits
    np.testing.assert_allclose(found["tangent_alignment"], 1, atol=1e-9)
    if aligned:
        np.testing.assert_allclose([found[name].item() for name in ("gain_cued", "gain_uncued", "gain_ratio")], 1, atol=1e-9)


def test_a_line_whose_network_is_not_finite_has_no_numbers() -> None:
    stores = on_a_line(aligned=True, first=np.nan)
    assert stores["fixed_points"].sizes["fixed_point"] == 0
    assert np.isnan(stores["linearisations"]["linear_r2"]).all()
    for statistic in (LineAttractor(), Modes(), Selection()):
        for column in statistic.describe(stores).data_vars.values():
            assert np.isnan(column).all(), column.name


def test_lines_and_linearisations_do_not_know_their_shard() -> None:
    cell = load("cells", {"kind": "gru", "units": 6})
    networks = as_store(cell, [cell.init(np.random.default_rng(seed), 4, 1) for seed in range(3)])

    def settled(rows: list[int]) -> tuple[xr.Dataset, xr.Dataset]:
        mine = networks.isel(network=rows)
        seen = record(mine, INTEGRATION, cell, names={"task": "context_integration"}, seed=1)
        points = settle(mine, seen, INTEGRATION, cell, settings=SETTLE | {"starts": 8}, study="s", seed=1, device="cpu")
        return points, linearise(mine, seen, points, INTEGRATION, cell, settings=LINEARISE)

    name = networks["network"].values[1]
    for together, alone in zip(settled([0, 1, 2]), settled([1]), strict=True):
        mine = together.sel(network=[name]).isel(fixed_point=np.flatnonzero(together["owner"] == name))
        xr.testing.assert_identical(mine, alone)
