"""Words in their places: networks that forget at a known rate, documents of a known law, and a negation that one direction holds."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from rnnpop.numerics.contexts import Bags, Edges, beside, lasting_values, position_weights, read_without, time_constants, trace
from rnnpop.numerics.reading import read

#: Words: two neutral ones, one for, one against, and one that turns the word behind it.
VALUES = np.array([0.0, 0.0, 1.0, -2.0, 0.0])
NEUTRAL, POSITIVE, NEGATIVE, NEGATOR = np.array([0, 1]), np.array([2]), np.array([3]), np.array([4])
SUM, FLAG, REST = np.eye(3)
PARAMETERS = {"embedding": torch.eye(5, dtype=torch.float64), "initial_state": torch.zeros(3, dtype=torch.float64)}
EXACT: Any = {"rtol": 1e-12, "atol": 1e-12}


def reader(kept: float = 1.0, turning: float = 0.0) -> SimpleNamespace:
    """State: the sum so far, of which a share is kept; a flag, up right after the negator; a number without sense that moves more."""

    def step(_: object, word: Tensor, state: Tensor) -> Tensor:
        value = word @ torch.from_numpy(VALUES)
        total = kept * state[..., 0] + value * (1 - turning * state[..., 1])
        flag = (word[..., 4] + 0 * total).expand_as(total)
        return torch.stack([total, flag, 9 * value + 0 * total], dim=-1)

    return SimpleNamespace(step=step)


def documents(number: int, seed: int = 0, words: int = 5) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    length = rng.integers(20, 40, number, endpoint=True)
    return np.where(np.arange(40) < length[:, None], rng.integers(0, words, (number, 40)), 0), length


def test_what_is_forgotten_weighs_less_by_its_age() -> None:
    before, behind, weight = position_weights(reader(0.9), PARAMETERS, SUM, *documents(50), POSITIVE, NEGATIVE)
    np.testing.assert_allclose(weight, 1.5 * 0.9**behind, **EXACT)
    assert set(np.minimum(before, behind)) == {0, 1, 2, 4, 8, 16}
    edges = Edges.of(before, behind, 0.7 + 0 * weight)
    np.testing.assert_allclose([edges.begin, edges.end], 0, **EXACT)
    assert np.isnan([edges.begin_time, edges.end_time]).all()


def test_edges_of_a_known_law_are_found() -> None:
    before, behind, _ = position_weights(reader(), PARAMETERS, SUM, *documents(50), POSITIVE, NEGATIVE)
    tried = time_constants(before + behind + 1)
    law = 2 * (1 + 0.5 * np.exp(-before / tried[5]) - 0.3 * np.exp(-behind / tried[2]))
    np.testing.assert_allclose(Edges.of(before, behind, law), (0.5, tried[5], -0.3, tried[2]), rtol=1e-9)


def test_what_lasts_of_a_word_is_its_value() -> None:
    """Ten neutral words later; the number without sense is gone at once."""
    states = np.random.default_rng(0).standard_normal((4, 3))
    found = lasting_values(reader(0.9), PARAMETERS, states, SUM + REST, NEUTRAL)
    np.testing.assert_allclose(found, VALUES * 0.9**10, **EXACT)


def laws() -> dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]]:
    """Weights of words at their places in documents, with time constants that are tried."""
    tried = time_constants(documents(400)[1])

    def behind_negators(tokens: np.ndarray, _: np.ndarray) -> np.ndarray:
        weight = np.ones(tokens.shape)
        for later in range(1, tokens.shape[1]):
            for earlier in range(later):
                weight[:, later] -= 0.7 * (tokens[:, earlier] == 4) * np.exp(-(later - earlier - 1) / tried[4])
        return weight

    def at_ends(tokens: np.ndarray, length: np.ndarray) -> np.ndarray:
        time = np.arange(tokens.shape[1])
        return 1 + 2 * np.exp(-time / tried[8]) + np.exp(-np.maximum(length[:, None] - 1 - time, 0) / tried[2])

    return {"modifiers": behind_negators, "edges": at_ends}


@pytest.mark.parametrize("law", laws())
def test_a_law_of_the_form_is_found_and_holds_for_other_documents(law: str) -> None:
    held, asked = documents(400), documents(200, seed=1)
    logits = [3 + (VALUES[tokens] * laws()[law](tokens, length)).sum(axis=1) for tokens, length in (held, asked)]
    bags = Bags.of(VALUES, [NEGATOR], (*held, logits[0]), asked)
    np.testing.assert_allclose(bags.ordered, logits[1], atol=1e-6)
    assert np.abs(bags.plain - logits[1]).max() > 1


def test_without_order_both_bags_are_sums() -> None:
    held, asked = documents(300), documents(100, seed=1)
    sums = [VALUES[tokens].sum(axis=1) for tokens, _ in (held, asked)]  # what stands behind the end has no value
    for told in Bags.of(VALUES, [], (*held, 2 * sums[0] - 1), asked):
        np.testing.assert_allclose(told, 2 * sums[1] - 1, atol=1e-9)


def test_a_network_without_the_trace_of_a_negation_sums() -> None:
    cell, states = reader(turning=2.0), np.outer(np.linspace(-3, 3, 7), SUM)
    found = trace(cell, PARAMETERS, states, SUM, NEGATOR, NEUTRAL, 3)
    np.testing.assert_allclose(np.abs(found), FLAG[:, None], **EXACT)
    tokens, length = documents(60)
    own = read(cell, PARAMETERS, tokens, length)
    held = read_without(cell, PARAMETERS, np.zeros(3), found, tokens, length)
    sums = VALUES[tokens].sum(axis=1)
    np.testing.assert_allclose(held.final @ SUM, sums, **EXACT)
    assert np.corrcoef(own.final @ SUM, sums)[0, 1] < 0.95
    others = beside(own.state, SUM, found)
    np.testing.assert_allclose(np.abs(others), REST[:, None], atol=1e-9)
    again = read_without(cell, PARAMETERS, np.zeros(3), others, tokens, length)
    np.testing.assert_allclose(again.final @ SUM, own.final @ SUM, **EXACT)
