"""Laws of students: whatever the shard; the same teacher for all; recovery where all is seen."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from rnnpop import names
from rnnpop.numerics.recurrences import Recording, Recurrence
from rnnpop.stages.imitate import imitate, watch, watched
from rnnpop.stages.record import record
from rnnpop.stages.settle import settle
from rnnpop.stages.train import train
from rnnpop.variants import load

SETTINGS = {
    "fractions": [0.2, 0.5, 1.0],
    "subsets": 2,
    "starts": 4,
    "steps": 300,
    "searches": 8,
    "horizon": 20,
    "nested": 6,
    "trials": 8,
    "noise": 0.05,
}
NOISE = {"kind": "noise", "steps": 400}
LINEAR = {"kind": "null_low_rank", "units": 12, "rank": 1, "gamma_squared": 4.0, "leak": 0.1}
TANH = {"kind": "oscillation", "units": 10, "leak": 0.1, "spread": 1.0}


def students(cell: dict[str, Any], learner: dict[str, Any], indexes: list[int], **settings: Any) -> xr.Dataset:
    made = imitate(
        load("tasks", NOISE),
        load("cells", cell),
        load("learners", learner),
        study="s",
        names={"task": "noise", "cell": "c", "learner": learner["kind"]},
        indexes=indexes,
        factors={"architecture": "c", "learner": learner["kind"]},
        seed=1,
        settings=SETTINGS | settings,
    )
    names.check(made, "imitate")
    return made


@pytest.mark.parametrize("cell", [LINEAR, TANH], ids=["linear", "tanh"])
@pytest.mark.parametrize("kind", ["long_time_limit", "maximum_a_posteriori"])
def test_a_student_does_not_know_its_shard(cell: dict[str, Any], kind: str) -> None:
    if kind == "long_time_limit" and cell is TANH:
        pytest.skip("only linear circuits have a covariance in closed form")
    together = students(cell, {"kind": kind}, [0, 1, 2])
    xr.testing.assert_identical(together.isel(network=[1]), students(cell, {"kind": kind}, [1]))


def test_where_all_is_seen_the_limit_is_the_circuit() -> None:
    """Symmetric matrices of norm 1 have eigenvalues, and Lyapunov equations solutions, to some 1e-13."""
    made = students({"kind": "symmetric", "units": 12, "leak": 0.1}, {"kind": "long_time_limit"}, [0, 3])
    whole = made.sel(fraction=1.0)
    np.testing.assert_allclose(whole["eigenvalue"].values[:, 0], whole["teacher_eigenvalue"].values, atol=1e-10)
    np.testing.assert_allclose(whole["overestimation"].values, 1, atol=1e-8)
    assert (made["overestimation"].values < 1 + 1e-8).all()  # a symmetric circuit is never overestimated
    assert (made["acf_deficit"].values > -1e-8).all()


def test_where_all_is_seen_singular_values_and_vectors_are_the_circuit_s() -> None:
    """Of a symmetric circuit they are |eigenvalues|, to some 1e-10; and a small part's cosine is less than 1."""
    made = students({"kind": "symmetric", "units": 10, "leak": 0.1}, {"kind": "long_time_limit"}, [0, 3]).isel(subset=0)
    whole = made.sel(fraction=1.0)
    expected = np.sort(np.abs(whole["teacher_eigenvalue"].values), axis=1)[:, ::-1]
    for place in (1, 2):
        np.testing.assert_allclose(whole[f"singular_{place}"], expected[:, place - 1], atol=1e-9)
        np.testing.assert_allclose(whole[f"true_singular_{place}"], expected[:, place - 1], atol=1e-9)
    for side in ("left", "right"):
        np.testing.assert_allclose(whole[f"singular_cosine_{side}"], 1, atol=1e-9)
        assert (made[f"singular_cosine_{side}"].sel(fraction=0.2).values < 1 - 1e-4).all()


def test_a_student_of_one_direction_writes_where_its_circuit_does() -> None:
    """B = γ² m nᵀ: A = γ² (P m) aᵀ, whatever is watched; the block's value is γ² |P m| |P n|."""
    made = students(LINEAR, {"kind": "long_time_limit"}, [0, 1])
    np.testing.assert_allclose(made["singular_cosine_left"].values, 1, atol=1e-9)
    assert (made["singular_cosine_right"].sel(fraction=0.2).values < 1 - 1e-3).all()
    assert (made["singular_2"].values < 1e-9).all()
    np.testing.assert_allclose(made["true_singular_1"].sel(fraction=1.0), LINEAR["gamma_squared"], rtol=1e-12)


def test_equal_singular_values_have_no_first_vector() -> None:
    made = students(LINEAR | {"rank": 2}, {"kind": "long_time_limit"}, [0])
    assert np.isnan(made["singular_cosine_left"].values).all()
    assert np.isfinite(made["singular_1"].values).all()


