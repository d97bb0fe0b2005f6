"""Scores of spectra whose time constants are known by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnpop.numerics.timescales import discrete_time_constants, scores, time_constants

LEAK = 0.01


def spectrum(*values: complex) -> np.ndarray:
    return np.array(values, dtype=complex)


def test_the_score_of_a_line_attractor_is_by_how_many_doublings_it_outlasts_the_rest() -> None:
    told = scores(spectrum(0.2, 0.999, 0.2), LEAK)
    assert told["line_attractor_score"] == pytest.approx(np.log2(1000 / 1.25))
    assert told["line_attractor_score_sorted"] == told["line_attractor_score"]
    assert [told[f"time_constant_{k}"] for k in (1, 2, 3)] == pytest.approx([1000, 1.25, 1.25])
    assert np.isnan(told["time_constant_4"])
    assert told["plane_score_2"] == 0
    assert np.isnan(told["plane_score_3"])
    assert (told["leading_real"], told["second_real"], told["leading_imaginary"]) == (0.999, 0.2, 0)
    assert (told["unstable"], told["leading_complex"]) == (0, 0)


def test_planes_are_scored_where_the_next_time_constant_falls() -> None:
    told = scores(spectrum(0.99, 0.99, 0.5, 0.5, 0.0), LEAK)
    assert told["plane_score_2"] == pytest.approx(np.log2(50))
    assert told["plane_score_4"] == pytest.approx(1)
    assert told["line_attractor_score"] == told["plane_score_3"] == 0


def test_an_unstable_mode_scores_as_its_mirror_image_and_is_marked() -> None:
    mirrored, unstable = scores(spectrum(0.998, 0.5), LEAK), scores(spectrum(1.002, 0.5), LEAK)
    assert unstable["line_attractor_score"] == pytest.approx(mirrored["line_attractor_score"])
    assert (mirrored["unstable"], unstable["unstable"]) == (0, 1)
    fast = scores(spectrum(1.5, 0.9), LEAK)
    assert fast["line_attractor_score"] == pytest.approx(-np.log2(5))
    assert fast["line_attractor_score_sorted"] == pytest.approx(np.log2(5))
    assert scores(spectrum(1.0, 0.0), LEAK)["unstable"] == 1


def test_a_leading_pair_is_no_line_attractor() -> None:
    told = scores(spectrum(0.5, 0.9 - 1j, 0.9 + 1j), LEAK)
    assert (told["line_attractor_score"], told["leading_complex"], told["leading_imaginary"]) == (0, 1, 1)


def test_a_mode_that_turns_fast_lasts_longer_in_steps() -> None:
    turning = spectrum(0.99 + 1j)
    assert time_constants(turning)[0] == pytest.approx(100)
    assert discrete_time_constants(turning, LEAK)[0] == pytest.approx(200, rel=0.01)  # |μ| hangs on Re λ + a Im² λ / 2: 0.995
    told = scores(spectrum(0.99, 0.98 + 2j, 0.98 - 2j), LEAK)
    assert told["line_attractor_score"] == pytest.approx(1)
    assert told["line_attractor_score_discrete"] == 0  # the pair, 0.98 + 0.02, leads in steps
    assert discrete_time_constants(spectrum(1 - 1 / LEAK), LEAK)[0] == 0


@settings(max_examples=60, derandomize=True)
@given(st.floats(-2, 0.99), st.floats(-2, 2))
def test_discrete_time_constants_tend_to_the_continuous_ones(real: float, imaginary: float) -> None:
    value = spectrum(complex(real, imaginary))
    # ln |μ| / a = Re λ − 1 + a (Im² − (1 − Re)²) / 2 + O(a²)
    relative = 1e-6 * (imaginary**2 + (1 - real) ** 2) / (1 - real)
    np.testing.assert_allclose(discrete_time_constants(value, 1e-6), time_constants(value), rtol=relative + 1e-9)


@settings(max_examples=60, derandomize=True)
@given(st.lists(st.complex_numbers(max_magnitude=3), min_size=1, max_size=8))
def test_the_order_in_which_eigenvalues_are_given_says_nothing(values: list[complex]) -> None:
    forward, backward = scores(spectrum(*values), LEAK), scores(spectrum(*reversed(values)), LEAK)
    np.testing.assert_array_equal(list(forward.values()), list(backward.values()))
    assert not forward["line_attractor_score_sorted"] < 0


def test_a_student_that_ran_away_has_no_scores() -> None:
    for values in (spectrum(0.5, complex(np.nan, np.nan)), spectrum()):
        assert np.isnan(list(scores(values, LEAK).values())).all()
    assert scores(spectrum(1.0, 0.5), LEAK)["line_attractor_score"] == np.inf
