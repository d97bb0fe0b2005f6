"""A Slurm of one node, and houses to run in: `./run test tests/cluster -m cluster`."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cluster.house import House, copy


@pytest.fixture
def house(tmp_path: Path) -> House:
    """A fresh copy of the repository, with no results."""
    return copy(tmp_path)


@pytest.fixture(scope="session")
def local(tmp_path_factory: pytest.TempPathFactory) -> House:
    """A copy of the repository in which the few networks were made on this machine, without a cluster."""
    house = copy(tmp_path_factory.mktemp("local"))
    house.run("few", "--cores", "2")
    return house


@pytest.fixture(scope="session")
def slurm() -> Iterator[None]:
    """A Slurm of one node, for as long as tests want it."""
    starter = str(Path(__file__).with_name("one_node_slurm.sh"))
    with tempfile.TemporaryDirectory(prefix="slurm") as home:  # not of pytest, whose folders are closed to munge's own user
        started = subprocess.run([starter, "start", home], capture_output=True, text=True, check=False)
        try:
            if started.returncode == 77:
                pytest.skip(started.stderr.strip())
            assert started.returncode == 0, started.stderr
            yield
            subprocess.run(["scancel", "--quiet", "--user=root"], check=True)
        finally:
            subprocess.run([starter, "stop", home], check=True)
