"""The config: the one that ships is sound, it says where a fault is, and its entries build what they describe."""

import copy
from pathlib import Path

import pytest
import yaml

from rnnpop import validation, variants

REPOSITORY = Path(__file__).parents[2]
SCHEMA = REPOSITORY / "workflow" / "schema.yaml"


@pytest.fixture
def config():
    return yaml.safe_load((REPOSITORY / "config.yaml").read_text())


def faults(config) -> list[str]:
    with pytest.raises(validation.ConfigError) as raised:
        validation.validate(config, SCHEMA)
    return str(raised.value).splitlines()


def test_the_config_that_ships_is_sound(config):
    validation.validate(config, SCHEMA)


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("seed", -1, "seed: a whole number of at least 0"),
        ("shard", 0, "shard: a whole number of at least 1"),
        ("tile", "big", "tile: a whole number"),
        ("device", "gpu", "device: one of cpu, cuda"),
        ("settle.starts", 2.5, "settle.starts: a whole number"),
        ("settle.tolerance", 0, "settle.tolerance: a number above 0"),
        ("settle.toleranse", 1, "settle.toleranse: not a known key; allowed: "),
        ("cells.gru.units", 0, "cells.gru.units: a whole number of at least 1"),
        ("cells.gru.units", True, "cells.gru.units: a whole number of at least 1"),
        ("cells.gru.activation", "step", "cells.gru.activation: one of"),
        ("cells.gru.width", 3, "cells.gru.width: not a key of cells kind 'gru'; allowed: units"),
        ("cells.gru.kind", "elman", "cells.gru.kind: 'elman' is not a kind of cells; allowed: chain, gaussian, gru"),
        ("tasks.flip_flop.pulse_probability", 1.5, "tasks.flip_flop.pulse_probability: a number from 0 to 1"),
        ("learners.adam.learning_rate", "fast", "learners.adam.learning_rate: a number above 0"),
        ("studies.universality.seeds", 0, "studies.universality.seeds: a whole number of at least 1"),
        ("studies.universality.cells", [], "studies.universality.cells: a list that is not empty"),
        ("studies.universality.measures", ["rsa"], "studies.universality.measures: 'rsa' is not an entry of measures; there are: svcca"),
        ("studies.universality.axes", {"cells": {"colour": ["red"]}}, "studies.universality.axes.cells.colour: not a key"),
        (
            "studies.universality.recipes",
            {"adam": {"rnn": {}}},
            "studies.universality.recipes.adam.rnn: does not begin with a cell; there are: vanilla",
        ),
        ("studies.universality.recipes", {"sgd": {}}, "studies.universality.recipes.sgd: not a learner of the study; allowed: adam"),
        (
            "studies.universality.recipes",
            {"adam": {"gru-tanh": {"rate": 1}}},
            "studies.universality.recipes.adam.gru-tanh.rate: not a key of learners kind 'adam'",
        ),
        ("studies.universality.tasks.sine.claims", ["truth"], "studies.universality.tasks.sine.claims: 'truth' is not an entry of claims"),
        ("studies.universality.tasks.sine.settle.starts", 0, "studies.universality.tasks.sine.settle.starts: a whole number of at least 8"),
        ("studies.universality.tasks.sine.settle.start", 9, "studies.universality.tasks.sine.settle.start: not a known key"),
        (
            "studies.universality.tasks.sine.learners",
            {"adam": {"rate": 1}},
            "studies.universality.tasks.sine.learners.adam.rate: not a key of learners kind 'adam'; allowed: learning_rate",
        ),
        (
            "studies.universality.tasks.sine.learners",
            {"sgd": {}},
            "studies.universality.tasks.sine.learners.sgd: 'sgd' is not an entry of learners; there are: adam",
        ),
        ("studies.universality.tasks", dict.fromkeys(("flip_flop", "sine"), False), "studies.universality.tasks: all of them are false"),
        ("studies.universality.axes", {"cells": {"units": [0]}}, "studies.universality.axes.cells.units: a whole number of at least 1"),
    ],
)
def test_one_line_names_the_key_and_what_is_allowed(config, path, value, said):
    *above, key = path.split(".")
    place = config
    for name in above:
        place = place[name]
    place[key] = value
    assert any(line.startswith(f"config: {said}") for line in faults(config)), faults(config)
    assert all(line.startswith("config: ") for line in faults(config))


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        (
            "studies.hierarchical.learners",
            ["adam"],
            "learners.adam: kind 'adam' cannot learn the task 'ibl' of studies.hierarchical, which plays sessions",
        ),
        (
            "studies.universality.learners",
            ["fast"],
            "learners.fast: kind 'closed_loop' cannot learn the task 'flip_flop' of studies.universality, which is made of trials",
        ),
        (
            "learners.radd.teacher",
            "hierarchical/ibl/elman/fast",
            "learners.radd.teacher: study/task/cell/learner on the task 'ibl' is expected",
        ),
        ("learners.radd.teacher", "universality/sine/gru-tanh/adam", "learners.radd.teacher: study/task/cell/learner on the task 'ibl'"),
        ("studies.distillation.seeds", 10**6, "learners.radd.teacher: hierarchical/ibl/"),
        (
            "studies.partial_observation.cells",
            ["chain", "gru"],
            "learners.long_time_limit: the task 'noise' of studies.partial_observation needs",
        ),
        ("studies.partial_observation.learners", ["adam"], "learners.adam: kind 'adam' cannot learn the task 'noise'"),
        ("learners.map_trained.teacher", None, "learners.map_trained.teacher: missing; students on the task 'flip_flop'"),
        (
            "learners.map_trained.teacher",
            "universality/{task}/{cell}/sgd",
            "learners.map_trained.teacher: study/task/cell/learner on the task 'flip_flop' is expected, "
            "got 'universality/flip_flop/gru-tanh/sgd'",
        ),
        ("measures.svcca_2.among", {"units": 8}, "measures.svcca_2.among: not a key of measures kind 'svcca'"),
        ("learners.adam.among", {"units": 8}, "learners.adam.among: not a key of learners kind 'adam'"),
    ],
)
def test_what_does_not_fit_together_is_told_in_one_line(config, path, value, said):
    """Learners and tasks, students and teachers; and only claims are about some networks."""
    *above, key = path.split(".")
    place = config
    for name in above:
        place = place[name]
    place[key] = value
    if key == "learners":
        for task in config["studies"][above[-1]]["tasks"].values():
            task.pop("learners", None)
        place.pop("axes", None)
        place.pop("recipes", None)
    assert sum(line.startswith(f"config: {said}") for line in faults(config)) == 1, faults(config)


