"""What a linear student of some units can find of a stationary circuit: theorems, over random circuits of every kind.

Tolerances are relative, 1e-6, for covariances of the watched units with a condition number below 1e8: what is lost in solving with them is
1e8 roundings. Draws beyond are left out.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from rnnpop.learners.long_time_limit import LongTimeLimit
from rnnpop.learners.maximum_a_posteriori import MaximumAPosteriori
from rnnpop.numerics import exact_circuits
from rnnpop.numerics.recurrences import Recording, Recurrence
from rnnpop.numerics.stationary import Seen, Stationary
from rnnpop.numerics.timescales import scores

EXAMPLES = settings(max_examples=60, derandomize=True, deadline=None)
TOLERANCE = 1e-6
LEAK = 0.1


def haar(rng: np.random.Generator, units: int, columns: int | None = None) -> np.ndarray:
    vectors, triangle = np.linalg.qr(rng.standard_normal((units, columns or units)))
    return vectors * np.sign(np.diag(triangle))


def symmetric(rng: np.random.Generator, units: int) -> np.ndarray:
    vectors = haar(rng, units)
    return vectors * rng.uniform(-1.5, 0.99, units) @ vectors.T


def normal(rng: np.random.Generator, units: int) -> np.ndarray:
    """Rotations in random planes, single directions beside them."""
    block = np.diag(rng.uniform(-1.5, 0.99, units))
    for first in range(0, 2 * int(rng.integers(units // 2 + 1)), 2):
        turn = rng.uniform(-2, 2)
        block[first + 1, first + 1] = block[first, first]
        block[first, first + 1], block[first + 1, first] = turn, -turn
    vectors = haar(rng, units)
    return vectors @ block @ vectors.T


def shifted(matrix: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The same with its leading real part anywhere up to 0.99."""
    return matrix + (rng.uniform(-0.5, 0.99) - np.linalg.eigvals(matrix).real.max()) * np.eye(len(matrix))


def gaussian(rng: np.random.Generator, units: int) -> np.ndarray:
    return shifted(rng.uniform(0.2, 2) * rng.standard_normal((units, units)) / np.sqrt(units), rng)


def triangular(rng: np.random.Generator, units: int) -> np.ndarray:
    vectors = haar(rng, units)
    upper = np.triu(rng.uniform(0.2, 2) * rng.standard_normal((units, units)) / np.sqrt(units), 1) + np.diag(rng.uniform(-1, 0.99, units))
    return vectors @ upper @ vectors.T


def similar(rng: np.random.Generator, units: int) -> np.ndarray:
    """A line attractor whose eigenvectors are not orthogonal."""
    vectors = rng.standard_normal((units, units)) + 2 * np.eye(units)
    assume(np.linalg.cond(vectors) < 1e3)
    return vectors @ np.diag(np.r_[rng.uniform(0.9, 0.99), np.full(units - 1, 0.2)]) @ np.linalg.inv(vectors)


