"""docs/adding.md as written: its files, in a copy of the repository, pass the contracts of their rooms and run to their figure."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import yaml

REPOSITORY = Path(__file__).parents[2]

#: Files in the page: what stands behind the language names them.
FILES = dict(re.findall(r"^```\w+ (\S+)\n(.*?)^```$", (REPOSITORY / "docs/adding.md").read_text(), re.MULTILINE | re.DOTALL))


@pytest.fixture
def grown(house):
    """A copy of the repository with these files in it."""
    for path, text in FILES.items():
        assert not (house.folder / path).exists(), path
        (house.folder / path).write_text(text)
    return house


def test_there_is_a_task_a_cell_a_measure_a_figure_and_a_study():
    assert [Path(path).parent.name for path in FILES] == ["tasks", "cells", "measures", "figures", ""]


def test_they_run_to_the_figure(grown):
    done = grown.snakemake("copying", config="copying.yaml")
    assert done.returncode == 0, done.stdout + done.stderr
    figures = grown.folder / "results/copying/delayed_copy/figures"
    assert (figures / "copies.pdf").read_bytes().startswith(b"%PDF")
    errors, pairs = (pd.read_csv(figures / "copies" / f"{panel}.csv") for panel in "ab")
    assert errors.groupby("architecture").size().to_dict() == {"vanilla": 4, "minimal_gated": 4}
    assert (errors["trained"] < errors["beyond"]).mean() > 0.5  # a longer delay is harder
    assert (pairs["distance"] > 0).all()
    assert pairs["pair"].nunique() == 3


def test_they_keep_the_contracts_of_their_rooms(grown):
    shutil.copytree(REPOSITORY / "tests", grown.folder / "tests", dirs_exist_ok=True)
    shutil.copy(REPOSITORY / "pyproject.toml", grown.folder)
    config = yaml.safe_load((grown.folder / "config.yaml").read_text())
    for section, entries in yaml.safe_load(FILES["copying.yaml"]).items():
        config[section] |= entries
    (grown.folder / "config.yaml").write_text(yaml.safe_dump(config))
    rooms = [f"tests/rooms/test_{room}.py" for room in ("tasks", "cells", "measures")]
    command = [sys.executable, "-m", "pytest", *rooms, "-k", "delayed_copy or minimal_gated or spectra", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=grown.folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    python = [path for path in FILES if path.endswith(".py")]
    for words in (["check"], ["format", "--check"]):
        style = subprocess.run(
            [sys.executable, "-m", "ruff", *words, *python], cwd=grown.folder, capture_output=True, text=True, check=False
        )
        assert style.returncode == 0, style.stdout
