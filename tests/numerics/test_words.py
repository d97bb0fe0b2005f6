"""Words by what they add."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rnnpop.numerics.words import chosen_words


def test_words_of_five_and_of_sixty() -> None:
    """All there are of a small bank; of a large one the strongest, the more frequent ones of equals first."""
    five = chosen_words(np.array([-2.0, -1.0, 0.0, 1.0, 2.0]), np.ones(5), 100)
    assert {kind: own.tolist() for kind, own in five.items()} == {"positive": [4, 3], "negative": [0, 1], "neutral": [2]}
    values = np.repeat([-2.0, -1.0, 0.0, 1.0, 2.0, np.nan], 10)
    counts = np.arange(60)
    sixty = chosen_words(values, counts, 12)
    assert sixty["positive"].tolist() == [*range(49, 39, -1), 39, 38]
    assert sixty["negative"].tolist() == [*range(9, -1, -1), 19, 18]
    assert sixty["neutral"].tolist() == [*range(29, 19, -1), 37, 36]


def test_without_words_none_is_chosen() -> None:
    assert [len(own) for own in chosen_words(np.full(4, np.nan), np.ones(4), 3).values()] == [0, 0, 0]


@settings(deadline=None, max_examples=60, derandomize=True)
@given(arrays(float, st.integers(1, 40), elements=st.sampled_from([np.nan, -2.0, -1.0, -0.5, 0.0, 0.5, 1.0, 2.0])), st.integers(1, 15))
def test_classes_are_apart_and_of_their_sign(values: np.ndarray, number: int) -> None:
    """No word twice, at most `number` of a class, none that is stronger left out; neutral words are weaker than all that are left."""
    chosen = chosen_words(values, np.ones(len(values)), number)
    together = np.concatenate(list(chosen.values()))
    assert len(set(together)) == len(together)
    rest = np.setdiff1d(np.flatnonzero(np.isfinite(values)), together)
    for kind, sign in (("positive", 1.0), ("negative", -1.0)):
        strength = sign * values[chosen[kind]]
        assert len(strength) <= number
        assert (strength > 0).all()
        assert (np.diff(strength) <= 0).all()
        assert (sign * values[rest] <= strength.min(initial=np.inf)).all()
    assert (np.abs(values[rest]) >= np.abs(values[chosen["neutral"]]).max(initial=0)).all()
