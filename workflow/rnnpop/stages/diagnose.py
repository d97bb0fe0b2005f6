"""Diagnose a recording of one's own: students of it, what their scores would be read as, and what activity itself says to that."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
from jaxtyping import Float, Int, Real

from rnnpop.learners import ActivityLearner
from rnnpop.names import SchemaError
from rnnpop.numerics import diagnostics, exact_circuits, scores, timescales
from rnnpop.numerics.recurrences import Recording, Recurrence
from rnnpop.seeds import stream

#: Samples, at least, for each unit; and of each trial.
SAMPLES: Final = 10
SHORTEST: Final = 3
#: Score above which a student is read as an approximate line attractor.
THRESHOLD: Final = 1.0
#: Steps of free runs, by which students are held against the recording.
_HORIZON: Final = 100
#: Lags of a correlation, up to so many time constants of the student.
_LAGS: Final = np.linspace(0, 4, 41)
#: Shares of a circuit that the text takes as examples.
_SHARES: Final = (0.05, 0.2, 0.5)
#: Slope of the score over shares of units that is taken for one; width of the text.
_SLOPE: Final = 0.5
_WIDTH: Final = 100


class RecordingError(SchemaError):
    """A recording that students cannot be fitted to; names the file, or the key of config.yaml, and what is expected there."""


@dataclass(frozen=True)
class Diagnosis:
    """What students say of a recording.

    Attributes:
        scores: one row a student.
        eigenvalues: one row an eigenvalue of a student, B scale.
        correlations: autocorrelation of each student's slow mode in the recording, over the student's own decay.
        subsamples: score of students that are fitted to some of the units.
        text: the same in words, and what they do not say.
    """

    scores: pd.DataFrame
    eigenvalues: pd.DataFrame
    correlations: pd.DataFrame
    subsamples: pd.DataFrame
    text: str


def recording(
    activity: np.ndarray,
    inputs: np.ndarray | None = None,
    *,
    leak: float,
    activation: str = "identity",
    form: Literal["current", "rate"] = "current",
    centre: bool = True,
    name: str = "activity",
    input_name: str = "input",
) -> Recording:
    """Arrays as a recording, or one line that says what is wrong with them.

    At least 10 samples a unit are asked for, over all trials, and no unit may be constant: fewer do not tell a student's weights
    apart. Of a linear network, activity is divided by its root mean square over all units, so that a student's prior does not hang on
    the unit of measurement.

    Args:
        activity: time × units, or trial × time × units.
        inputs: time × inputs, or trial × time × inputs; of one input the last axis may be left out. Those at a time take the state then to
            the next one.
        leak: dt / τ.
        activation, form: of the network that activity is taken to come from; see `Recurrence`.
        centre: whether each unit's mean, and each input's, is taken away.
        name, input_name: of the files, for messages.

    Raises:
        RecordingError: at the first thing that is wrong.
    """
    states = _numbers(activity, name, "units")
    if activity.ndim not in (2, 3):
        raise RecordingError(f"{name}: time × units, or trial × time × units, is expected, got an array of shape {_shape(activity)}")
    if inputs is None:
        given = np.zeros((*activity.shape[:-1], 0))
    else:
        given = _numbers(inputs, input_name, "inputs")
        given = given[..., None] if given.ndim == activity.ndim - 1 else given
        if given.shape[:-1] != activity.shape[:-1]:
            shape = " × ".join(map(str, [*activity.shape[:-1], "inputs"]))
            raise RecordingError(f"{input_name}: {shape} is expected, as {name} has it, got an array of shape {_shape(inputs)}")
    if activity.ndim == 2:
        states, given = states[None], given[None]
    trials, length, units = states.shape
    if units < 2:
        raise RecordingError(f"{name}: at least 2 units are expected, got {units}; axes are time × units, or trial × time × units")
    if length < SHORTEST or trials * length < SAMPLES * units:
        few = f"{trials} × {length} = {trials * length} samples of {units} units"
        least = f"at least {SAMPLES * units} samples ({SAMPLES} a unit), and {SHORTEST} a trial"
        raise RecordingError(f"{name}: too few samples: {least}, are expected, got {few}; axes are time × units, or trial × time × units")
    still = np.flatnonzero(np.ptp(states, axis=(0, 1)) == 0)
    if len(still):
        raise RecordingError(f"{name}: unit {still[0]} (of {units}, from 0) is constant; units that vary are expected")
    if centre:
        states, given = states - states.mean(axis=(0, 1)), given - given.mean(axis=(0, 1))
    if activation == "identity":
        states = states / np.sqrt((states**2).mean())
    return Recording(states, given, leak, activation, form)


def diagnose(seen: Recording, students: Mapping[str, ActivityLearner], *, name: str, seed: int) -> Diagnosis:
    """Fit students to a recording, and hold them against it.

    Columns of `scores` beside those of `timescales.scores` and what the learner says: `one_step_r2` and `free_run_r2`; `acf_deficit`
    (least of the lags that the recording can tell) with `_low` and `_high`, a 95 % interval from a bootstrap of blocks of time;
    `lasting`, the recording's length in time constants of the student, and `acf_bias`, how far so short a record without its mean, and
    steps that are not short, lower the deficit; `latent`, whether the student's states are; `nested_slope`; `share`, the part of a
    circuit that the units would be if a strong non-normal one of low rank, without a line attractor, had this score. NaN where a
    student is no network, or the recording too short to tell.

    Args:
        students: by name.
        name: of the recording.

    Raises:
        RecordingError: for a student that cannot be fitted to a recording.
    """
    for called, learner in students.items():
        if learner.sees != "recording":
            wants = "wants the covariance of a known circuit; students of recordings are expected"
            raise RecordingError(f"recordings.{name}.students: '{called}' {wants}")
    found = {called: _student(seen, learner, stream(seed, "recordings", name, called)) for called, learner in students.items()}
    tables = [_joined({called: tables[part] for called, tables in found.items()}) for part in range(4)]
    return Diagnosis(*tables, text=_read(seen, tables[0], name))


def _joined(of_students: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Tables of all students, with their names in front; those without rows have columns too."""
    held = {called: table for called, table in of_students.items() if len(table)} or of_students
    return pd.concat(held, names=["student"]).reset_index("student").reset_index(drop=True)


