"""Documents of made-up words: how they are drawn, what their words sum to, what they say, and how many dimensions that takes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from rnnpop.numerics.eigenvalues import participation

#: Words of a scale of sentiment and their values, the neutral one first: documents are padded with word 0.
VALENCES: Final = {"the": 0.0, "awful": -2.0, "bad": -1.0, "good": 1.0, "awesome": 2.0}
#: Scores that differ by less are a tie: sums of fractions are off by their rounding.
_TIE = 1e-9
#: Draws in a row that may leave documents without an answer.
_ROUNDS = 100


class Phrases(NamedTuple):
    """Documents that are made up, in the order of a task's `Documents`; NaN in `wanted` where they are tied and say nothing."""

    tokens: Int[np.ndarray, "document time"]
    length: Int[np.ndarray, "document"]
    wanted: Float[np.ndarray, "document output"]
    score: Float[np.ndarray, "document time quantity"]


def decided(draw: Callable[[int], Phrases], number: int) -> Phrases:
    """The first `number` documents without a tie.

    Args:
        draw: makes so many documents, tied ones among them.

    Raises:
        ValueError: if nearly all are tied.
    """
    kept: list[Phrases] = []
    missing = number
    for _ in range(_ROUNDS):
        drawn = draw(missing + missing // 4 + 4)
        clear = np.flatnonzero(np.isfinite(drawn.wanted).all(1))[:missing]
        kept.append(Phrases(*(part[clear] for part in drawn)))
        missing -= len(clear)
        if not missing:
            return Phrases(*(np.concatenate(parts) for parts in zip(*kept, strict=True)))
    raise ValueError("nearly all documents of this task are tied: nothing can be asked of them")


def lengths(rng: np.random.Generator, number: int, shortest: int, longest: int) -> Int[np.ndarray, "document"]:
    """Numbers of words, uniform from `shortest` to `longest`; all `longest` where `shortest` is 0."""
    return rng.integers(shortest or longest, longest, number, endpoint=True)


def within(length: Int[np.ndarray, "document"], longest: int) -> Bool[np.ndarray, "document time"]:
    """Steps at which there still is a word."""
    return np.arange(longest) < length[:, None]


def independent(
    rng: np.random.Generator, frequencies: Float[np.ndarray, "word"], length: Int[np.ndarray, "document"], longest: int
) -> Int[np.ndarray, "document time"]:
    """Words drawn one by one, each as often as it should come."""
    drawn = np.searchsorted(np.cumsum(frequencies)[:-1], rng.random((len(length), longest)), side="right")
    return np.where(within(length, longest), drawn, 0)


def stars_and_bars(rng: np.random.Generator, length: Int[np.ndarray, "document"], parts: int) -> Int[np.ndarray, "document part"]:
    """Numbers k₁, k₂, ... ≥ 0 with Σ k = length, every such vector as probable as any other: what lies between parts − 1 bars."""
    slots = length + parts - 1
    key = np.where(within(slots, int(slots.max())), rng.random((len(length), int(slots.max()))), 2.0)
    bars = np.sort(np.argpartition(key, parts - 2, axis=1)[:, : parts - 1], axis=1)
    edge = np.full((len(length), 1), -1)
    return np.diff(np.concatenate([edge, bars, slots[:, None]], axis=1), axis=1) - 1


def shuffled(rng: np.random.Generator, counts: Int[np.ndarray, "document word"], longest: int) -> Int[np.ndarray, "document time"]:
    """Documents that hold each word so many times, in random order."""
    number, words = counts.shape
    length = counts.sum(1)
    padded = np.concatenate([counts, (longest - length)[:, None]], axis=1)
    laid = np.repeat(np.tile([*range(words), 0], number), padded.ravel()).reshape(number, longest)
    key = np.where(within(length, longest), rng.random((number, longest)), 1.0 + np.arange(longest))
    return np.take_along_axis(laid, np.argsort(key, axis=1), axis=1)


def spelt(
    rng: np.random.Generator, levels: Int[np.ndarray, "document time"], synonyms: Sequence[int], length: Int[np.ndarray, "document"]
) -> Int[np.ndarray, "document time"]:
    """Words for levels of meaning, at random among the synonyms of each; words of a level stand side by side in the vocabulary."""
    if max(synonyms) == 1:
        return levels
    number, first = np.array(synonyms), np.cumsum([0, *synonyms[:-1]])
    chosen = first[levels] + (rng.random(levels.shape) * number[levels]).astype(int)
    return np.where(within(length, levels.shape[1]), chosen, 0)


def vocabulary(levels: Sequence[str], synonyms: Sequence[int]) -> tuple[str, ...]:
    """Names of words: good, or good_1, good_2, ... where there are several."""
    return tuple(
        f"{level}_{i}" if number > 1 else level for level, number in zip(levels, synonyms, strict=True) for i in range(1, number + 1)
    )


def running(
    values: Float[np.ndarray, "word quantity"], tokens: Int[np.ndarray, "document time"], length: Int[np.ndarray, "document"]
) -> Float[np.ndarray, "document time quantity"]:
    """S_t = Σ_{s ≤ t} v(x_s); what it ended with, behind the end."""
    return np.cumsum(values[tokens] * within(length, tokens.shape[1])[..., None], axis=1)


def signs(score: Float[np.ndarray, "document quantity"]) -> Float[np.ndarray, "document quantity"]:
    """+1 and −1; NaN at 0."""
    return np.where(score == 0, np.nan, np.sign(score))


def largest(score: Float[np.ndarray, "document quantity"]) -> Float[np.ndarray, "document quantity"]:
    """One-hot, of the largest; NaN where there are two."""
    most = score > score.max(1, keepdims=True) - _TIE
    return np.where(most.sum(1, keepdims=True) > 1, np.nan, most)


def between(score: Float[np.ndarray, "document"], cuts: Float[np.ndarray, "document cut"]) -> Float[np.ndarray, "document class"]:
    """One-hot, of the interval between rising cuts; NaN on a cut."""
    above = score[:, None] - cuts
    return np.where((np.abs(above) < _TIE).any(1, keepdims=True), np.nan, np.eye(cuts.shape[1] + 1)[(above > 0).sum(1)])


def class_variances(
    tokens: Int[np.ndarray, "document time"],
    length: Int[np.ndarray, "document"],
    label: Int[np.ndarray, "document"],
    words: int,
) -> Float[np.ndarray, "component"]:
    """Variances of the principal components of classes in the space of words, each class as often as any other.

    A class is the mean of its documents' shares of words (counts over length), and the classes' own mean is taken off.

    Source: Aitken, Ramasesh, Garg, Cao, Sussillo & Maheswaranathan 2021.
    """
    document, time = np.nonzero(within(length, tokens.shape[1]))
    classes, label = np.unique(label, return_inverse=True)
    shares = np.zeros((len(classes), words))
    np.add.at(shares, (label[document], tokens[document, time]), 1 / length[document])
    shares /= np.bincount(label)[:, None]
    return np.linalg.svd(shares - shares.mean(0), compute_uv=False) ** 2 / len(classes)


def dataset_dimension(
    tokens: Int[np.ndarray, "document time"],
    length: Int[np.ndarray, "document"],
    label: Int[np.ndarray, "document"],
    words: int,
) -> float:
    """Participation ratio of `class_variances`: how many dimensions a network that counts words needs to tell the classes apart."""
    return participation(class_variances(tokens, length, label, words))
