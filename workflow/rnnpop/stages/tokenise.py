"""Tokenise: a table of texts and labels becomes a corpus, with the bag of words that networks are held against."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
import pandas as pd
import xarray as xr
from jaxtyping import Bool, Float, Int
from scipy import sparse
from sklearn.linear_model import LogisticRegression

from rnnpop.names import variable
from rnnpop.seeds import stream
from rnnpop.stages.tabulate import TableError

#: Parts of a corpus.
PARTS = ("train", "validation", "test")
#: The first entry of every vocabulary: all words that are not in it.
UNKNOWN = "<unk>"
#: Documents of a class, at least.
LEAST = 20

#: A word (letters, digits, apostrophes within), or a mark that ends or divides a sentence.
_WORD = re.compile(r"[^\W_]+(?:'[^\W_]+)*|[.,!?;:()]")
_BREAK = re.compile(r"<br\s*/?>")
#: Inverse strengths of the penalty on a bag of words' coefficients, of which the validation part chooses one.
_STRENGTHS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0)


def words_of(text: str, digits: bool = False) -> list[str]:
    """The words of a text, in lower case, without line breaks of HTML.

    Args:
        digits: whether numbers count as words. Those of reviews are often the rating that the label was made from.
    """
    found = _WORD.findall(_BREAK.sub(" ", text.lower()).replace("’", "'"))
    return found if digits else [word for word in found if not word.isdecimal()]


def tokenise(
    table: pd.DataFrame,
    *,
    name: str,
    seed: int,
    text: str = "text",
    label: str = "label",
    words: int = 5000,
    least_count: int = 2,
    validation: float = 0.1,
    test: float = 0.1,
    digits: bool = False,
    drop_empty: bool = False,
    lengths: Sequence[int] = (150,),
) -> xr.Dataset:
    """A corpus: documents in random order, in three parts with the same share of each class, and the vocabulary of the training part.

    Of documents with the same words the first one is kept; none where their labels differ. The order and the parts follow from the seed and
    the table, not from the vocabulary. Classes are labels in rising order; of two, the second is the positive one.

    Args:
        table: one document a row.
        name: of the file, for messages.
        text, label: columns.
        words: entries of the vocabulary at most, that for unknown words included: the most frequent ones of the training part.
        least_count: how often a word comes there at least.
        validation, test: shares of these parts.
        digits: whether numbers count as words.
        drop_empty: whether a text without a word is left out; it is an error otherwise.
        lengths: words from the beginning of a document that a bag of words is given; all of them first.

    Raises:
        TableError: at the first thing that is missing or cannot be. The first row under the header is row 1.
    """
    texts, labels = (_column(table, column, name) for column in (text, label))
    if not len(table):
        raise TableError(f"{name}: there is no document in it")
    documents = [words_of(content, digits) for content in texts]
    empty = np.array([not document for document in documents])
    if not drop_empty:
        _refuse(empty, f"column '{text}'", "holds no word; leave the row out, or say drop_empty: true", name)
    _refuse(~empty & (labels == ""), f"column '{label}'", "holds nothing; every document needs a label", name)
    kept, repeated, contradicting = _distinct(documents, labels, np.flatnonzero(~empty))
    classes, answer = _classes(labels[kept], label, name)
    part = _parts(answer, {"validation": validation, "test": test}, seed)
    order = stream(seed, "corpus", "order").permutation(len(kept))
    kept, answer, part = kept[order], answer[order], part[order]
    documents = [documents[row] for row in kept]
    vocabulary = _vocabulary([d for d, where in zip(documents, part, strict=True) if where == "train"], words, least_count, name)
    number = {word: place for place, word in enumerate(vocabulary)}
    tokens = np.array([number.get(word, 0) for document in documents for word in document], dtype=np.int32)
    length = np.array(list(map(len, documents)))
    limits = [0, *lengths]
    bags = [_bag_of_words(_counts(tokens, length, limit, len(vocabulary)), answer, part) for limit in limits]
    return xr.Dataset(
        {
            "tokens": variable(("token",), tokens, "entry of the vocabulary that each word is, documents one after another"),
            "begin": variable(("document",), np.cumsum(length) - length, "place of a document's first word among the tokens"),
            "length": variable(("document",), length, "words of a document"),
            "label": variable(("document",), answer, "class of a document, from 0 in the order of `classes`"),
            "row": variable(("document",), kept + 1, "row of the table, from 1"),
            "count": variable(("word",), _frequency(tokens, length, part, len(vocabulary)), "how often a word comes in the training part"),
            "coefficient": variable(("word", "output"), bags[0][0], "coefficient of a word's count in the bag of words of whole documents"),
            "bag_accuracy": variable(("limit", "portion"), [bag[1] for bag in bags], "accuracy of the bag of words"),
            "bag_strength": variable(("limit",), [bag[2] for bag in bags], "inverse strength of the penalty on its coefficients"),
        },
        coords={"word": vocabulary, "part": ("document", part.astype(object)), "limit": limits, "portion": list(PARTS)},
        attrs={
            "classes": classes,
            "rows": len(table),
            "empty": int(empty.sum()),
            "repeated": repeated,
            "contradicting": contradicting,
        },
    )


def _column(table: pd.DataFrame, column: str, name: str) -> np.ndarray:
    if column not in table:
        raise TableError(f"{name}: column '{column}' is missing; there are: {', '.join(map(str, table))}")
    return np.where(table[column].isna(), "", table[column].astype(str).str.strip()).astype(object)


def _refuse(wrong: Bool[np.ndarray, "row"], column: str, because: str, name: str) -> None:
    """Name the first wrong row, if there is one."""
    if wrong.any():
        raise TableError(f"{name}: {column}, row {int(np.argmax(wrong)) + 1} {because}")


def _distinct(documents: list[list[str]], labels: np.ndarray, rows: Int[np.ndarray, "row"]) -> tuple[Int[np.ndarray, "kept"], int, int]:
    """Of the rows, those to keep; how many others repeat one of them; and how many contradict one another."""
    table = pd.DataFrame({"words": [" ".join(documents[row]) for row in rows], "label": labels[rows]})
    agree = (table.groupby("words")["label"].transform("nunique") == 1).to_numpy()
    again = table["words"].duplicated().to_numpy()
    return rows[agree & ~again], int((agree & again).sum()), int((~agree).sum())


def _classes(labels: np.ndarray, column: str, name: str) -> tuple[list[str], Int[np.ndarray, "document"]]:
    """Labels in rising order, as numbers where all are, and the place of each document's among them."""
    found, counts = np.unique(labels.astype(str), return_counts=True)
    if len(found) < 2:
        raise TableError(f"{name}: column '{column}' holds one class only ({', '.join(found) or 'none'}); at least two are expected")
    for rare, count in zip(found, counts, strict=True):
        if count < LEAST:
            raise TableError(f"{name}: class '{rare}' of column '{column}' has {count} distinct documents; at least {LEAST} are expected")
    numbers = pd.to_numeric(pd.Series(found), errors="coerce").to_numpy()
    classes = list(map(str, found if np.isnan(numbers).any() else found[np.argsort(numbers)]))
    place = {label: number for number, label in enumerate(classes)}
    return classes, np.array([place[label] for label in labels])