def _student(seen: Recording, learner: ActivityLearner, rng: np.random.Generator) -> tuple[pd.DataFrame, ...]:
    """Tables of one student: scores, eigenvalues, correlations, subsamples."""
    fit = learner.fit([seen], [rng])[0]
    row: dict[str, Any] = timescales.scores(fit.spectrum, seen.leak) | fit.described
    row["share"] = 2 / (1 + 2 ** row["line_attractor_score"])
    correlations = pd.DataFrame(columns=["multiple", "time", "own", "correlation"], dtype=float)
    if fit.model is not None and np.isfinite(fit.model.weights).all():
        row |= scores.forecasts(fit.model, seen, _HORIZON)
        told, correlations = _forgetting(seen, fit.model, rng)
        row |= told
    slope, subsamples = _nested(seen, learner, rng)
    spectrum = pd.DataFrame({"real": fit.spectrum.real, "imaginary": fit.spectrum.imag})
    return pd.DataFrame([row | {"nested_slope": slope}]), spectrum, correlations, subsamples


def _forgetting(seen: Recording, model: Recurrence, rng: np.random.Generator) -> tuple[dict[str, float], pd.DataFrame]:
    """How fast activity forgets along a student's slow mode, beside how fast the student itself does."""
    mode = diagnostics.SlowMode.of(model)
    correlation = diagnostics.recorded_correlation(seen)
    row = diagnostics.acf_deficit(correlation, mode.left, mode.time_constant)
    row["acf_deficit_low"], row["acf_deficit_high"] = diagnostics.block_bootstrap(seen, mode.left, mode.time_constant, rng)["acf_deficit"]
    trials, length, _ = seen.states.shape
    row["latent"], row["lasting"] = float(model.readout is not None), trials * length * seen.leak / mode.time_constant
    row["acf_bias"] = _bias(row, mode.time_constant, seen.leak)
    times = _LAGS * (mode.time_constant if np.isfinite(mode.time_constant) else np.nan)
    known = np.isfinite(times)
    curve = {"multiple": _LAGS, "time": times, "own": _own(times, mode.time_constant, seen.leak)}
    return row, pd.DataFrame(curve)[known].assign(correlation=np.abs(correlation(mode.left, times[known])))


