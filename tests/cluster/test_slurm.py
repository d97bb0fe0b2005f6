"""The workflow on a Slurm: the numbers of a local run, and what happens to jobs that come to grief."""

import os
import re
import signal
import subprocess

import pytest

from cluster.house import House, until

pytestmark = [pytest.mark.cluster, pytest.mark.usefixtures("slurm")]

NETWORKS = "results/few/flip_flop/{}-tanh/adam/00000-00000/networks.zarr.zip"
VANILLA, GRU = NETWORKS.format("vanilla"), NETWORKS.format("gru")


def test_results_are_those_of_a_local_run_byte_for_byte(house: House, local: House) -> None:
    """Trained in a partition and on a device of the user's choice; the network does not ask for the device, but the job has it."""
    done = house.on_slurm("few", "--set-resources", "train:slurm_partition=gpu", "train:gpu=1")
    submitted = len(re.findall("has been submitted with SLURM jobid", done.stderr))
    assert submitted == 16  # all but the target itself
    assert house.states("train") == ["COMPLETED", "COMPLETED"]
    for number, _ in house.jobs("train"):
        told = subprocess.run(["scontrol", "show", "job", number], capture_output=True, text=True, check=True).stdout
        assert "Partition=gpu" in told
        assert re.search(r"gres.gpu.1", told)
    assert len(local.results()) >= 15
    assert house.results() == local.results()


@pytest.mark.parametrize("asked", ["squeue", "sacct"])
def test_a_job_over_its_memory_is_tried_again_with_more(house: House, local: House, asked: str) -> None:
    """In 200 MB not even torch fits; the second try has 800. Whichever of Slurm's programs is asked how it ended."""
    house.on_slurm(VANILLA, "--set-resources", "train:mem_mb=200*attempt**2", "--slurm-status-command", asked)
    assert house.states("train")[0] in ("FAILED", "OUT_OF_MEMORY")  # the latter where there are cgroups
    assert house.states("train")[1:] == ["COMPLETED"]
    [log] = (house.folder / "results/logs/slurm").rglob("*.log")
    assert "memory limit" in log.read_text()
    assert (house.folder / VANILLA).read_bytes() == (local.folder / VANILLA).read_bytes()


def test_a_job_over_its_time_is_tried_again_with_more(house: House, local: House) -> None:
    """It hangs for its whole minute; the second try has 31."""
    run = house.start(VANILLA, "--set-resources", "train:runtime=30*attempt-29")
    house.stop("train")  # until its minute is over
    assert run.wait() == 0, house.said()
    assert house.states("train") == ["TIMEOUT", "COMPLETED"]
    assert (house.folder / VANILLA).read_bytes() == (local.folder / VANILLA).read_bytes()


def test_a_cancelled_job_is_submitted_again(house: House, local: House) -> None:
    run = house.start(VANILLA)
    house.stop("train")
    [(number, _)] = house.jobs("train")
    subprocess.run(["scancel", number], check=True)
    assert run.wait() == 0, house.said()
    assert house.states("train") == ["CANCELLED", "COMPLETED"]
    assert (house.folder / VANILLA).read_bytes() == (local.folder / VANILLA).read_bytes()


def test_after_the_death_of_the_controlling_process_nothing_is_trained_twice(house: House, local: House) -> None:
    """One of two jobs runs when it is killed, the other waits for memory: the first is let finish, the second comes again."""
    memory = subprocess.run(["sinfo", "--noheader", "--format=%m"], capture_output=True, text=True, check=True).stdout.split()[0]
    words = (VANILLA, GRU, "--set-resources", f"train:mem_mb={int(memory) * 2 // 3}")
    first = house.start(*words)
    running = house.stop("train")
    until(lambda: sorted(house.states("train")) == ["PENDING", "RUNNING"], "two jobs, of which one waits")
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    until(lambda: subprocess.run(["pgrep", "--session", str(first.pid)], stdout=subprocess.DEVNULL, check=False).returncode, "its death")

    second = house.start(*words)
    until(lambda: "waiting for 1 job" in house.said(), "the second run to notice the job of the first")
    for process in running:
        os.kill(process, signal.SIGCONT)
    assert second.wait() == 0, house.said()

    assert sorted(house.states("train")) == ["CANCELLED", "COMPLETED", "COMPLETED"]
    for path in (VANILLA, GRU):
        assert (house.folder / path).read_bytes() == (local.folder / path).read_bytes()
    plan = (VANILLA, GRU, "--dry-run", "--cores", "1")
    assert "Nothing to be done" in house.run(*plan).stdout
    # what the first job was made with is on record, although nobody waited for it
    assert re.search(r"^train +2$", house.run(*plan, "--config", "seed=7").stdout, re.MULTILINE)