def test_all_students_of_an_index_have_one_teacher() -> None:
    one, other = (students(LINEAR, {"kind": kind}, [4]) for kind in ("long_time_limit", "maximum_a_posteriori"))
    np.testing.assert_array_equal(one["teacher_eigenvalue"].values, other["teacher_eigenvalue"].values)
    exact = students(TANH, {"kind": "maximum_a_posteriori", "ridge": 0.0}, [4]).sel(fraction=1.0)
    again = students(TANH, {"kind": "maximum_a_posteriori", "ridge": 0.0}, [4], fractions=[1.0]).sel(fraction=1.0)
    np.testing.assert_array_equal(exact["leading_real"].values[:, 0], again["leading_real"].values[:, 0])


def test_smaller_fractions_are_parts_of_larger_ones() -> None:
    """The variance of the watched units' loudest direction grows with the units, subset by subset (Cauchy's interlacing)."""
    made = students(LINEAR, {"kind": "long_time_limit"}, [0, 1])["largest_observed_variance"].values
    assert (np.diff(made, axis=1) >= -1e-12).all()
    assert (made[:, 0, 0] != made[:, 0, 1]).all()


def test_an_unstable_circuit_has_no_limit() -> None:
    made = students({"kind": "symmetric", "units": 12, "gain": 3.0}, {"kind": "long_time_limit"}, [0])
    assert list(made["status"].values) == ["diverged"]
    assert np.isnan(made["line_attractor_score"].values).all()
    assert made["teacher_eigenvalue"].values[0, 0].real > 1


def test_watched_units_are_whole_and_two_at_least() -> None:
    np.testing.assert_array_equal(watched(500, [0.001, 0.004, 0.05, 1.0]), [2, 2, 25, 500])
    np.testing.assert_array_equal(watched(1, [0.5]), [1])


def trained_flip_flop(cell: Any) -> tuple[xr.Dataset, xr.Dataset, Any]:
    """Two networks with their first weights, and stores as `train` and `settle` make them."""
    task = load("tasks", {"kind": "flip_flop", "channels": 2, "steps": 12})
    path = {"study": "s", "names": {"task": "flip_flop", "cell": "c", "learner": "untrained"}, "seed": 1}
    networks = train(task, cell, load("learners", {"kind": "untrained"}), indexes=[0, 1], factors={}, device="cpu", **path)
    trajectories = record(networks, task, cell, names=path["names"], seed=1)
    settle_settings = {"starts": 16, "rounds": 1, "tolerance": 1e-8, "slow": 1e-3, "merge": 1e-3, "outlier": 2.0}
    points = settle(networks, trajectories, task, cell, settings=settle_settings, study="s", seed=1, device="cpu")
    return networks, points, task


def test_a_trained_vanilla_network_is_a_leaky_one_of_currents() -> None:
    """Its recording minus what the network itself does next is the noise that was added: N(0, s²), 8 × 11 × 6 draws, 3 % standard error."""
    cell = load("cells", {"kind": "vanilla", "units": 6})
    networks, points, task = trained_flip_flop(cell)
    sources = watch(networks, points, task, cell, [1], names={"task": "flip_flop"}, seed=1, settings=SETTINGS)
    assert list(sources) == [1]
    seen = sources[1].seen
    assert isinstance(seen, Recording)
    weights = {name: networks[name].values[1, -1].astype(float) for name in ("recurrent_weights", "input_weights", "bias")}
    network = Recurrence(weights["recurrent_weights"][0], 1.0, "tanh", "current", weights["input_weights"][0], weights["bias"][0])
    before, inputs, after = seen.pairs
    rest = after - network.step(before, inputs)
    assert rest.std() == pytest.approx(SETTINGS["noise"], rel=0.12)
    own = (points["owner"].values == networks["network"].values[1]) & (points["kind"].values == "fixed")
    assert sources[1].points is not None
    assert sources[1].points.sum() == own.sum() > 0


def test_students_that_see_all_of_a_trained_network_have_its_topology() -> None:
    """Without noise and ridge the regression is exact where inputs excite every unit; a little noise does it here."""
    cell = load("cells", {"kind": "vanilla", "units": 6, "gain": 2.0})
    networks, points, task = trained_flip_flop(cell)
    settings = SETTINGS | {"trials": 200, "noise": 0.02, "fractions": [1.0], "subsets": 1, "steps": 500, "nested": 0, "searches": 32}
    trained = watch(networks, points, task, cell, [0, 1], names={"task": "flip_flop"}, seed=1, settings=settings)
    learner = load("learners", {"kind": "maximum_a_posteriori", "ridge": 1e-9, "bias": True})
    path = {"study": "d", "names": {"task": "flip_flop", "cell": "c", "learner": "map"}, "seed": 1}
    made = imitate(task, cell, learner, indexes=[0, 1], factors={}, settings=settings, trained=trained, **path)
    np.testing.assert_array_equal(made["points"].values[:, 0, 0], made["known_points"].values)


def test_hidden_units_without_a_bound_are_refused() -> None:
    cell = load("cells", {"kind": "vanilla", "units": 6, "activation": "relu"})
    networks, points, task = trained_flip_flop(cell)
    with pytest.raises(ValueError, match="tanh are expected, got relu"):
        watch(networks, points, task, cell, [0], names={"task": "flip_flop"}, seed=1, settings=SETTINGS)
