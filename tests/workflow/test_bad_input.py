"""Bad input of every kind ends in one line that names the key or the file and says what is expected; nothing is computed."""

from __future__ import annotations

import runpy
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st
from snakemake.iocontainers import InputFiles, Log, OutputFiles, Params, Wildcards
from snakemake.utils import update_config

import review_corpus
from rnnpop import validation

REPOSITORY = Path(__file__).parents[2]
SHIPPED = yaml.safe_load((REPOSITORY / "config.yaml").read_text())
SCHEMA = REPOSITORY / "workflow" / "schema.yaml"

#: How a bad input is met: the exit code, and what is said of it.
Met = Callable[[Path, pytest.FixtureRequest], tuple[object, str]]


def config(changed: dict[str, Any]) -> Met:
    """A config file, merged over the one that ships as Snakemake does it, and checked as workflow/rules/common.smk does it."""

    def meet(folder: Path, request: pytest.FixtureRequest) -> tuple[object, str]:
        merged = deepcopy(SHIPPED)
        update_config(merged, changed)
        with pytest.raises(validation.ConfigError) as caught:
            validation.validate(merged, SCHEMA)
        return 1, str(caught.value)

    return meet


def run(*words: str, files: dict[str, str] | None = None, **environment: str) -> Met:
    """The whole run, started as a user starts it, with these files beside the Snakefile."""

    def meet(folder: Path, request: pytest.FixtureRequest) -> tuple[object, str]:
        house = request.getfixturevalue("house")
        for name, text in (files or {}).items():
            (house.folder / name).write_text(text)
        done = house.snakemake(*words, config=None, **environment)
        assert not (house.folder / "results").is_dir()
        return done.returncode, done.stdout + done.stderr

    return meet


def job(script: str, make: Callable[[Path], object], *, file: str, output: dict[str, str], stem: str = "mine", **params: Any) -> Met:
    """One job, as Snakemake starts it, on a file of the user's own."""

    def meet(folder: Path, request: pytest.FixtureRequest) -> tuple[object, str]:
        made, heard = folder / file, request.getfixturevalue("capsys")
        make(made)
        names = {"tabulate": "mouse", "tokenise": "corpus", "diagnose": "recording"}
        job = _Job(
            script,
            InputFiles(fromdict={"networks" if script == "record" else "file": str(made)}),
            OutputFiles(fromdict={name: str(folder / path) for name, path in output.items()}),
            Params(fromdict=params),
            Wildcards(fromdict={names.get(script, "shard"): stem} | dict.fromkeys(("task", "cell", "learner"), "x")),
            Log(fromdict={}, toclone=[str(folder / "log.txt")]),
        )
        request.getfixturevalue("monkeypatch").syspath_prepend(REPOSITORY / "scripts")
        with pytest.raises(SystemExit) as ended:
            runpy.run_path(str(REPOSITORY / "scripts" / f"{script}.py"), {"snakemake": job})
        assert not any((folder / path).exists() for path in output.values())
        return ended.value.code, heard.readouterr().out

    return meet


class _Job:
    """What Snakemake hands to a script."""

    threads = 1

    def __init__(self, rule: str, *parts: Any) -> None:
        self.rule = rule
        self.input, self.output, self.params, self.wildcards, self.log = parts


def mouse(make: Callable[[Path], object], file: str = "mouse.csv", **entry: Any) -> Met:
    return job("tabulate", make, file=file, output={"table": "made.csv"}, entry={"file": file} | entry)


def corpus(make: Callable[[Path], object], file: str = "corpus.csv", **entry: Any) -> Met:
    return job("tokenise", make, file=file, output={"corpus": "made.zarr.zip"}, entry={"file": file} | entry, seed=1)


def recording(make: Callable[[Path], object], file: str = "activity.npy", **entry: Any) -> Met:
    tables = ("scores", "text", "eigenvalues", "correlations", "subsamples")
    entry = {"file": file, "leak": 0.1} | entry
    students = {"map": SHIPPED["learners"]["map"]}
    return job("diagnose", make, file=file, output={name: f"made/{name}" for name in tables}, entry=entry, students=students, seed=1)


