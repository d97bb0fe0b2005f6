"""Exhibit: one circuit and its students at a few fractions, as pictures show them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from jaxtyping import Complex, Float, Int

from rnnpop.cells import Circuit, Wiring
from rnnpop.design import network_name
from rnnpop.learners import ActivityLearner
from rnnpop.names import variable
from rnnpop.numerics import limit_sets, timescales
from rnnpop.numerics.recurrences import Fit, Recording, Recurrence
from rnnpop.numerics.stationary import Stationary
from rnnpop.seeds import stream
from rnnpop.stages.imitate import recorded, watched, wired
from rnnpop.stages.portray import principal_axes
from rnnpop.tasks import DrivenTask

#: Axes of a picture, time constants, modes of the wiring that a scheme shows.
_AXES, _CONSTANTS, _SCHEME = 3, 5, 5

#: At most so many watched units, times of the recording, moments of a run without noise; places of a plane, a side.
_CHANNELS, _TIMES, _MOMENTS, _GRID = 25, 500, 200, 48

#: How long traces are, in τ.
_SPAN = 80.0

#: Standard deviation of first states of runs without noise, each unit alone.
_SPREAD = 0.5

#: Share of a run that is left out at its beginning, and how far a picture reaches beyond the states in it.
_TRANSIENT, _REACH = 0.05, 1.25

#: States beyond this have left every picture; their squares are still finite in float32.
_FAR = 1e15


@dataclass(frozen=True)
class _Sight:
    """What is shown beside others: the teacher, or a student.

    Attributes:
        name: teacher, or the share of units that the student watches, as a percentage.
        fraction: that share.
        units: those that it watches.
        spectrum: eigenvalues, B scale.
        model: the network; None for a student that is none, or not finite.
        states: of the network during the recording.
        shown: what is drawn of its channels over the recording.
        rng: stream of the first states of its runs.
    """

    name: str
    fraction: float
    units: Int[np.ndarray, "channel"]
    spectrum: Complex[np.ndarray, "mode"]
    model: Recurrence | None
    states: Float[np.ndarray, "time unit"]
    shown: Float[np.ndarray, "time channel"]
    rng: np.random.Generator


def exhibit(
    task: DrivenTask,
    cell: Circuit,
    learner: ActivityLearner,
    *,
    study: str,
    names: Mapping[str, str],
    index: int,
    factors: Mapping[str, Any],
    seed: int,
    settings: Mapping[str, Any],
) -> xr.Dataset:
    """The circuit of an index, and the students of it that watch its first units: the same ones as in the store of `imitate`.

    Traces of students with as many units as they watch, or more, are runs of their own: from the same first state, with the same input and
    the same noise of the watched units as the circuit had. Those of students with fewer units show what of the recording lies in the
    range of their readout.

    The plane of a flow is that of the first two principal components of a network's states during the recording (of a latent state: of
    those that the recording implies). Further components stand at their value halfway through, and there is no input. Runs without noise
    start from N(0, 0.5²) in each unit; they are shown on their own principal components. Of planes and runs, and of traces where no signal
    enters, the first 5 % is left out: recordings may begin far outside.

    Args:
        names: `task`, `cell` and `learner` as they stand in paths.
        factors: design factors of the population, kept as coordinates.
        settings: the `imitate` entry of config.yaml: `exhibited` fractions, `starts` and `steps` of runs without noise.

    Returns:
        Store of stage `exhibit`; pictures in float32.
    """
    path: dict[str, Any] = {"study": study, "names": names, "index": index, "seed": seed}
    wiring = wired(cell, **path)
    circuit = cell.recurrence(wiring)
    recording = recorded(task, circuit, **path)
    own_stream = partial(stream, seed, study, *names.values(), index)
    rng = stream(seed, study, names["task"], names["cell"], index, "exhibit")
    sights = [_Sight("teacher", 1.0, np.arange(cell.units), wiring.spectrum, circuit, recording.states[0], recording.states[0], rng)]
    noise = _noise(circuit, recording)
    for fraction, count in zip(settings["exhibited"], watched(cell.units, settings["exhibited"]), strict=True):
        units = np.arange(count)
        fit = _fitted(learner, wiring, recording, units, own_stream("student", int(count), 0))
        model = fit.model if fit.model is not None and np.isfinite(fit.model.weights).all() else None
        own = recording.observed(units)
        states = shown = np.full_like(own.states[0], np.nan)
        if model is not None:
            states = implied(model, own)
            shown = _shown(model, own, states, noise[:, units])
        sights.append(_Sight(f"{fraction:.3g}", fraction, units, fit.spectrum, model, states, shown, own_stream("exhibit", int(count))))
    return _store(sights, wiring, recording, settings).assign_coords(
        {"network": network_name(names["task"], names["cell"], names["learner"], index), "index": index, **factors}
    )


def _fitted(
    learner: ActivityLearner, wiring: Wiring, recording: Recording, units: Int[np.ndarray, "observed"], rng: np.random.Generator
) -> Fit:
    """One student; one without a spectrum where the circuit has no covariance to be seen."""
    if learner.sees == "recording":
        return learner.fit([recording.observed(units)], [rng])[0]
    time: Any = getattr(learner, "time", "continuous")
    try:
        stationary = Stationary.of(wiring.weights, recording.leak, time=time, basis=wiring.basis, core=wiring.core)
    except ValueError:  # unstable
        return Fit(np.empty(0, dtype=complex), None, {})
    return learner.fit([stationary.observed(units)], [rng])[0]


def _noise(circuit: Recurrence, recording: Recording) -> Float[np.ndarray, "time unit"]:
    """Increments of each unit that the circuit itself does not account for; none after the last state."""
    before, inputs, after = recording.pairs
    with np.errstate(over="ignore", invalid="ignore"):
        increments = after - circuit.step(before, inputs if inputs.shape[1] else None)
    return np.concatenate([increments, np.zeros((1, circuit.units))])


def _shown(
    model: Recurrence, own: Recording, states: Float[np.ndarray, "time unit"], noise: Float[np.ndarray, "time channel"]
) -> Float[np.ndarray, "time channel"]:
    """What the student shows of the recording; see `exhibit`."""
    if model.units < noise.shape[1]:
        return model.seen(states)
    with np.errstate(over="ignore", invalid="ignore"):
        inputs = own.inputs[0] if own.inputs.shape[-1] else None
        return model.seen(model.run(states[0], len(states), inputs, noise @ _back(model).T))


def _back(model: Recurrence) -> Float[np.ndarray, "unit channel"]:
    """From channels to states: C⁺, of the channels that the network says anything of."""
    if model.readout is None:
        return np.eye(model.units)
    known = np.isfinite(model.readout).all(axis=1)
    back = np.zeros(model.readout.T.shape)
    back[:, known] = np.linalg.pinv(model.readout[known])
    return back


def implied(model: Recurrence, own: Recording) -> Float[np.ndarray, "time unit"]:
    """States of a network that agree with what is seen of it: x(t) = F(x(t − 1)) + C⁺ (y(t) − C F(x(t − 1)) − c), and 0 for x(−1).

    With as many channels as units, or more, that is the least-squares state C⁺ (y(t) − c); units without a channel run on.
    """
    seen = own.states[0]
    if model.readout is None:
        return seen
    back, inputs = _back(model), own.inputs[0] if own.inputs.shape[-1] else None
    if model.units <= seen.shape[1]:
        return np.nan_to_num(seen - model.seen(np.zeros(model.units))) @ back.T
    states = np.zeros((len(seen), model.units))
    with np.errstate(over="ignore", invalid="ignore"):
        for t in range(len(seen)):
            if t:
                states[t] = model.step(states[t - 1], None if inputs is None else inputs[t - 1])
            states[t] += back @ (seen[t] - model.seen(states[t]))
    return states


def _store(sights: list[_Sight], wiring: Wiring, recording: Recording, settings: Mapping[str, Any]) -> xr.Dataset:
    """The exhibit without its name."""
    length, units = recording.states.shape[1:]
    begun = 0 if recording.inputs.shape[-1] else int(_TRANSIENT * length)
    kept = np.unique(np.linspace(begun, min(length, begun + round(_SPAN / recording.leak)) - 1, _TIMES).astype(int))
    channels = max(1, min(_CHANNELS, *(len(sight.units) for sight in sights)))
    pictures = [_picture(sight, kept, channels, recording.leak, settings) for sight in sights]
    spectra = np.full((len(sights), max(len(sight.spectrum) for sight in sights)), complex(np.nan, np.nan))
    for row, sight in zip(spectra, sights, strict=True):
        row[: len(sight.spectrum)] = sight.spectrum
    moments = np.linspace(_TRANSIENT, 1, _MOMENTS) * settings["steps"]
    told = {name: np.stack([picture[name] for picture in pictures]) for name in pictures[0]}
    signal = recording.inputs[0, :, 0] if recording.inputs.shape[-1] else np.full(length, np.nan)
    texts = {
        "trace": (("sight", "time", "channel"), "activity of watched units"),
        "visited": (("sight", "visit", "axis"), "states on their principal components"),
        "plane_explained": (("sight", "axis"), "fraction of variance on each component"),
        "position": (("sight", "point", "axis"), "places of the plane"),
        "flow": (("sight", "point", "axis"), "velocity there, per tau"),
        "run": (("sight", "start", "moment", "axis"), "runs without noise on their principal components"),
        "time_constant": (("sight", "timescale"), "time constants, longest real part first"),
        "limit_set": (("sight",), "where most runs without noise end"),
        "line_attractor_score": (("sight",), "log2 of the two longest time constants' ratio, in the order of real parts"),
    }
    return xr.Dataset(
        {name: variable(dims, told[name], text, "tau" if name == "time_constant" else "1") for name, (dims, text) in texts.items()}
        | {
            "eigenvalue": variable(("sight", "mode"), spectra, "eigenvalues, B scale"),
            "observed": variable(("sight",), [len(sight.units) for sight in sights], "watched units"),
            "signal": variable(("time",), signal[kept].astype(np.float32), "signal that enters"),
            "integral": variable(("time",), (recording.leak * np.cumsum(signal))[kept].astype(np.float32), "its integral"),
            "readout": variable(("time",), (recording.states[0] @ wiring.readout)[kept].astype(np.float32), "readout of the teacher"),
            "scheme": variable(("target", "source"), scheme(wiring), "the teacher's first modes, and what they send to one another"),
        },
        {
            "sight": np.array([sight.name for sight in sights], dtype=object),
            "fraction": ("sight", [sight.fraction for sight in sights]),
            "time": ("time", recording.leak * kept, {"units": "tau"}),
            "moment": (
                "moment",
                recording.leak * moments,
                {"units": "tau"},
            ),
            "units": units,
        },
    )


def scheme(wiring: Wiring) -> Float[np.ndarray, "target source"]:
    """The first modes of a circuit: in its own basis, where it has one; else each by itself, by its eigenvalue's real part."""
    if wiring.core is not None:
        return wiring.core[:_SCHEME, :_SCHEME]
    return np.diag(wiring.spectrum[:_SCHEME].real)


