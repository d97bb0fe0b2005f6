"""Slow dynamics and circuits of networks: the published two-unit systems by the house's own search, and the contract of statistics."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import xarray as xr

import session_stores as synthetic
from rnnpop import names
from rnnpop.cells.vanilla import Vanilla
from rnnpop.figures.dynamics import Dynamics
from rnnpop.names import variable
from rnnpop.numerics.eigenvalues import time_constant
from rnnpop.seeds import stream
from rnnpop.stages.describe import describe
from rnnpop.stages.linearise import linearise
from rnnpop.stages.settle import search, settle
from rnnpop.stages.survey import survey
from rnnpop.statistics.circuit import Circuit
from rnnpop.statistics.slow_dynamics import SlowDynamics, nearest_to_one
from rooms.test_figures import texts

SEARCH = {"starts": 64, "rounds": 2, "tolerance": 1e-8, "slow": 1e-3, "merge": 1e-3, "outlier": 2.0}
CELL = Vanilla(2 * synthetic.COPIES)

#: Distilled networks as published: of the vanilla network, and of the leaky one.
NODE = np.array([[0.54, 0.31], [0.19, 0.84]])
PAIR = np.array([[0.59, 0.28], [0.18, 0.90]])


def zero_input_points(recurrent: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """States and eigenvalues of the fixed points of z' = tanh(A z), found by `settle`'s search."""
    parameters = {
        "input_weights": torch.from_numpy(synthetic.INPUT[None]),
        "recurrent_weights": torch.from_numpy(recurrent[None]),
        "bias": torch.zeros((1, 2), dtype=torch.float64),
        "readout_weights": torch.tensor([[-3.0, 0], [3, 0]], dtype=torch.float64),
        "readout_bias": torch.zeros(2, dtype=torch.float64),
    }
    visited = np.random.default_rng(0).uniform(-0.7, 0.7, (400, 2))
    points = search(Vanilla(2), parameters, np.zeros(3), visited, SEARCH, stream(0, "published"))
    order = np.argsort(points.state[points.fixed, 0])
    return points.state[points.fixed][order], points.eigenvalue[points.fixed][order]


def test_the_published_network_has_one_node() -> None:
    """|λ| and time constants to the digits that the specification gives."""
    states, eigenvalues = zero_input_points(NODE)
    np.testing.assert_allclose(states, np.zeros((1, 2)), atol=1e-10)
    np.testing.assert_allclose(eigenvalues[0], [0.97531, 0.40469], atol=5e-6)
    np.testing.assert_allclose([time_constant(abs(value)) for value in eigenvalues[0]], [40.0, 1.105], rtol=5e-4)


def test_the_published_leaky_network_has_a_saddle_between_two_nodes() -> None:
    states, eigenvalues = zero_input_points(PAIR)
    np.testing.assert_allclose(states, [[-0.1621, -0.2425], [0, 0], [0.1621, 0.2425]], atol=5e-5)
    np.testing.assert_allclose(eigenvalues[1], [1.01781, 0.47219], atol=5e-6)
    np.testing.assert_allclose(eigenvalues[[0, 2]], np.tile([0.9653, 0.4563], (2, 1)), atol=5e-5)
    assert np.isnan(time_constant(abs(eigenvalues[1, 0])))
    np.testing.assert_allclose(time_constant(abs(eigenvalues[1, 1])), 1.333, atol=5e-4)


def test_time_constants_end_at_one() -> None:
    """x(t) = λ^t falls to 1/e after the time constant (1e-12); none at 1 or above, 0 at 0."""
    np.testing.assert_allclose(0.9 ** time_constant(0.9), np.exp(-1), rtol=1e-12)
    assert np.isnan([time_constant(1.0), time_constant(1.5), time_constant(np.nan)]).all()
    assert time_constant(0.0) == 0
    assert nearest_to_one(1j * np.array([[0.5, 0.4], [1.01, 0.2], [0.95, 0.1], [0.0, 0.0]])) == 1


def shard(kinds: tuple[str, ...]) -> dict[str, xr.Dataset]:
    """All stores of networks that played, settled by the stages themselves on their own sessions."""
    networks, sessions = synthetic.networks(kinds), synthetic.sessions(kinds)
    number = sessions.sizes["session"]
    empty = np.array([""] * number, dtype=object)
    trajectories = xr.Dataset(
        {
            "state": variable(("network", "trial", "time", "unit"), sessions["state"].values, "state"),
            "inputs": variable(("trial", "time", "input"), np.nan_to_num(sessions["inputs"].values[0]), "input"),
        },
        {
            **names.identity(networks),
            "batch": ("trial", np.zeros(number, dtype=int)),
            "condition": ("trial", empty),
            "part": sessions["part"],
        },
    )
    points = settle(networks, trajectories, synthetic.TASK, CELL, settings=SEARCH, study="test", seed=0, device="cpu")
    linear = linearise(networks, trajectories, points, synthetic.TASK, CELL, settings={"horizons": [1]})
    fields = survey(networks, sessions, synthetic.TASK, CELL, settings={"grid": 5, "visits": 10, "bins": 5, "path": 500})
    return {"networks": networks, "sessions": sessions, "fixed_points": points, "linearisations": linear, "fields": fields}


@pytest.fixture(scope="module")
def stores() -> dict[str, xr.Dataset]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(synthetic.KINDS, "bistable", (3.0, 1.05))
        return shard(("published", "bistable", "forgetful", "silent", "diverged"))


@pytest.fixture(scope="module")
def slow(stores: dict[str, xr.Dataset]) -> xr.Dataset:
    return SlowDynamics().describe(stores)


def test_networks_are_told_apart(slow: xr.Dataset) -> None:
    """The distilled matrix has a node; 1.05 times it, with an eigenvalue of 1.024, a saddle and a pair; no weights, no memory."""
    np.testing.assert_array_equal(slow["zero_input_fixed"], [1, 3, 1, 1, np.nan])
    np.testing.assert_array_equal(slow["zero_input_stable"], [1, 2, 1, 1, np.nan])
    np.testing.assert_array_equal(slow["zero_input_saddles"], [0, 1, 0, 0, np.nan])
    np.testing.assert_array_equal(slow["single_node"], [1, 0, 1, 1, np.nan])
    np.testing.assert_array_equal(slow["bistable"], [0, 1, 0, 0, np.nan])
    np.testing.assert_array_equal(slow["zero_input_complete"], [1, 1, 1, 1, np.nan])
    np.testing.assert_array_equal(slow["stable_blank"], slow["zero_input_stable"])
    np.testing.assert_array_equal(slow["neither_node_nor_bistable"], [0, 0, 0, 0, np.nan])


def test_the_published_counts_are_looked_for_under_every_input(stores: dict[str, xr.Dataset], slow: xr.Dataset) -> None:
    """The pair network has one point under left and right, two without input, but feedback leaves one; with two, all is there."""
    np.testing.assert_array_equal([slow[f"stable_{still}"][1] for still in synthetic.TASK.still_inputs()], [1, 2, 1, 1, 2, 1])
    np.testing.assert_array_equal(slow["stable_as_published"], [0, 0, 0, 0, np.nan])
    condition = stores["fixed_points"]["condition"].values
    blank = np.flatnonzero(condition == "blank")
    seen = np.flatnonzero(np.isin(condition, ["left", "neither", "right"]))
    rows, names_ = np.concatenate([seen, blank, blank, blank]), np.repeat(["wrong", "blank", "correct"], len(blank)).astype(object)
    doctored = {name: stores[name].isel(fixed_point=rows) for name in ("fixed_points", "linearisations")}
    for store in doctored.values():
        store["condition"] = ("fixed_point", np.concatenate([condition[seen], names_]))
    np.testing.assert_array_equal(SlowDynamics().describe(stores | doctored)["stable_as_published"], [0, 1, 0, 0, np.nan])


def test_time_constants_are_those_of_the_matrix(slow: xr.Dataset) -> None:
    """Copies of units only add eigenvalues of 0; digits as published. A saddle has none, its pair has; trials are its own."""
    np.testing.assert_allclose(slow["leading_modulus"][:3], [0.97531, 1.05 * 0.97531, 0], atol=1e-5)
    np.testing.assert_allclose(slow["leading_time_constant"][0], 40.0, rtol=5e-4)
    np.testing.assert_allclose(slow["second_time_constant"][0], 1.105, rtol=5e-4)
    assert np.isnan(slow["leading_time_constant"][1])
    assert 0.9 < slow["stable_modulus"][1] < 1
    np.testing.assert_allclose(np.exp(-1 / slow["stable_time_constant"][1]), slow["stable_modulus"][1], rtol=1e-12)
    np.testing.assert_allclose(
        slow["leading_time_constant_trials"][0] * slow["trial_steps"][0], slow["leading_time_constant"][0], rtol=1e-12
    )
    # a network that never acts waits to the end of every trial
    assert slow["trial_steps"][3] == synthetic.TASK.blanks + synthetic.TASK.observations


def test_the_slow_direction_is_the_eigenvector_or_the_line_between_two_states(slow: xr.Dataset) -> None:
    """(0.580, 0.815) in (stimulus, block), and the readout sees the first alone: 54.5 degrees, to the digits given; nearer to the block.

    The two states of 1.05 times the matrix are ± z with z = tanh(1.05 A z), here by iteration (1e-6).
    """
    np.testing.assert_allclose(slow["slow_stimulus_angle"][0], np.degrees(np.arccos(0.580)), atol=0.1)
    assert slow["slow_block_angle"][0] < 20
    z = np.ones(2)
    for _ in range(2000):
        z = np.tanh(1.05 * NODE @ z)
    np.testing.assert_allclose(slow["slow_stimulus_angle"][1], np.degrees(np.arctan2(z[1], z[0])), atol=1e-6)
    assert np.isnan(slow["slow_stimulus_angle"][3])  # no readout, no direction


def test_a_node_is_no_line(slow: xr.Dataset) -> None:
    """States away from the middle drift towards the node, the farther the faster; at the middle they rest."""
    assert slow["path_speed_largest"][0] > 2 * slow["path_speed"][0] > 0.05


def test_gradients_reach_as_far_as_eigenvalues_let_them(stores: dict[str, xr.Dataset], slow: xr.Dataset) -> None:
    """Nothing without recurrence, NaN without a readout; modulus 0.975 holds 1 % for 181 steps, less where units saturate."""
    assert slow["gradient_reach"][2] == 1
    assert 20 < slow["gradient_reach"][0] < np.log(0.01 / 3) / np.log(0.97531)
    assert np.isnan(slow["gradient_reach"][3])
    never = stores["fields"].assign(gradient_norm=stores["fields"]["gradient_norm"] * 0 + 0.5)
    assert np.isnan(SlowDynamics().describe(stores | {"fields": never})["gradient_reach"]).all()


@pytest.mark.parametrize("statistic", [SlowDynamics(), Circuit(permutations=99), Circuit(epoch="blank", permutations=9)])
def test_the_contract(stores: dict[str, xr.Dataset], statistic: SlowDynamics | Circuit) -> None:
    """Columns of networks alone; what diverged is NaN; no shard is known; nothing is warned of, and nothing changed, to the bit."""
    before = {name: store.copy(deep=True) for name, store in stores.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        described = statistic.describe(stores)
    curves = {"gradient_norm": ("network", "lag")}
    for name, column in described.data_vars.items():
        assert column.dims == curves.get(str(name), ("network",))
        assert {"units", "long_name"} <= set(column.attrs)
    assert np.isnan(described.isel(network=4).to_array()).all()
    for name, store in stores.items():
        xr.testing.assert_identical(store, before[name])
    own = stores["fixed_points"]["owner"].values == stores["networks"]["network"].values[1]
    rows = {
        name: store.isel(network=[1], **({"fixed_point": own} if "fixed_point" in store.dims else {})) for name, store in stores.items()
    }
    xr.testing.assert_identical(statistic.describe(rows), described.isel(network=[1]))


def test_copies_are_groups(stores: dict[str, xr.Dataset]) -> None:
    """Units with the sign + and − are the two groups, 4 and 2 of 6; the means of their weights are those of the matrix."""
    told = Circuit().describe(stores).isel(network=0)
    np.testing.assert_allclose([told["circuit_group_1"], told["circuit_group_2"]], [4 / 6, 2 / 6], rtol=1e-12)
    weights, sign = synthetic.parameters("published")["recurrent_weights"][0], np.array([1, 1, -1, -1, 1, 1])
    off, same = ~np.eye(6, dtype=bool), sign[:, None] == sign
    np.testing.assert_allclose(told["circuit_weight_within"], weights[off & same].mean(), rtol=1e-12)
    np.testing.assert_allclose(told["circuit_weight_between"], weights[~same].mean(), rtol=1e-12)
    assert told["circuit_correlation_opposed"] < -0.8
    # 2 of 6 units make the second group: 15 ways, of which one is the observed
    np.testing.assert_allclose(told["circuit_weight_p"], 1 / 15, atol=0.04)


def test_statistics_run_without_torch() -> None:
    code = "import sys; import rnnpop.statistics.circuit, rnnpop.statistics.slow_dynamics; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(names.__file__).parents[1]).returncode == 0


def study(stores: dict[str, xr.Dataset]) -> dict[str, Any]:
    """What the figure reads, of one population."""
    summary = describe(stores, {"circuit": Circuit(permutations=99), "slow_dynamics": SlowDynamics()})
    return {name: [store.copy(deep=True)] for name, store in stores.items()} | {"summary": summary.copy(deep=True)}


@pytest.mark.parametrize("case", ["all", "none met", "lacking", "no second axis", "empty"])
@pytest.mark.slow
def test_the_figure_is_legible_whatever_there_is(stores: dict[str, xr.Dataset], case: str) -> None:
    """At least 7 pt, on the page, no text over another (1 pt of a glyph's blank line); a table for every letter."""
    datasets = study(stores)
    if case == "none met":
        for store in (datasets["networks"][0], datasets["summary"]):
            store["status"][:] = "not_converged"
    if case == "lacking":
        datasets["summary"] = datasets["summary"].drop_vars(list(datasets["summary"].data_vars))
    if case == "no second axis":
        datasets = {
            name: [s.drop_vars("loss") for s in held] if isinstance(held, list) else held.drop_vars("loss")
            for name, held in datasets.items()
        }
    if case == "empty":
        datasets = {
            name: [s.isel(network=slice(0)) for s in held] if isinstance(held, list) else held.isel(network=slice(0))
            for name, held in datasets.items()
        }
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        drawing = Dynamics().draw(datasets)
        content = drawing.render("pdf")
    assert content == Dynamics().draw(datasets).render("pdf")
    shown, page = texts(drawing), drawing.figure.bbox
    assert {text.get_text() for text in shown if re.fullmatch("[a-z]", text.get_text())} == {name[0] for name in drawing.tables}
    boxes = [(text.get_text(), text.get_window_extent()) for text in shown]
    slack = drawing.figure.dpi / 72
    for place, (one, first) in enumerate(boxes):
        assert shown[place].get_fontsize() >= 7, one
        assert first.x0 >= 0, one
        assert first.y0 >= 0, one
        assert first.x1 <= page.width, one
        assert first.y1 <= page.height, one
        for other, second in boxes[place + 1 :]:
            across, along = min(first.x1, second.x1) - max(first.x0, second.x0), min(first.y1, second.y1) - max(first.y0, second.y0)
            assert min(across, along) <= slack, f"{one!r} overlaps {other!r}"


def test_the_drawn_numbers_are_those_of_the_stores(stores: dict[str, xr.Dataset]) -> None:
    """Arrows stand where the network has been, with the speed of the very place; shares of the population are those of the summary."""
    tables = Dynamics().draw(study(stores)).tables
    own = stores["fields"].isel(network=0)
    blank = tables["d"][tables["d"]["still"] == "blank"]
    been = own["visits"].values > 0
    np.testing.assert_array_equal(blank["speed"], own["speed"].sel(still="blank").values[been])
    np.testing.assert_array_equal(blank[["pc_1", "pc_2"]], own["position"].values[been])
    assert list(tables["d_points"]["still"]) == list(own["still"].values)  # the example has one node under each
    assert tables["d_points"]["stable"].all()
    shares = tables["e_shares"].iloc[0]
    assert shares["networks"] == 4  # the diverged one is no network that met the criterion
    np.testing.assert_allclose(
        shares[["single_node", "bistable", "fixed_1", "fixed_3", "stable_2"]].astype(float), [0.75, 0.25, 0.75, 0.25, 0.25]
    )
    assert sorted(tables["a"]["unit"]) == list(range(6))


@pytest.mark.slow
def test_the_figure_draws_without_torch() -> None:
    code = "import sys; import rnnpop.figures.dynamics; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=Path(names.__file__).parents[1]).returncode == 0