def networks(make: Callable[[Path], object]) -> Met:
    made = {"task": {}, "cell": {}, "seed": 1, "code": "x"}
    return job("record", make, file="networks.zarr.zip", output={"trajectories": "made.zarr.zip"}, **made)


def text(content: str | bytes) -> Callable[[Path], object]:
    return lambda path: path.write_bytes(content.encode() if isinstance(content, str) else content)


def trials(**columns: Any) -> Callable[[Path], object]:
    """A sound table of a mouse's trials but for these columns; those that are None are left out."""
    left = np.arange(60) % 3 > 0
    sound = {
        "contrastLeft": np.where(left, 0.25, np.nan),
        "contrastRight": np.where(left, np.nan, 1.0),
        "probabilityLeft": np.where(np.arange(60) < 30, 0.5, 0.8),
        "choice": np.where(left, 1, -1),
        "feedbackType": 1,
        "stimOn_times": np.arange(60) * 3.0,
        "response_times": np.arange(60) * 3.0 + 0.4,
    }
    return lambda path: pd.DataFrame({n: v for n, v in (sound | columns).items() if v is not None}).to_csv(path, index=False)


def reviews(**columns: Any) -> Callable[[Path], object]:
    """A sound table of texts but for these columns."""
    return lambda path: review_corpus.table(60).assign(**columns).to_csv(path, index=False)


def activity(values: np.ndarray) -> Callable[[Path], object]:
    return lambda path: np.save(path, values, allow_pickle=values.dtype.hasobject)


NOISE = np.random.default_rng(0).standard_normal((60, 4))
STUDY = "universality"


def of_study(**entry: Any) -> Met:
    return config({"studies": {STUDY: entry}})


