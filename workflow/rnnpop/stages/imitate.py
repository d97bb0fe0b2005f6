"""Imitate: students of networks, fitted to what is seen of them by watching some of their units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import torch
import xarray as xr
from jaxtyping import Complex, Float, Int
from torch import Tensor

from rnnpop.cells import Wiring
from rnnpop.design import network_name
from rnnpop.learners import ActivityLearner
from rnnpop.names import variable
from rnnpop.numerics import diagnostics, directions, leaky_fixed_points, limit_sets, timescales
from rnnpop.numerics.affine import Parameters, trained_parameters
from rnnpop.numerics.recurrences import Fit, Recording, Recurrence
from rnnpop.numerics.scores import forecasts
from rnnpop.numerics.stationary import Seen, Stationary
from rnnpop.seeds import stream

#: Eigenvalues of a student that are kept: those of largest real part.
_KEPT = 10
#: Numbers of unstable directions that fixed points are counted by; the last one stands for as many or more.
ORDERS = 5
#: Recorded states, at least, among which fixed points are sought.
_VISITED = 500
#: Units of a student whose singular values are told, at most: what they cost grows with the cube of that.
_DECOMPOSED = 500
#: |h| beyond which a saturated unit is not followed: its current would be infinite.
_SATURATED = 1 - 1e-9


@dataclass(frozen=True)
class Source:
    """A network to be watched.

    Attributes:
        seen: its recording, or its covariance; None where it has neither (an unstable circuit has no covariance).
        units: how many it has.
        spectrum: eigenvalues of its matrix, by falling real part; empty where it is more than a matrix.
        circuit: the network, where it was constructed: its first units are as good as any.
        still: constant input under which students' points are sought.
        points: its fixed points by their number of unstable directions, where they are known.
    """

    seen: Recording | Stationary | None
    units: int
    spectrum: Complex[np.ndarray, "mode"] = field(default_factory=lambda: np.empty(0, dtype=complex))
    circuit: Recurrence | None = None
    still: Float[np.ndarray, "input"] = field(default_factory=lambda: np.empty(0))
    points: Int[np.ndarray, "order"] | None = None

    @cached_property
    def singular(self) -> directions.Singular:
        """Of the circuit's matrix."""
        assert self.circuit is not None
        return directions.singular(self.circuit.weights)

    @cached_property
    def scores(self) -> dict[str, float]:
        """Of its spectrum at leak 1; empty where there is none. Those by real part are the same at any leak."""
        return timescales.scores(self.spectrum, 1.0) if len(self.spectrum) else {}


def wired(cell: Any, *, study: str, names: Mapping[str, str], index: int, seed: int) -> Wiring:
    """The circuit of an index: the same under every learner."""
    wiring: Wiring = cell.wiring(stream(seed, study, names["task"], names["cell"], index, "init"))
    return wiring


def recorded(task: Any, circuit: Recurrence, *, study: str, names: Mapping[str, str], index: int, seed: int) -> Recording:
    """The run in which a circuit is watched: the same under every learner."""
    recording: Recording = task.record(circuit, stream(seed, study, names["task"], names["cell"], index, "record"))
    return recording


def watched(units: int, fractions: Sequence[float]) -> Int[np.ndarray, "fraction"]:
    """Units that are watched at each fraction: the nearest whole number, two at least, all at most."""
    return np.clip(np.round(np.array(fractions) * units), min(2, units), units).astype(int)


def imitate(
    task: Any,
    cell: Any,
    learner: ActivityLearner,
    *,
    study: str,
    names: Mapping[str, str],
    indexes: Sequence[int],
    factors: Mapping[str, Any],
    seed: int,
    settings: Mapping[str, Any],
    trained: Mapping[int, Source] | None = None,
) -> xr.Dataset:
    """One student for each teacher, fraction and subset of units.

    What a teacher is and how it ran hangs on study, task, cell and index, and not on the learner. Subset 0 of a circuit's units is the
    first ones; every other one is the head of a random order of them, so the units of a small fraction are among those of a larger one.

    Args:
        names: `task`, `cell` and `learner` as they stand in paths.
        factors: design factors of the population, kept as coordinates.
        settings: the `imitate` entry of config.yaml.
        trained: teachers that were trained, by number; without them the cell's circuits are watched under the task's drive.

    Returns:
        Store of stage `imitate`.
    """
    path: dict[str, Any] = {"study": study, "names": names, "seed": seed}
    sources = [trained[index] if trained else _circuit(task, cell, learner, index=index, **path) for index in indexes]
    counts = watched(sources[0].units, settings["fractions"])
    rows: dict[tuple[int, int, int], dict[str, Any]] = {}
    for subset in range(settings["subsets"]):
        orders = [
            np.arange(source.units)
            if source.circuit is not None and subset == 0
            else stream(seed, study, names["task"], names["cell"], index, "subset", subset).permutation(source.units)
            for source, index in zip(sources, indexes, strict=True)
        ]
        for place, count in enumerate(counts):
            sound = [network for network, source in enumerate(sources) if source.seen is not None]
            seen = [sources[network].seen.observed(orders[network][:count]) for network in sound]  # type: ignore[union-attr]
            own = [stream(seed, study, *names.values(), indexes[network], "student", int(count), subset) for network in sound]
            for network, part, fit, rng in zip(sound, seen, learner.fit(seen, own) if seen else [], own, strict=True):
                rows[network, place, subset] = _assessed(sources[network], orders[network][:count], part, fit, rng, settings)
                if count <= settings["nested"]:
                    rows[network, place, subset]["nested_slope"] = _nested(learner, part, int(count), rng)
    return _store(sources, rows, counts, names=names, indexes=indexes, factors=factors, settings=settings)


