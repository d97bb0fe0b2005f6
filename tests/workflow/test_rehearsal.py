"""The whole run, tiny: it ends, it says what it did, it is the same however it is cut, and it notices damage."""

import csv
import json
import shutil
from pathlib import Path

import numpy as np

from rnnpop import store

STUDY = Path("results/universality")


def test_it_ends_with_table_claims_figure_and_provenance(rehearsal):
    house, _ = rehearsal
    with (house.folder / STUDY / "summary.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 2 * 2 * 2  # architectures, activations, learners, seeds
    assert (house.folder / STUDY / "figures" / "memory.pdf").read_bytes().startswith(b"%PDF")
    assert list((house.folder / STUDY / "figures" / "memory").glob("*.csv"))
    assert (house.folder / STUDY / "claims.csv").stat().st_size > 0
    provenance = json.loads((house.folder / "results" / "provenance.json").read_text())
    assert {"commit", "dirty", "lock", "config", "versions", "processor"} <= provenance.keys()


def test_each_job_says_one_line_and_the_run_says_where_its_results_are(rehearsal):
    _, said = rehearsal
    lines = said.splitlines()
    assert sum(line.startswith("train       universality/") for line in lines) == 8
    assert sum(line.startswith("compare     universality/") for line in lines) == 4  # two measures, two groups, one tile each
    assert any("of 8 trained networks met the criterion" in line for line in lines)
    assert any(str(STUDY / "figures" / "memory.pdf") in line for line in lines)


def test_a_second_run_has_nothing_to_do(rehearsal):
    house, _ = rehearsal
    assert house.plan() == {}


def test_a_clone_with_restored_results_has_nothing_to_do(rehearsal, clone):
    """Its files are newer than the results: code is watched by what it says."""
    shutil.copytree(rehearsal[0].folder / "results", clone.folder / "results")
    shutil.copytree(rehearsal[0].folder / ".snakemake", clone.folder / ".snakemake")
    assert clone.plan() == {}


def test_numbers_do_not_depend_on_shards_tiles_or_cores(rehearsal, clone):
    """Law: a network does not know its shard, a pair does not know its tile. Exact: the same operations in the same order."""
    some = {"cells": ["vanilla", "gru"], "learners": ["adam"], "axes": {"cells": {"activation": ["tanh"]}}, "figures": [], "claims": []}
    (clone.folder / "some.yaml").write_text(f"{json.dumps({'shard': 1, 'tile': 2, 'studies': {'universality': some}})}\n")
    done = clone.snakemake("--cores", "1", "--configfile", "tests/rehearsal.yaml", "some.yaml", config=None)
    assert done.returncode == 0, done.stdout + done.stderr

    whole, part = (h.folder / STUDY / "summary.csv" for h in (rehearsal[0], clone))
    head, *rows = whole.read_text().splitlines()
    ours = [row for row in rows if row.startswith(("flip_flop/vanilla-tanh/adam", "flip_flop/gru-tanh/adam"))]
    assert part.read_text().splitlines() == [head, *ours]

    for measure in ("svcca", "topology"):
        atlas = Path("flip_flop/pairs/adam/atlas", f"{measure}.zarr.zip")
        small, large = (store.load(h.folder / STUDY / atlas)["distance"] for h in (clone, rehearsal[0]))
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

    again = rehearsed.snakemake()
    assert again.returncode == 0, again.stdout + again.stderr
    assert damaged.read_bytes() == sound
    assert rehearsed.snakemake("check").returncode == 0


def test_figures_are_drawn_again_from_small_stores_without_torch(rehearsal, clone, tmp_path):
    small = ("summary", "contrasts", "atlas/*", "portraits", "transitions")
    for pattern in small:
        for path in (rehearsal[0].folder / STUDY).rglob(f"{pattern}.zarr.zip"):
            target = clone.folder / path.relative_to(rehearsal[0].folder)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(path, target)
    poison = tmp_path / "poison"
    poison.mkdir()
    (poison / "torch.py").write_text("raise ImportError('torch was imported')\n")

    assert clone.plan("figures", PYTHONPATH=str(poison)) == {"draw": 1, "figures": 1}
    drawn = clone.snakemake("figures", PYTHONPATH=str(poison))
    assert drawn.returncode == 0, drawn.stdout + drawn.stderr
    for name in ("memory.pdf", "memory.png"):
        path = STUDY / "figures" / name
        assert (clone.folder / path).read_bytes() == (rehearsal[0].folder / path).read_bytes()
