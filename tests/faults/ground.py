"""A tiny study run as a user runs it, in copies of the repository that may be harmed at will."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
from base64 import urlsafe_b64decode
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).parents[2]

#: What a run needs of the repository.
PARTS = ("Snakefile", "config.yaml", "run", "workflow", "scripts", "profiles", "envs")

#: Files that tell of the run and not of the networks: times, and what was moved aside.
ASIDE = ("logs", "benchmarks")

#: What was done to them, and how often.
COUNTED: Counter[str] = Counter()


@dataclass(frozen=True)
class Ground:
    """A copy of the repository with its own results, and where it is written down what runs say."""

    folder: Path
    heard: Path

    @classmethod
    def of(cls, folder: Path) -> Ground:
        """A fresh copy that shares the repository's environment."""
        folder.mkdir(parents=True, exist_ok=True)
        for part in PARTS:
            source = REPOSITORY / part
            if source.is_dir():
                shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, folder / part)
        shutil.copy2(REPOSITORY / "tests/faults/tiny.yaml", folder / "tiny.yaml")
        (folder / ".venv").symlink_to((REPOSITORY / ".venv").resolve())
        return cls(folder, folder.with_name("said.txt"))

    def copied(self, folder: Path) -> Ground:
        """The same with its results and Snakemake's memory of them; files keep their times."""
        shutil.copytree(self.folder, folder, symlinks=True, dirs_exist_ok=True)
        return Ground(folder, folder.with_name("said.txt"))

    def start(self, *words: str, target: str = "disturbed", prefix: tuple[str, ...] = ()) -> subprocess.Popen[str]:
        """Start ./run, in a process group of its own."""
        command = [*prefix, "./run", target, "--cores", "2", "--configfile", "tiny.yaml", *words]
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
        with self.heard.open("a") as said:
            return subprocess.Popen(
                command, cwd=self.folder, env=os.environ | threads, stdout=said, stderr=said, text=True, start_new_session=True
            )

    def run(self, *words: str, target: str = "disturbed", prefix: tuple[str, ...] = ()) -> tuple[int, str]:
        """Run it to its end: the exit code, and what it said."""
        self.heard.unlink(missing_ok=True)
        code = self.start(*words, target=target, prefix=prefix).wait()
        return code, self.said()

    def said(self) -> str:
        """What was said since the last `run` began."""
        return self.heard.read_text()

    def files(self) -> list[Path]:
        """Every file of the results, the half-made ones too, from the folder of the results."""
        results = self.folder / "results"
        paths = sorted(path.relative_to(results) for path in results.rglob("*") if path.is_file())
        return [path for path in paths if path.parts[0] not in ASIDE and path.suffix not in (".damaged", ".part")]

    def contents(self) -> dict[Path, bytes]:
        """What stands in them."""
        return {path: (self.folder / "results" / path).read_bytes() for path in self.files()}

    def finished(self) -> dict[Path, tuple[int, int]]:
        """Inode and time of every file whose job has ended, by Snakemake's own marks: those of jobs at work are left out."""
        marks = self.folder / ".snakemake" / "incomplete"
        at_work = set(_recorded(marks))
        ended = [path for path in self.files() if not at_work & {"results" / path, *("results" / path).parents}]
        stats = {path: (self.folder / "results" / path).stat() for path in ended}
        return {path: (stat.st_ino, stat.st_mtime_ns) for path, stat in stats.items()}

    def apart_from(self, paths: list[Path]) -> dict[Path, tuple[int, int]]:
        """The finished files but for these and all that was made of them, by Snakemake's records of what a job read."""
        read = {
            output: json.loads(record.read_text())["input"] for output, record in _recorded(self.folder / ".snakemake/metadata").items()
        }
        reached = {f"results/{path}" for path in paths}
        while more := {str(output) for output, inputs in read.items() if reached & set(inputs)} - reached:
            reached |= more
        return {path: stat for path, stat in self.finished().items() if not {str("results" / p) for p in (path, *path.parents)} & reached}


def _recorded(folder: Path) -> dict[Path, Path]:
    """Snakemake's records in a folder, by the outputs that they are about: their names say it in letters of base 64, cut where too long."""
    records = {"".join(part.removeprefix("@") for part in r.relative_to(folder).parts): r for r in folder.rglob("*") if r.is_file()}
    return {Path(urlsafe_b64decode(name).decode()): record for name, record in records.items()}


def kill(process: subprocess.Popen[str]) -> None:
    """SIGKILL for all that it started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@dataclass(frozen=True)
class Undisturbed:
    """A finished run that nothing disturbed."""

    ground: Ground
    seconds: float
    contents: dict[Path, bytes]