def _circuit(task: Any, cell: Any, learner: ActivityLearner, *, study: str, names: Mapping[str, str], index: int, seed: int) -> Source:
    """The circuit of an index, as the learner is to see it."""
    wiring = wired(cell, study=study, names=names, index=index, seed=seed)
    circuit = cell.recurrence(wiring)
    seen: Recording | Stationary | None
    if learner.sees == "covariance":
        time: Any = getattr(learner, "time", "continuous")
        try:
            seen = Stationary.of(wiring.weights, cell.leak, time=time, basis=wiring.basis, core=wiring.core)
        except ValueError:  # unstable
            seen = None
    else:
        seen = recorded(task, circuit, study=study, names=names, index=index, seed=seed)
    return Source(seen, cell.units, wiring.spectrum, circuit, np.zeros(seen.inputs.shape[-1] if isinstance(seen, Recording) else 0))


def _assessed(
    source: Source,
    units: Int[np.ndarray, "observed"],
    seen: Recording | Seen,
    fit: Fit,
    rng: np.random.Generator,
    settings: Mapping[str, Any],
) -> dict[str, Any]:
    """What is said of one student, who watches these units."""
    scores = timescales.scores(fit.spectrum, seen.leak)
    row: dict[str, Any] = {"eigenvalue": fit.spectrum[:_KEPT], **scores, **fit.described}
    if source.scores:
        row["overestimation"] = scores["time_constant_1"] / source.scores["time_constant_1"]
    if fit.model is None or not np.isfinite(fit.model.weights).all():
        return row
    mode = diagnostics.SlowMode.of(fit.model, fit.spectrum[0])
    correlation = diagnostics.recorded_correlation(seen) if isinstance(seen, Recording) else seen.correlation
    row |= diagnostics.acf_deficit(correlation, mode.left, mode.time_constant)
    if isinstance(seen, Recording):
        row |= forecasts(fit.model, seen, settings["horizon"])
    else:
        row["largest_observed_variance"] = float(np.linalg.eigvalsh(seen.covariance)[-1])
        row["perturbation_mismatch"] = diagnostics.perturbation_mismatch(mode.time_constant, seen.recovery(mode.right))
    if source.circuit is not None and source.circuit.activation == fit.model.activation == "identity":
        row |= _singular(source, units, fit.model)
    if fit.model.activation != "identity":
        visited = seen.states.reshape(-1, seen.states.shape[-1]) if isinstance(seen, Recording) and fit.model.readout is None else None
        row |= portrait(fit.model.under(source.still), visited, rng, settings)
    return row


def _singular(source: Source, units: Int[np.ndarray, "observed"], student: Recurrence) -> dict[str, float]:
    """Two largest singular values of a student's matrix and of the block of its teacher's that it stands for; and |cosine| of the first
    left, and right, vector with the watched part of the whole teacher's, of which directions by chance have 1 / √d.

    Nothing of students of latent states, and of many units. Source: Qian et al. 2024, figures F.3 and F.4.
    """
    circuit = source.circuit
    if circuit is None or student.readout is not None or student.units != len(units) or not 2 <= len(units) <= _DECOMPOSED:
        return {}
    own, block = (directions.singular(matrix) for matrix in (student.weights, circuit.weights[np.ix_(units, units)]))
    values = {"singular": own.values, "true_singular": block.values}
    pairs = {"left": (own.left, source.singular.left), "right": (own.right, source.singular.right)}
    return {f"{name}_{place + 1}": float(told[place]) for name, told in values.items() for place in range(2)} | {
        f"singular_cosine_{side}": float(abs(vector @ directions.unit_vector(true[units]))) for side, (vector, true) in pairs.items()
    }


