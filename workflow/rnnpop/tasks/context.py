"""Sentiment in context: words that turn or strengthen what the words after them say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Literal, final

import numpy as np
from jaxtyping import Bool, Float, Int

from rnnpop.numerics import phrases
from rnnpop.numerics.phrases import Phrases
from rnnpop.tasks import Documents, ReadingTask
from rnnpop.variants import Count, Positive, Probability, Whole

#: Words after a "not" among which there is no other.
_SPACING: Final = 3


@final
@dataclass(frozen=True, kw_only=True)
class Context(ReadingTask):
    """The sign of S = Σ m_t v(x_t), where m_t = −1 within the scope of a "not", times 2 right after an "extremely"; 1 elsewhere.

    Words are awful −2, bad −1, the 0, good +1, awesome +2; "not" and "extremely" have no value themselves. Within scope are the `scope`
    words after a "not", whatever they are; a new one begins its scope anew and does not undo the first. No "extremely" comes right after
    another, no "not" with one among the three words before it; words are drawn one by one among those that may come. Ties are drawn anew.

    Attributes:
        length: words of a document.
        shortest: of documents whose lengths are uniform up to `length`; 0: all have that length.
        scope: k, words that a "not" turns.
        negator, intensifier, neutral: how often "not", "extremely" and words of value 0 come, where all may; the rest is shared equally
            among the four other values.
        synonyms: words of each value but 0.
        neutral_words: words of value 0.

    Sources: Maheswaranathan & Sussillo 2020 (words that act by their context); the synthetic task is of the code of Aitken, Ramasesh, Garg,
    Cao, Sussillo & Maheswaranathan 2021, in which 3 words are turned. How often words come is ours: equally often, half of all
    words would be turned, and counting words would tell next to nothing.
    """

    loss: ClassVar[Literal["squared", "log", "logistic"]] = "logistic"

    outputs = 1
    criterion: Positive = 0.2
    length: Count = 50
    shortest: Whole = 0
    scope: Count = 4
    negator: Probability = 0.05
    intensifier: Probability = 0.05
    neutral: Probability = 0.4
    synonyms: Count = 1
    neutral_words: Count = 1

    def __post_init__(self) -> None:
        if self.negator + self.intensifier + self.neutral >= 1:
            raise ValueError("negator, intensifier, neutral: what they leave of 1 is for words with a value; nothing is left")

    @property
    def words(self) -> tuple[str, ...]:
        return phrases.vocabulary((*phrases.VALENCES, "not", "extremely"), self._synonyms)

    @property
    def _synonyms(self) -> tuple[int, ...]:
        return self.neutral_words, *[self.synonyms] * 4, 1, 1

    @property
    def _levels(self) -> Float[np.ndarray, "level"]:
        """How often the five values come among words that are no modifiers."""
        share = self.neutral / (1 - self.negator - self.intensifier)
        return np.array([share, *[(1 - share) / 4] * 4])

    def values(self) -> Float[np.ndarray, "word quantity"]:
        return np.repeat([*phrases.VALENCES.values(), 0.0, 0.0], self._synonyms)[:, None]

    def modifiers(self) -> dict[str, str]:
        return {"not": "negator", "extremely": "intensifier"}

    def frequencies(self) -> Float[np.ndarray, "word"]:
        """Before ties are drawn anew."""
        rare = self._modifier_shares()
        return np.repeat([*(1 - rare.sum()) * self._levels, *rare] / np.array(self._synonyms), self._synonyms)

    def documents(
        self, rng: np.random.Generator, number: int, part: Literal["train", "validation", "test"] = "train", *, whole: bool = False
    ) -> Documents:
        def draw(candidates: int) -> Phrases:
            length = phrases.lengths(rng, candidates, 0 if whole else self.shortest, self.length)
            levels = phrases.independent(rng, self._levels, length, self.length)
            negates, strengthens = self._modifiers(rng, candidates)
            levels = np.where(phrases.within(length, self.length), np.select([negates, strengthens], [5, 6], levels), 0)
            tokens = phrases.spelt(rng, levels, self._synonyms, length)
            score = self.scores(tokens)
            return Phrases(tokens, length, phrases.signs(score[:, -1]), score)

        return Documents(*phrases.decided(draw, number))

    def scores(self, tokens: Int[np.ndarray, "document time"]) -> Float[np.ndarray, "document time 1"]:
        """Running sums S_t of any documents of these words."""
        negates, strengthens = (tokens == len(self.words) - place for place in (2, 1))
        factor = np.ones(tokens.shape)
        factor[:, 1:] += strengthens[:, :-1]
        turned = np.zeros(tokens.shape, dtype=bool)
        for lag in range(1, min(self.scope + 1, tokens.shape[1])):
            turned[:, lag:] |= negates[:, :-lag]
        return np.cumsum(np.where(turned, -factor, factor) * self.values()[tokens, 0], axis=1)[..., None]

    def _modifiers(
        self, rng: np.random.Generator, number: int
    ) -> tuple[Bool[np.ndarray, "document time"], Bool[np.ndarray, "document time"]]:
        """Where "not" and "extremely" stand. Each step draws among what may come: [0, 1) less the shares of what may not."""
        chance = rng.random((self.length, number))
        negates, strengthens = np.zeros((2, self.length + 1, number), dtype=bool)  # a last row, for the step before the first
        for step in range(self.length):
            closed, after = negates[max(0, step - _SPACING) : step].any(0), strengthens[step - 1]
            place = chance[step] * (1 - self.negator * closed - self.intensifier * after) + self.negator * closed
            negates[step] = place < self.negator
            strengthens[step] = ~negates[step] & ~after & (place < self.negator + self.intensifier)
        return negates[:-1].T, strengthens[:-1].T

    def _modifier_shares(self) -> Float[np.ndarray, "2"]:
        """Of "not" and "extremely" among all words to be expected of `_modifiers`, step by step over all that may have come before."""
        closed = np.arange(_SPACING + 1)[:, None] > 0  # steps for which no "not" may come
        after = np.array([[False, True]])  # whether the last word was "extremely"
        left = 1 - self.negator * closed - self.intensifier * after
        standing = np.zeros((_SPACING + 1, 2))
        standing[0, 0] = 1.0
        lengths = np.arange(self.shortest or self.length, self.length + 1)
        shares = np.zeros(2)
        for step in range(self.length):
            negated, strengthened = standing * self.negator * ~closed / left, standing * self.intensifier * ~after / left
            shares += (lengths > step).sum() * np.array([negated.sum(), strengthened.sum()])
            moved = np.stack([(standing - negated - strengthened).sum(1), strengthened.sum(1)], axis=1)
            standing = np.concatenate([moved[1:], [[negated.sum(), 0.0]]])
            standing[0] += moved[0]
        return shares / lengths.sum()
