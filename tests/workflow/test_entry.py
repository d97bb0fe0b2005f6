"""The one entry, ./run: words go on to Snakemake, and a run that was killed does not block the next one."""

import fcntl
import shutil
import subprocess
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[2]


@pytest.fixture
def entry(house):
    """A copy of the repository that shares this one's environment."""
    if not (REPOSITORY / ".venv" / ".lock").exists():
        pytest.skip("the environment was not made by envs/bootstrap.sh")
    (house.folder / ".venv").symlink_to(REPOSITORY / ".venv")
    shutil.copy2(REPOSITORY / "run", house.folder / "run")

    def start(*words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(["./run", *words], cwd=house.folder, capture_output=True, text=True, check=False)

    return house, start


def test_words_go_to_snakemake_and_the_default_run_is_the_whole_study(entry):
    _, start = entry
    done = start("-n", "--cores", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert any(line.split() == ["train", "46"] for line in (done.stdout + done.stderr).splitlines())


def test_a_killed_run_does_not_block_the_next_one(entry):
    house, start = entry
    locks = house.folder / ".snakemake" / "locks"
    locks.mkdir(parents=True)
    (locks / "0.output.lock").write_text("results/logs/check.log\n")
    done = start("check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "all 0 stores are sound" in done.stdout
    assert not any(locks.glob("*"))


def test_a_run_steps_back_before_another_one_at_work(entry):
    """Even where Snakemake's own lock is gone: a run on other targets takes it away."""
    house, start = entry
    (house.folder / ".snakemake").mkdir()
    with (house.folder / ".snakemake" / "run.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        done = start("check")
    assert done.returncode != 0
    assert "another run is at work in this folder" in done.stdout + done.stderr
    assert not (house.folder / "results" / "logs" / "check.log").exists()


def test_the_exit_code_tells(entry):
    _, start = entry
    assert start("no_such_target").returncode != 0
