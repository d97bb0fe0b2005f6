"""Star ratings: five ordered classes that two sums decide."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Literal, final

import numpy as np
from jaxtyping import Float

from rnnpop.numerics import phrases
from rnnpop.tasks import Documents, ReadingTask
from rnnpop.variants import Count, Positive, Whole

#: Sentiment and neutrality of each word.
_WORDS: Final = {
    "the": (0.0, 0.0),
    "awful": (-2.0, -1.0),
    "bad": (-1.0, 0.5),
    "okay": (0.0, 2.0),
    "good": (1.0, 0.5),
    "awesome": (2.0, -1.0),
}


@final
@dataclass(frozen=True, kw_only=True)
class Ordered(ReadingTask):
    """Stars by two sums, S of sentiment and U of neutrality: three if U ≥ |S| and U > 0; else four or two, as S is positive or negative,
    if U > 0; else five or one (one at S = 0).

    Words (S, U) are awesome (2, −1), good (1, ½), okay (0, 2), bad (−1, ½), awful (−2, −1), the (0, 0), all equally often. Nothing is
    drawn anew: three stars are the most frequent by far, one and five the rarest. Though there are five classes, two numbers decide.

    Attributes:
        length: words of a document.
        shortest: of documents whose lengths are uniform up to `length`; 0: all have that length.

    Source: the synthetic star ratings of Aitken, Ramasesh, Garg, Cao, Sussillo & Maheswaranathan 2021.
    """

    loss: ClassVar[Literal["squared", "log", "logistic"]] = "log"

    criterion: Positive = 0.5
    length: Count = 50
    shortest: Whole = 0

    @property
    def outputs(self) -> int:  # type: ignore[override]
        return 5

    @property
    def words(self) -> tuple[str, ...]:
        return tuple(_WORDS)

    def values(self) -> Float[np.ndarray, "word quantity"]:
        return np.array([*_WORDS.values()])

    def frequencies(self) -> Float[np.ndarray, "word"]:
        return np.full(len(_WORDS), 1 / len(_WORDS))

    def documents(
        self, rng: np.random.Generator, number: int, part: Literal["train", "validation", "test"] = "train", *, whole: bool = False
    ) -> Documents:
        length = phrases.lengths(rng, number, 0 if whole else self.shortest, self.length)
        tokens = phrases.independent(rng, self.frequencies(), length, self.length)
        score = phrases.running(self.values(), tokens, length)
        return Documents(tokens, length, _stars(score[:, -1]), score)


def _stars(score: Float[np.ndarray, "document 2"]) -> Float[np.ndarray, "document 5"]:
    sentiment, neutrality = score.T
    three = (neutrality > 0) & (neutrality >= np.abs(sentiment))
    away = np.where(neutrality > 0, 1, 2)
    return np.eye(5)[np.where(three, 2, np.where(sentiment > 0, 2 + away, 2 - away))]
