"""Reading documents: ragged runs against padded ones, answers and their scores, and states that are left alone."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from scipy.special import log_softmax

from rnnpop import variants
from rnnpop.numerics.reading import (
    accuracy,
    answered,
    bags,
    best_threshold,
    correlation,
    cross_entropy,
    read,
    relaxation,
    shuffled,
    squashed,
    visits,
)
from rnnpop.numerics.unroll import unroll

RNG = np.random.default_rng(0)
WORDS, UNITS = 6, 5
TOKENS = RNG.integers(0, WORDS, (9, 12))
LENGTH = np.array([12, 1, 7, 7, 3, 12, 5, 2, 11])


def network(kind: str = "gru") -> tuple[object, dict[str, torch.Tensor]]:
    cell = variants.load("cells", {"kind": kind, "units": UNITS})
    first = cell.init(np.random.default_rng(1), 3, 2) | {"embedding": np.random.default_rng(2).standard_normal((WORDS, 3))}
    return cell, {name: torch.from_numpy(values) for name, values in first.items()}


@pytest.mark.parametrize("kind", ["vanilla", "gru", "lstm"])
def test_documents_of_any_length_are_read_as_if_each_were_alone(kind: str) -> None:
    """1e-12: matrix products of other numbers of rows may round otherwise."""
    cell, parameters = network(kind)
    reading = read(cell, parameters, TOKENS, LENGTH)
    assert len(reading.state) == LENGTH.sum()
    for document, (tokens, length) in enumerate(zip(TOKENS, LENGTH, strict=True)):
        alone = unroll(cell, parameters, torch.from_numpy(tokens[None, :length, None]))[0].numpy()
        np.testing.assert_allclose(reading.state[reading.document == document], alone, rtol=0, atol=1e-12)
        np.testing.assert_array_equal(reading.time[reading.document == document], np.arange(length))
        np.testing.assert_allclose(reading.final[document], alone[-1], rtol=0, atol=1e-12)
    before = reading.before(parameters["initial_state"].numpy())
    np.testing.assert_array_equal(before[reading.begin], np.broadcast_to(parameters["initial_state"].numpy(), (9, before.shape[1])))
    later = np.flatnonzero(reading.time > 0)
    np.testing.assert_array_equal(before[later], reading.state[later - 1])


def test_padding_changes_no_bit() -> None:
    cell, parameters = network()
    padded = np.pad(TOKENS, ((0, 0), (0, 30)), constant_values=3)
    np.testing.assert_array_equal(read(cell, parameters, padded, LENGTH).state, read(cell, parameters, TOKENS, LENGTH).state)


def test_scores_are_those_of_their_definitions() -> None:
    outputs, classes = RNG.standard_normal((50, 4)), RNG.integers(0, 4, 50)
    one_hot = np.eye(4)[classes]
    np.testing.assert_allclose(
        cross_entropy(outputs, one_hot, "log"), -log_softmax(outputs, axis=1)[np.arange(50), classes].mean(), rtol=1e-12
    )
    assert accuracy(one_hot, one_hot, "log") == 1 == accuracy(2 * one_hot - 1, 2 * one_hot - 1, "logistic")
    np.testing.assert_array_equal(answered(one_hot, "log"), classes)
    signs = np.array([[-1.0, -1], [1, -1], [-1, 1], [1, 1]])
    np.testing.assert_array_equal(answered(signs, "logistic"), [0, 1, 2, 3])
    assert accuracy(np.abs(signs), signs, "logistic") == 0.5
    torch_loss = torch.nn.functional.binary_cross_entropy_with_logits
    twos = torch_loss(torch.from_numpy(outputs), torch.from_numpy(one_hot), reduction="none").sum(1).mean()
    np.testing.assert_allclose(cross_entropy(outputs, 2 * one_hot - 1, "logistic"), twos, rtol=1e-12)


def test_answers_of_a_softmax_are_compared_by_their_differences() -> None:
    outputs = RNG.standard_normal((40, 3))
    shifted = outputs + RNG.standard_normal((40, 1)) * 5
    assert correlation(outputs, shifted, "log") == pytest.approx(1, abs=1e-12)
    assert correlation(outputs, shifted, "logistic") < 0.9
    assert np.isnan(correlation(outputs, np.ones((40, 3)), "logistic"))


def test_shuffling_keeps_the_words_of_each_document() -> None:
    mixed = shuffled(np.random.default_rng(3), TOKENS, LENGTH)
    for old, new, length in zip(TOKENS, mixed, LENGTH, strict=True):
        np.testing.assert_array_equal(np.sort(old[:length]), np.sort(new[:length]))
        np.testing.assert_array_equal(old[length:], new[length:])
    assert (mixed != TOKENS).any()


def test_states_cut_to_their_own_plane_are_unchanged() -> None:
    axes = np.linalg.qr(RNG.standard_normal((7, 7)))[0]
    states = RNG.standard_normal((30, 2)) @ axes[:, :2].T + axes[:, 4]
    np.testing.assert_allclose(squashed(states, axes, 2), states, atol=1e-12)
    np.testing.assert_allclose((squashed(states, axes, 1) - states) @ axes[:, 0], 0, atol=1e-12)


def test_a_decaying_state_goes_straight_home() -> None:
    """h' = (1 - r) h: |Δh| / |h| is r at all times, the way is straight, and 1 - (1 - r)^(T + 1) of the distance is gone."""
    rate, states = 0.1, RNG.standard_normal((20, 3))
    cell = SimpleNamespace(step=lambda parameters, x, h: (1 - rate) * h + x)
    found = relaxation(cell, {}, np.zeros(3), states, (0, 2, 5))
    np.testing.assert_allclose(found.speed, rate, rtol=1e-12)
    assert found.path == pytest.approx(1, abs=1e-12)
    assert found.distance == pytest.approx(np.median(np.linalg.norm(states, axis=1)) * (1 - (1 - rate) ** 6), rel=1e-12)
    still = relaxation(SimpleNamespace(step=lambda parameters, x, h: h), {}, np.zeros(3), states, (0,))
    assert still.speed == 0
    assert np.isnan(still.path)