#: What is bad -> how it is met, and what stands in the one line.
INPUTS: dict[str, tuple[Met, ...] | tuple[Any, ...]] = {
    # the config
    "a misspelt key": (config({"sede": 3}), "config: sede: ", "seed"),
    "a misspelt key of an entry": (config({"cells": {"gru": {"unit": 8}}}), "config: cells.gru.unit: ", "units"),
    "a key that is no text": (config({"cells": {1: {"kind": "gru"}}}), "config: cells.1: ", "a text is expected as key"),
    "a kind that is not there": (config({"cells": {"gru": {"kind": "gru2"}}}), "config: cells.gru.kind: ", "lstm"),
    "a kind that is a path": (config({"tasks": {"sine": {"kind": "../cells/gru"}}}), "config: tasks.sine.kind: ", "flip_flop"),
    "a text for a number": (
        config({"learners": {"adam": {"batch": "x"}}}),
        "config: learners.adam.batch: ",
        "a whole number of at least 1",
    ),
    "a number that is none": (config({"learners": {"adam": {"learning_rate": float("nan")}}}), "learners.adam.learning_rate: ", "above 0"),
    "an endless number": (config({"tasks": {"flip_flop": {"criterion": float("inf")}}}), "tasks.flip_flop.criterion: ", "a number"),
    "true for a number": (config({"shard": True}), "config: shard: ", "a whole number"),
    "nothing for a number": (config({"seed": None}), "config: seed: ", "a whole number of at least 0"),
    "a number below its range": (config({"cells": {"gru": {"units": -8}}}), "config: cells.gru.units: ", "at least 1"),
    "a number above its range": (config({"corpora": {"imdb": {"test": 0.9}}}), "config: corpora.imdb.test: ", "of at most 0.4"),
    "a list for a mapping": (config({"cells": {"gru": ["units"]}}), "config: cells.gru: ", "a mapping"),
    "a device of another name": (config({"device": "gpu"}), "config: device: ", "cpu, cuda"),
    "a level of another name": (of_study(axes={"cells": {"activation": ["step"]}}), "axes.cells.activation: ", "tanh"),
    "no seeds": (of_study(seeds=0), "config: studies.universality.seeds: ", "at least 1"),
    "a cell that is not there": (of_study(cells=["elman"]), "studies.universality.cells: 'elman'", "vanilla"),
    "a measure that is not there": (of_study(measures=["rsa"]), "studies.universality.measures: 'rsa'", "svcca"),
    "a task that is not there": (of_study(tasks={"maze": {}}), "studies.universality.tasks: ", "flip_flop"),
    "nothing to choose from": (of_study(choose="each_cell"), "studies.universality.choose: ", "axes.learners"),
    "a task that its learner cannot learn": (
        config({"studies": {"primer": {"learners": ["fast"]}}}),
        "learners.fast: kind 'closed_loop' cannot learn",
        "trials",
    ),
    "a teacher that is not there": (
        config({"learners": {"radd": {"teacher": "nowhere/ibl/gru/fast"}}}),
        "config: learners.radd.teacher: ",
        "study/task/cell/learner on the task 'ibl' is expected",
    ),
    "a mouse without a file": (config({"mice": {"mine": {}}}), "config: mice.mine: ", "either `file` or `fixture` is expected"),
    "a mouse's file that is no table": (config({"mice": {"mine": {"file": "mine.xlsx"}}}), "config: mice.mine.file: ", "csv|pqt|parquet"),
    "a corpus' file that is not there": (config({"corpora": {"mine": {"file": "no.csv"}}}), "config: corpora.mine.file: ", "'no.csv'"),
    "a corpus of two sources": (
        config({"corpora": {"imdb": {"file": "no.csv"}}}),
        "config: corpora.imdb: ",
        "either `file` or `fixture` is expected, got both",
    ),
    "a recording that is not there": (
        config({"recordings": {"mine": {"file": "no.npy", "leak": 0.1, "students": ["map"]}}}),
        "config: recordings.mine.file: a file that is there is expected",
    ),
    # the run
    "a config file that is no YAML": (
        run("--configfile", "bad.yaml", files={"bad.yaml": "studies: [1, 2"}),
        "Config file is not valid JSON or YAML",
    ),
    "a word of the command line": (run("--config", "seed=x"), "config: seed: ", "a whole number of at least 0"),
    "a GPU that is not there": (run("--config", "device=cuda", CUDA_VISIBLE_DEVICES=""), "config: device: cuda", "cpu"),
    "results that are a file": (run(files={"results": "mine"}), "results: ", "a folder that can be read and written is expected"),
    # tables of mice
    "a mouse's file that is empty": (mouse(text("")), "mouse.csv: not a table with a header"),
    "a mouse without trials": (
        mouse(text("contrastLeft,contrastRight,probabilityLeft,choice,feedbackType,stimOn_times,response_times\n")),
        "mouse.csv: there is no trial in it",
    ),
    "a mouse's column that is missing": (mouse(trials(choice=None)), "mouse.csv: column 'choice' is missing"),
    "a mouse's choice that is none": (mouse(trials(choice=2)), "mouse.csv: column 'choice', row 1 holds 2", "is expected"),
    "a word among a mouse's numbers": (mouse(trials(choice="left")), "mouse.csv: column 'choice', row 1", "a number is expected"),
    "stimuli on both sides": (mouse(trials(contrastRight=1.0)), "mouse.csv: column 'contrastLeft', row 2", "must be NaN"),
    "trials out of order": (mouse(trials(stimOn_times=0.0)), "mouse.csv: column 'stimOn_times', row 2", "in order of time"),
    "a mouse's column of sessions": (mouse(trials(), sessions="day"), "mouse.csv: column 'day'", "is missing"),
    "a mouse's file that is no Parquet": (mouse(text("no table"), "mouse.pqt"), "mouse.pqt: not a Parquet table"),
    # corpora
    "a corpus' column that is missing": (corpus(reviews(), label="stars"), "corpus.csv: column 'stars'"),
    "a text without a word": (corpus(reviews(text="10/10")), "corpus.csv: column 'text', row 1 holds no word"),
    "a corpus of one class": (corpus(reviews(label="1")), "corpus.csv: column 'label'"),
    "a corpus in another encoding": (
        corpus(text("text,label\ncafé,1\n".encode("latin-1"))),
        "corpus.csv: byte 0xe9 is not utf-8",
        "latin-1",
    ),
    "rows of different lengths": (corpus(text("text,label\ngood, but long,1\nbad,0\n")), "corpus.csv: not a table with a header"),
    # recordings
    "a recording of objects": (recording(activity(np.array([{}], dtype=object))), "activity.npy: an array of numbers", "is expected"),
    "a recording cut short": (
        recording(lambda path: (np.save(path, NOISE), path.write_bytes(path.read_bytes()[:500]))),
        "activity.npy: an array of numbers as numpy.save writes it is expected",
    ),
    "a recording with a hole": (recording(activity(np.where(NOISE > 2, np.nan, NOISE))), "activity.npy: finite numbers are expected"),
    "a recording of one unit": (recording(activity(NOISE[:, :1])), "activity.npy: at least 2 units are expected"),
    "a recording that is no archive": (recording(text("x"), "activity.zarr.zip"), "activity.zarr.zip: a zarr array or group is expected"),
    "a recording of several arrays": (
        recording(lambda path: zarr.open_group(path, mode="w").create_array("rates", data=NOISE), "activity.zarr"),
        "activity.zarr: `array` is expected to name an array in it, got None; there are: rates",
    ),
    # stores
    "a store that is not there": (networks(lambda path: None), "networks.zarr.zip: no such store"),
    "a store that is empty": (networks(text("")), "networks.zarr.zip: damaged or half-written store", "the next run makes it again"),
    "a store that is something else": (networks(text("no archive")), "networks.zarr.zip: damaged or half-written store"),
    "an archive without a store": (
        networks(text(b"PK\5\6" + bytes(18))),
        "networks.zarr.zip: damaged or half-written store",
    ),
}


