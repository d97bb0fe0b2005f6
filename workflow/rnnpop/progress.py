"""How far a run is: a line for each finished job, with what is done of all and the time that is left. Standard library only."""

from __future__ import annotations

import csv
import logging
import re
import time
from bisect import insort
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

#: What the job that trains says of its networks.
_MET = re.compile(r": (\d+) of (\d+) met the criterion")

#: Wildcards that only say how the work was cut: jobs that differ by nothing else take alike long.
_CUTS = ("shard", "block", "first", "second")


@dataclass(frozen=True)
class Job:
    """A job that a run is to do.

    Attributes:
        names: the wildcards in its path.
        log: its log, whose last line says what it did.
        seconds: how long it took when it was last done; None if it never was, as far as is known.
        networks: how many it trains.
    """

    rule: str
    names: Mapping[str, str]
    log: Path
    seconds: float | None = None
    networks: int = 0

    @property
    def kind(self) -> tuple[str, ...]:
        """What it shares with jobs that take alike long."""
        return (self.rule, *(value for name, value in self.names.items() if name not in _CUTS))


@dataclass
class Progress:
    """What a run has done, and how long the rest will take.

    A job is expected to take as long as, in this order of preference: the mean of the jobs of its kind (rule, study, task, cell, ...) that
    this run has finished, itself when it was last done, the mean of the jobs of its rule in this run, or in runs before it. The work that
    is left, in seconds of jobs, is divided by the seconds of jobs that a second of this run has held so far: cores, queues and waiting
    count as they were. A job of a rule that nobody has seen run is taken for a short one (the tenth percentile of this run's jobs:
    training comes first and is long, most of the rest is short), and such jobs are counted.

    Attributes:
        jobs: those of this run, by number.
        before: seconds of jobs of each rule in former runs.
        trained: networks that were there before.
        clock: gives the time in s.
    """

    jobs: Mapping[int, Job]
    before: Mapping[str, list[float]] = field(default_factory=dict)
    trained: int = 0
    clock: Callable[[], float] = time.monotonic

    def __post_init__(self) -> None:
        self._begun = self.clock()
        self._running: dict[int, float] = {}
        self._done: dict[int, float] = {}
        self._sorted: list[float] = []
        self._seen: defaultdict[object, _Mean] = defaultdict(_Mean)
        for rule, seconds in self.before.items():
            self._seen["before", rule].add(*seconds)
        self._met = [0, 0]

    def started(self, numbers: Iterable[int]) -> None:
        """Take note that jobs have begun."""
        self._running |= {number: self.clock() for number in numbers if number in self.jobs}

    def finished(self, number: int) -> str | None:
        """The line for a job that has ended; None for one without work of its own."""
        if number not in self.jobs or number in self._done:
            return None
        job = self.jobs[number]
        self._done[number] = seconds = self.clock() - self._running.pop(number, self._begun)
        insort(self._sorted, seconds)
        self._seen[job.kind].add(seconds)
        self._seen[job.rule].add(seconds)
        said = _last_line(job.log) or f"{job.rule:<11} {'/'.join(job.names.values())}"
        parts = [said, f"{len(self._done)} of {len(self.jobs)} jobs, {self.left()}"]
        if job.networks:
            parts.insert(1, self._networks(said))
        return " | ".join(parts)

    def _networks(self, said: str) -> str:
        if found := _MET.search(said):
            self._met = [sum(pair) for pair in zip(self._met, map(int, found.groups()), strict=True)]
        trained = self.trained + sum(self.jobs[number].networks for number in self._done)
        of_all = f"{trained} of {self.trained + sum(job.networks for job in self.jobs.values())} networks"
        met, of = self._met
        return f"{of_all}, {met} of {of} ({met / of:.0%}) met it" if of else of_all

    def left(self) -> str:
        """The time that is left, in words."""
        seconds, unknown = self.seconds_left()
        return f"{spelt(seconds)} left" + (f", roughly: {unknown} jobs are of rules not seen yet" if unknown else "")

    def seconds_left(self) -> tuple[float, int]:
        """The time that is left in s, and the number of jobs of whose rule nothing is known."""
        now = self.clock()
        waiting = [(number, self._expected(job)) for number, job in self.jobs.items() if number not in self._done]
        short = self._sorted[len(self._sorted) // 10] if self._sorted else 0.0
        rest = [max((short if known is None else known) - (now - self._running.get(number, now)), 0.0) for number, known in waiting]
        held = sum(self._done.values()) + sum(now - begun for begun in self._running.values())
        at_once = held / max(now - self._begun, 1e-9)
        # nothing ends before its longest job
        return max(sum(rest) / max(at_once, 1e-9), max(rest, default=0.0)), sum(seconds is None for _, seconds in waiting)

    def _expected(self, job: Job) -> float | None:
        kind, rule, before = (self._seen.get(key, _Mean()).value for key in (job.kind, job.rule, ("before", job.rule)))
        return next((seconds for seconds in (kind, job.seconds, rule, before) if seconds is not None), None)


@dataclass
class _Mean:
    total: float = 0.0
    count: int = 0

    def add(self, *values: float) -> None:
        self.total += sum(values)
        self.count += len(values)

    @property
    def value(self) -> float | None:
        return self.total / self.count if self.count else None


_MINUTE = 60.0


def spelt(seconds: float) -> str:
    """A span of time as one says it: no finer than it is known."""
    minutes = round(seconds / _MINUTE)
    if minutes < 1:
        return "less than a minute"
    return f"about {minutes} min" if minutes < 90 else f"about {minutes // 60} h {minutes % 60:02d} min"


def seconds_of(benchmark: Path) -> float | None:
    """How long a job took, from the table that Snakemake keeps of it; None if there is none."""
    try:
        with benchmark.open(newline="") as file:
            return float(next(csv.DictReader(file, delimiter="\t"))["s"])
    except (OSError, StopIteration, KeyError, ValueError):
        return None


def _last_line(log: Path) -> str | None:
    try:
        return log.read_text().splitlines()[-1]
    except (OSError, IndexError, UnicodeDecodeError):
        return None


class Teller(logging.Handler):
    """Says what each job did, when it ends: on the terminal, and with the time in a file that runs add to.

    Args:
        plan: gives what is to be done, once Snakemake knows it.
        file: where lines are kept.
        say: prints a line.
    """

    def __init__(self, plan: Callable[[], Progress], file: Path, say: Callable[[str], object] | None) -> None:
        super().__init__()
        self._plan, self._file, self._say = plan, file, say
        self._progress: Progress | None = None

    def emit(self, record: logging.LogRecord) -> None:
        event = getattr(getattr(record, "event", None), "name", "")
        if event == "JOB_STARTED":
            self._progress = self._progress or self._plan()
            self._progress.started(record.__dict__["jobs"])
        elif event == "JOB_FINISHED" and self._progress:
            line = self._progress.finished(record.__dict__["job_id"])
            if line and self._say:
                self._say(line)
            if line:
                self._file.parent.mkdir(parents=True, exist_ok=True)
                with self._file.open("a") as file:
                    file.write(f"{datetime.now():%Y-%m-%d %H:%M:%S} {line}\n")