def _own(times: Float[np.ndarray, "lag"], time_constant: float, leak: float) -> Float[np.ndarray, "lag"]:
    """What a student's slow mode itself decays to: e^{−t / τ̂} where steps are short, (1 − a / τ̂)^(t / a)."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.abs(1 - leak / time_constant) ** np.rint(times / leak)


def _bias(row: Mapping[str, float], time_constant: float, leak: float) -> float:
    """How far a deficit comes out too low: a mean over n time constants takes 2 / n of the variance away, and as much of the covariance at
    every lag; and a student of long steps forgets faster than e^{−m}."""
    multiples = np.array([multiple for name, multiple in diagnostics.LAGS.items() if np.isfinite(row[f"acf_deficit_{name}"])])
    if not len(multiples):
        return np.nan
    steps = np.exp(-multiples) - _own(multiples * time_constant, time_constant, leak)
    return float(2 / row["lasting"] * (1 - np.exp(-multiples.max())) + max(steps.max(), 0.0))


def _nested(seen: Recording, learner: ActivityLearner, rng: np.random.Generator) -> tuple[float, pd.DataFrame]:
    """How the score changes as fewer units are used, and the scores themselves."""
    rows = []

    def score(units: Int[np.ndarray, "fewer"]) -> float:
        fit = learner.fit([seen.observed(units)], [rng])[0]
        rows.append({"units": len(units), "score": timescales.scores(fit.spectrum, seen.leak)["line_attractor_score"]})
        return rows[-1]["score"]

    slope = diagnostics.nested_slope(score, seen.states.shape[2], rng)
    return slope, pd.DataFrame(rows, columns=["units", "score"])


def _numbers(values: np.ndarray, name: str, last: str) -> Real[np.ndarray, "..."]:
    """As float64, all of them finite."""
    if values.dtype.kind not in "fiu":
        raise RecordingError(f"{name}: real numbers are expected, got an array of type {values.dtype}")
    numbers = values.astype(np.float64)
    wrong = np.argwhere(~np.isfinite(numbers))
    if len(wrong):
        place = ", ".join(map(str, wrong[0]))
        axes = f"{'trial, time' if values.ndim == 3 else 'time'}, {last}"
        raise RecordingError(f"{name}: finite numbers are expected, got {numbers[tuple(wrong[0])]} at [{place}] ({axes})")
    return numbers


def _shape(values: np.ndarray) -> str:
    return " × ".join(map(str, values.shape)) or "no axes"


def _read(seen: Recording, table: pd.DataFrame, name: str) -> str:
    """The reading of all students, and the caution."""
    trials, length, units = seen.states.shape
    inputs = seen.inputs.shape[-1]
    head = _HEAD.format(name=name, units=units, trials=trials, length=length, lasts=length * seen.leak, inputs=inputs)
    best = table["line_attractor_score"].where((table["leading_complex"] == 0) & (table["unstable"] == 0)).max()
    shares = ", ".join(f"{exact_circuits.strong_score(share):.1f} where {100 * share:g} % are" for share in _SHARES)
    caution = _CAUTION.format(shares=shares, units=units, chain=units**2)
    explained = _EXPLAINED.format(best=best, percent=200 / (1 + 2**best), units=units) if best > THRESHOLD else ""
    blocks = [head, *(_of_student(row, inputs > 0) for _, row in table.iterrows()), caution, explained, _OPEN]
    return "\n\n".join(_filled(block) for block in blocks if block) + "\n"


def _filled(block: str) -> str:
    """Paragraphs of a block, each in lines; those that begin with a dash are items, close together."""
    paragraphs = [re.split(r"\n(?=- )", text) for text in re.split(r"\n\s*\n", block.strip())]
    return "\n\n".join(
        "\n".join(textwrap.fill(" ".join(item.split()), _WIDTH, subsequent_indent="  " * item.startswith("- ")) for item in items)
        for items in paragraphs
    )


_HEAD = """
Recording {name}: {units} units; trials: {trials}, each of {length} steps ({lasts:.4g} τ); known inputs: {inputs}. Time constants are in
units of τ, that of a unit alone.
"""

_CAUTION = """
WHAT A SCORE SAYS, AND WHAT IT DOES NOT

A score speaks of the student: of the most probable network of these units alone, or of a few latent states. What units that are not
seen do to those that are, the student puts down to its own connections. A circuit without any slow mode can then look as if it had one
(Qian, Zavatone-Veth, Ruben & Pehlevan 2024).

Circuits without a line attractor whose students have high scores are non-normal: of low rank (expected score of a strong one: {shares}
seen), or feed-forward chains (above 1 of {units} units at the end of one of more than about {chain}). Readings that this can produce:
one time constant far above all others in a linear dynamical system, or in one state of a switching one, fitted to recorded units;
activity that integrates along one slow direction; a score above 1 at any share of units below two thirds.