def test_a_claim_may_be_about_some_networks(config):
    entry = config["claims"]["one_fixed_point"]
    entry["among"] = {"units": 64}
    validation.validate(config, SCHEMA)
    assert variants.load("claims", entry) == variants.load("claims", {key: value for key, value in entry.items() if key != "among"})


def test_a_missing_key_is_named(config):
    del config["seed"]
    assert faults(config) == ["config: seed: missing; a whole number of at least 0 is expected"]


def test_every_fault_is_told_at_once(config):
    config["cells"]["gru"]["units"] = -1
    config["studies"]["universality"]["figures"] = ["memories"]
    assert len(faults(config)) == 2


@pytest.mark.parametrize("room", variants.ROOMS)
def test_every_entry_builds_its_variant_and_every_kind_has_one_final_class(config, room):
    for kind in variants.kinds(room):
        assert isinstance(variants.fields(room, kind), dict)
    for entry in config[room].values():
        built = variants.load(room, entry)
        for key, value in entry.items():
            if key not in ("kind", "reads", "among"):
                assert getattr(built, key) == (tuple(value) if isinstance(value, list) else value)


def test_a_variant_refuses_keys_it_does_not_have(config):
    entry = copy.deepcopy(config["cells"]["gru"]) | {"width": 3}
    with pytest.raises(variants.UnknownVariant, match="width"):
        variants.load("cells", entry)


def test_a_number_is_not_taken_for_another():
    assert variants.mismatch("Count", 1.0)
    assert variants.mismatch("float", float("nan"))
    assert variants.mismatch("tuple[Count, ...]", [1, 0])
    assert variants.mismatch("Positive | None", None) is None
    assert variants.mismatch("Literal['a', 'b']", "b") is None
