"""One file of small stores, from which every figure is drawn again somewhere else, byte for byte, and nothing is trained."""

import hashlib
import json
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from rnnpop.store import DamagedStore

sys.path.insert(0, str(Path(__file__).parents[2] / "scripts"))

from archive import pack

#: How the README says that an archive is used.
UNPACKED = ("--configfile", "results/config.json", "--replace-workflow-config")


@pytest.fixture(scope="module")
def archive(rehearsal, tmp_path_factory):
    """The rehearsal's archive; where it is made of finished results, nothing else is made."""
    house = type(rehearsal[0])(tmp_path_factory.mktemp("packed"))
    shutil.copytree(rehearsal[0].folder, house.folder, dirs_exist_ok=True)  # keeps the times of files
    assert house.plan("archive") == {"archive": 1}
    packed = house.snakemake("archive")
    assert packed.returncode == 0, packed.stdout + packed.stderr
    return house.folder / "results" / "archive.zip"


def test_it_holds_what_figures_read_and_no_large_store(archive, rehearsal):
    with zipfile.ZipFile(archive) as packed:
        assert packed.testzip() is None
        members = packed.namelist()
        assert all(member.date_time == (1980, 1, 1, 0, 0, 0) for member in packed.infolist())
        for member in members[:-1]:
            assert packed.read(member) == (rehearsal[0].folder / member).read_bytes()
    assert members[-1] == "results/config.json"
    assert len(set(members)) == len(members)
    names = {Path(member).name for member in members}
    assert {"summary.zarr.zip", "summary.csv", "claims.csv", "contrasts.zarr.zip", "provenance.json", "portraits.zarr.zip"} <= names
    assert not {"trajectories.zarr.zip", "statistics.zarr.zip"} & names
    assert not any("/distances/" in member or "/representations/" in member or "/corpora/" in member for member in members)


@pytest.mark.parametrize(
    "studies", [("partial_observation", "primer"), pytest.param((), marks=pytest.mark.slow)], ids=["two studies", "all"]
)
def test_every_figure_is_drawn_again_elsewhere_and_nothing_is_trained(archive, rehearsal, clone, tmp_path, studies):
    """In a clone without results, without Snakemake's memory, without the user's own files, and without torch."""
    poison = tmp_path / "poison"
    poison.mkdir()
    (poison / "torch.py").write_text("raise ImportError('torch was imported')\n")
    for file in ("rehearsal.yaml", "rehearsal_mouse.csv", "rehearsal_reviews.csv"):
        (clone.folder / "tests" / file).unlink()
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(archive), "."], cwd=clone.folder, check=True)
    assert clone.plan("figures", *UNPACKED, config=None).keys() == {"draw", "draw_study", "figures"}
    recorded = json.loads((clone.folder / "results/provenance.json").read_text())["files"]
    figures = [path for path in recorded if path.endswith((".pdf", ".png"))]
    assert len(figures) == len([path for kind in ("pdf", "png") for path in (rehearsal[0].folder / "results").rglob(f"*.{kind}")])
    drawn_again = [path for path in figures if not studies or path.startswith(tuple(f"results/{study}/" for study in studies))]
    drawn = clone.snakemake(*(path for path in drawn_again if path.endswith(".pdf")), *UNPACKED, config=None, PYTHONPATH=str(poison))
    assert drawn.returncode == 0, drawn.stdout + drawn.stderr
    for path in drawn_again:
        assert hashlib.sha256((clone.folder / path).read_bytes()).hexdigest() == recorded[path], path


def test_claims_are_judged_again_elsewhere(archive, rehearsal, clone):
    subprocess.run([sys.executable, "-m", "zipfile", "-e", str(archive), "."], cwd=clone.folder, check=True)
    tables = ["results/universality/claims.csv", "results/universality/claims.csv-metadata.json"]
    for table in tables:
        (clone.folder / table).unlink()
    assert clone.plan(tables[0], *UNPACKED, config=None) == {"judge": 1}
    judged = clone.snakemake(tables[0], *UNPACKED, config=None)
    assert judged.returncode == 0, judged.stdout + judged.stderr
    for table in tables:
        assert (clone.folder / table).read_bytes() == (rehearsal[0].folder / table).read_bytes()


def test_a_damaged_store_is_not_packed(rehearsal, tmp_path):
    """It is named, and moved aside; no archive is left that lacks it."""
    damaged = tmp_path / "summary.zarr.zip"
    damaged.write_bytes((rehearsal[0].folder / "results/universality/summary.zarr.zip").read_bytes()[:-100])
    with pytest.raises(DamagedStore, match=r"summary\.zarr\.zip: damaged"):
        pack([str(damaged)], str(tmp_path / "archive.zip"), config={}, generations={})
    assert [path.name for path in tmp_path.iterdir()] == ["summary.zarr.zip.damaged"]
