"""A disk that fills, stores that are damaged or cannot be read: the run says so, and the next one ends as an undisturbed one."""

from __future__ import annotations

import random
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from faults.ground import COUNTED, Ground, Undisturbed

pytestmark = pytest.mark.faults

#: Stores that are damaged at once, and how often that is done.
STORES, ROUNDS = 4, 5


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A small disk of its own."""
    place = tmp_path / "disk"
    place.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1G", "tmpfs", place], capture_output=True).returncode:
        pytest.skip("mounting a small disk is not allowed here")
    yield place
    subprocess.run(["umount", "--lazy", place], check=True)


def resize(disk: Path, size: int) -> None:
    subprocess.run(["mount", "-o", f"remount,size={size}", disk], check=True)


@pytest.mark.parametrize("share", [0.05, 0.3, 0.5, 0.7, 0.9])
def test_a_run_on_a_disk_that_fills_goes_on_when_there_is_room(undisturbed: Undisturbed, disk: Path, tmp_path: Path, share: float):
    """Room for a share of what the whole run writes, Snakemake's own records included."""
    ground = replace(Ground.of(disk / "ground"), heard=tmp_path / "said.txt")
    written = [path for part in ("results", ".snakemake") for path in (undisturbed.ground.folder / part).rglob("*") if path.is_file()]
    whole = sum(path.stat().st_blocks * 512 for path in written)
    resize(disk, shutil.disk_usage(disk).used + int(share * whole))
    code, said = ground.run()
    assert code != 0
    assert "No space left on device" in said
    kept = ground.finished()
    resize(disk, 1 << 30)
    code, said = ground.run()
    assert code == 0, said
    now = ground.finished()
    assert {path: now[path] for path in kept} == kept
    assert ground.contents() == undisturbed.contents
    COUNTED["disks that filled"] += 1
    COUNTED["files found finished on a full disk, and not made again"] += len(kept)


def harm(path: Path, chance: random.Random) -> None:
    """Cut it short, or turn one bit."""
    content = path.read_bytes()
    place = chance.randrange(len(content))
    if chance.random() < 0.5:
        harmed = content[:place]
        COUNTED["stores cut short"] += 1
    else:
        harmed = content[:place] + bytes([content[place] ^ (1 << chance.randrange(8))]) + content[place + 1 :]
        COUNTED["stores with one bit turned"] += 1
    path.write_bytes(harmed)


def stores(ground: Ground) -> list[Path]:
    return [path for path in ground.files() if path.name.endswith(".zarr.zip")]


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_damaged_stores_are_named_and_made_again_with_what_was_made_of_them(undisturbed: Undisturbed, done: Ground, seed: int):
    chance = random.Random(seed)
    damaged = chance.sample(stores(done), STORES)
    kept = done.apart_from(damaged)
    for path in damaged:
        harm(done.folder / "results" / path, chance)
    code, said = done.run(target="check")
    named = {line.split(": damaged")[0].split()[-1] for line in said.splitlines() if ": damaged or half-written" in line}
    assert code != 0
    assert named == {f"results/{path}" for path in damaged}
    code, said = done.run()
    assert code == 0, said
    now = done.finished()
    assert {path: now[path] for path in kept} == kept
    assert done.contents() == undisturbed.contents
    code, said = done.run(target="check")
    assert code == 0, said
    COUNTED["files that were not made of damaged stores, and not made again"] += len(kept)


def test_a_damaged_store_that_a_job_reads_is_named_and_made_by_the_next_run(undisturbed: Undisturbed, done: Ground):
    """Without a check before."""
    (statistics,) = (path for path in stores(done) if path.match("gru/adam/00001-00001/statistics.zarr.zip"))
    networks = done.folder / "results" / statistics.with_name("networks.zarr.zip")
    networks.write_bytes(networks.read_bytes()[:-1])
    (done.folder / "results" / statistics).unlink()
    code, said = done.run()
    assert code != 0
    assert [line for line in said.splitlines() if "networks.zarr.zip: damaged or half-written" in line]
    code, said = done.run()
    assert code == 0, said
    assert done.contents() == undisturbed.contents
    COUNTED["stores cut short"] += 1


#: As the user who owns the files, but without root's right to read all.
PLAIN = ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--inh-caps=-dac_override,-dac_read_search")


@pytest.fixture
def plain(tmp_path: Path) -> tuple[str, ...]:
    """What to put before a command so that permissions hold for it."""
    locked = tmp_path / "locked"
    locked.touch(mode=0o000)
    for prefix in ((), PLAIN):
        if (
            subprocess.run([*prefix, "true"], capture_output=True).returncode == 0
            and subprocess.run([*prefix, "cat", locked], capture_output=True).returncode
        ):
            return prefix
    pytest.skip("root reads all, and cannot be kept from it here (setpriv)")


@pytest.mark.parametrize(
    ("lost", "needed"), [("statistics", "fixed_points"), ("fixed_points", "trajectories"), ("trajectories", "networks")]
)
def test_a_store_that_cannot_be_read_is_named_and_left_as_it_is(
    undisturbed: Undisturbed, done: Ground, plain: tuple[str, ...], lost: str, needed: str
):
    shard = Path("disturbed/flip_flop/gru/adam/00000-00000")
    kept = done.apart_from([shard / f"{lost}.zarr.zip"])
    (done.folder / "results" / shard / f"{lost}.zarr.zip").unlink()
    locked = done.folder / "results" / shard / f"{needed}.zarr.zip"
    locked.chmod(0o000)
    code, said = done.run(prefix=plain)
    assert code != 0
    assert "Permission denied" in said
    assert f"{needed}.zarr.zip" in said
    locked.chmod(0o644)
    code, said = done.run(prefix=plain)
    assert code == 0, said
    now = done.finished()
    assert {path: now[path] for path in kept} == kept
    assert done.contents() == undisturbed.contents
    COUNTED["stores that must not be read"] += 1


def test_a_folder_that_must_not_be_written_to_ends_the_run_before_any_job(undisturbed: Undisturbed, done: Ground, plain: tuple[str, ...]):
    shutil.rmtree(done.folder / "results/disturbed/figures")
    for place in ("results", "results/disturbed/flip_flop/gru/adam/00000-00000"):
        (done.folder / place).chmod(0o555)
        code, said = done.run("--forcerun", "train", prefix=plain)
        (done.folder / place).chmod(0o755)
        assert code != 0
        assert place in said
        COUNTED["folders that must not be written to"] += 1
    code, said = done.run(prefix=plain)
    assert code == 0, said
    assert done.contents() == undisturbed.contents