def _parts(answer: Int[np.ndarray, "document"], shares: dict[str, float], seed: int) -> np.ndarray:
    """The part of each document: of every class the same share, and at least one document."""
    part = np.full(len(answer), "train", dtype=object)
    for number in np.unique(answer):
        own = stream(seed, "corpus", "parts", int(number)).permutation(np.flatnonzero(answer == number))
        begin = 0
        for name, share in shares.items():
            end = begin + max(1, round(share * len(own)))
            part[own[begin:end]] = name
            begin = end
    return part


def _vocabulary(documents: list[list[str]], words: int, least: int, name: str) -> list[str]:
    counts = Counter(word for document in documents for word in document)
    ranked = sorted((-count, word) for word, count in counts.items() if count >= least)
    if not ranked:
        raise TableError(f"{name}: no word comes {least} times in the training documents; a smaller least_count is expected")
    return [UNKNOWN, *(word for _, word in ranked[: words - 1])]


def _frequency(
    tokens: Int[np.ndarray, "token"], length: Int[np.ndarray, "document"], part: np.ndarray, words: int
) -> Int[np.ndarray, "word"]:
    return np.bincount(tokens[np.repeat(part == "train", length)], minlength=words)


def _counts(tokens: Int[np.ndarray, "token"], length: Int[np.ndarray, "document"], limit: int, words: int) -> sparse.csr_matrix:
    """How often each document holds each word among its first ones; among all with limit 0."""
    ends = np.cumsum(length)
    place = np.arange(len(tokens)) - np.repeat(ends - length, length)
    read: Bool[np.ndarray, "token"] = (place < limit) | (limit == 0)
    kept = np.minimum(length, limit) if limit else length
    counts = sparse.csr_matrix((np.ones(read.sum()), tokens[read], np.concatenate([[0], np.cumsum(kept)])), shape=(len(length), words))
    counts.sum_duplicates()
    return counts


def _bag_of_words(
    counts: sparse.csr_matrix, answer: Int[np.ndarray, "document"], part: np.ndarray
) -> tuple[Float[np.ndarray, "word output"], list[float], float]:
    """Logistic regression on counts with an L2 penalty: coefficients, accuracy in each part, and the strength that validation chose."""
    own = {name: part == name for name in PARTS}
    fits = [
        LogisticRegression(C=strength, solver="newton-cg", max_iter=1000).fit(counts[own["train"]], answer[own["train"]])
        for strength in _STRENGTHS
    ]
    reached = [fit.score(counts[own["validation"]], answer[own["validation"]]) for fit in fits]
    best = int(np.argmax(reached))  # of equals the strongest penalty
    return fits[best].coef_.T, [fits[best].score(counts[own[name]], answer[own[name]]) for name in PARTS], _STRENGTHS[best]
