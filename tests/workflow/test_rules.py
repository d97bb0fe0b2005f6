"""Every rule is documented, sized and logged, and its jobs are watched for the code of every variant that their paths select."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

#: Wildcards that select a variant, and the rooms they select it from.
SELECTS = {"task": "tasks", "cell": "cells", "learner": "learners", "measure": "measures", "figure": "figures"}

#: Targets without work of their own: a study's is named like it.
TARGETS = {"all", "figures", "recordings", *yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text())["studies"]}

#: Rules that are another rule with other paths.
TWINS = {"draw_study": "draw", "draw_recording": "draw"}


@pytest.fixture(scope="module")
def rules(untouched):
    script = Path(__file__).with_name("inspect_rules.py")
    done = subprocess.run([sys.executable, script], cwd=untouched.folder, capture_output=True, text=True, check=False)
    told = [line for line in done.stdout.splitlines() if line.startswith("RULES ")]
    assert told, done.stdout + done.stderr
    return json.loads(told[0].removeprefix("RULES "))


def test_there_is_a_rule_for_every_stage_and_a_script_for_every_rule(rules):
    scripts = {path.stem for path in (Path(__file__).parents[2] / "scripts").glob("[a-z]*.py")}
    stages = {path.stem for path in (Path(__file__).parents[2] / "workflow/rnnpop/stages").glob("[a-z]*.py")}
    assert set(rules) - TARGETS - set(TWINS) == scripts
    assert stages <= scripts


def test_every_rule_is_documented_sized_and_logged(rules):
    for name, rule in rules.items():
        if name in TARGETS:
            continue
        assert rule["docstring"].strip().endswith("."), name
        assert {"mem_mb", "runtime"} <= set(rule["resources"]), name
        assert rule["benchmark"], name
        assert rule["conda"].endswith("envs/environment.yaml"), name
        assert rule["script"].endswith(f"scripts/{TWINS.get(name, name)}.py"), name
        assert all(path.startswith("results/logs/") for path in rule["log"]), name
        assert rule["log"], name


def test_every_variant_that_a_path_selects_is_watched(rules):
    for name, rule in rules.items():
        selected = {SELECTS[wildcard] for wildcard in rule["wildcards"] if wildcard in SELECTS}
        assert selected <= set(rule["watched"]), name


def test_a_study_watches_its_statistics_and_claims_where_they_are_used(rules):
    assert "statistics" in rules["describe"]["watched"]
    assert "claims" in rules["judge"]["watched"]
    assert not any("figures" in rule["watched"] for name, rule in rules.items() if TWINS.get(name, name) != "draw")
    assert not rules["summarise"]["watched"]
