"""Non-normality: closed forms, theorems, and a search held against brute force."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.linalg import expm
from scipy.optimize import approx_fprime, minimize_scalar

from rnnpop.numerics import ensembles, nonnormality
from rnnpop.numerics.nonnormality import INDICES, NOISE, indices, noise
from rnnpop.numerics.stationary import Stationary

SEEDS = st.integers(0, 10_000)
SOME = settings(max_examples=25, deadline=None, derandomize=True)


def of(matrix: np.ndarray) -> dict[str, float]:
    """Indices of a matrix whose computed eigenvalues can be trusted."""
    return indices(matrix, np.linalg.eigvals(matrix).astype(complex))


def stable(seed: int, gain: float = 1.5) -> np.ndarray:
    """A random matrix far enough from normal for transient growth: Re λ₁ = 0.9, ω > 1."""
    rng = np.random.default_rng(seed)
    size = int(rng.integers(3, 12))
    matrix = np.triu(ensembles.gaussian(rng, size, 4 * gain), 1) + np.diag(rng.uniform(-1, 0.5, size))
    matrix[0, 0] = 0.9
    basis = ensembles.frame(rng, size, size)
    return basis @ matrix @ basis.T


@given(SEEDS)
@SOME
def test_of_normal_matrices_nothing_is_special(seed: int) -> None:
    """Roundings of 1e-15 under a root: 1e-7 for Henrici's index."""
    rng = np.random.default_rng(seed)
    frame, values = ensembles.frame(rng, 6, 6), rng.uniform(-1, 0.9, 6)
    matrix = (frame * values) @ frame.T
    found = indices(matrix, values.astype(complex))
    assert found["henrici_index"] == pytest.approx(0, abs=1e-7)
    assert found["commutator_index"] == pytest.approx(0, abs=1e-14)
    assert found["abscissa_excess"] == pytest.approx(0, abs=1e-14)
    assert found["kreiss_constant"] == 1
    assert found["operator_norm"] == pytest.approx(np.abs(values).max(), rel=1e-13)
    assert noise(Stationary.of(matrix, 0.01).covariance, float(values.max()))["noise_amplification"] == pytest.approx(1, rel=1e-12)


@given(SEEDS)
@SOME
def test_units_that_take_no_part_change_nothing(seed: int) -> None:
    """A low-rank matrix in its core, and written out over all units."""
    rng = np.random.default_rng(seed)
    basis, core = ensembles.factored(3 * rng.standard_normal((20, 2)) / 20, rng.standard_normal((20, 2)))
    spectrum = ensembles.with_zeros(np.linalg.eigvals(core)[:4], 20)
    if spectrum[0].real >= 0.99:
        return
    small, whole = indices(core, spectrum), indices(basis @ core @ basis.T, spectrum)
    for name in INDICES:
        assert small[name] == pytest.approx(whole[name], rel=1e-6, abs=1e-7), name


@pytest.mark.parametrize("gamma_squared", [5.0, 50.0, 200.0])
def test_rank_one_that_leads_nowhere(gamma_squared: float) -> None:
    """ω = γ²/2; K is the largest of x / σ with one number to search, near γ²/4; eigenvalues of S are known. Six digits of a search."""
    core = np.array([[0, gamma_squared], [0, 0]])
    found = indices(core, np.zeros(30, dtype=complex))
    assert found["henrici_index"] == 1
    assert found["commutator_index"] == pytest.approx(np.sqrt(2), rel=1e-14)
    assert found["numerical_abscissa"] == found["abscissa_excess"] == pytest.approx(gamma_squared / 2, rel=1e-14)

    def missing(x: float) -> float:
        return -x * float(np.linalg.norm(np.linalg.inv((1 + x) * np.eye(2) - core), 2))

    expected = -minimize_scalar(missing, bounds=(0.01, 10), method="bounded", options={"xatol": 1e-10}).fun
    assert found["kreiss_constant"] == pytest.approx(expected, rel=1e-6)
    assert found["kreiss_constant"] == pytest.approx(gamma_squared / 4, abs=2 / gamma_squared)
    root = gamma_squared * np.sqrt(4 + gamma_squared**2)
    variances = noise(Stationary.of(np.pad(core, (0, 28)), 0.01).covariance, 0.0)
    assert variances["largest_variance"] == pytest.approx((4 + gamma_squared**2 + root) / 4, rel=1e-12)
    assert variances["noise_amplification"] == variances["largest_variance"]