@pytest.mark.filterwarnings("ignore:The 'float_precision' argument is deprecated")  # of the pandas to come
@pytest.mark.parametrize("bad", INPUTS)
def test_one_line_names_it_and_says_what_is_expected(bad: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    meet, *told = INPUTS[bad]
    code, said = meet(tmp_path, request)
    assert code not in (0, None)
    assert "Traceback" not in said
    naming = [line for line in said.splitlines() if all(words in line for words in told)]
    assert len(naming) == 1, said


def places(held: Any, *above: Any) -> list[tuple[Any, ...]]:
    """Paths to everything in a config, its sections first."""
    items = held.items() if isinstance(held, dict) else enumerate(held) if isinstance(held, list) else ()
    return [*([above] if above else []), *(place for key, value in items for place in places(value, *above, key))]


#: A config with an entry for each part of the schema, and few studies: each draw checks it whole.
SMALL = SHIPPED | {
    "studies": {
        name: SHIPPED["studies"][name] for name in ("universality", "hierarchical", "distillation", "partial_trained", "sentiment")
    },
    "recordings": {"mine": {"file": "activity.npy", "leak": 0.1, "students": ["map"]}},
}
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from(sorted(SHIPPED["cells"]))
ANYTHING = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(SCALARS, inner, max_size=3), max_leaves=5)


@settings(deadline=None, max_examples=40, derandomize=True)
@given(
    st.lists(st.tuples(st.sampled_from(places(SMALL)), st.sampled_from(["put", "add", "take"]), ANYTHING, SCALARS), min_size=1, max_size=3)
)
def test_a_config_is_sound_or_told_of_in_lines_whatever_stands_in_it(changes: list[tuple[tuple[Any, ...], str, Any, Any]]) -> None:
    """Random values, keys and gaps at random places: never another exception, and what is told is one short line each."""
    changed = deepcopy(SMALL)
    for (*above, key), how, value, name in changes:
        try:
            place = changed
            for step in above:
                place = place[step]
            if how == "take":
                del place[key]
            elif how == "put":
                place[key] = value
            else:
                place[key][name] = value
        except (LookupError, TypeError):
            continue  # an earlier change took it away, or it has no room for more
    try:
        validation.validate(changed, SCHEMA)
    except validation.ConfigError as faults:
        for line in str(faults).splitlines():
            assert line.startswith("config: ")
            assert ": " in line.removeprefix("config: ")
