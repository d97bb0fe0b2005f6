"""What jobs ask a cluster for: more for more networks, wider ones, longer training; a device where the config wants one. Dry runs."""

import json
import re

import pytest

FEW = {
    "studies": {
        "few": {
            "title": "few",
            "cells": ["gru"],
            "learners": ["adam"],
            "axes": {"cells": {"activation": ["tanh"]}},
            "seeds": 8,
            "measures": [],
            "statistics": ["training", "fixed_points"],
            "tasks": ["flip_flop"],
        }
    }
}
LARGE = {"shard": 30, "cells": {"gru": {"units": 256}}, "learners": {"adam": {"steps": 20000}}, "studies": {"few": {"seeds": 30}}}


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        # 8 networks of 64 units, 3,000 steps: what was measured
        ({}, {"train": (2000, 60), "settle": (2000, 30), "summarise": (2000, 10)}),
        # (1 + 30 / 8 × 4) / 2 = 8 times the memory; 30 / 8 × 4² / 4 = 15 times the time, in training 20 / 3 times that
        (LARGE, {"train": (16000, 6000), "settle": (16000, 450), "summarise": (2000, 10)}),
    ],
    ids=["as measured", "large"],
)
def test_what_a_job_asks_for_grows_with_its_shard(house, config, expected):
    asked = _asked(house, config)
    assert {rule: tuple(map(int, asked[rule][:2])) for rule in expected} == expected


def test_jobs_whose_networks_stand_on_a_device_ask_for_one(house):
    """On a cluster the machine that submits them needs none."""
    asked = _asked(house, {"device": "cuda"})
    assert {rule for rule, (_, _, devices) in asked.items() if devices == "1"} == {"train", "settle"}
    assert not any(int(devices or 0) for _, _, devices in _asked(house, {}).values())


def _asked(house, config: dict[str, object]) -> dict[str, tuple[str, str, str]]:
    """Memory in MB, minutes, and devices that the jobs of each rule ask for at their first attempt."""
    for name, content in (("few.yaml", FEW), ("more.yaml", config)):
        (house.folder / name).write_text(json.dumps(content))
    words = ("--dry-run", "--quiet", "host", "--workflow-profile", "profiles/slurm", "--configfile", "few.yaml", "more.yaml", "--", "few")
    done = house.snakemake(*words, config=None, CUDA_VISIBLE_DEVICES="")
    assert done.returncode == 0, done.stdout + done.stderr
    pattern = r"^rule (\w+):\n(?:    .*\n)*?    resources: .*?\bmem_mb=(\d+),.*?\bruntime=(\d+)(?:, gpu=(\d+))?$"
    found = re.findall(pattern, done.stdout + done.stderr, re.MULTILINE)
    assert found, done.stdout + done.stderr
    return {rule: (memory, runtime, devices) for rule, memory, runtime, devices in found}
