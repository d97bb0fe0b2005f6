"""Several answers at once: the signs of N sums."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, final

import numpy as np
from jaxtyping import Float

from rnnpop.numerics import phrases
from rnnpop.numerics.phrases import Phrases
from rnnpop.tasks import Documents, ReadingTask
from rnnpop.variants import Count, Positive, Whole


@final
@dataclass(frozen=True, kw_only=True)
class Multilabel(ReadingTask):
    """The sign of each of N sums: a word adds +1 or −1 to one of them, or nothing; all words come equally often, ties are drawn anew.

    What has to be kept is N numbers: a line attractor for each label, together a square where there are two.

    Attributes:
        labels: N.
        length: words of a document.
        shortest: of documents whose lengths are uniform up to `length`; 0: all have that length.

    Source: Aitken, Ramasesh, Garg, Cao, Sussillo & Maheswaranathan 2021.
    """

    loss: ClassVar[Literal["squared", "log", "logistic"]] = "logistic"

    criterion: Positive = 0.3
    labels: Count = 2
    length: Count = 50
    shortest: Whole = 0

    @property
    def outputs(self) -> int:  # type: ignore[override]
        return self.labels

    @property
    def words(self) -> tuple[str, ...]:
        return "the", *(f"{word}_{i}" for i in range(1, self.labels + 1) for word in ("bad", "good"))

    def values(self) -> Float[np.ndarray, "word quantity"]:
        return np.concatenate([np.zeros((1, self.labels)), np.kron(np.eye(self.labels), [[-1.0], [1.0]])])

    def frequencies(self) -> Float[np.ndarray, "word"]:
        """Before ties are drawn anew."""
        return np.full(len(self.words), 1 / len(self.words))

    def documents(
        self, rng: np.random.Generator, number: int, part: Literal["train", "validation", "test"] = "train", *, whole: bool = False
    ) -> Documents:
        def draw(candidates: int) -> Phrases:
            length = phrases.lengths(rng, candidates, 0 if whole else self.shortest, self.length)
            tokens = phrases.independent(rng, self.frequencies(), length, self.length)
            score = phrases.running(self.values(), tokens, length)
            return Phrases(tokens, length, phrases.signs(score[:, -1]), score)

        return Documents(*phrases.decided(draw, number))
