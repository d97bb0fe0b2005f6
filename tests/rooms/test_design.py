"""Design, seeds and fingerprints: names that do not move when a study grows, numbers that belong to names, digests of meaning."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from rnnpop import design, fingerprint, seeds

CONFIG = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text())


def study(seeds: int = 8, shard: int = 8, tile: int = 16) -> design.Study:
    entry = CONFIG["studies"]["universality"] | {"seeds": seeds, "axes": {"cells": {"activation": ["tanh", "relu"]}}}
    return design.Study("universality", CONFIG | {"shard": shard, "tile": tile, "studies": {"universality": entry}})


def names(shards: list[design.Shard]) -> list[str]:
    return [
        design.network_name(s.population.task, s.population.cell, s.population.learner, index)
        for s in shards
        for index in design.indexes(s.name)
    ]


sizes = st.integers(1, 20)


@given(sizes, sizes)
def test_shards_hold_every_network_once(number, shard):
    found = names(study(number, shard).shards("flip_flop"))
    assert len(found) == len(set(found)) == 2 * 8 * number
    assert set(found) == set(names(study(number, 1).shards("flip_flop")))


@given(sizes, sizes, st.integers(1, 60))
def test_tiles_hold_every_pair_of_a_group(number, shard, tile):
    one = study(number, shard, tile)
    blocks = {name: names(block) for name, block in one.blocks("flip_flop", "adam").items()}
    assert all(len(block) <= max(tile, shard) for block in blocks.values())
    pairs = {frozenset(pair) for a, b in one.tiles("flip_flop", "adam") for pair in itertools.product(blocks[a], blocks[b])}
    everyone = names(one.shards("flip_flop", "adam"))
    assert pairs == {frozenset(pair) for pair in itertools.combinations_with_replacement(everyone, 2)}


@given(sizes, st.integers(1, 4), sizes)
def test_growth_by_whole_shards_keeps_every_shard(shard, more, number):
    before = {tuple(s.wildcards.items()) for s in study(shard * number, shard).shards("flip_flop")}
    after = {tuple(s.wildcards.items()) for s in study(shard * (number + more), shard).shards("flip_flop")}
    assert before < after


def test_populations_cross_their_axes():
    populations = study().populations
    assert {p.cell for p in populations} == {f"{c}-{a}" for c in ("vanilla", "ugrnn", "gru", "lstm") for a in ("tanh", "relu")}
    gru = next(p for p in populations if (p.cell, p.learner) == ("gru-relu", "adam"))
    assert gru.cell_entry["activation"] == "relu"
    assert gru.factors == {"architecture": "gru", "activation": "relu", "learner": "adam"}
    assert study().population({"task": "flip_flop", "cell": "gru-relu", "learner": "adam"}) == gru
    assert study().factors == ["architecture", "activation"]


def test_a_false_leaves_a_task_out_and_nothing_else():
    entry = CONFIG["studies"]["universality"]
    less = design.Study("universality", CONFIG | {"studies": {"universality": entry | {"tasks": entry["tasks"] | {"sine": False}}}})
    assert less.tasks == [task for task in entry["tasks"] if task != "sine"]
    whole = design.Study("universality", CONFIG).populations
    assert less.populations == [population for population in whole if population.task != "sine"]


words = st.lists(st.one_of(st.text(max_size=5), st.integers(0, 9)), max_size=4)


@given(words, words)
def test_a_stream_belongs_to_its_names_alone(one, other):
    same = [str(word) for word in one] == [str(word) for word in other]
    draws = [seeds.stream(1, *parts).integers(2**63, size=2) for parts in (one, other)]
    assert np.array_equal(*draws) == same


def test_a_stream_is_pinned():
    """Recorded once: a change of this number changes every network there ever was."""
    assert seeds.stream(2019, "universality", "flip_flop", "gru-tanh", 0, "init").integers(1000, size=3).tolist() == PINNED
    assert seeds.stream(1, "a").random() != seeds.stream(2, "a").random()


PINNED = [719, 978, 136]

CODE = '"""A module."""\n\nfrom rnnpop import seeds\n\n\ndef f(x: int) -> int:\n    """Double."""\n    return 2 * x\n'


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ('"""A module."""', '"""Another sentence."""', False),
        ('    """Double."""\n', "    # double\n", False),
        ("2 * x", "(2   * x)  # why", False),
        ("2 * x", "3 * x", True),
        ("def f", "def g", True),
        ("import seeds", "import design", True),
    ],
)
def test_a_digest_sees_meaning_and_not_words(tmp_path, old, new, changes):
    (tmp_path / "one").mkdir()
    (tmp_path / "two").mkdir()
    for folder, text in (("one", CODE), ("two", CODE.replace(old, new))):
        (tmp_path / folder / "script.py").write_text(text)
    one, two = (fingerprint.digest(tmp_path / folder / "script.py") for folder in ("one", "two"))
    assert (one != two) == changes


def test_a_digest_reaches_what_is_imported_and_the_variants_named(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("from rnnpop.stages.train import train\n")
    library = Path(fingerprint.__file__).parent
    reached = {library / "stages" / "train.py"}
    waiting = list(reached)
    while waiting:
        new = set(fingerprint.imports(waiting.pop())) - reached
        reached |= new
        waiting += new
    assert library / "seeds.py" in reached
    assert library / "figures" / "__init__.py" not in reached
    assert fingerprint.digest(script) != fingerprint.digest(script, [library / "cells" / "gru.py"])
