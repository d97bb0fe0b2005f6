"""Classes that resemble their neighbours: from N sums of their own to one scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, final

import numpy as np
from jaxtyping import Float

from rnnpop.numerics import phrases
from rnnpop.numerics.phrases import Phrases
from rnnpop.tasks import Documents, ReadingTask
from rnnpop.variants import Count, Positive, Probability, Whole


@final
@dataclass(frozen=True, kw_only=True)
class Correlated(ReadingTask):
    """The class with the most evidence, where a word of class i adds 1 to class i and c to classes i − 1 and i + 1; ties are drawn anew.

    Classes stand in a line, the first and the last with one neighbour each, so that c = 0 is `categorical` and with c the classes
    approach the order of a scale. (In a ring they would approach a circle, of dimension 2.) At c = 1 no document is of the first or
    the last class. Words are counted out as in `categorical`: k₁, ..., k_N uniform among all numbers that sum to at most the length.

    Attributes:
        classes: N.
        correlation: c.
        length: words of a document.
        shortest: of documents whose lengths are uniform up to `length`; 0: all have that length.

    Source: a simpler form of the correlated classes of Aitken, Ramasesh, Garg, Cao, Sussillo & Maheswaranathan 2021.
    """

    loss: ClassVar[Literal["squared", "log", "logistic"]] = "log"

    criterion: Positive = 0.25
    classes: Count = 5
    correlation: Probability = 0.5
    length: Count = 50
    shortest: Whole = 0

    def __post_init__(self) -> None:
        if self.classes < 3:
            raise ValueError(f"classes: a line of at least 3 is needed, got {self.classes}")

    @property
    def outputs(self) -> int:  # type: ignore[override]
        return self.classes

    @property
    def words(self) -> tuple[str, ...]:
        return "the", *phrases.vocabulary(("evidence",), (self.classes,))

    def values(self) -> Float[np.ndarray, "word quantity"]:
        near = np.eye(self.classes, k=1) + np.eye(self.classes, k=-1)
        return np.concatenate([np.zeros((1, self.classes)), np.eye(self.classes) + self.correlation * near])

    def frequencies(self) -> Float[np.ndarray, "word"]:
        """Before ties are drawn anew."""
        return np.full(len(self.words), 1 / len(self.words))

    def documents(
        self, rng: np.random.Generator, number: int, part: Literal["train", "validation", "test"] = "train", *, whole: bool = False
    ) -> Documents:
        def draw(candidates: int) -> Phrases:
            length = phrases.lengths(rng, candidates, 0 if whole else self.shortest, self.length)
            tokens = phrases.shuffled(rng, phrases.stars_and_bars(rng, length, self.classes + 1), self.length)
            score = phrases.running(self.values(), tokens, length)
            return Phrases(tokens, length, phrases.largest(score[:, -1]), score)

        return Documents(*phrases.decided(draw, number))