@pytest.mark.parametrize("links", [4, 30])
def test_a_chain_never_grows(links: int) -> None:
    """ω = cos(π / (D + 1)) < 1, and of DᵀD − DDᵀ two entries are left: √2 / (D − 1)."""
    found = indices(np.eye(links, k=1), np.zeros(links, dtype=complex))
    assert found["numerical_abscissa"] == pytest.approx(np.cos(np.pi / (links + 1)), rel=1e-13)
    assert found["commutator_index"] == pytest.approx(np.sqrt(2) / (links - 1), rel=1e-13)
    assert found["henrici_index"] == found["operator_norm"] == found["kreiss_constant"] == 1


@pytest.mark.parametrize(
    ("beta", "expected"), [(0.0, 812), *(pytest.param(*case, marks=pytest.mark.slow) for case in ((0.25, 1.6e4), (1.0, 2.4e5)))]
)
def test_noise_of_long_chains(beta: float, expected: float) -> None:
    """Values found elsewhere at D = 500, to the digits that they were given with."""
    links = np.eye(500, k=1)
    links[0, 2:] = beta
    found = noise(Stationary.of(links, 0.01).covariance, 0.0)
    assert found["noise_amplification"] == pytest.approx(expected, rel=0.01)


@given(SEEDS)
@SOME
def test_kreiss_matrix_theorem(seed: int) -> None:
    """K ≤ sup ‖e^{Jt}‖ ≤ e D K; times are dense enough for the largest growth to 1 %."""
    matrix = stable(seed)
    constant, step = of(matrix)["kreiss_constant"], expm(0.02 * (matrix - np.eye(len(matrix))))
    power, most = np.eye(len(matrix)), 1.0
    for _ in range(3000):
        power = power @ step
        most = max(most, float(np.linalg.norm(power, 2)))
    assert constant <= 1.01 * most
    assert most <= np.e * len(matrix) * constant


@given(SEEDS)
@SOME
def test_no_place_of_the_half_plane_beats_the_search(seed: int) -> None:
    """Against 60 × 60 places: the ascent ends within 1e-6 of its peak."""
    matrix = stable(seed)
    found = of(matrix)
    x, y = np.geomspace(1e-3, 2 * found["operator_norm"], 60), np.linspace(0, found["operator_norm"], 60)
    z = (x[:, None] + 1j * y).ravel()
    smallest = np.linalg.svd((1 + z)[:, None, None] * np.eye(len(matrix)) - matrix, compute_uv=False)[:, -1]
    assert (z.real / smallest).max() <= (1 + 1e-6) * found["kreiss_constant"]


@pytest.mark.parametrize("size", [8, 70])
def test_the_searchs_gradient_is_that_of_differences(size: int) -> None:
    """By a whole decomposition, and by iteration on a triangular form. Forward differences of 1e-6 are good to 1e-5."""
    matrix = ensembles.gaussian(np.random.default_rng(size), size, 0.9)
    resolvent = nonnormality._Resolvent(matrix)
    for place in np.array([[-1.0, 0.3], [0.5, 0.0], [-2.0, 0.8]]):
        value, slope = resolvent(place)
        x, y = np.exp(place[0]), place[1]
        smallest = np.linalg.svd((1 + x + 1j * y) * np.eye(size) - matrix, compute_uv=False)[-1]
        assert value == pytest.approx(np.log(smallest / x), abs=1e-10)
        np.testing.assert_allclose(slope, approx_fprime(place, lambda at: resolvent(at)[0], 1e-6), rtol=0, atol=1e-5)


@given(SEEDS)
@SOME
def test_noise_is_amplified_by_any_matrix(seed: int) -> None:
    """Λ ≥ 1, since vᵀ S v ≥ 1 / (1 − Re λ₁) in the plane of the slowest left eigenvector; 1 ≤ participation ≤ D. Solved to 1e-9."""
    matrix = stable(seed, gain=0.5)
    found = noise(Stationary.of(matrix, 0.01).covariance, float(np.linalg.eigvals(matrix).real.max()))
    assert set(found) == set(NOISE)
    assert found["noise_amplification"] >= 1 - 1e-9
    assert 1 <= found["noise_participation_ratio"] <= len(matrix)


def test_units_that_take_no_part_have_a_symmetric_part_of_zero() -> None:
    assert indices(-np.eye(2), ensembles.with_zeros(-np.ones(2), 5))["numerical_abscissa"] == 0
    assert indices(-np.eye(2), -np.ones(2, dtype=complex))["numerical_abscissa"] == -1


def test_what_makes_no_sense_is_no_number() -> None:
    none = indices(np.zeros((3, 3)), np.zeros(3, dtype=complex))
    assert np.isnan(none["henrici_index"])
    assert np.isnan(none["commutator_index"])
    assert none["operator_norm"] == 0
    assert np.isnan(of(np.diag([1.0, 0.5]))["kreiss_constant"])
    assert set(none) == set(INDICES)
