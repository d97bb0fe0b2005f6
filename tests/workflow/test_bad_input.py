"""A fault in the config ends the run before any job, with one line that names the key and what is allowed."""

import json

import pytest

FAULTS = {
    "misspelt key": ({"sede": 3}, "sede", "seed"),
    "misspelt key of an entry": ({"cells": {"gru": {"unit": 8}}}, "cells.gru.unit", "units"),
    "unknown kind": ({"cells": {"gru": {"kind": "gru2"}}}, "cells.gru.kind", "lstm"),
    "wrong type": ({"learners": {"adam": {"batch": "many"}}}, "learners.adam.batch", "a whole number of at least 1"),
    "zero seeds": ({"studies": {"universality": {"seeds": 0}}}, "studies.universality.seeds", "at least 1"),
    "negative size": ({"cells": {"gru": {"units": -8}}}, "cells.gru.units", "at least 1"),
    "unknown reference": ({"studies": {"universality": {"cells": ["elman"]}}}, "studies.universality.cells", "vanilla"),
    "nothing to choose from": ({"studies": {"universality": {"choose": "each_cell"}}}, "studies.universality.choose", "axes.learners"),
    "unknown level": ({"studies": {"universality": {"axes": {"cells": {"activation": ["step"]}}}}}, "axes.cells.activation", "tanh"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_line_before_any_job(house, fault):
    config, key, allowed = FAULTS[fault]
    (house.folder / "bad.yaml").write_text(json.dumps(config))
    done = house.snakemake(config="bad.yaml")
    said = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("config:")]
    assert done.returncode != 0
    assert len(said) == 1, said
    assert key in said[0]
    assert allowed in said[0]
    assert "Traceback" not in done.stdout + done.stderr
    assert not (house.folder / "results").exists()


def test_a_device_that_is_not_there(house):
    done = house.snakemake("--config", "device=cuda", CUDA_VISIBLE_DEVICES="", config=None)
    assert done.returncode != 0
    assert [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("config:") and "cuda" in line and "cpu" in line]
