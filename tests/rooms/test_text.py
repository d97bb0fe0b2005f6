"""The task `text`: its documents, batches without waste, and what it knows of words; corpora in config.yaml."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
import yaml

import review_corpus
from rnnpop import validation, variants
from rnnpop.names import SchemaError
from rnnpop.seeds import stream
from rnnpop.stages.tokenise import tokenise
from rnnpop.tasks.text import Text

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def corpus() -> xr.Dataset:
    return review_corpus.corpus(400)


@pytest.fixture(scope="module")
def task(corpus: xr.Dataset) -> Text:
    return Text(corpus="made_up", length=30, dimensions=4, probe_documents=4, window=40).bound(corpus)


def cut(corpus: xr.Dataset, length: int) -> dict[tuple[int, ...], set[int]]:
    """Labels of the documents that begin with these words."""
    found: dict[tuple[int, ...], set[int]] = {}
    for begin, own, label in zip(*(corpus[name].values for name in ("begin", "length", "label")), strict=True):
        found.setdefault(tuple(corpus["tokens"].values[begin : begin + min(own, length)].tolist()), set()).add(int(label))
    return found


@pytest.mark.parametrize("part", ["train", "validation", "test"])
def test_documents_are_the_first_words_of_their_part_with_its_label(task: Text, corpus: xr.Dataset, part: Any) -> None:
    made = task.documents(stream(0, "a"), 25, part)
    assert made.tokens.shape == (25, made.length.max())
    assert made.wanted.shape == (25, 1)
    known = cut(corpus.isel(document=corpus["part"].values == part), 30)
    for tokens, length, wanted in zip(made.tokens, made.length, made.wanted, strict=True):
        assert (wanted[0] > 0) in known[tuple(tokens[:length].tolist())]
        assert not tokens[length:].any()
        assert abs(wanted[0]) == 1


def test_trials_are_numbers_of_words_and_score_the_last_one(task: Text) -> None:
    trials = task.trials(stream(0, "b"), 12)
    made = task.documents(stream(0, "b"), 12)
    assert trials.input.dtype == np.int64
    np.testing.assert_array_equal(trials.input[..., 0], made.tokens)
    assert trials.target.dtype == np.float32
    scored = np.argwhere(trials.target[..., 0])
    np.testing.assert_array_equal(scored[:, 1], made.length - 1)
    np.testing.assert_array_equal(trials.target[np.arange(12), made.length - 1], made.tokens.shape[1] * made.wanted)


def test_every_training_document_comes_equally_often(task: Text, corpus: xr.Dataset) -> None:
    """1,500 batches of 16 of 320: each comes 75 times, with a standard deviation of at most 8.7 (binomial); 6 of them."""
    known = {words: place for place, words in enumerate(cut(corpus.isel(document=corpus["part"].values == "train"), 30))}
    assert len(known) == 320
    rng, seen = stream(0, "c"), np.zeros(320)
    for _ in range(1500):
        made = task.documents(rng, 16)
        places = [known[tuple(tokens[:length].tolist())] for tokens, length in zip(made.tokens, made.length, strict=True)]
        assert len(set(places)) == 16  # without repetition
        seen[places] += 1
    assert np.abs(seen - 75).max() < 6 * 8.7


@pytest.mark.parametrize(("window", "least", "most"), [(40, 0.9, 1.0), (1000, 0.6, 0.8)])
def test_batches_waste_little(corpus: xr.Dataset, window: int, least: float, most: float) -> None:
    """Lengths 5 to 30: in 8 windows a tenth of the steps at most is behind the ends; in one window the share 1 − mean / longest, 0.26."""
    task = Text(corpus="made_up", length=30, window=window).bound(corpus)
    rng = stream(0, "d")
    fill = [(made.length.sum(), made.tokens.size) for made in (task.documents(rng, 16) for _ in range(100))]
    assert least < np.divide(*np.sum(fill, axis=0)) < most


def test_a_batch_may_be_larger_than_its_window(task: Text) -> None:
    assert len(task.documents(stream(0, "e"), 100).length) == 100


def test_evaluation_is_frozen_and_rises_in_length(task: Text) -> None:
    one, two = (task.documents(stream(0, name), 1000, "validation") for name in "xy")
    np.testing.assert_array_equal(one.tokens, two.tokens)
    assert len(one.length) == 40  # all there are
    assert (np.diff(one.length) >= 0).all()
    few = task.documents(stream(0, "x"), 10, "validation")
    assert {tuple(tokens[:n]) for tokens, n in zip(few.tokens, few.length, strict=True)} <= {
        tuple(tokens[:n]) for tokens, n in zip(one.tokens, one.length, strict=True)
    }


def test_probes_are_whole_and_in_one_batch_only(task: Text, corpus: xr.Dataset) -> None:
    first, second = (task.probes(stream(0, "probes", batch), batch).input[..., 0] for batch in (0, 1))
    assert first.shape == second.shape == (4, 30)
    assert {row.tobytes() for row in first}.isdisjoint(row.tobytes() for row in second)
    test = cut(corpus.isel(document=corpus["part"].values == "test"), 30)
    assert all(tuple(row.tolist()) in test for row in np.concatenate([first, second]))


def test_of_short_documents_the_longest_are_whole(corpus: xr.Dataset) -> None:
    """None has 100 words: the longest ones, all of a length, none padded; of many that are asked for the longer half."""
    task = Text(corpus="made_up", length=100, probe_documents=5).bound(corpus)
    batches = [task.probes(stream(0), batch).input for batch in (0, 1)]
    lengths = np.sort(corpus["length"].values[corpus["part"].values == "test"])[::-1]
    assert [batch.shape for batch in batches] == [(5, lengths[9], 1)] * 2
    whole = task.documents(stream(0), 10, "test", whole=True)
    assert (whole.length == lengths[9]).all()
    many = Text(corpus="made_up", probe_documents=1000).bound(corpus)
    assert [many.probes(stream(0), batch).input.shape for batch in (0, 1)] == [(10, lengths[19], 1)] * 2


def test_words_and_what_they_add(task: Text, corpus: xr.Dataset) -> None:
    assert task.words[0] == "<unk>"
    assert task.inputs == 4
    assert task.frequencies().sum() == pytest.approx(1)
    assert task.frequencies()[3] == corpus["count"].values[3] / corpus["count"].values.sum()
    values = task.values()
    assert values.shape == (16, 1)
    rare = corpus["count"].values < 30
    np.testing.assert_array_equal(np.isnan(values[:, 0]), rare | (np.arange(16) == 0))
    assert np.array_equal(values[~np.isnan(values)], corpus["coefficient"].values[~np.isnan(values)])
    assert task.modifiers() == {"not": "negator"}
    still = task.still_inputs()
    assert {name: vector.sum() for name, vector in still.items()} == pytest.approx({"silence": 0, "mean word": 1})


def test_two_classes_have_one_output_and_more_have_one_each(task: Text) -> None:
    assert (task.loss, task.outputs) == ("logistic", 1)
    three = Text(corpus="made_up").bound(tokenise(review_corpus.table(300, 3), name="x", seed=0))
    assert (three.loss, three.outputs) == ("log", 3)
    wanted = three.documents(stream(0), 30).wanted
    assert set(map(tuple, wanted)) == {(1, 0, 0), (0, 1, 0), (0, 0, 1)}


def test_a_task_without_its_corpus_says_so(corpus: xr.Dataset) -> None:
    """One line; binding changes no field, so tasks with and without their corpus are equal."""
    task = variants.load("tasks", {"kind": "text", "corpus": "mine", "length": 20})
    for asked in (lambda: task.words, lambda: task.loss, lambda: task.trials(stream(0), 2)):
        with pytest.raises(SchemaError, match="the task needs its corpus 'mine'"):
            asked()
    assert task.bound(None) is task
    bound = task.bound(corpus)
    assert bound == task
    assert bound.length == 20
    with pytest.raises(SchemaError):
        _ = task.words


@pytest.fixture(scope="module")
def shipped() -> dict[str, Any]:
    config: dict[str, Any] = yaml.safe_load((ROOT / "config.yaml").read_text())
    return config


def faults(config: dict[str, Any]) -> list[str]:
    try:
        validation.validate(config, ROOT / "workflow" / "schema.yaml")
    except validation.ConfigError as error:
        return str(error).splitlines()
    return []


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ({}, "corpora.mine: either `file` or `fixture` is expected, got neither"),
        ({"file": "a.csv", "fixture": "imdb"}, "corpora.mine: either `file` or `fixture` is expected, got both"),
        ({"file": "none.csv"}, "corpora.mine.file: a file that is there is expected, got 'none.csv', seen from "),
        ({"file": "a.txt"}, "corpora.mine.file: a text matching"),
        ({"fixture": "yelp"}, "corpora.mine.fixture: one of imdb, rotten_tomatoes is expected"),
        ({"fixture": "imdb", "text": "review"}, "corpora.mine.text: goes with a `file`"),
        ({"file": "a.csv", "encoding": "latin-x"}, "corpora.mine.encoding: the name of an encoding is expected"),
        ({"fixture": "imdb", "test": 0.9}, "corpora.mine.test: a number above 0 of at most 0.4 is expected"),
    ],
)
def test_one_line_names_the_key_and_what_is_allowed(shipped: dict[str, Any], entry: dict[str, Any], said: str) -> None:
    config = copy.deepcopy(shipped)
    config["corpora"]["mine"] = entry
    assert any(line.startswith(f"config: {said}") for line in faults(config)), faults(config)


def test_a_task_names_a_corpus_with_its_length(shipped: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("text,label\n")
    config = copy.deepcopy(shipped)
    config["corpora"]["mine"] = {"file": str(tmp_path / "mine.csv"), "lengths": [40]}
    config["tasks"]["own"] = {"kind": "text", "corpus": "mine", "length": 40}
    assert faults(config) == []
    config["tasks"]["own"]["length"] = 50
    assert faults(config) == ["config: corpora.mine.lengths: 50 is expected among them; the task 'own' reads so many words"]
    config["tasks"]["own"]["corpus"] = "yours"
    assert faults(config) == [f"config: tasks.own.corpus: 'yours' is not an entry of corpora; there are: {', '.join(config['corpora'])}"]
