"""The oscillation statistic: known answers on the Hopf map, through the stages that it reads, and on made-up points."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from oracles import HopfCell, as_store
from rnnpop import names
from rnnpop.stages.follow import follow
from rnnpop.stages.linearise import linearise
from rnnpop.stages.record import record
from rnnpop.stages.settle import settle
from rnnpop.statistics.oscillation import Oscillation, line
from rnnpop.tasks.sine import Sine

SETTLE = {"starts": 16, "rounds": 1, "tolerance": 1e-8, "slow": 1e-3, "merge": 1e-3, "outlier": 2.0}
FOLLOW = {"lengths": 10, "perturbation": 0.1, "tolerance": 0.05}
TASK = Sine(steps=100, analysed=6)
MU = 0.2


@pytest.fixture(scope="module")
def hopf() -> dict[str, xr.Dataset]:
    """Two networks of the Hopf map; the second has diverged."""
    cell = HopfCell(mu=MU, task=TASK)
    sound = cell.init(np.random.default_rng(0), 1, 1)
    networks = as_store(cell, [sound, sound | {"initial_state": np.full(cell.units, np.nan)}])
    trajectories = record(networks, TASK, cell, names={"task": "sine"}, seed=1)
    points = settle(networks, trajectories, TASK, cell, settings=SETTLE, study="s", seed=1, device="cpu")
    return {
        "fixed_points": points,
        "linearisations": linearise(networks, trajectories, points, TASK, cell, settings={"horizons": [1]}),
        "orbits": follow(networks, trajectories, TASK, cell, settings=FOLLOW, study="s", seed=1),
    }


def test_the_hopf_map_does_what_it_is_commanded(hopf: dict[str, xr.Dataset]) -> None:
    """λ = (1 + μ) e^{±iω dt} at a point found to 1e-8 (eigenvalues to 1e-7: |z|² is of second order); cycles timed to 2.4e-4 of 10 Hz."""
    described = Oscillation().describe(hopf)
    names.check(described, "describe")
    found = described.isel(network=0)
    for name in ("fixed_per_input", "single_fixed_fraction", "spiral_fraction", "cycle_fraction"):
        assert found[name] == 1, name
    np.testing.assert_allclose(found["mode_modulus"], 1 + MU, rtol=1e-7)
    np.testing.assert_allclose(found["mode_modulus_mean"], 1 + MU, rtol=1e-7)
    np.testing.assert_array_equal(found["command_frequency"], list(TASK.commands().values()))
    for key, frequency, tolerance in (
        ("frequency", "mode_frequency", 1e-6),
        ("coupled", "coupled_frequency", 1e-6),
        ("cycle", "cycle_frequency", 2.4e-3),
    ):
        np.testing.assert_allclose(found[frequency], found["command_frequency"], rtol=0, atol=tolerance)
        np.testing.assert_allclose(found[f"{key}_slope"], 1, rtol=0, atol=tolerance)
        np.testing.assert_allclose(found[f"{key}_intercept"], 0, rtol=0, atol=2 * tolerance)
        np.testing.assert_allclose(found[f"{key}_r2"], 1, rtol=0, atol=tolerance)


def test_a_diverged_network_is_nan(hopf: dict[str, xr.Dataset]) -> None:
    for name, column in Oscillation().describe(hopf).isel(network=1).data_vars.items():
        assert np.isnan(column).all(), name


def test_a_network_does_not_know_its_shard(hopf: dict[str, xr.Dataset]) -> None:
    name = hopf["orbits"]["network"].values[0]
    alone = {key: store.isel(network=[0]) for key, store in hopf.items()}
    for key in ("fixed_points", "linearisations"):
        alone[key] = alone[key].isel(fixed_point=alone[key]["owner"].values == name)
    xr.testing.assert_identical(Oscillation().describe(hopf).isel(network=[0]), Oscillation().describe(alone))


def made_up(eigenvalues: list[list[list[complex]]], kind: str = "fixed") -> dict[str, xr.Dataset]:
    """One network at dt = 0.1 s; eigenvalues [still, point, mode]. The output hears the later modes more."""
    rows = [(still, values) for still, points in enumerate(eigenvalues) for values in points]
    stills = np.array([f"{still} Hz" for still in range(len(eigenvalues))], dtype=object)
    modes = max(len(values) for _, values in rows)
    network = {"network": ["a"]}
    table = np.array([values for _, values in rows], dtype=complex)
    coupling = np.broadcast_to(np.arange(1.0, modes + 1)[:, None, None], (len(rows), modes, 1, 1)).astype(complex)
    missing = (("network", "still"), np.full((1, len(stills)), np.nan))
    return {
        "fixed_points": xr.Dataset(
            {
                "eigenvalue": (("fixed_point", "mode"), table),
                "kind": ("fixed_point", np.array([kind] * len(rows), dtype=object)),
                "index_sum": (("network", "still"), np.ones((1, len(stills)))),
                "command": ("still", np.arange(float(len(stills)))),
            },
            {
                **network,
                "still": stills,
                "owner": ("fixed_point", np.array(["a"] * len(rows), dtype=object)),
                "condition": ("fixed_point", stills[[still for still, _ in rows]]),
            },
        ),
        "linearisations": xr.Dataset({"coupling": (("fixed_point", "mode", "output", "input"), coupling)}),
        "orbits": xr.Dataset(
            {"cycle": (("network", "still"), np.zeros((1, len(stills)), dtype=bool)), "period": missing, "dt": 0.1},
            network | {"still": stills},
        ),
    }


def turn(modulus: float, frequency: float) -> list[complex]:
    """A complex pair of this modulus and frequency, Hz, at dt = 0.1 s."""
    value = modulus * np.exp(0.2j * np.pi * frequency)
    return [value, value.conjugate()]


def test_of_several_points_and_pairs_the_right_one_is_taken() -> None:
    """Real eigenvalues are no oscillation, however large; the most unstable spiral is the point; its loudest pair is another one."""
    points: list[list[list[complex]]] = [
        [[1.5, *turn(0.9, 1.0), *turn(0.8, 3.0)], [1.0, *turn(1.1, 2.0), *turn(0.7, 4.0)]],
        [[0.5, 0.4, 0.3, 0.2, 0.1]],
    ]
    found = Oscillation().describe(made_up(points))
    np.testing.assert_allclose(found["mode_frequency"].values, [[2, np.nan]], rtol=1e-12)
    np.testing.assert_allclose(found["mode_modulus"].values, [[1.1, np.nan]], rtol=1e-12)
    np.testing.assert_allclose(found["coupled_frequency"].values, [[4, np.nan]], rtol=1e-12)
    np.testing.assert_allclose([found[name].item() for name in ("fixed_per_input", "single_fixed_fraction")], [1.5, 0.5])
    assert found["spiral_fraction"] == 0.5
    assert found["cycle_fraction"] == 0
    assert np.isnan(found["frequency_slope"])  # one input is no line


def test_slow_points_are_not_counted() -> None:
    found = Oscillation().describe(made_up([[turn(1.1, 2.0)]] * 3, kind="slow"))
    assert found["fixed_per_input"] == 0
    assert np.isnan(found["mode_frequency"]).all()


def test_a_line_has_its_slope_intercept_and_r2() -> None:
    x = np.array([0.0, 1.0, 2.0, 3.0, np.nan])
    np.testing.assert_allclose(line(x, 2 * x - 1), [2, -1, 1], rtol=0, atol=1e-12)
    # residuals ±1 orthogonal to the line: 4 of a total of 4 + 20
    np.testing.assert_allclose(line(x, 2 * x + np.array([1, -1, -1, 1, 0])), [2, 0, 1 - 4 / 24], rtol=0, atol=1e-12)
    assert np.isnan(line(x[:2], x[:2])).all()
    assert np.isnan(line(x[[0, 4, 1]], x[[0, 4, 1]])).all()