def test_every_state_is_counted_once_in_its_own_cell() -> None:
    places, labels = RNG.standard_normal((500, 2)), RNG.integers(0, 3, 500)
    found = visits(places, labels, 3, 8)
    np.testing.assert_array_equal(found.counts.sum(axis=1), np.bincount(labels))
    width = np.ptp(places, axis=0) / 8
    near = (np.abs(found.position[:, None] - places) <= width / 2 * (1 + 1e-9)).all(axis=2).sum(axis=1)
    np.testing.assert_array_equal(found.counts.sum(axis=0), near)


def test_a_threshold_makes_the_fewest_errors() -> None:
    score, positive = RNG.standard_normal(60), RNG.random(60) < 0.5
    threshold = best_threshold(score, positive)
    tried = [np.sum((score > edge) != positive) for edge in np.append(score, score.min() - 1)]
    assert np.sum((score > threshold) != positive) == min(tried)


def test_a_threshold_parts_no_equal_scores() -> None:
    """Sums of few words are equal for many documents, but for their rounding; the threshold is best among those between different sums."""
    rng = np.random.default_rng(4)
    score = rng.integers(-3, 4, 60).astype(float)
    positive = rng.random(60) < 1 / (1 + np.exp(-score / 2))
    between = np.arange(-3.5, 4)
    for rounding in (0, 1e-15):
        threshold = best_threshold(score + rounding * rng.standard_normal(60), positive)
        assert np.abs(threshold - between).min() <= 0.5 + 1e-12
        assert np.abs(threshold - np.unique(score)).min() > 0.1
        assert np.sum((score > threshold) != positive) == min(np.sum((score > edge) != positive) for edge in between)


def test_bags_are_sums_over_documents() -> None:
    values = RNG.standard_normal((WORDS, 2))
    expected = [values[tokens[:length]].sum(axis=0) for tokens, length in zip(TOKENS, LENGTH, strict=True)]
    np.testing.assert_allclose(bags(TOKENS, LENGTH, values), expected, atol=1e-12)
