"""Made-up reviews, whose classes have words of their own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import xarray as xr

from rnnpop import variants
from rnnpop.seeds import stream
from rnnpop.stages.tokenise import tokenise
from rnnpop.tasks import Task
from rnnpop.tasks.text import Text

#: Words that speak for each class.
SIGNS = (("bad", "awful", "dull"), ("good", "superb", "fun"), ("strange", "odd", "weird"))
#: Words that speak for none, and marks.
NEUTRAL = ("the", "film", "was", "a", "plot", "and", "not", "seen", "I", ".", ",")


def table(number: int = 300, classes: int = 2, shortest: int = 5, longest: int = 40, seed: int = 0) -> pd.DataFrame:
    """Reviews of all lengths, their labels (0, 1, ...) in turn: one word in four has a sign, four times as often that of the class."""
    rng = stream(seed, "reviews")
    texts = []
    for document in range(number):
        sign = np.where(rng.random(longest) < 0.2 * (classes - 1) / classes, rng.integers(classes, size=longest), document % classes)
        signed = [SIGNS[own][word] for own, word in zip(sign, rng.integers(3, size=longest), strict=True)]
        words = np.where(rng.random(longest) < 0.25, signed, rng.choice(NEUTRAL, longest))
        texts.append(" ".join(words[: rng.integers(shortest, longest + 1)]).replace(" .", ".<br />").replace(" ,", ","))
    return pd.DataFrame({"text": texts, "label": [str(document % classes) for document in range(number)]})


def corpus(number: int = 300, classes: int = 2, **changed: int) -> xr.Dataset:
    """The corpus of these reviews; some words are unknown."""
    return tokenise(table(number, classes, **changed), name="reviews.csv", seed=1, words=16, lengths=[10])


def task(kind: str) -> Task:
    """A task of any kind as it stands without further fields; one of a corpus reads these reviews."""
    if kind == "text":
        return Text(corpus="made_up", length=20, probe_documents=8).bound(corpus())
    return variants.load("tasks", {"kind": kind})