In a normal circuit (a symmetric one is), in white noise that is the same for all units and over a long record, the student of some units
finds no time constant that is longer than the circuit's own. So a high score over such a record says: the circuit has a slow mode, or it
is far from normal, or both. It does not say which. Nor does a low one rule a line attractor out: of a real one, in noise, the score falls
short by about log₂ of one over the share of units seen.
"""

_EXPLAINED = """
The highest score here, {best:.2f}, is what a strong non-normal circuit of low rank gives where {percent:.2g} % of it are seen. If these
{units} units are that share of the circuit that they stand in, or less, the score is no evidence for a line attractor.
"""

_OPEN = """
No diagnostic here proves anything. Autocorrelations of circuits that are not symmetric may lie above the student's decay as well. Slow
inputs that are not known, drift, the state that a record began in, noise that is not white and noise of the measurement can make one of
these signs, or hide it. Over constructed circuits the slope of the score over fewer units has not told scores that partial observation
makes from others; it is here since a score that falls steeply cannot be trusted as it stands. What would tell: a displacement along the
slow mode, and the time that activity takes to come back; or more units of the same circuit, and a score that stays.
"""


def _of_student(row: pd.Series, driven: bool) -> str:
    """One student in words: what its score would be read as, whether activity agrees, what fewer units do."""
    score, first, second = row["line_attractor_score"], row["time_constant_1"], row["time_constant_2"]
    if not np.isfinite(score):
        return f"{row['student']}: no score; nothing could be fitted, or one mode alone."
    texts = [_reading(row), _predicting(row), _activity(row, driven), _fewer(row)]
    told = f"{row['student']}: line-attractor score {score:.2f}, time constants {first:.4g} and {second:.4g} τ."
    return "\n- ".join([told, *filter(None, texts)])


def _reading(row: pd.Series) -> str:
    if row["unstable"]:
        return "Its leading eigenvalue is 1 or more: the student grows without end, and its time constant is none."
    if row["leading_complex"]:
        return "Its leading eigenvalues are a pair: a rotation, which is no line attractor however long it lasts."
    if row["line_attractor_score"] > THRESHOLD:
        return f"A score above {THRESHOLD:g} is what publications read as an approximate line attractor (after Nair et al. 2023)."
    return f"Not above {THRESHOLD:g}: it would not be read as a line attractor."


def _predicting(row: pd.Series) -> str:
    if not np.isfinite(row.get("one_step_r2", np.nan)):
        return ""
    alone = f", and {_HORIZON} steps on its own with R² {row['free_run_r2']:.3f}" if np.isfinite(row.get("free_run_r2", np.nan)) else ""
    return (
        f"It foretells the next state with R² {row['one_step_r2']:.3f}{alone}. "
        "The R² of the next state is high for any slow signal, and does not speak for the student."
    )


def _activity(row: pd.Series, driven: bool) -> str:
    """What the autocorrelation says."""
    deficit, low, high = (row.get(key, np.nan) for key in ("acf_deficit", "acf_deficit_low", "acf_deficit_high"))
    if not np.isfinite(deficit):
        because = "the record is too short for its time constant" if np.isfinite(row.get("latent", np.nan)) else "it is no network"
        return f"Whether activity forgets as slowly as this student cannot be told: {because}."
    told = f"Autocorrelation of activity along its slow mode, least excess over its own decay: {deficit:.3f} [{low:.3f}, {high:.3f}]."
    if row["latent"]:
        return f"{told} Private noise of units lowers it: of latent states this is no test."
    if driven:
        told += " Activity follows known inputs, too, so this says little."
    if contradicted(row):
        return (
            f"{told} Below 0, by more than so short a record and its steps make it ({row['acf_bias']:.3f}): activity forgets faster than "
            "this student, as no symmetric circuit in white noise does. Time constants of such students are often too long, not always."
        )
    if high < 0:
        return f"{told} Below 0; but taking its mean away does that to a record of {row['lasting']:.2g} time constants: too short to tell."
    return f"{told} Not clearly below 0: this does not contradict the time constant. Of those that are wrong it finds some, not all."


def contradicted(row: pd.Series) -> bool:
    """Whether activity forgets faster than a student of watched units, beyond what chance, a short record and long steps make of it."""
    return not row.get("latent", 1) and bool(row["acf_deficit_high"] + row["acf_bias"] < 0)


def _fewer(row: pd.Series) -> str:
    slope = row["nested_slope"]
    if not np.isfinite(slope):
        return ""
    told = f"Score of fewer of these units: slope {slope:+.2f} against log₂((2 − f) / f), f the share of them in use."
    if slope > _SLOPE:
        return f"{told} It falls as more are used: more units might lower it further."
    return f"{told} It {'rises as more are used' if slope < -_SLOPE else 'hardly changes'}."
