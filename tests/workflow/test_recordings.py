"""Recordings as a user brings them: a table, a text and a figure of each; one line where something is wrong."""

import json
from pathlib import Path
from zipfile import ZipFile

import numpy as np
import pandas as pd


def activity(*shape, seed=0):
    """Leaky units in noise, the last axis; the one before is time."""
    noise = np.random.default_rng(seed).standard_normal(shape)
    states = np.zeros(shape)
    for step in range(1, shape[-2]):
        states[..., step, :] = 0.9 * states[..., step - 1, :] + noise[..., step, :]
    return states


def configured(house, **entry):
    """A run of all recordings with this one's entry."""
    (house.folder / "recordings.json").write_text(json.dumps({"recordings": {"mine": entry}}))
    return house.snakemake("recordings", config="recordings.json")


def said(done, word):
    return [line for line in (done.stdout + done.stderr).splitlines() if line.startswith(word) and ": " in line]


def test_a_recording_of_one_s_own_ends_in_a_table_a_text_and_a_figure(house):
    np.save(house.folder / "mine.npy", activity(2, 200, 6))
    np.save(house.folder / "given.npy", activity(2, 200, 1)[..., 0])
    done = configured(house, file="mine.npy", input="given.npy", dt=0.1, latents=2, students=["map", "latent"])
    assert done.returncode == 0, done.stdout + done.stderr
    scores = pd.read_csv(house.folder / "results/recordings/mine.csv")
    assert list(scores["student"]) == ["map", "latent"]
    eigenvalues = pd.read_csv(house.folder / "results/recordings/mine/eigenvalues.csv")
    assert eigenvalues["student"].value_counts().to_dict() == {"map": 6, "latent": 2}
    text = (house.folder / "results/recordings/mine.txt").read_text()
    assert "No diagnostic here proves anything." in text
    assert text.strip() in done.stdout  # at the end of the run
    assert text.strip() in (house.folder / "results/logs/recordings/diagnose/mine.log").read_text()
    assert (house.folder / "results/recordings/mine.pdf").read_bytes().startswith(b"%PDF")
    told = house.snakemake("recordings", "--report", "report.zip", config="recordings.json")
    assert told.returncode == 0, told.stdout + told.stderr
    with ZipFile(house.folder / "report.zip") as report:
        shown = {Path(name).name for name in report.namelist()}
    assert {"mine.png", "mine.txt"} <= shown


#: What is wrong -> the entry, the key that the line names, and what it says of it.
FAULTS = {
    "file": ({"file": "absent.npy", "leak": 0.1}, ".file", "a file that is there is expected, got 'absent.npy'"),
    "student": ({"students": ["adam"], "leak": 0.1}, ".students", "'adam' is no learner of activity; there are: "),
    "no_step": ({}, "", "either `leak`, or `dt` (with or without `tau`), is expected, got neither"),
    "two_steps": ({"leak": 0.1, "dt": 0.1}, "", "either `leak`, or `dt` (with or without `tau`), is expected, got leak, dt"),
    "long_step": ({"dt": 2.0}, ".dt", "at most tau (1) is expected, got 2"),
    "plain_array": ({"leak": 0.1, "array": "rates"}, ".array", "goes with a zarr group as `file`"),
}


def test_one_line_a_fault_before_any_job(house):
    np.save(house.folder / "mine.npy", activity(200, 6))
    entries = {name: {"file": "mine.npy", "students": ["map"]} | entry for name, (entry, _, _) in FAULTS.items()}
    (house.folder / "recordings.json").write_text(json.dumps({"recordings": entries}))
    done = house.snakemake("recordings", config="recordings.json")
    told = said(done, "config:")
    assert done.returncode != 0
    assert len(told) == len(FAULTS), told
    for line, (name, (_, key, expected)) in zip(told, FAULTS.items(), strict=True):
        assert line.startswith(f"config: recordings.{name}{key}: {expected}")
    assert not (house.folder / "results").exists()


def test_what_is_wrong_with_the_activity_is_one_line(house):
    values = activity(200, 6)
    values[20, 3] = np.nan
    np.save(house.folder / "mine.npy", values)
    done = configured(house, file="mine.npy", leak=0.1, students=["map"])
    assert done.returncode != 0
    (line,) = said(done, "diagnose")
    assert line == "diagnose    mine: mine.npy: finite numbers are expected, got nan at [20, 3] (time, units)"
