"""The workflow as a user starts it, here and on a cluster, in a copy of the repository."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]

#: What a run needs of the repository.
_PARTS = (
    "Snakefile",
    "config.yaml",
    "run",
    "workflow",
    "scripts",
    "profiles",
    "envs",
    "tests/cluster/few.yaml",
    "tests/rehearsal_mouse.csv",
)

#: The profile is as it comes, but that Slurm is asked at once: jobs take seconds here.
_OF_THIS_CLUSTER = ("--slurm-init-seconds-before-status-checks", "2")

#: Seconds after which what should have come will not: on two cores at a load of 17 the least of jobs took three minutes.
PATIENCE = 3600


@dataclass(frozen=True)
class House:
    """A copy of the repository, and runs in it."""

    folder: Path

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`./run` with the few networks, to its end."""
        done = subprocess.run(self._command(words), cwd=self.folder, capture_output=True, text=True, check=False, timeout=PATIENCE)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def on_slurm(self, *words: str) -> subprocess.CompletedProcess[str]:
        """`./run` on the cluster, to its end."""
        return self.run(*words, "--workflow-profile", "profiles/slurm", *_OF_THIS_CLUSTER)

    def start(self, *words: str) -> subprocess.Popen[str]:
        """`./run` on the cluster, in a session of its own; what it says goes to the file `said`."""
        command = self._command((*words, "--workflow-profile", "profiles/slurm", *_OF_THIS_CLUSTER))
        with (self.folder / "said").open("w") as said:
            return subprocess.Popen(command, cwd=self.folder, stdout=said, stderr=said, text=True, start_new_session=True)

    def said(self) -> str:
        """What the run that `start` started has said so far."""
        return (self.folder / "said").read_text()

    def results(self) -> dict[str, bytes]:
        """All results by path, without logs and benchmarks, which tell the time."""
        files = (path.relative_to(self.folder) for path in (self.folder / "results").rglob("*") if path.is_file())
        return {str(path): (self.folder / path).read_bytes() for path in files if is_result(str(path))}

    def jobs(self, rule: str) -> list[tuple[str, str]]:
        """Numbers and states of this folder's jobs of a rule on the cluster, in the order of their submission, ended ones as well."""
        listed = subprocess.run(
            ["squeue", "--noheader", "--states=all", "--format=%A|%T|%k|%Z"], capture_output=True, text=True, check=True
        )
        rows = [line.split("|") for line in listed.stdout.splitlines()]
        mine = [row for row in rows if row[3] == str(self.folder) and row[2].startswith(f"rule_{rule}_")]
        return [(number, state) for number, state, *_ in sorted(mine, key=lambda row: int(row[0]))]

    def states(self, rule: str) -> list[str]:
        """States of this folder's jobs of a rule, in the order of their submission."""
        return [state for _, state in self.jobs(rule)]

    def scripts(self, stage: str) -> list[int]:
        """Numbers of the processes that are at work on a stage of this folder."""
        found = []
        for process in Path("/proc").glob("[0-9]*"):
            try:
                words = (process / "cmdline").read_bytes().decode().split("\0")
            except OSError:
                continue  # it has ended
            if any(word.startswith(str(self.folder)) and word.endswith(f".{stage}.py") for word in words):
                found.append(int(process.name))
        return found

    def stop(self, stage: str) -> list[int]:
        """Halt the first processes that work on a stage, as a hanging disk would; say which they are."""
        until(lambda: self.scripts(stage), f"a process of {stage}")
        processes = self.scripts(stage)
        for process in processes:
            os.kill(process, signal.SIGSTOP)
        return processes

    @staticmethod
    def _command(words: tuple[str, ...]) -> list[str]:
        return ["./run", *words, "--configfile", "tests/cluster/few.yaml"]


def is_result(path: str) -> bool:
    """Whether a path below `results` is of a result, and not of a log or a benchmark."""
    return not path.startswith(("results/logs/", "results/benchmarks/"))


def until(true: Callable[[], object], what: str) -> None:
    """Wait for something that will come."""
    end = time.monotonic() + PATIENCE
    while not true():
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.2)


def copy(target: Path) -> House:
    """A copy of the repository, with no results, in the environment that this one has."""
    for part in _PARTS:
        (target / part).parent.mkdir(parents=True, exist_ok=True)
        if (REPOSITORY / part).is_dir():
            shutil.copytree(REPOSITORY / part, target / part, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(REPOSITORY / part, target / part)
    (target / ".venv").symlink_to((REPOSITORY / ".venv").resolve())
    return House(target.resolve())
