"""Recordings of one's own: what is wrong with one in a line, and what is said of circuits that are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import zarr

from rnnpop import variants
from rnnpop.learners import ActivityLearner
from rnnpop.numerics.recurrences import Fit, Recording
from rnnpop.seeds import stream
from rnnpop.stages.diagnose import RecordingError, contradicted, diagnose, recording

MAP = variants.load("learners", {"kind": "maximum_a_posteriori"})


def activity(*shape: int) -> np.ndarray:
    return stream(0, "diagnose").standard_normal(shape)


def seen(cell: dict[str, object], units: int, steps: int, seed: int = 0) -> Recording:
    """Some units of a constructed circuit in noise."""
    circuit = variants.load("cells", cell)
    wiring = circuit.wiring(stream(seed, "wiring"))
    task = variants.load("tasks", {"kind": "noise", "steps": steps, "initial": 0.0, "burn_in": 2000})
    recorded = task.record(circuit.recurrence(wiring), stream(seed, "record"))
    return recording(recorded.states[0][:, :units], leak=circuit.leak)


def holed(values: np.ndarray, *place: int) -> np.ndarray:
    values = values.copy()
    values[place] = np.nan
    return values


#: What is wrong -> activity, input, and what the one line says after the file's name.
WRONG = {
    "one axis": (activity(50), None, "activity.npy: time × units, or trial × time × units, is expected, got an array of shape 50"),
    "four axes": (activity(2, 3, 4, 5), None, "activity.npy: time × units, or trial × time × units, is expected"),
    "no number": (holed(activity(60, 4), 7, 2), None, "activity.npy: finite numbers are expected, got nan at [7, 2] (time, units)"),
    "complex": (activity(60, 4) * 1j, None, "activity.npy: real numbers are expected, got an array of type complex128"),
    "axes exchanged": (activity(4, 60), None, "activity.npy: too few samples: at least 600 samples (10 a unit)"),
    "too few": (
        activity(2, 19, 4),
        None,
        "activity.npy: too few samples: at least 40 samples (10 a unit), and 3 a trial, are expected, got 2 × 19 = 38",
    ),
    "trials too short": (activity(60, 2, 4), None, "activity.npy: too few samples"),
    "one unit": (activity(60, 1), None, "activity.npy: at least 2 units are expected, got 1"),
    "constant unit": (activity(60, 4) * [1, 1, 0, 1], None, "activity.npy: unit 2 (of 4, from 0) is constant"),
    "input too short": (
        activity(60, 4),
        activity(59, 2),
        "stimulus.npy: 60 × inputs is expected, as activity.npy has it, got an array of shape 59 × 2",
    ),
    "input of other trials": (activity(3, 60, 4), activity(60, 2), "stimulus.npy: 3 × 60 × inputs is expected"),
    "hole in the input": (
        activity(60, 4),
        holed(activity(60, 2), 1, 1),
        "stimulus.npy: finite numbers are expected, got nan at [1, 1] (time, inputs)",
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_one_line_names_the_file_and_what_is_expected(wrong: str) -> None:
    values, inputs, told = WRONG[wrong]
    with pytest.raises(RecordingError) as caught:
        recording(values, inputs, leak=0.1, name="activity.npy", input_name="stimulus.npy")
    assert str(caught.value).startswith(told)
    assert "\n" not in str(caught.value)


def test_arrays_of_whole_numbers_and_inputs_without_an_axis_are_taken() -> None:
    values = np.arange(240).reshape(3, 20, 4) % 7
    found = recording(values, np.arange(60.0).reshape(3, 20), leak=0.1)
    assert found.states.shape == (3, 20, 4)
    assert found.inputs.shape == (3, 20, 1)
    np.testing.assert_allclose(found.states.mean(axis=(0, 1)), 0, atol=1e-14)
    assert recording(values, leak=0.1, activation="tanh", centre=False).states.max() == 6


def test_the_unit_of_measurement_does_not_matter_to_a_linear_student() -> None:
    """Times 1024 is exact, so that only the rounding of the mean can differ."""
    ours, theirs = (diagnose(recording(scale * activity(200, 5), leak=0.1), {"map": MAP}, name="mine", seed=0) for scale in (1.0, 1024.0))
    np.testing.assert_allclose(ours.eigenvalues["real"], theirs.eigenvalues["real"], rtol=1e-10)


def test_a_circuit_that_is_seen_whole_is_found_and_not_contradicted() -> None:
    """A symmetric circuit that is seen whole has its own time constant, and activity decays as the student does: the sampling
    error of a time constant is √(2 / n) of it where the record holds n, 60 here, so 0.18; twice that is allowed."""
    found = diagnose(seen({"kind": "symmetric_line", "units": 12, "leading": 0.8}, 12, 30000), {"map": MAP}, name="mine", seed=0)
    row = found.scores.iloc[0]
    assert row["time_constant_1"] == pytest.approx(5, rel=0.36)
    assert row["acf_deficit_low"] <= row["acf_deficit_high"]
    assert not contradicted(row)
    assert "does not contradict" in found.text
    assert row["lasting"] == pytest.approx(300 / row["time_constant_1"])
    assert found.subsamples["units"].max() == 12


def test_a_slow_mode_that_is_not_there_is_contradicted_by_activity() -> None:
    """Every eigenvalue of the circuit is 0, so its longest time constant is 1; a student of a fifth of it has one of several, and
    a score."""
    cell = {"kind": "null_low_rank", "units": 30, "rank": 1, "gamma_squared": 30.0}
    found = diagnose(seen(cell, 6, 30000), {"map": MAP}, name="mine", seed=0)
    row = found.scores.iloc[0]
    assert row["line_attractor_score"] > 2
    assert contradicted(row)
    told = " ".join(found.text.split())
    assert "activity forgets faster than this student" in told
    assert "no evidence for a line attractor" in told
    # the share that it says is the one at which a strong circuit of low rank has this score
    assert np.log2((2 - row["share"]) / row["share"]) == pytest.approx(row["line_attractor_score"])


def test_long_steps_alone_contradict_nothing() -> None:
    """Symmetric, and seen whole, at a step of half a τ: its leading mode forgets as the student does, as (1 − a / τ̂)^(t / a), not
    e^{−t / τ̂}."""
    cell = {"kind": "symmetric_line", "units": 6, "leading": 0.5, "leak": 0.5}
    found = diagnose(seen(cell, 6, 10000), {"map": MAP}, name="mine", seed=0)
    row = found.scores.iloc[0]
    assert row["acf_deficit_1"] < -0.02
    assert not contradicted(row)


@dataclass(frozen=True)
class Silent(ActivityLearner):
    """One that fits nothing, and no network."""

    def fit(self, seen: Sequence[Recording], streams: Sequence[np.random.Generator]) -> list[Fit]:
        return [Fit(np.full(3, np.nan, complex), None, {}) for _ in seen]


@dataclass(frozen=True)
class Limit(ActivityLearner):
    """One of known circuits."""

    sees = "covariance"

    def fit(self, seen: Sequence[object], streams: Sequence[np.random.Generator]) -> list[Fit]:
        raise AssertionError


def test_students_that_fit_nothing_have_a_row_and_tables_have_columns() -> None:
    found = diagnose(recording(activity(100, 5), leak=0.1), {"silent": Silent()}, name="mine", seed=0)
    assert np.isnan(found.scores["line_attractor_score"].iloc[0])
    assert list(found.correlations.columns) == ["student", "multiple", "time", "own", "correlation"]
    assert "silent: no score" in found.text
    both = diagnose(recording(activity(100, 5), leak=0.1), {"silent": Silent(), "map": MAP}, name="mine", seed=0)
    assert list(both.scores["student"]) == ["silent", "map"]
    assert set(both.correlations["student"]) == {"map"}


def test_a_student_of_known_circuits_is_refused_before_anything_is_fitted() -> None:
    with pytest.raises(RecordingError, match=r"^recordings.mine.students: 'limit' wants the covariance"):
        diagnose(recording(activity(100, 5), leak=0.1), {"limit": Limit()}, name="mine", seed=0)


def test_a_student_does_not_hear_of_the_others() -> None:
    values = recording(activity(3, 200, 6), activity(3, 200), leak=0.1)
    latent = variants.load("learners", {"kind": "linear_dynamical_system", "latents": 3, "iterations": 5})
    alone = diagnose(values, {"map": MAP}, name="mine", seed=3)
    beside = diagnose(values, {"latent": latent, "map": MAP}, name="mine", seed=3)
    own = beside.scores[beside.scores["student"] == "map"][alone.scores.columns].reset_index(drop=True)
    assert own.equals(alone.scores)
    assert "of latent states this is no test" in beside.text


def test_what_a_file_holds_is_read_without_unpickling(tmp_path: Path) -> None:
    from importlib.util import module_from_spec, spec_from_file_location

    specification = spec_from_file_location("diagnose_script", Path(__file__).parents[2] / "scripts/diagnose.py")
    script = module_from_spec(specification)
    specification.loader.exec_module(script)
    values = activity(30, 2)
    np.save(tmp_path / "plain.npy", values)
    np.save(tmp_path / "pickled.npy", np.array([{}], dtype=object), allow_pickle=True)
    (tmp_path / "text.npy").write_text("no array")
    (tmp_path / "text.zarr.zip").write_text("no archive")
    group = zarr.open_group(tmp_path / "group.zarr", mode="w")
    group.create_array("rates", data=values)
    group.create_group("inside")
    single = zarr.create_array(tmp_path / "single.zarr", data=values)
    with zarr.storage.ZipStore(tmp_path / "packed.zarr.zip", mode="w") as packed:
        zarr.create_array(packed, data=values)
    assert single.shape == values.shape
    for file, array in (("plain.npy", None), ("group.zarr", "rates"), ("single.zarr", None), ("packed.zarr.zip", None)):
        np.testing.assert_array_equal(script.opened(str(tmp_path / file), array), values)
    for file, array, told in (
        ("pickled.npy", None, "an array of numbers as numpy.save writes it is expected"),
        ("text.npy", None, "an array of numbers as numpy.save writes it is expected"),
        ("text.zarr.zip", None, "a zarr array or group is expected"),
        ("group.zarr", None, "`array` is expected to name an array in it, got None; there are: rates"),
        ("group.zarr", "inside", "`array` is expected to name an array in it, got 'inside'; there are: rates"),
        ("absent.zarr", None, "a zarr array or group is expected"),
    ):
        with pytest.raises(RecordingError) as caught:
            script.opened(str(tmp_path / file), array)
        assert str(caught.value).startswith(f"{tmp_path / file}: {told}")
        assert "\n" not in str(caught.value)
