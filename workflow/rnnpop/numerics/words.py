"""Words by what each of them adds to an answer."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float, Int, Shaped


def chosen_words(
    values: Float[np.ndarray, "word"], counts: Shaped[np.ndarray, "word"], number: int
) -> dict[str, Int[np.ndarray, "chosen"]]:
    """Words that speak for an answer, against it, and for neither: those of largest, of smallest, and of smallest absolute value.

    A positive word has a value above 0, a negative one below, and none is chosen twice; where there are few words, each class is a third
    of them at most (rounded up). Of equal values the more frequent words come first.

    Args:
        values: NaN for words that are not to be chosen.
        counts: how often each word comes, on any scale.
        number: of words in a class, at most.

    Returns:
        Places of the words of the classes positive, negative and neutral, strongest first (the neutral ones: weakest first).

    Source: Maheswaranathan et al. 2019, 100 words of each class by the coefficients of a bag of words.
    """
    known = np.flatnonzero(np.isfinite(values))
    most = min(number, -(-len(known) // 3))

    def first(candidates: Int[np.ndarray, "candidate"], key: Float[np.ndarray, "word"]) -> Int[np.ndarray, "chosen"]:
        return candidates[np.lexsort((candidates, -counts[candidates], key[candidates]))][:most]

    positive, negative = first(known[values[known] > 0], -values), first(known[values[known] < 0], values)
    left = np.setdiff1d(known, np.concatenate([positive, negative]))
    return {"positive": positive, "negative": negative, "neutral": first(left, np.abs(values))}
