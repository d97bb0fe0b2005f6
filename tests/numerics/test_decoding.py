"""Decoders, directions and effects against known answers."""

from __future__ import annotations

import numpy as np
import pytest

from rnnpop.numerics import decoding
from rnnpop.numerics.directions import angle

#: Roundings of float64 in sums over some thousands of samples.
EXACT = 1e-9


def two_blocks(rng: np.random.Generator, samples: int = 4000, units: int = 8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """States N(s μ, C), for which log-odds are 2 μ·C⁻¹h exactly; sides; C⁻¹μ."""
    mix = 0.2 * rng.standard_normal((units, units)) + np.eye(units)
    mean = 0.3 * rng.standard_normal(units)
    side = rng.choice((-1.0, 1.0), samples)
    states = side[:, None] * mean + rng.standard_normal((samples, units)) @ mix.T
    return states, side, np.linalg.solve(mix @ mix.T, mean)


def test_logistic_finds_the_linear_discriminant() -> None:
    """The maximum-likelihood weights are 2 C⁻¹μ, within three of their standard errors, which are of the Fisher information."""
    states, side, weights = two_blocks(np.random.default_rng(0), samples=20_000)
    found = decoding.logistic(states, side)
    right = 1 / (1 + np.exp(-2 * states @ weights))
    design = np.column_stack([states, np.ones(len(states))])
    errors = np.sqrt(np.diag(np.linalg.inv((design * (right * (1 - right))[:, None]).T @ design)))
    assert (np.abs([*(found.direction - 2 * weights), found.intercept]) < 3.5 * errors).all()  # nine numbers


def test_logistic_is_at_the_maximum() -> None:
    """The gradient of the penalised likelihood is 0 there, in standardised units."""
    states, side, _ = two_blocks(np.random.default_rng(1), samples=300)
    found = decoding.logistic(states, side)
    features = (states - states.mean(axis=0)) / states.std(axis=0)
    missing = (side > 0) - 1 / (1 + np.exp(-found.read(states)))
    np.testing.assert_allclose(features.T @ missing, found.direction * states.std(axis=0), atol=EXACT * 300)
    assert missing.sum() == pytest.approx(0, abs=EXACT * 300)


def test_logistic_of_sides_told_apart_without_error_stays_finite() -> None:
    x = np.linspace(-1, 1, 41)[:, None]
    found = decoding.logistic(np.hstack([x, np.ones_like(x)]), np.where(x[:, 0] > 0.01, 1.0, -1.0))
    assert 0 < found.direction[0] < 100
    assert found.direction[1] == 0  # a unit that never changes knows nothing


def test_least_squares_finds_the_plane() -> None:
    rng = np.random.default_rng(2)
    states, weights = rng.standard_normal((500, 4)), np.array([1.0, -2.0, 0.5, 0.0])
    found = decoding.least_squares(states, states @ weights + 3, penalty=0.0)
    np.testing.assert_allclose(found.direction, weights, atol=EXACT)
    assert found.intercept == pytest.approx(3, abs=EXACT)
    assert decoding.determination(states @ weights + 3, found.read(states)) == pytest.approx(1, abs=EXACT)


def test_folds_hold_whole_blocks_and_both_sides() -> None:
    """Sides alternate, so every second block would be all of one side."""
    session, block = np.repeat(np.arange(4), 8), np.tile(np.arange(8), 4)
    side = np.where((block + session) % 2 == 0, 1, -1)
    fold = decoding.folds(session, block)
    for number in (0, 1):
        for own in range(4):
            assert set(side[(fold == number) & (session == own)]) == {-1, 1}


def test_a_decoder_is_judged_on_blocks_that_it_has_not_seen() -> None:
    """Many units that tell blocks, not sides: held-out accuracy is at chance, where a split by step finds them all."""
    rng = np.random.default_rng(3)
    block = np.repeat(np.arange(40), 20)
    side = np.where(block % 2 == 0, 1.0, -1.0)
    states = rng.standard_normal((40, 60))[block] + 0.01 * rng.standard_normal((800, 60))
    accuracy = {}
    for name, fold in (("block", decoding.folds(np.zeros_like(block), block)), ("step", np.arange(800) % 2)):
        halves = decoding.cross_fit(decoding.logistic, states, side, fold)
        assert halves is not None
        accuracy[name] = decoding.agreement(decoding.cross_read(halves, states, fold), side.astype(int))
    assert accuracy["step"] == 1
    assert abs(accuracy["block"] - 0.5) < 3 * 0.5 / np.sqrt(40)  # 40 blocks are 40 draws


def test_a_fold_of_one_side_has_no_decoder() -> None:
    states = np.zeros((4, 2))
    assert decoding.cross_fit(decoding.logistic, states, np.array([1.0, 1.0, 1.0, -1.0]), np.array([0, 0, 1, 1])) is None


def test_a_constant_added_to_all_states_turns_no_direction() -> None:
    """T10: the published angles had the mean of the states in them."""
    states, side, _ = two_blocks(np.random.default_rng(4), samples=1000)
    other = np.arange(8.0)
    angles = []
    for shift in (0.0, 1e3):
        moved = states + shift
        axes = decoding.spectrum(moved)[1][:, :2]
        plane = decoding.logistic((moved - moved.mean(axis=0)) @ axes, side)
        angles.append([angle(decoding.logistic(moved, side).direction, other), angle(plane.direction, axes.T @ other)])
    np.testing.assert_allclose(angles[0][0], angles[1][0], atol=1e-6)  # 1e3 costs three of the digits
    # an axis has no sign of its own; both turn with it, so the angle does not
    np.testing.assert_allclose(angles[0][1], angles[1][1], atol=1e-6)


def test_coordinates_on_directions_that_are_not_orthogonal() -> None:
    rng = np.random.default_rng(5)
    directions = np.array([[1.0, 0.8], [0.0, 0.6]])
    wanted = rng.standard_normal((20, 2))
    states = wanted @ directions.T
    np.testing.assert_allclose(decoding.coordinates(states, directions), wanted, atol=EXACT)
    assert np.abs(states @ directions - wanted).max() > 0.1  # projections count what the two share twice


def test_line() -> None:
    x = np.arange(10.0)
    assert decoding.line(x, 3 - 2 * x) == pytest.approx((-2, -1))
    assert np.isnan(decoding.line(x, np.full(10, 0.1))).all()


def test_partial_effect_is_that_of_the_whole_regression() -> None:
    """Frisch, Waugh and Lovell, against one least-squares fit; and the sum of squares that the regressor adds to it."""
    rng = np.random.default_rng(6)
    controls = rng.standard_normal((200, 3))
    regressor = controls[:, 0] + rng.standard_normal(200)
    responses = controls @ rng.standard_normal((3, 2)) + 0.7 * regressor[:, None] + rng.standard_normal((200, 2))
    found = decoding.partial_effect(regressor, responses, controls)
    design = np.column_stack([np.ones(200), controls, regressor])
    whole, less = (np.linalg.lstsq(part, responses, rcond=None) for part in (design, design[:, :-1]))
    np.testing.assert_allclose(found.slope, whole[0][-1], atol=EXACT)
    np.testing.assert_allclose(found.explained, less[1] - whole[1], atol=EXACT * 200)
    np.testing.assert_allclose(found.total, 200 * responses.var(axis=0), atol=EXACT * 200)


@pytest.mark.parametrize("regressor", [np.ones(50), np.arange(50.0)])
def test_a_regressor_without_a_part_of_its_own_has_no_effect_to_speak_of(regressor: np.ndarray) -> None:
    controls = np.column_stack([np.arange(50.0) * 2 + 1, np.zeros(50)])
    assert np.isnan(decoding.partial_effect(regressor, np.ones((50, 1)), controls).slope).all()
