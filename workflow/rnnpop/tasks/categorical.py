"""Classes that are counted side by side: the largest of N sums decides."""

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
class Categorical(ReadingTask):
    """The class with the most evidence: each word speaks for one class, or for none; ties are drawn anew.

    What has to be kept is differences of counts alone, N − 1 numbers.

    Attributes:
        classes: N.
        length: words of a document.
        shortest: of documents whose lengths are uniform up to `length`; 0: all have that length.
        sampling: numbers of words k₁, ..., k_N, uniform among all that sum to at most the length, neutral words for the rest, shuffled
            (uniform_score); or each word alone, all equally often (iid).
        strengths: what the words of a class add to it. (2, 1, 0, −1, −2), iid and without a neutral word, is a library's variant.
        neutral_words: words that speak for no class.

    Source: Aitken, Ramasesh, Garg, Cao, Sussillo & Maheswaranathan 2021.
    """

    loss: ClassVar[Literal["squared", "log", "logistic"]] = "log"

    criterion: Positive = 0.25
    classes: Count = 3
    length: Count = 50
    shortest: Whole = 0
    sampling: Literal["iid", "uniform_score"] = "uniform_score"
    strengths: tuple[float, ...] = (1.0,)
    neutral_words: Whole = 1

    def __post_init__(self) -> None:
        if self.classes < 2:
            raise ValueError(f"classes: at least 2 are needed, got {self.classes}")
        if self.sampling == "uniform_score" and (self.strengths, self.neutral_words) != ((1.0,), 1):
            raise ValueError("sampling: uniform_score is of one word a class, of strength 1, and one neutral word; take iid")

    @property
    def outputs(self) -> int:  # type: ignore[override]
        return self.classes

    @property
    def words(self) -> tuple[str, ...]:
        strengths = [f":{strength:+g}" for strength in self.strengths] if len(self.strengths) > 1 else [""]
        evidence = tuple(f"evidence_{i}{strength}" for i in range(1, self.classes + 1) for strength in strengths)
        return (*(phrases.vocabulary(("the",), (self.neutral_words,))), *evidence)

    def values(self) -> Float[np.ndarray, "word quantity"]:
        evidence = np.kron(np.eye(self.classes), np.array(self.strengths)[:, None])
        return np.concatenate([np.zeros((self.neutral_words, self.classes)), evidence])

    def frequencies(self) -> Float[np.ndarray, "word"]:
        """Before ties are drawn anew. All the same: how a length falls into counts does not know their order."""
        return np.full(len(self.words), 1 / len(self.words))

    def documents(
        self, rng: np.random.Generator, number: int, part: Literal["train", "validation", "test"] = "train", *, whole: bool = False
    ) -> Documents:
        def draw(candidates: int) -> Phrases:
            length = phrases.lengths(rng, candidates, 0 if whole else self.shortest, self.length)
            if self.sampling == "iid":
                tokens = phrases.independent(rng, self.frequencies(), length, self.length)
            else:
                tokens = phrases.shuffled(rng, phrases.stars_and_bars(rng, length, self.classes + 1), self.length)
            score = phrases.running(self.values(), tokens, length)
            return Phrases(tokens, length, phrases.largest(score[:, -1]), score)

        return Documents(*phrases.decided(draw, number))
