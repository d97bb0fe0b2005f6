"""Sentiment that adds up, word by word: one sum decides."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal, final

import numpy as np
from jaxtyping import Float, Int, Num

from rnnpop.numerics import phrases
from rnnpop.numerics.phrases import Phrases
from rnnpop.tasks import Documents, ReadingTask
from rnnpop.variants import Count, Positive, Whole


@final
@dataclass(frozen=True, kw_only=True)
class Valence(ReadingTask):
    """The sign of a sum: words are awful −2, bad −1, the 0, good +1, awesome +2, and the answer is whether S = Σ v(x_t) is positive.

    With more classes S is cut where it falls between any two cuts as often as between any others: at quantiles of a normal
    distribution of variance 2L, L the words of the document, or of the uniform one. Documents on a cut are drawn anew.

    Attributes:
        length: words of a document.
        shortest: of documents whose lengths are uniform up to `length`; 0: all have that length.
        classes: ordered, from awful to awesome; 2 are answered by one output.
        sampling: each word alone, all five levels equally often (iid); or S uniform from −2L to 2L, and at random a document of that
            sum: as many strong words as may be, mild ones for the rest, then pairs of good and bad or of the and the, shuffled.
        synonyms: words of each value but 0.
        neutral_words: words of value 0.

    Source: the synthetic tasks of Aitken, Ramasesh, Garg, Cao, Sussillo & Maheswaranathan 2021.
    """

    criterion: Positive = 0.1
    length: Count = 50
    shortest: Whole = 0
    classes: Count = 2
    sampling: Literal["iid", "uniform_score"] = "iid"
    synonyms: Count = 1
    neutral_words: Count = 1

    def __post_init__(self) -> None:
        if self.classes < 2:
            raise ValueError(f"classes: at least 2 are needed, got {self.classes}")

    @property
    def loss(self) -> Literal["log", "logistic"]:  # type: ignore[override]
        return "logistic" if self.classes == 2 else "log"

    @property
    def outputs(self) -> int:  # type: ignore[override]
        return 1 if self.classes == 2 else self.classes

    @property
    def words(self) -> tuple[str, ...]:
        return phrases.vocabulary(tuple(phrases.VALENCES), self._synonyms)

    @property
    def _synonyms(self) -> tuple[int, ...]:
        return self.neutral_words, *[self.synonyms] * 4

    def values(self) -> Float[np.ndarray, "word quantity"]:
        return np.repeat([*phrases.VALENCES.values()], self._synonyms)[:, None]

    def frequencies(self) -> Float[np.ndarray, "word"]:
        """Before documents on a cut are drawn anew."""
        levels = np.full(5, 0.2) if self.sampling == "iid" else self._shares()
        return np.repeat(levels / self._synonyms, self._synonyms)

    def documents(
        self, rng: np.random.Generator, number: int, part: Literal["train", "validation", "test"] = "train", *, whole: bool = False
    ) -> Documents:
        def draw(candidates: int) -> Phrases:
            length = phrases.lengths(rng, candidates, 0 if whole else self.shortest, self.length)
            if self.sampling == "iid":
                levels = phrases.independent(rng, np.full(5, 0.2), length, self.length)
            else:
                levels = phrases.shuffled(rng, self._counts(rng, length), self.length)
            tokens = phrases.spelt(rng, levels, self._synonyms, length)
            score = phrases.running(self.values(), tokens, length)
            return Phrases(tokens, length, self._answer(score[:, -1], length), score)

        return Documents(*phrases.decided(draw, number))

    def _answer(self, score: Float[np.ndarray, "document 1"], length: Int[np.ndarray, "document"]) -> Float[np.ndarray, "document output"]:
        if self.classes == 2:
            return phrases.signs(score)
        share = np.arange(1, self.classes) / self.classes
        if self.sampling == "iid":
            cuts = np.sqrt(2 * length)[:, None] * [NormalDist().inv_cdf(part) for part in share]
        else:
            cuts = 2 * length[:, None] * (2 * share - 1)
        return phrases.between(score[:, 0], cuts)

    def _counts(self, rng: np.random.Generator, length: Int[np.ndarray, "document"]) -> Int[np.ndarray, "document level"]:
        """Of the, awful, bad, good, awesome in documents of uniform sums."""
        score = rng.integers(-2 * length, 2 * length, endpoint=True)
        size = np.abs(score)
        strong = rng.integers(np.maximum(0, size - length), size // 2, endpoint=True)
        neutral, mild, against = _filled(length, size, strong, lambda pairs: rng.binomial(pairs, 0.5))
        none = np.zeros_like(strong)
        up = np.stack([neutral, none, against, mild, strong], axis=1)
        return np.where(score[:, None] > 0, up, up[:, [0, 4, 3, 2, 1]])

    def _shares(self) -> Float[np.ndarray, "level"]:
        """What is to be expected of `_counts`, over the words of all lengths."""
        total = np.zeros(3)
        for length in range(self.shortest or self.length, self.length + 1):
            size, strong = np.mgrid[: 2 * length + 1, : length + 1]
            possible = (strong >= size - length) & (2 * strong <= size)
            weight = possible / possible.sum(1, keepdims=True) * np.where(size > 0, 2, 1) / (4 * length + 1)
            neutral, mild, against = _filled(length, size, strong, lambda pairs: pairs / 2)
            total += [(weight * number).sum() for number in (neutral, mild + against, strong)]
        neutral, mild, strong = total / total.sum()
        return np.array([neutral, strong / 2, mild / 2, mild / 2, strong / 2])


def _filled(
    length: Int[np.ndarray, "document"] | int,
    size: Int[np.ndarray, "*document"],
    strong: Int[np.ndarray, "*document"],
    coin: Callable[[Int[np.ndarray, "*document"]], Num[np.ndarray, "*document"]],
) -> tuple[Num[np.ndarray, "*document"], ...]:
    """Numbers of neutral words, mild ones with the sum and mild ones against it, beside `strong` ones: for documents of so large a sum.

    Args:
        coin: how many of so many pairs of words that cancel are of mild words; the others are of neutral ones.
    """
    spare = length - size + strong
    mixed = coin(spare // 2)
    return spare - 2 * mixed, size - 2 * strong + mixed, mixed
