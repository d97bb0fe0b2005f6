"""One run that nothing disturbed, copies of it, and the counts of all that was done to them."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from faults.ground import COUNTED, REPOSITORY, Ground, Undisturbed


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Undisturbed:
    """What all others are held against."""
    if not (REPOSITORY / ".venv" / ".lock").exists():
        pytest.skip("the environment was not made by envs/bootstrap.sh")
    ground = Ground.of(tmp_path_factory.mktemp("undisturbed") / "ground")
    started = time.monotonic()
    code, said = ground.run()
    assert code == 0, said
    return Undisturbed(ground, time.monotonic() - started, ground.contents())


@pytest.fixture
def fresh(tmp_path: Path) -> Ground:
    """A copy of the repository with no results."""
    return Ground.of(tmp_path / "ground")


@pytest.fixture
def done(undisturbed: Undisturbed, tmp_path: Path) -> Ground:
    """A copy of the finished run."""
    return undisturbed.ground.copied(tmp_path / "ground")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the counts."""
    if COUNTED:
        terminalreporter.write_sep("-", "faults")
        for what, times in COUNTED.items():
            terminalreporter.write_line(f"{times:>5} {what}")
