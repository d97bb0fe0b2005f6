"""What a run says while it goes on: what each job did, what is done of all, and a time left that comes true where jobs are alike."""

import logging
import re
from types import SimpleNamespace

import pytest

from rnnpop.progress import Job, Progress, Teller, seconds_of, spelt


class Clock:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def job(tmp_path, rule, cell, shard, says=None, **more):
    log = tmp_path / f"{rule}-{cell}-{shard}.log"
    if says:
        log.write_text(f"something else\n{rule:<11} a/{cell}/{shard}: {says}, 1 s\n")
    return Job(rule, {"study": "a", "cell": cell, "shard": shard}, log, **more)


def run(progress, clock, seconds, cores=1):
    """Do the jobs in turn, as many at once as there are cores; the lines that they end with, with the time of each."""
    waiting, ends, lines = list(seconds), [], []
    while waiting or ends:
        while waiting and len(ends) < cores:
            number = waiting.pop(0)
            progress.started([number])
            ends.append((clock.now + seconds[number], number))
        ends.sort()
        clock.now, number = ends.pop(0)
        lines.append((clock.now, progress.finished(number)))
    return lines


@pytest.mark.parametrize("cores", [1, 2])
def test_the_time_left_comes_true_where_jobs_of_a_kind_take_alike_long(tmp_path, cores):
    """Two kinds of one rule: exact from the moment that both have been seen, but for the last round of two cores (a job's length)."""
    clock = Clock()
    jobs = {number: job(tmp_path, "train", "gru" if number % 2 else "lstm", str(number)) for number in range(20)}
    progress = Progress(jobs, clock=clock)
    seconds = {number: 60.0 if number % 2 else 180.0 for number in jobs}
    guesses = []
    finished = progress.finished
    progress.finished = lambda number: (finished(number), guesses.append((clock.now, progress.seconds_left())))
    end = run(progress, clock, seconds, cores)[-1][0]
    tolerance = 1e-9 if cores == 1 else 180.0
    for now, (left, unknown) in guesses[2:]:
        assert left == pytest.approx(end - now, abs=tolerance)
        assert unknown == 0
    assert guesses[-1][1] == (0.0, 0)


def test_a_rule_that_nobody_has_seen_is_taken_for_a_short_one_and_counted(tmp_path):
    clock = Clock()
    progress = Progress({0: job(tmp_path, "train", "gru", "0"), 1: job(tmp_path, "settle", "gru", "0")}, clock=clock)
    [(_, first), (_, second)] = run(progress, clock, {0: 300.0, 1: 30.0})
    assert first.endswith("1 of 2 jobs, about 5 min left, roughly: 1 jobs are of rules not seen yet")
    assert second.endswith("2 of 2 jobs, less than a minute left")


def test_earlier_runs_are_asked_where_this_one_has_not_seen_a_rule(tmp_path):
    """Itself when it was last done; else its rule's mean; and what this run has seen of its kind counts for more."""
    clock = Clock()
    jobs = {
        0: job(tmp_path, "train", "gru", "0", seconds=9.0),
        1: job(tmp_path, "train", "gru", "1", seconds=90.0),
        2: job(tmp_path, "settle", "gru", "0", seconds=40.0),
        3: job(tmp_path, "settle", "gru", "1"),
    }
    progress = Progress(jobs, {"settle": [10.0, 30.0]}, clock=clock)
    progress.started([0])
    clock.now = 100.0
    progress.finished(0)
    assert progress.seconds_left() == (pytest.approx(100.0 + 40.0 + 20.0), 0)


def test_running_jobs_count_by_what_is_left_of_them(tmp_path):
    clock = Clock()
    progress = Progress({n: job(tmp_path, "train", "gru", str(n)) for n in range(3)}, clock=clock)
    progress.started([0])
    clock.now = 100.0
    progress.finished(0)
    progress.started([1])
    clock.now = 130.0
    assert progress.seconds_left()[0] == pytest.approx(70.0 + 100.0)
    clock.now = 400.0  # longer than expected: nothing is left of it, and the other one still is
    assert progress.seconds_left()[0] == pytest.approx(100.0)