def null(rng: np.random.Generator, units: int) -> np.ndarray:
    rank = int(rng.integers(1, units // 2 + 1))
    vectors = haar(rng, units, 2 * rank)
    return rng.uniform(0.5, 20) * vectors[:, :rank] @ vectors[:, rank:].T


def chain(rng: np.random.Generator, units: int) -> np.ndarray:
    vectors = haar(rng, units)
    first = np.zeros((units, units))
    first[0, 2:] = rng.uniform(0, 1)
    return vectors @ (np.eye(units, k=1) + first) @ vectors.T


NORMAL = [symmetric, normal]
EVERY = [symmetric, normal, gaussian, triangular, similar, null, chain]
Maker = Callable[[np.random.Generator, int], np.ndarray]


@st.composite
def circuits(draw: st.DrawFn, makers: list[Maker]) -> tuple[np.ndarray, int, np.random.Generator]:
    """A stable circuit, a number of watched units (not all), and a stream for what else is drawn."""
    units = draw(st.integers(4, 40))
    observed = draw(st.integers(1, units - 1))
    maker = draw(st.sampled_from(makers))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    return maker(rng, units), observed, rng


def seen_of(weights: np.ndarray, observed: int, **keys: object) -> Seen:
    seen = Stationary.of(weights, LEAK, **keys).observed(np.arange(observed))  # type: ignore[arg-type]
    assume(np.linalg.cond(seen.covariance) < 1e8)
    return seen


def student(seen: Seen, ridge: float = 0.0) -> np.ndarray:
    model = LongTimeLimit(ridge).fit([seen], [np.random.default_rng(0)])[0].model
    assert model is not None
    return model.weights


def eigenvalues(matrix: np.ndarray) -> np.ndarray:
    return np.linalg.eigvals(matrix)


def slack(matrix: np.ndarray) -> float:
    return TOLERANCE * max(1.0, float(np.abs(np.linalg.eigvals(matrix)).max()))


def null_of_rank(rng: np.random.Generator, units: int, rank: int, gamma_squared: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """B, the basis, and the core in which nothing but γ² stands."""
    vectors = haar(rng, units, 2 * rank)
    core = np.zeros((2 * rank, 2 * rank))
    core[:rank, rank:] = gamma_squared * np.eye(rank)
    return vectors @ core @ vectors.T, vectors, core


@EXAMPLES
@given(circuits(EVERY))
def test_the_student_of_all_units_is_the_circuit(drawn: tuple) -> None:
    weights, _, _ = drawn
    found = student(seen_of(weights, len(weights)))
    np.testing.assert_allclose(found, weights, atol=TOLERANCE * max(1, np.linalg.norm(weights, 2)))


@EXAMPLES
@given(circuits(NORMAL), st.sampled_from(["continuous", "discrete"]))
def test_the_spectrum_of_a_student_of_a_normal_circuit_lies_in_the_hull_of_the_circuits(drawn: tuple, time: str) -> None:
    weights, observed, _ = drawn
    own = eigenvalues(weights)
    assume(np.abs(1 - LEAK + LEAK * own).max() < 1 - 1e-4)
    found = eigenvalues(student(seen_of(weights, observed, time=time)))
    for angle in np.linspace(0, 2 * np.pi, 24, endpoint=False):  # a hull is where no half-plane of the circuit's is left
        turned = np.exp(1j * angle)
        assert (turned * found).real.max() <= (turned * own).real.max() + slack(weights)


@EXAMPLES
@given(circuits(NORMAL), st.floats(1e-3, 10))
def test_a_ridge_adds_zero_to_that_interval(drawn: tuple, ridge: float) -> None:
    weights, observed, _ = drawn
    own = np.append(eigenvalues(weights).real, 0)
    found = eigenvalues(student(seen_of(weights, observed), ridge)).real
    assert own.min() - slack(weights) <= found.min()
    assert found.max() <= own.max() + slack(weights)


def test_without_that_zero_a_ridge_leaves_the_interval() -> None:
    rng = np.random.default_rng(0)
    vectors = haar(rng, 20)
    weights = vectors * np.linspace(-2, -0.56, 20) @ vectors.T
    assert eigenvalues(student(Stationary.of(weights, LEAK).observed(np.arange(8)), 1.0)).real.max() > -0.5


@EXAMPLES
@given(circuits([symmetric]))
def test_students_of_symmetric_circuits_interlace(drawn: tuple) -> None:
    weights, observed, _ = drawn
    own = np.sort(eigenvalues(weights).real)[::-1]
    found = eigenvalues(student(seen_of(weights, observed)))
    assert np.abs(found.imag).max() < slack(weights)
    found = np.sort(found.real)[::-1]
    assert (found <= own[:observed] + slack(weights)).all()
    assert (found >= own[len(own) - observed :] - slack(weights)).all()


@EXAMPLES
@given(circuits([symmetric]), st.floats(1e-3, 0.1), st.floats(-1.0, 0.8))
def test_a_line_attractor_is_recovered_as_far_as_it_is_watched(drawn: tuple, gap: float, second: float) -> None:
    _, observed, rng = drawn
    units = len(drawn[0])
    vectors = haar(rng, units)
    share = float((vectors[:observed, 0] ** 2).sum())
    others = np.r_[second, rng.uniform(-1.5, second, units - 2)]
    weights = vectors * np.r_[1 - gap, others] @ vectors.T
    found = np.sort(eigenvalues(student(seen_of(weights, observed))).real)[::-1]
    # τ̂₁ is the largest eigenvalue of P S Pᵀ, and S has 1 / ε along u₁ and at least 1 / (1 − λ_D) elsewhere
    assert 1 / (1 - found[0]) >= (share / gap + (1 - share) / (1 - others.min())) * (1 - TOLERANCE)
    if second >= 0:  # the bound of Qian et al. 2024, appendix C.3, is weaker
        assert found[0] >= 1 - gap - gap * (1 + second) / (share * (1 - second)) - TOLERANCE
    if observed > 1:
        assert found[1] <= second + TOLERANCE
    equal = vectors * np.r_[1 - gap, np.full(units - 1, second)] @ vectors.T
    leading = eigenvalues(student(seen_of(equal, observed))).real.max()
    assert 1 / (1 - leading) == pytest.approx(exact_circuits.line_time_constant(1 - gap, second, share), rel=TOLERANCE)


def test_that_bound_needs_a_second_eigenvalue_of_at_least_zero() -> None:
    vectors = haar(np.random.default_rng(0), 20)
    weights = vectors * np.r_[0.95, np.full(19, -1.0)] @ vectors.T
    assert eigenvalues(student(Stationary.of(weights, LEAK).observed(np.arange(5)))).real.max() < 0.9  # it would say 0.95 at least


@EXAMPLES
@given(circuits(EVERY))
def test_time_constants_of_students_lie_between_the_variances_that_are_seen(drawn: tuple) -> None:
    weights, observed, _ = drawn
    seen = seen_of(weights, observed)
    found = eigenvalues(student(seen))
    variances = np.linalg.eigvalsh(seen.covariance)
    constants = 1 / (1 - found.real)
    assert found.real.max() < 1
    assert variances[0] * (1 - TOLERANCE) <= constants.min()
    assert constants.max() <= variances[-1] * (1 + TOLERANCE)
    assert (1 - found).sum().real == pytest.approx((1 / variances).sum(), rel=TOLERANCE)


@EXAMPLES
@given(circuits(EVERY))
def test_students_in_steps_are_stable_by_as_much_as_the_variance_tells(drawn: tuple) -> None:
    weights, observed, _ = drawn
    assume(np.abs(1 - LEAK + LEAK * eigenvalues(weights)).max() < 1 - 1e-4)
    seen = seen_of(weights, observed, time="discrete")
    map = (1 - LEAK) * np.eye(observed) + LEAK * student(seen)
    # C = S a / 2 in units of the noise's variance, a² a step
    most = np.linalg.eigvalsh(seen.covariance)[-1] * LEAK / 2
    assert np.abs(eigenvalues(map)).max() ** 2 <= 1 - LEAK**2 / most + TOLERANCE


@EXAMPLES
@given(circuits(EVERY))
def test_overestimation_is_at_most_the_amplification_of_noise(drawn: tuple) -> None:
    weights, observed, _ = drawn
    own = 1 / (1 - eigenvalues(weights).real.max())
    if np.abs(eigenvalues(weights)).max() < 0.5 and np.abs(np.trace(weights)) < 1e-9:
        own = 1.0  # nilpotent: its computed eigenvalues are roundings, magnified
    whole = Stationary.of(weights, LEAK)
    amplification = np.linalg.eigvalsh(whole.covariance)[-1] / own
    found = 1 / (1 - eigenvalues(student(seen_of(weights, observed))).real.max())
    assert amplification >= 1 - TOLERANCE
    assert found / own <= amplification * (1 + TOLERANCE)


@EXAMPLES
@given(st.integers(8, 40), st.integers(1, 4), st.floats(0.1, 100), st.integers(0, 2**32 - 1))
def test_null_circuits_have_the_covariance_and_the_few_eigenvalues_of_their_closed_form(
    units: int, rank: int, gamma_squared: float, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    weights, basis, core = null_of_rank(rng, units, rank, gamma_squared)
    whole = Stationary.of(weights, LEAK, basis=basis, core=core)
    strength = 1 + gamma_squared**2
    np.testing.assert_allclose(whole.covariance, np.eye(units) + (weights + weights.T) / 2 + weights @ weights.T / 2, atol=1e-13 * strength)
    split = gamma_squared * np.sqrt(4 + gamma_squared**2)
    special = [(4 + gamma_squared**2 + sign * split) / 4 for sign in (-1, 1)]
    wanted = np.sort(np.r_[np.ones(units - 2 * rank), np.repeat(special, rank)])
    np.testing.assert_allclose(np.linalg.eigvalsh(whole.covariance), wanted, atol=1e-13 * strength)
    observed = int(rng.integers(1, units))
    seen = whole.observed(np.arange(observed))
    assume(np.linalg.cond(seen.covariance) < 1e8)
    singular = np.linalg.svd(student(seen), compute_uv=False)
    assert (singular[rank:] < TOLERANCE * max(1, gamma_squared)).all()


@EXAMPLES
@given(st.integers(4, 60), st.floats(0.1, 60), st.integers(0, 2**32 - 1))
def test_students_of_rank_one_have_the_eigenvalue_of_their_closed_form(units: int, gamma_squared: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    weights, basis, core = null_of_rank(rng, units, 1, gamma_squared)
    observed = int(rng.integers(1, units))
    seen = Stationary.of(weights, LEAK, basis=basis, core=core).observed(np.arange(observed))
    assume(np.linalg.cond(seen.covariance) < 1e8)
    target, source = np.sqrt(gamma_squared) * basis[:observed].T
    wanted = exact_circuits.rank_one_eigenvalue(gamma_squared, target, source)
    assert np.trace(student(seen)) == pytest.approx(wanted, abs=TOLERANCE)  # its only eigenvalue


@pytest.mark.parametrize("gamma_squared", [50.0, 100.0, 200.0])
def test_the_mean_field_score_is_that_of_many_circuits(gamma_squared: float) -> None:
    fractions = np.array([0.1, 0.2, 0.4])
    found = []
    for seed in range(50):
        weights, basis, core = null_of_rank(np.random.default_rng(seed), 300, 1, gamma_squared)
        whole = Stationary.of(weights, LEAK, basis=basis, core=core)
        students = LongTimeLimit().fit([whole.observed(np.arange(round(300 * f))) for f in fractions], [])
        found.append([scores(one.spectrum, LEAK)["line_attractor_score"] for one in students])
    # the s.e.m. over 50 circuits is 0.08 at most, and 30 units are not yet many
    np.testing.assert_allclose(np.mean(found, axis=0), exact_circuits.mean_field_score(fractions, gamma_squared), atol=0.25)


def test_the_mean_field_score_peaks_where_it_is_said_to_and_tends_to_the_strong_limit() -> None:
    fractions = np.logspace(-4, 0, 4001)
    for gamma_squared in (50.0, 200.0, 1000.0):
        curve = exact_circuits.mean_field_score(fractions, gamma_squared)
        assert fractions[curve.argmax()] == pytest.approx(2 / gamma_squared, rel=3 / gamma_squared + 0.003)  # and the grid's step
        assert curve.max() == pytest.approx(np.log2((1 + gamma_squared) / 2), abs=2 / gamma_squared)
    limit = exact_circuits.mean_field_eigenvalue(fractions, 1e6)
    np.testing.assert_allclose(limit, 2 * (1 - fractions) / (2 - fractions), atol=1e-7)
    np.testing.assert_allclose(exact_circuits.mean_field_score(fractions, 1e9), exact_circuits.strong_score(fractions), atol=1e-7)
    assert exact_circuits.strong_score(2 / 3) == pytest.approx(1.0)
    np.testing.assert_allclose(
        exact_circuits.mean_field_score(fractions, 50.0), -np.log2(1 - exact_circuits.mean_field_eigenvalue(fractions, 50.0))
    )


def test_half_of_a_strongly_non_normal_circuit_still_shows_a_line_attractor_and_not_an_eigenvalue_of_one() -> None:
    weights, basis, core = null_of_rank(np.random.default_rng(0), 500, 2, 500 / np.sqrt(2))
    seen = Stationary.of(weights, LEAK, basis=basis, core=core).observed(np.arange(250))
    leading = np.sort(eigenvalues(student(seen)).real)[-2:]
    np.testing.assert_allclose(leading, 2 / 3, atol=0.08)  # 2 (1 − f) / (2 − f); spread of a draw 0.02


def test_the_covariance_of_a_chain_is_a_sum_of_binomials() -> None:
    weights = np.eye(80, k=1)
    whole = Stationary.of(weights, LEAK)
    np.testing.assert_allclose(exact_circuits.chain_covariance(80, 30), whole.covariance[:30, :30], rtol=1e-12)
    found = student(whole.observed(np.arange(6)))
    np.testing.assert_allclose(found[:-1], np.eye(6, k=1)[:-1], atol=1e-9)
    np.testing.assert_allclose(found[-1], exact_circuits.chain_coefficients(80, 6), atol=1e-9)


@pytest.mark.parametrize("units", [100, 1000, 10000])
def test_students_of_the_end_of_a_chain_tend_to_a_line_attractor(units: int) -> None:
    pair = 1 / (1 - exact_circuits.chain_spectrum(units, 2)[0].real)
    assert 0.09 < pair - exact_circuits.chain_pair_time_constant(units) < 0.14
    # the last entry tends to 1 and the others to 0, as 1 / √D: half of the gap is left at four times the units
    row, longer = exact_circuits.chain_coefficients(units, 5), exact_circuits.chain_coefficients(4 * units, 5)
    np.testing.assert_allclose((longer - np.eye(5)[-1])[-1] / (row - np.eye(5)[-1])[-1], 0.5, atol=0.06)
    assert np.abs(longer[:-1]).max() < np.abs(row[:-1]).max()


@pytest.mark.parametrize(("units", "last"), [(100, 10), (200, 15), (1000, 35), (5000, 79), (10000, 113)])
def test_chains_show_a_line_attractor_up_to_about_the_root_of_their_length(units: int, last: int) -> None:
    found = [scores(exact_circuits.chain_spectrum(units, observed), LEAK)["line_attractor_score"] for observed in (last, last + 1)]
    assert found[0] >= 1 > found[1]


@pytest.mark.parametrize(("units", "first"), [(1000, 43), (10000, 137)])
def test_the_leading_pair_of_a_chains_student_turns_complex(units: int, first: int) -> None:
    assert [exact_circuits.chain_spectrum(units, observed)[0].imag > 0 for observed in (first - 1, first)] == [False, True]


@EXAMPLES
@given(circuits([symmetric]))
def test_symmetric_circuits_remember_at_least_as_long_as_their_students(drawn: tuple) -> None:
    weights, observed, _ = drawn
    seen = seen_of(weights, observed)
    values, vectors = np.linalg.eig(student(seen).T)
    leading = values.real.argmax()
    rate = 1 - values[leading].real
    times = np.r_[0, np.logspace(-2, 1, 20)] / rate
    remembered = seen.correlation(vectors[:, leading].real, times)
    assert (remembered >= np.exp(-rate * times) - TOLERANCE).all()


def test_the_error_of_finite_recordings_falls_as_the_root_of_their_length() -> None:
    rng = np.random.default_rng(0)
    leak, runs, lengths = 0.05, 40, (1000, 4000, 16000)
    weights, basis, core = null_of_rank(rng, 20, 1, 8.0)
    whole = Stationary.of(weights, leak, time="discrete", basis=basis, core=core)
    limit = student(whole.observed(np.arange(5)))
    # in the stationary state from the first step on
    scale = 0.2 * np.sqrt(leak / 2) * np.linalg.cholesky(whole.covariance)
    circuit = Recurrence(weights, leak)
    states = circuit.run(
        rng.standard_normal((runs, 20)) @ scale.T, lengths[-1], noise=0.2 * leak * rng.standard_normal((lengths[-1], runs, 20))
    ).swapaxes(0, 1)[:, :, :5]
    errors = []
    for length in lengths:
        seen = [Recording(run[None, :length], np.zeros((1, length, 0)), leak) for run in states]
        fits = MaximumAPosteriori(0.0).fit(seen, [rng] * runs)
        errors.append(np.mean([np.abs(fit.model.weights - limit).mean() for fit in fits if fit.model]) * np.sqrt(length * leak))
    # 40 runs tell a mean error to 5 %; unscaled ones differ by factors of 2
    assert max(errors) / min(errors) < 1.25


@pytest.mark.slow
@settings(max_examples=2000, derandomize=True, deadline=None)
@given(circuits(EVERY))
def test_no_stable_circuit_has_an_unstable_student(drawn: tuple) -> None:
    weights, observed, _ = drawn
    assert eigenvalues(student(seen_of(weights, observed))).real.max() < 1
