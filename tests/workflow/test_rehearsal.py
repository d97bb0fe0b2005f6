"""The whole run, tiny: it ends, it says what it did, it is the same however it is cut, and it notices damage."""

import csv
import itertools
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from rnnpop import store

STUDY = Path("results/universality")


def test_it_ends_with_table_claims_figure_and_provenance(rehearsal):
    house, _ = rehearsal
    with (house.folder / STUDY / "summary.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 2 * 2 * 2  # tasks, architectures, learners, seeds
    assert (house.folder / STUDY / "flip_flop/figures/memory.pdf").read_bytes().startswith(b"%PDF")
    assert list((house.folder / STUDY / "flip_flop/figures/memory").glob("*.csv"))
    assert (house.folder / STUDY / "claims.csv").stat().st_size > 0
    provenance = json.loads((house.folder / "results" / "provenance.json").read_text())
    assert {"commit", "dirty", "lock", "config", "versions", "processor"} <= provenance.keys()


def test_each_job_says_one_line_and_the_run_says_where_its_results_are(rehearsal):
    _, said = rehearsal
    lines = said.splitlines()
    assert sum(line.startswith("train       universality/") for line in lines) == 8
    assert sum(line.startswith("compare     universality/") for line in lines) == 8  # two measures, two groups, one tile each
    assert any("of 8 trained networks met the criterion" in line for line in lines)
    assert any(str(STUDY / "flip_flop/figures/memory.pdf") in line for line in lines)


def test_nothing_wakes_the_scheduler_but_jobs_that_end(rehearsal):
    """Snakemake's own timers, one a finished job and every second from then on, take more than the jobs of a long run."""
    assert not (rehearsal[0].folder / "timers.txt").exists()


def test_a_second_run_has_nothing_to_do(rehearsal):
    house, _ = rehearsal
    assert house.plan() == {}


def test_a_clone_with_restored_results_has_nothing_to_do(rehearsal, clone):
    """Its files are newer than the results: code is watched by what it says."""
    shutil.copytree(rehearsal[0].folder / "results", clone.folder / "results")
    shutil.copytree(rehearsal[0].folder / ".snakemake", clone.folder / ".snakemake")
    assert clone.plan() == {}


@pytest.mark.parametrize("tasks", [("flip_flop",), pytest.param(("flip_flop", "sine"), marks=pytest.mark.slow)])
def test_numbers_do_not_depend_on_shards_tiles_or_cores(rehearsal, clone, tasks):
    """Law: a network does not know its shard, a pair does not know its tile. Exact: the same operations in the same order."""
    more = {"flip_flop": {}, "sine": {"settle": {"starts": 16}}}
    asked = {task: {"figures": [], "claims": []} | more[task] if task in tasks else False for task in more}
    axes = {"cells": {"activation": ["tanh"]}}
    some = {"cells": ["gru"], "learners": ["adam"], "axes": axes, "figures": [], "claims": [], "tasks": asked}
    studies = {"universality": some, "partial_trained": {"cells": ["gru"]}}  # whose teachers are of the other study
    (clone.folder / "some.yaml").write_text(f"{json.dumps({'shard': 1, 'tile': 1, 'studies': studies})}\n")
    atlases = [
        STUDY / task / "pairs/adam/atlas" / f"{measure}.zarr.zip"
        for task, measure in itertools.product(tasks, ("svcca_10", "topology", "tree"))
    ]
    atlases = [atlas for atlas in atlases if (rehearsal[0].folder / atlas).exists()]
    targets = map(str, (STUDY / "summary.csv", *atlases))
    done = clone.snakemake(*targets, "--cores", "1", "--configfile", "tests/rehearsal.yaml", "some.yaml", config=None)
    assert done.returncode == 0, done.stdout + done.stderr

    whole, part = (pd.read_csv(h.folder / STUDY / "summary.csv", index_col="network", dtype=str) for h in (rehearsal[0], clone))
    ours = [name for name in whole.index if "/gru-tanh/adam/" in name and name.startswith(tasks)]
    assert list(part.index) == ours
    pd.testing.assert_frame_equal(part, whole.loc[ours, part.columns])  # letter by letter

    assert len(atlases) == 2 * len(tasks)
    for atlas in atlases:
        small, large = (store.load(house.folder / atlas)["distance"] for house in (clone, rehearsal[0]))
        large = large.sel(network=small["network"], partner=small["partner"])
        np.testing.assert_array_equal(small.values, large.values)


def test_a_damaged_store_is_named_and_made_again(rehearsed):
    damaged = rehearsed.folder / STUDY / "flip_flop/gru-tanh/adam/00000-00001/portraits.zarr.zip"
    sound = damaged.read_bytes()
    damaged.write_bytes(sound[: len(sound) // 2])

    check = rehearsed.snakemake("check")
    assert check.returncode != 0
    naming = [line for line in check.stdout.splitlines() if "gru-tanh/adam/00000-00001/portraits.zarr.zip" in line]
    assert len(naming) == 1
    assert "damaged" in naming[0]

    again = rehearsed.snakemake(str(damaged.relative_to(rehearsed.folder)))
    assert again.returncode == 0, again.stdout + again.stderr
    assert damaged.read_bytes() == sound


@pytest.mark.slow
def test_tasks_that_the_rehearsal_leaves_out_run_to_their_figures(rehearsed):
    integration = {"learners": {"adam": {"steps": 60}}, "settle": {"starts": 16}, "figures": ["integration"], "claims": []}
    context = {"learners": {"reader": {"steps": 20}}, "settle": {"starts": 16}, "figures": ["modifiers"], "claims": []}
    tasks = {"universality": {"tasks": {"context_integration": integration}}, "sentiment": {"tasks": {"context": context}}}
    (rehearsed.folder / "more.yaml").write_text(f"{json.dumps({'studies': tasks})}\n")
    done = rehearsed.snakemake("universality", "sentiment", "--configfile", "tests/rehearsal.yaml", "more.yaml", config=None)
    assert done.returncode == 0, done.stdout + done.stderr
    for figure in ("universality/context_integration/figures/integration", "sentiment/context/figures/modifiers"):
        assert (rehearsed.folder / "results" / f"{figure}.pdf").read_bytes().startswith(b"%PDF")