def test_networks_are_counted_of_all_and_those_that_met_the_criterion(tmp_path):
    clock = Clock()
    jobs = {
        0: job(tmp_path, "train", "gru", "0", "3 of 4 met the criterion, 1 diverged, 60–60 steps", networks=4),
        1: job(tmp_path, "train", "untrained", "0", "4 left untrained", networks=4),
        2: job(tmp_path, "train", "gru", "1", "1 of 4 met the criterion, 3 not_converged, 60–60 steps", networks=4),
    }
    lines = [line for _, line in run(Progress(jobs, trained=8, clock=clock), clock, dict.fromkeys(jobs, 60.0))]
    assert "3 of 4 met the criterion, 1 diverged, 60–60 steps, 1 s | 12 of 20 networks, 3 of 4 (75%) met it | 1 of 3 jobs" in lines[0]
    assert "| 16 of 20 networks, 3 of 4 (75%) met it |" in lines[1]
    assert "| 20 of 20 networks, 4 of 8 (50%) met it |" in lines[2]


def test_spans_of_time_are_said_no_finer_than_they_are_known():
    assert [spelt(seconds) for seconds in (0, 29, 31, 89 * 60, 90 * 60, 7325)] == [
        "less than a minute",
        "less than a minute",
        "about 1 min",
        "about 89 min",
        "about 1 h 30 min",
        "about 2 h 02 min",
    ]


def test_a_benchmark_that_is_cut_or_missing_says_nothing(tmp_path):
    file = tmp_path / "train.tsv"
    assert seconds_of(file) is None
    for text, seconds in (("", None), ("s\th:m:s\n", None), ("s\th:m:s\nx\t0\n", None), ("s\th:m:s\n12.5\t0:00:12\n", 12.5)):
        file.write_text(text)
        assert seconds_of(file) == seconds


def test_the_teller_says_a_line_for_each_event_and_keeps_it(tmp_path):
    said, file = [], tmp_path / "logs" / "progress.log"
    teller = Teller(lambda: Progress({4: job(tmp_path, "train", "gru", "0")}), file, said.append)

    def tell(event, **more):
        record = logging.makeLogRecord({"event": SimpleNamespace(name=event), **more})
        teller.handle(record)

    tell("JOB_FINISHED", job_id=4)  # before anything began: another Snakemake's, or none of ours
    tell("JOB_STARTED", jobs=[4])
    tell("JOB_FINISHED", job_id=4)
    tell("JOB_FINISHED", job_id=5)  # a target, without work of its own
    assert len(said) == 1
    assert file.read_text().splitlines()[0][20:] == said[0]


def test_the_rehearsal_says_what_is_done_of_all(rehearsal):
    """On the terminal and in the log alike; every job once, networks to the last, and no rule is unknown to the estimate at the end."""
    house, said = rehearsal
    kept = (house.folder / "results/logs/progress.log").read_text().splitlines()
    jobs = [re.search(r"\| (\d+) of (\d+) jobs, ", line) for line in kept]
    assert all(jobs)
    total = int(jobs[-1][2])
    assert [int(found[1]) for found in jobs] == list(range(1, total + 1))
    assert set(line[20:] for line in kept) <= set(said.splitlines())
    assert kept[-1].endswith("less than a minute left")
    trained = [re.search(r"\| (\d+) of (\d+) networks, (\d+) of (\d+) \(\d+%\) met it \|", line) for line in kept if " met it |" in line]
    shards = list((house.folder / "results").rglob("networks.zarr.zip"))
    assert trained[-1][1] == trained[-1][2]
    assert int(trained[-1][2]) >= len(shards)
    assert sum(" met the criterion" in line for line in kept) == sum(
        line.startswith("train ") and "left untrained" not in line for line in (k[20:] for k in kept)
    )