def _nested(learner: ActivityLearner, seen: Recording | Seen, units: int, rng: np.random.Generator) -> float:
    """How the score of this student's kind changes as fewer of the watched units are used."""

    def score(fewer: Int[np.ndarray, "fewer"]) -> float:
        fit = learner.fit([seen.observed(fewer)], [rng])[0]
        return timescales.scores(fit.spectrum, seen.leak)["line_attractor_score"]

    return diagnostics.nested_slope(score, units, rng)


def portrait(
    network: Recurrence, visited: Float[np.ndarray, "sample unit"] | None, rng: np.random.Generator, settings: Mapping[str, Any]
) -> dict[str, Any]:
    """What most runs of a nonlinear network without noise come to, and its fixed points by their number of unstable directions.

    Args:
        visited: states among which fixed points are sought, beside those that the runs pass; None where there are none of all its units.
    """
    starts = 0.5 * rng.standard_normal((settings["starts"], network.units))
    ends = limit_sets.classify(network, starts, steps=settings["steps"])
    around = ends.visited if visited is None else np.concatenate([ends.visited, visited[:: max(1, len(visited) // _VISITED)]])
    points = leaky_fixed_points.fixed_points(network, around, rng, starts=settings["searches"])
    by_order = np.bincount(np.minimum(points.unstable, ORDERS - 1), minlength=ORDERS)
    return {
        "limit_set": ends.majority,
        "points": by_order.astype(float),
        "fixed_points": float(by_order.sum()),
        "stable_points": float(by_order[0]),
        "index_sum": float(points.index_sum),
    }


def watch(
    networks: xr.Dataset,
    points: xr.Dataset,
    task: Any,
    cell: Any,
    indexes: Sequence[int],
    *,
    names: Mapping[str, str],
    seed: int,
    settings: Mapping[str, Any],
) -> dict[int, Source]:
    """Networks of one shard of a trained population as sources, by number; those of other numbers are left out.

    The hidden units h = tanh(x) of a network are watched by their currents x, on trials of its task, in private noise: after each step
    s · N(0, 1) is added to every current. A vanilla network then is a leaky network of form `current` and leak 1 exactly, and a matched
    student can be it; of a gated one no student that sees hidden units alone can.

    Args:
        points: store of stage `settle` of the same networks; those under one still input are what students are held against.
        settings: the `imitate` entry of config.yaml: `trials`, `noise` (s), and `still`, which is the task's first one where it is left
            out.

    Raises:
        ValueError: for hidden units that are not bounded by a tanh, and for a still input that the task does not have.
    """
    if cell.activation != "tanh":
        raise ValueError(f"teachers: hidden units of activation tanh are expected, got {cell.activation}")
    stills = task.still_inputs()
    condition = settings.get("still", next(iter(stills)))
    if condition not in stills:
        raise ValueError(f"imitate.still: one of {', '.join(stills)} is expected, got {condition!r}")
    still = stills[condition]
    inputs = task.trials(stream(seed, names["task"], "watched"), settings["trials"]).input.astype(np.float64)
    found = {}
    for place, (name, index) in enumerate(zip(networks["network"].values, networks["index"].values, strict=True)):
        if index not in indexes:
            continue
        rng = stream(seed, names["task"], str(name), "watched")
        currents = _currents(cell, trained_parameters(networks, place), inputs, settings["noise"], rng)
        # what enters at a step takes the state before it to the state after it
        ahead = np.concatenate([inputs[:, 1:], np.zeros_like(inputs[:, :1])], axis=1)
        seen = Recording(currents, ahead, 1.0, "tanh") if np.isfinite(currents).all() else None
        found[int(index)] = Source(seen, cell.units, still=np.asarray(still, dtype=float), points=_points(points, str(name), condition))
    return found


def _currents(
    cell: Any, parameters: Parameters, inputs: Float[np.ndarray, "trial time input"], noise: float, rng: np.random.Generator
) -> Float[np.ndarray, "trial time unit"]:
    """x after each step."""
    state: Tensor = parameters["initial_state"].expand(len(inputs), -1)
    currents = []
    for given in torch.from_numpy(inputs).unbind(dim=1):
        state = cell.step(parameters, given, state)
        current = state[:, : cell.units].clamp(-_SATURATED, _SATURATED).atanh()
        current = current + noise * torch.from_numpy(rng.standard_normal(current.shape))
        state = torch.cat([current.tanh(), state[:, cell.units :]], dim=1)
        currents.append(current.numpy())
    return np.stack(currents, axis=1)


def _points(points: xr.Dataset, name: str, condition: str) -> Int[np.ndarray, "order"]:
    """Fixed points of one network under one still input, by their number of unstable directions."""
    own = (points["owner"].values == name) & (points["condition"].values == condition) & (points["kind"].values == "fixed")
    return np.bincount(np.minimum(points["unstable"].values[own], ORDERS - 1), minlength=ORDERS)


def _store(
    sources: Sequence[Source],
    rows: Mapping[tuple[int, int, int], Mapping[str, Any]],
    counts: Int[np.ndarray, "fraction"],
    *,
    names: Mapping[str, str],
    indexes: Sequence[int],
    factors: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> xr.Dataset:
    """Rows of single students as arrays; what a student does not have is NaN, or no text."""
    shape = (len(indexes), len(counts), settings["subsets"])
    eigenvalue = np.full((*shape, _KEPT), complex(np.nan, np.nan))
    points = np.full((*shape, ORDERS), np.nan)
    for at, row in rows.items():
        eigenvalue[at][: len(row["eigenvalue"])] = row["eigenvalue"]
        points[at] = row.get("points", np.nan)
    described = {name for row in rows.values() for name in row} | set(_ALWAYS)
    columns = {
        name: variable(("network", "fraction", "subset"), _column(rows, name, shape), _MEANINGS.get(name, name.replace("_", " ")))
        for name in sorted(described - {"eigenvalue", "points"})
    }
    own = np.full((len(indexes), _KEPT), complex(np.nan, np.nan))
    known = np.full((len(indexes), ORDERS), np.nan)
    for network, source in enumerate(sources):
        own[network, : len(source.spectrum[:_KEPT])] = source.spectrum[:_KEPT]
        known[network] = np.nan if source.points is None else source.points
    failed = np.isnan(eigenvalue[:, :, :, 0]).all(axis=(1, 2))
    long_names = {"teacher_score": "line_attractor_score", "teacher_time_constant": "time_constant_1"}
    return xr.Dataset(
        columns
        | {
            "eigenvalue": variable(("network", "fraction", "subset", "timescale"), eigenvalue, "eigenvalues of the student, B scale"),
            "points": variable(("network", "fraction", "subset", "order"), points, "the student's fixed points by unstable directions"),
            "observed": variable(("fraction",), counts, "watched units"),
            "teacher_eigenvalue": variable(("network", "timescale"), own, "eigenvalues of the teacher, as constructed"),
            "known_points": variable(("network", "order"), known, "the teacher's fixed points by unstable directions"),
            **{
                name: variable(("network",), [source.scores.get(of, np.nan) for source in sources], _MEANINGS[of] + ", of the teacher")
                for name, of in long_names.items()
            },
        },
        coords={
            "network": [network_name(names["task"], names["cell"], names["learner"], index) for index in indexes],
            "index": ("network", list(indexes)),
            "status": ("network", np.where(failed, "diverged", "ok").astype(object)),
            **{
                factor: ("network", np.array([level] * len(indexes), dtype=object if isinstance(level, str) else None))
                for factor, level in factors.items()
            },
            "fraction": list(settings["fractions"]),
            "subset": np.arange(settings["subsets"]),
        },
    )


#: Columns that every store has, whatever the learner.
_ALWAYS = ("line_attractor_score", "limit_set")

#: Texts of columns whose names do not say it all.
_MEANINGS = {
    "line_attractor_score": "line-attractor score: log2 of the two longest time constants' ratio, by real part",
    "leading_real": "largest real part of an eigenvalue",
    "second_real": "second largest real part of an eigenvalue",
    "line_attractor_score_sorted": "line-attractor score: log2 of the two longest time constants' ratio, in the order of time constants",
    "line_attractor_score_discrete": "line-attractor score: log2 of the two longest time constants' ratio, of discrete ones, a / |ln |mu||",
    "time_constant_1": "longest time constant, by real part",
    "overestimation": "longest time constant over the teacher's",
    "acf_deficit": "least excess of the leading mode's autocorrelation over its own exponential",
    "perturbation_mismatch": "log2 of the longest time constant over the time in which the teacher recovers from a push along it",
    "singular_1": "largest singular value of the student's matrix",
    "singular_2": "second singular value of the student's matrix",
    "true_singular_1": "largest singular value of the watched block of the teacher's matrix",
    "true_singular_2": "second singular value of the watched block of the teacher's matrix",
    "singular_cosine_left": "|cosine| of the student's first left singular vector and the watched part of the teacher's",
    "singular_cosine_right": "|cosine| of the student's first right singular vector and the watched part of the teacher's",
    "one_step_r2": "R2 of the next state",
    "free_run_r2": "R2 of free runs",
    "limit_set": "where most runs without noise end",
}


def _column(rows: Mapping[tuple[int, int, int], Mapping[str, Any]], name: str, shape: tuple[int, ...]) -> np.ndarray:
    if name == "limit_set":
        texts = np.full(shape, "", dtype=object)
        for at, row in rows.items():
            texts[at] = row.get(name, "")
        return texts
    values = np.full(shape, np.nan)
    for at, row in rows.items():
        values[at] = row.get(name, np.nan)
    return values
