"""Runs that are killed, and runs beside each other: the next run ends as an undisturbed one, and makes again only what was not finished."""

from __future__ import annotations

import os
import random
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest

from faults.ground import COUNTED, Ground, Undisturbed, kill

pytestmark = pytest.mark.faults

#: Kills of the whole process group for each seed, at least, over as many runs as they take; and of Snakemake alone, whose jobs go on.
KILLS, ORPHANS = 10, 8

#: Kills come before this share of the time of an undisturbed run is over, start after start.
REACH = 0.3


def until(process: subprocess.Popen[str], moment: float) -> bool:
    """Whether it ended by itself before that much time was over."""
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        return False
    return True


@pytest.mark.parametrize("seed", range(5))
def test_what_was_finished_survives_a_kill_at_any_moment(undisturbed: Undisturbed, tmp_path: Path, seed: int):
    """Start-up, jobs and writes are hit alike."""
    chance, kills, runs = random.Random(seed), 0, 0
    while kills < KILLS:
        ground, kept, runs = Ground.of(tmp_path / f"{runs}"), {}, runs + 1
        while not until(process := ground.start(), chance.uniform(0, REACH * undisturbed.seconds)):
            kill(process)
            kills += 1
            COUNTED["kills (SIGKILL, whole process group)"] += 1
            now = ground.finished()
            assert {path: now.get(path) for path in kept} == kept, f"lost or made again after kill {kills} of seed {seed}"
            COUNTED["files found finished after a kill, and not made again"] += len(kept)
            kept = now
        assert process.returncode == 0, ground.said()
        now = ground.finished()
        assert {path: now[path] for path in kept} == kept
        assert ground.contents() == undisturbed.contents
        COUNTED["runs that were killed and ended as the undisturbed one"] += 1


def test_jobs_that_outlive_a_killed_snakemake_do_no_harm(undisturbed: Undisturbed, tmp_path: Path):
    """Its next run begins while they still write."""
    chance, kills, runs = random.Random(9), 0, 0
    while kills < ORPHANS:
        ground, runs, started = Ground.of(tmp_path / f"{runs}"), runs + 1, []
        while not until(process := ground.start(), chance.uniform(0, REACH * undisturbed.seconds)):
            started.append(process)
            os.kill(process.pid, signal.SIGKILL)  # ./run has become Snakemake
            process.wait()
            kills += 1
            COUNTED["kills of Snakemake alone, its jobs going on"] += 1
        assert process.returncode == 0, ground.said()
        for orphans in started:
            kill(orphans)
        assert ground.contents() == undisturbed.contents
        COUNTED["runs whose Snakemake alone was killed, and that ended as the undisturbed one"] += 1


@pytest.mark.parametrize("later", [False, True], ids=["together", "later"])
def test_one_of_two_runs_in_a_folder_steps_back(undisturbed: Undisturbed, fresh: Ground, later: bool):
    """And a third, after that one: what one that stepped back leaves behind must not be taken for what a killed one left. Started
    together, or after each other, while the first one is halted in the midst of its work."""
    processes = [fresh.start()]
    if later:
        while not re.search("^train ", fresh.said(), re.MULTILINE):
            assert processes[0].poll() is None, fresh.said()
            time.sleep(0.1)
        os.killpg(processes[0].pid, signal.SIGSTOP)
    for _ in range(2):
        processes.append(fresh.start())
        if later:
            processes[-1].wait()
    if later:
        os.killpg(processes[0].pid, signal.SIGCONT)
    codes = sorted(process.wait() != 0 for process in processes)
    assert codes == [False, True, True], fresh.said()
    refusals = ("another run is at work in this folder", "Directory cannot be locked")  # ours, and Snakemake's own
    assert sum(fresh.said().count(refusal) for refusal in refusals) == 2, fresh.said()
    assert fresh.contents() == undisturbed.contents
    COUNTED["runs that stepped back before another one at work in the folder"] += 2