def _picture(
    sight: _Sight,
    kept: Int[np.ndarray, "time"],
    channels: int,
    leak: float,
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """Everything that is shown of one sight; NaN, and no limit set, of a student that is no network or not finite."""
    places = _GRID**2
    scores, trace = timescales.scores(sight.spectrum, leak), sight.shown[kept, :channels]
    told: dict[str, Any] = {
        "trace": np.where(np.abs(trace) <= _FAR, trace, np.nan).astype(np.float32),
        "time_constant": np.array([scores[f"time_constant_{number + 1}"] for number in range(_CONSTANTS)]),
        "line_attractor_score": scores["line_attractor_score"],
        "visited": np.full((_TIMES, _AXES), np.nan, dtype=np.float32),
        "plane_explained": np.full(_AXES, np.nan),
        "position": np.full((places, _AXES), np.nan, dtype=np.float32),
        "flow": np.full((places, _AXES), np.nan, dtype=np.float32),
        "run": np.full((settings["starts"], _MOMENTS, _AXES), np.nan, dtype=np.float32),
        "limit_set": "",
    }
    if sight.model is None:
        return told
    starts = _SPREAD * sight.rng.standard_normal((settings["starts"], sight.model.units))
    with np.errstate(over="ignore", invalid="ignore"):
        told |= flow_field(sight.model, sight.states)
        told["run"] = _runs(sight.model, starts, settings["steps"])
    return told | {"limit_set": ending(sight.model, sight.spectrum, starts, settings["steps"])}


def flow_field(model: Recurrence, states: Float[np.ndarray, "time unit"]) -> dict[str, np.ndarray]:
    """States on their principal components, and (F(x) − x) / a at places of a square in the plane of the first two.

    The square is centred on the states' own bounding box and reaches a quarter beyond it. The third component of places is that of
    the plane itself, and of flows what leads out of it.
    """
    states = states[int(_TRANSIENT * len(states)) :]
    centre, axes, explained = principal_axes(states)
    placed = (states - centre) @ axes
    low, high = placed[:, :2].min(axis=0), placed[:, :2].max(axis=0)
    middle, half = (low + high) / 2, _REACH * (high - low).max() / 2
    # row by row, from below
    across = np.linspace(-half, half, _GRID)
    flat = middle + np.stack(np.meshgrid(across, across), axis=-1).reshape(-1, 2)
    halfway = states[len(states) // 2]
    beside = halfway - placed[len(states) // 2, :2] @ axes[:, :2].T
    points = beside + flat @ axes[:, :2].T
    flow = (model.step(points) - points) @ axes / model.leak
    position = np.column_stack([flat, np.full(len(flat), placed[len(states) // 2, 2])])
    pictures = {"visited": placed[np.linspace(0, len(placed) - 1, _TIMES).astype(int)], "position": position, "flow": flow}
    return {name: values.astype(np.float32) for name, values in pictures.items()} | {"plane_explained": explained}


def ending(model: Recurrence, spectrum: Complex[np.ndarray, "mode"], starts: Float[np.ndarray, "start unit"], steps: int) -> str:
    """Where most runs without noise end; of linear networks by their eigenvalues, as a long chain takes long to empty."""
    if model.activation != "identity":
        return limit_sets.classify(model, starts, steps=steps).majority
    if np.abs(1 - model.leak + model.leak * spectrum).max(initial=0.0) >= 1:
        return "diverged"
    return "origin" if model.bias is None or not model.bias.any() else "fixed point"


def _runs(model: Recurrence, starts: Float[np.ndarray, "start unit"], steps: int) -> Float[np.ndarray, "start moment axis"]:
    """Runs without noise, but for their beginning, on the principal components of all of them together."""
    moments = np.linspace(_TRANSIENT * steps, steps, _MOMENTS).astype(int).tolist()
    states, at, passed = starts, 0, np.empty((_MOMENTS, *starts.shape))
    for place, moment in enumerate(moments):
        states, at = model.run(states, moment - at + 1)[-1], moment
        passed[place] = states
    passed[~(np.abs(passed) <= _FAR)] = np.nan
    centre, axes, _ = principal_axes(passed.reshape(-1, starts.shape[1]))
    return ((passed - centre) @ axes).swapaxes(0, 1).astype(np.float32)
