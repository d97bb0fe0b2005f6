"""The workflow as a user starts it, in a copy of the repository: a runner, and one finished rehearsal for all tests."""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]

#: What a run needs of the repository.
_PARTS = (
    "Snakefile",
    "config.yaml",
    "workflow",
    "scripts",
    "profiles",
    "envs",
    "tests/rehearsal.yaml",
    "tests/rehearsal_mouse.csv",
    "tests/rehearsal_reviews.csv",
)


#: Notes each timer that a run starts.
_TIMERS = """
import threading

class Timer(threading.Timer):
    def __init__(self, *arguments, **named):
        super().__init__(*arguments, **named)
        open("timers.txt", "a").write("one\\n")

threading.Timer = Timer
"""


@dataclass(frozen=True)
class House:
    """A copy of the repository, and Snakemake in it."""

    folder: Path

    def snakemake(self, *words: str, config: str | None = "tests/rehearsal.yaml", **environment: str) -> subprocess.CompletedProcess[str]:
        """Run Snakemake with the rehearsal's config, or another one."""
        command = [sys.executable, "-m", "snakemake", "--cores", "2", *words, *(["--configfile", config] if config else [])]
        return subprocess.run(command, cwd=self.folder, env=os.environ | environment, capture_output=True, text=True, check=False)

    def plan(self, *words: str, **options: str) -> dict[str, int]:
        """Jobs that a run would do, by rule; empty if there are none."""
        done = self.snakemake("--dry-run", *words, **options)
        assert done.returncode == 0, done.stdout + done.stderr
        lines = (done.stdout + done.stderr).splitlines()
        jobs: dict[str, int] = {}
        inside = False
        for line in lines:
            words_of_line = line.split()
            if line.startswith("job ") and "count" in line:
                inside = True
            elif not words_of_line:
                inside = False
            elif inside and len(words_of_line) == 2 and words_of_line[1].isdigit() and words_of_line[0] not in ("total", "all"):
                jobs[words_of_line[0]] = int(words_of_line[1])
        assert jobs or "Nothing to be done" in done.stdout + done.stderr, done.stdout + done.stderr
        return jobs

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace the one place where `old` stands in a file."""
        text = (self.folder / path).read_text()
        assert text.count(old) == 1, f"{path} holds {old!r} {text.count(old)} times"
        (self.folder / path).write_text(text.replace(old, new))


def _copy(source: Path, target: Path) -> House:
    """The repository's files, as new as those of a clone."""
    for part in _PARTS:
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        if (source / part).is_dir():
            shutil.copytree(source / part, target / part, ignore=shutil.ignore_patterns("__pycache__"), copy_function=shutil.copy)
        else:
            shutil.copy(source / part, target / part)
    return House(target)


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A fresh copy of the repository, with no results."""
    return _copy(REPOSITORY, tmp_path)


@pytest.fixture(scope="session")
def untouched(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A copy of the repository, with no results, for tests that change nothing."""
    return _copy(REPOSITORY, tmp_path_factory.mktemp("untouched"))


@pytest.fixture(scope="session")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> tuple[House, str]:
    """A copy of the repository in which the rehearsal has run, and what that run said. Tests copy it before they change it."""
    house = _copy(REPOSITORY, tmp_path_factory.mktemp("rehearsal"))
    (watch := tmp_path_factory.mktemp("watch") / "sitecustomize.py").write_text(_TIMERS)
    done = house.snakemake(PYTHONPATH=str(watch.parent))
    assert done.returncode == 0, done.stdout + done.stderr
    return house, done.stdout + done.stderr


@pytest.fixture
def rehearsed(rehearsal: tuple[House, str], tmp_path: Path) -> House:
    """A copy of the finished rehearsal, with its results and Snakemake's memory of them, to be changed at will."""
    shutil.copytree(rehearsal[0].folder, tmp_path, dirs_exist_ok=True)  # keeps the times of files
    return House(tmp_path)


@pytest.fixture
def clone(rehearsal: tuple[House, str], tmp_path: Path) -> House:
    """A copy of the rehearsal's repository without its results."""
    return _copy(rehearsal[0].folder, tmp_path / "clone")
