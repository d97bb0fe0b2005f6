"""Circuits: what their constructions promise of matrix, spectrum, drive and readout."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from rnnpop import variants
from rnnpop.cells import Circuit, Wiring
from rnnpop.numerics import ensembles

#: Every family with its switches, of 7 units.
FAMILIES: dict[str, dict[str, Any]] = {
    "symmetric": {"kind": "symmetric"},
    "symmetric_line": {"kind": "symmetric_line"},
    "seung": {"kind": "symmetric_line", "pattern": "uniform", "leading": 1.0},
    "similarity_line": {"kind": "similarity_line"},
    "similarity_line-haar": {"kind": "similarity_line", "eigenvectors": "haar"},
    "normal": {"kind": "normal"},
    "normal-all_oscillate": {"kind": "normal", "oscillating": 1.0},
    "chain": {"kind": "chain", "rotated": False},
    "chain-beta": {"kind": "chain", "beta": 1.0},
    "chain-formula": {"kind": "chain", "beta": 1.0, "first_entry": "formula"},
    "null_low_rank": {"kind": "null_low_rank", "rank": 3},
    "null_low_rank-gamma": {"kind": "null_low_rank", "rank": 1, "gamma_squared": 50.0},
    "oscillation": {"kind": "oscillation"},
    "low_rank": {"kind": "low_rank"},
    "low_rank_normal": {"kind": "low_rank_normal"},
    "triangular": {"kind": "triangular"},
    "gaussian": {"kind": "gaussian"},
}

#: Families that chance has no part in.
CERTAIN = ("seung", "chain")


def circuit(family: str, **fields: Any) -> Circuit:
    found = variants.load("cells", {"units": 7} | FAMILIES[family] | fields)
    assert isinstance(found, Circuit)
    return found


def wired(family: str, seed: int = 0, **fields: Any) -> Wiring:
    return circuit(family, **fields).wiring(np.random.default_rng(seed))


def test_every_family_is_looked_at() -> None:
    circuits = {kind for kind in variants.kinds("cells") if variants.base("cells", kind) == "Circuit"}
    assert {entry["kind"] for entry in FAMILIES.values()} == circuits


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("family", FAMILIES)
def test_the_spectrum_is_that_of_the_matrix(family: str, seed: int) -> None:
    """tr Bᵏ = Σ λᵏ for k = 1..D holds for the eigenvalues and nothing else, and is safe where a solver is not: a product of k
    matrices is rounded to some k D 1e-16 ‖B‖ᵏ."""
    wiring = wired(family, seed)
    power, scale = np.eye(7), np.linalg.norm(wiring.weights)
    for k in range(1, 8):
        power = power @ wiring.weights
        assert abs(np.trace(power) - (wiring.spectrum**k).sum()) <= 1e-13 * scale**k
    assert len(wiring.spectrum) == 7
    assert (np.diff(wiring.spectrum.real) <= 0).all()


@pytest.mark.parametrize("family", FAMILIES)
def test_the_matrix_is_its_core_in_its_basis(family: str) -> None:
    wiring = wired(family)
    if wiring.basis is None or wiring.core is None:
        assert wiring.basis is wiring.core is None
        return
    np.testing.assert_allclose(wiring.basis.T @ wiring.basis, np.eye(len(wiring.core)), rtol=0, atol=1e-14)
    scale = np.linalg.norm(wiring.weights)
    np.testing.assert_allclose(wiring.basis @ wiring.core @ wiring.basis.T, wiring.weights, rtol=0, atol=1e-14 * scale)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_stream_makes_one_circuit(family: str) -> None:
    one, same, other = wired(family), wired(family), wired(family, 1)
    for name in ("weights", "spectrum", "drive", "readout"):
        assert getattr(one, name).tobytes() == getattr(same, name).tobytes()
    assert (family in CERTAIN) == (one.weights.tobytes() == other.weights.tobytes())


@pytest.mark.parametrize("family", FAMILIES)
def test_what_enters_is_read_as_it_is(family: str) -> None:
    """Readout · drive is 1; 0.7 for chains, as published. A product of seven terms: 1e-14."""
    wiring = wired(family)
    assert wiring.readout @ wiring.drive == pytest.approx(0.7 if FAMILIES[family]["kind"] == "chain" else 1, abs=1e-14)


@pytest.mark.parametrize("family", ["symmetric_line", "seung", "similarity_line", "similarity_line-haar"])
def test_a_line_attractor_is_driven_along_its_slow_mode(family: str) -> None:
    """B b = λ₁ b with |b| = D; Gaussian eigenvectors are inverted with a condition of some hundred."""
    wiring = wired(family)
    np.testing.assert_allclose(wiring.weights @ wiring.drive, wiring.spectrum[0].real * wiring.drive, rtol=0, atol=1e-11)
    assert np.linalg.norm(wiring.drive) == pytest.approx(7, abs=1e-13)


def test_what_is_normal_is_normal() -> None:
    for family in ("symmetric", "symmetric_line", "seung", "similarity_line-haar", "normal", "normal-all_oscillate", "low_rank_normal"):
        weights = wired(family).weights
        np.testing.assert_allclose(weights @ weights.T, weights.T @ weights, rtol=0, atol=1e-14)


def test_normal_circuits_have_the_pairs_and_bounds_that_were_asked_for() -> None:
    spectrum = wired("normal", units=400, lowest=-0.5, highest=0.8, frequency=2.0, oscillating=0.25).spectrum
    assert (spectrum.imag > 0).sum() == 50
    assert spectrum.real.min() >= -0.5
    assert 0.75 < spectrum.real.max() <= 0.8  # of 350 draws the largest is below 0.75 with a probability of 1e-6
    assert 1.5 < spectrum.imag.max() <= 2


def test_seungs_integrator() -> None:
    """Every pair is coupled alike, and 1 − λ is 0 along the line."""
    wiring = wired("seung", units=5)
    np.testing.assert_array_equal(wiring.weights, (1 - np.eye(5)) / 4)
    np.testing.assert_array_equal(wiring.spectrum, [1, -0.25, -0.25, -0.25, -0.25])


def test_the_two_ways_of_a_chains_second_link() -> None:
    """T_12 is 1 + β by the formula and 1 in the published code; all that is farther from the first link has β."""
    code, formula = (wired("chain", units=4, beta=0.5, first_entry=way).weights for way in ("code", "formula"))
    np.testing.assert_array_equal(code, [[0, 1, 0.5, 0.5], [0, 0, 1, 0], [0, 0, 0, 1], [0, 0, 0, 0]])
    np.testing.assert_array_equal(formula - code, np.outer([0.5, 0, 0, 0], [0, 1, 0, 0]))


def test_a_turned_chain_is_the_chain() -> None:
    turned = wired("chain-beta")
    assert turned.core is not None
    np.testing.assert_array_equal(turned.core, wired("chain", beta=1.0).weights)
    np.testing.assert_allclose(turned.basis.T @ turned.drive, np.ones(7), rtol=0, atol=1e-14)  # type: ignore[union-attr]


def test_null_circuits_lead_nowhere_twice() -> None:
    """B² = 0, and all r singular values are γ² = c D / √r."""
    weights = wired("null_low_rank", strength=0.4).weights
    np.testing.assert_allclose(weights @ weights, 0, atol=1e-14)
    expected = [0.4 * 7 / np.sqrt(3)] * 3 + [0] * 4
    np.testing.assert_allclose(np.linalg.svd(weights, compute_uv=False), expected, rtol=0, atol=1e-14)
    assert np.linalg.norm(wired("null_low_rank-gamma").weights, 2) == pytest.approx(50, rel=1e-14)


@pytest.mark.parametrize(("family", "rank"), [("null_low_rank", 4), ("low_rank", 8), ("low_rank_normal", 8)])
def test_more_ranks_than_units_are_refused(family: str, rank: int) -> None:
    with pytest.raises(ValueError, match=f"rank: {rank} needs"):
        circuit(family, rank=rank)


def test_sizes_as_published() -> None:
    """At D = 500: a largest eigenvalue of √2 · 0.6 less the shortfall of a finite matrix, and a norm near 195; over draws they spread
    by 0.01 and 10."""
    assert wired("symmetric", units=500).spectrum[0].real == pytest.approx(0.83, abs=0.03)
    assert np.median([np.linalg.norm(wired("oscillation", seed, units=500).core, 2) for seed in range(20)]) == pytest.approx(195, abs=15)


def test_frames_are_uniform() -> None:
    """Of a uniform orthogonal matrix E tr = 0 and E tr² = 1 (a QR without the signs has neither); four standard errors of 4000 draws."""
    rng = np.random.default_rng(0)
    traces = np.array([np.trace(ensembles.frame(rng, 5, 5)) for _ in range(4000)])
    assert abs(traces.mean()) <= 4 / np.sqrt(4000)
    assert abs((traces**2).mean() - 1) <= 4 * np.sqrt(2 / 4000)


@pytest.mark.parametrize("activation", ["identity", "tanh", "relu"])
@pytest.mark.parametrize("form", ["current", "rate"])
def test_a_cells_step_is_that_of_its_recurrence(form: str, activation: str) -> None:
    """The same map in torch and in numpy, a few roundings apart."""
    cell = circuit("gaussian", form=form, activation=activation, leak=0.3)
    parameters = {name: torch.from_numpy(value) for name, value in cell.init(np.random.default_rng(0), 1, 1).items()}
    network = cell.recurrence(cell.wiring(np.random.default_rng(0)))
    rng = np.random.default_rng(1)
    states, inputs = rng.standard_normal((6, 7)), rng.standard_normal((6, 1))
    there = cell.step(parameters, torch.from_numpy(inputs), torch.from_numpy(states)).numpy()
    np.testing.assert_allclose(there, network.step(states, inputs), rtol=0, atol=1e-14)
    jacobian = cell.jacobian(parameters, torch.from_numpy(inputs), torch.from_numpy(states)).numpy()
    np.testing.assert_allclose(jacobian, network.jacobian(states, inputs), rtol=0, atol=1e-14)
    assert parameters["readout_weights"].numpy()[0] @ network.input_weights[:, 0] == pytest.approx(1, abs=1e-14)  # type: ignore[index]
