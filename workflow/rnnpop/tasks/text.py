"""Documents of a corpus, and the class of each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np
import xarray as xr
from jaxtyping import Float, Int

from rnnpop.names import SchemaError
from rnnpop.tasks import Documents, ReadingTask, Trials
from rnnpop.variants import Count, Whole

#: Words of English that change what following words add.
_MODIFIERS = {"not": "negator", "never": "negator", "very": "intensifier", "extremely": "intensifier"}
#: How often a word must come in the training part for its coefficient to tell anything.
_LEAST_COUNT = 30


@final
@dataclass(frozen=True, kw_only=True)
class Text(ReadingTask):
    """The first words of documents, and the class of each: of two the sign of the one output (loss `logistic`), of more the largest output
    (loss `log`).

    Nothing can be asked of the task before it is `bound` to its corpus.

    Attributes:
        corpus: entry of `corpora` in the config.
        length: words of a document that are read, from its beginning.
        window: training documents of like length among which a batch is drawn, so that little of it is padding.
        dimensions, embedding_deviation, criterion, probe_documents: as in `ReadingTask`.

    Source: Maheswaranathan, Williams, Golub, Ganguli & Sussillo 2019, whose own constants are not published.
    """

    corpus: str
    length: Count = 150
    window: Count = 1024
    dimensions: Whole = 64

    def bound(self, corpus: xr.Dataset | None = None) -> Text:
        """A copy that holds the corpus, a store of stage `tokenise`."""
        if corpus is None:
            return self
        copy = replace(self)
        object.__setattr__(copy, "_held", _Corpus(corpus, self.length))  # no field: it is no key of the config
        return copy

    @property
    def _text(self) -> _Corpus:
        held: _Corpus | None = vars(self).get("_held")
        if held is None:
            raise SchemaError(
                f"the task needs its corpus '{self.corpus}': task.bound(store.load('results/corpora/{self.corpus}.zarr.zip'))"
            )
        return held

    @property
    def loss(self) -> Literal["log", "logistic"]:  # type: ignore[override]
        return "logistic" if self._text.classes == 2 else "log"

    @property
    def outputs(self) -> int:  # type: ignore[override]
        return 1 if self._text.classes == 2 else self._text.classes

    @property
    def words(self) -> tuple[str, ...]:
        return self._text.words

    def frequencies(self) -> Float[np.ndarray, "word"]:
        return self._text.count / self._text.count.sum()

    def values(self) -> Float[np.ndarray, "word output"]:
        return self._text.coefficient

    def bag_of_words(self) -> float:
        return self._text.bag_accuracy

    def modifiers(self) -> dict[str, str]:
        return {word: kind for word, kind in _MODIFIERS.items() if word in self.words}

    def documents(
        self, rng: np.random.Generator, number: int, part: Literal["train", "validation", "test"] = "train", *, whole: bool = False
    ) -> Documents:
        """Documents of a part, padded to the longest of them.

        Those for training are of like length: a document is drawn, and the batch at random from the window that holds it; every document
        comes equally often. Validation and test documents are always the same: the first ones, or all where there are fewer, by rising
        length. Of full length (`whole`): the first ones that are long enough; where there are too few, the longest ones, half of the
        part at most, cut to the shortest of them.
        """
        if whole:
            return self._of(self._long(part, number), cut=True)
        if part == "train":
            ranked = self._text.ranked
            windows = np.array_split(ranked, max(1, len(ranked) // self.window))
            ends = np.cumsum(list(map(len, windows)))
            window = windows[int(np.searchsorted(ends, rng.integers(len(ranked)), side="right"))]
            return self._of(rng.choice(window, number, replace=number > len(window)))
        first = self._text.of(part)[:number]
        return self._of(first[np.argsort(self._text.length[first], kind="stable")])

    def probes(self, rng: np.random.Generator, batch: int) -> Trials:
        """Test documents of full length; no document is in two batches."""
        found = self._long("test", 2 * self.probe_documents)
        return self._of(found, cut=True, every=slice(batch, 2 * (len(found) // 2), 2)).trials()

    def _long(self, part: str, number: int) -> Int[np.ndarray, "chosen"]:
        """The first documents of full length; with too few, the longest, half of the part at most: beyond it they are short."""
        own = self._text.of(part)
        return own[np.argsort(-self._text.length[own], kind="stable")][: min(number, len(own) // 2)]

    def _of(self, chosen: Int[np.ndarray, "chosen"], *, cut: bool = False, every: slice = slice(None)) -> Documents:
        """The chosen documents, every one of them or only some; cut, where asked, to the shortest of all that were chosen."""
        text = self._text
        length = np.full(len(chosen), text.length[chosen].min()) if cut else text.length[chosen]
        chosen, length = chosen[every], length[every]
        steps = np.arange(length.max())
        read = steps < length[:, None]
        tokens = np.where(read, text.tokens[np.where(read, text.begin[chosen][:, None] + steps, 0)], 0)
        label = text.label[chosen]
        wanted = 2.0 * label[:, None] - 1 if text.classes == 2 else np.eye(text.classes)[label]
        return Documents(tokens, length, wanted)


class _Corpus:
    """What the task reads of a store of stage `tokenise`, with documents cut at the task's length."""

    def __init__(self, corpus: xr.Dataset, length: int) -> None:
        self.words = tuple(map(str, corpus["word"].values))
        self.classes = len(corpus.attrs["classes"])
        self.tokens, self.begin, self.label, self.count = (corpus[name].values for name in ("tokens", "begin", "label", "count"))
        self.length: Int[np.ndarray, "document"] = np.minimum(corpus["length"].values, length)
        self.coefficient: Float[np.ndarray, "word output"] = np.where(
            self.count[:, None] >= _LEAST_COUNT, corpus["coefficient"].values, np.nan
        )
        self.coefficient[0] = np.nan  # no word: all that are not in the vocabulary
        fitted = corpus["bag_accuracy"].sel(portion="test").values[corpus["limit"].values == length]
        self.bag_accuracy = float(fitted[0]) if len(fitted) else np.nan
        self._part = corpus["part"].values
        training = self.of("train")
        self.ranked: Int[np.ndarray, "ranked"] = training[np.argsort(self.length[training], kind="stable")]

    def of(self, part: str) -> Int[np.ndarray, "document"]:
        """Documents of a part, in stored order, which is random."""
        return np.flatnonzero(self._part == part)
