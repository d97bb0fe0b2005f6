"""Characterise: the circuits that students are fitted to, one by one."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import xarray as xr

from rnnpop import names, variants
from rnnpop.numerics.nonnormality import INDICES, NOISE
from rnnpop.stages.characterise import characterise
from rnnpop.stages.imitate import wired

SETTINGS = {"starts": 4, "steps": 500, "searches": 16}


def told(indexes: list[int], **entry: Any) -> xr.Dataset:
    cell = variants.load("cells", {"kind": "gaussian", "units": 12} | entry)
    return characterise(cell, study="s", names={"task": "noise", "cell": "c"}, indexes=indexes, seed=0, settings=SETTINGS)


@pytest.mark.parametrize("entry", [{}, {"kind": "oscillation"}, {"kind": "null_low_rank", "units": 80}, {"gain": 3.0}], ids=str)
def test_a_circuit_does_not_know_its_shard(entry: dict[str, Any]) -> None:
    together, alone = told([3, 7, 8], **entry), told([7], **entry)
    names.check(together, "characterise")
    xr.testing.assert_identical(together.isel(network=[1]), alone)
    assert alone["network"].item() == "noise/c/circuits/00007"


def test_it_is_the_circuit_that_students_meet() -> None:
    cell = variants.load("cells", {"kind": "gaussian", "units": 12})
    weights = wired(cell, study="s", names={"task": "noise", "cell": "c", "learner": "any"}, index=7, seed=0).weights
    assert told([7])["operator_norm"].item() == np.linalg.norm(weights, 2)


def test_linear_circuits_have_noise_and_no_limit_sets() -> None:
    found = told([0, 1], kind="null_low_rank", rank=1, gamma_squared=10.0)
    assert all(np.isfinite(found[name]).all() for name in (*INDICES, *NOISE))
    assert (found["limit_set"] == "").all()
    assert np.isnan(found["known_points"]).all()


def test_noise_along_a_symmetric_line_is_not_amplified() -> None:
    """Λ = 1 where the slowest mode alone has a variance of 1000; solved to 1e-9."""
    found = told([0], kind="symmetric_line")
    assert found["largest_variance"].item() == pytest.approx(1000, rel=1e-9)
    assert found["noise_amplification"].item() == pytest.approx(1, rel=1e-9)


def test_unstable_circuits_have_no_noise_to_speak_of() -> None:
    found = told([0], gain=3.0)
    for name in (*NOISE, "kreiss_constant"):
        assert np.isnan(found[name]).all()
    for name in sorted({*INDICES} - {"kreiss_constant"}):
        assert np.isfinite(found[name]).all()


def test_a_tanh_circuit_that_contracts_rests_at_the_origin() -> None:
    """Of a symmetric matrix with λ < 1 the origin is the one fixed point. Noise is that of the linearisation there: that of the linear
    circuit."""
    found, linear = (told([0, 1], kind="symmetric", activation=activation) for activation in ("tanh", "identity"))
    assert (found["limit_set"] == "origin").all()
    np.testing.assert_array_equal(found["known_points"], [[1, 0, 0, 0, 0]] * 2)
    assert (found["index_sum"] == 1).all()
    for name in NOISE:
        np.testing.assert_array_equal(found[name], linear[name])


def test_of_a_kinked_circuit_only_its_matrix_is_told() -> None:
    found = told([0], activation="relu")
    assert np.isfinite(found["operator_norm"]).all()
    assert np.isnan(found["largest_variance"]).all()
