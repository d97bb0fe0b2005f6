"""Stores of ideal populations, made up: cubes, cycles and lines in random frames; geometry and topology as a test asks."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import xarray as xr

from rnnpop.names import SCHEMAS, variable
from rnnpop.numerics.evidence import evidence, stimulus
from rnnpop.tasks import Task, Trials
from rnnpop.tasks.context_integration import ContextIntegration
from rnnpop.tasks.perceptual_decision import PerceptualDecision
from rnnpop.tasks.sine import Sine

CUBE = np.array(list(itertools.product((-1, 0, 1), repeat=3)))
ARCHITECTURES = ("vanilla", "ugrnn", "gru", "lstm")
ACTIVATIONS = ("tanh", "relu")


def node(label: np.ndarray) -> int:
    """Number of the cube's node with that label."""
    return int(np.flatnonzero((label == CUBE).all(axis=1))[0])


def identity(
    architecture: str, activation: str, count: int, first: int = 0, learner: str = "adam", task: str = "flip_flop"
) -> dict[str, object]:
    """Coordinates of consecutive networks of one population."""
    index = np.arange(first, first + count)
    return {
        "network": ("network", np.array([f"{task}/{architecture}-{activation}/{learner}/{i:05d}" for i in index], dtype=object)),
        "index": ("network", index),
        "status": ("network", np.array(["ok"] * count, dtype=object)),
        "architecture": ("network", np.array([architecture] * count, dtype=object)),
        "activation": ("network", np.array([activation] * count, dtype=object)),
        "learner": ("network", np.array([learner] * count, dtype=object)),
    }


def flip_flop(rng: np.random.Generator, trials: int, steps: int) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and targets of the 3-bit memory."""
    inputs = np.where(rng.random((trials, steps, 3)) < 0.1, rng.choice([-1, 1], (trials, steps, 3)), 0)
    targets = np.zeros_like(inputs)
    for step in range(steps):
        targets[:, step] = np.where(inputs[:, step] != 0, inputs[:, step], targets[:, step - 1] if step else 0)
    return inputs.astype(np.float32), targets.astype(np.float32)


def trajectories(coords: dict[str, object], units: int = 16, seed: int = 0, trials: int = 12, steps: int = 64) -> xr.Dataset:
    """States that follow the remembered signs in three directions of each network's own frame."""
    inputs, targets = flip_flop(np.random.default_rng(99), trials, steps)
    rng = np.random.default_rng(seed)
    count = len(coords["index"][1])
    followed = np.zeros_like(targets)
    for step in range(1, steps):
        followed[:, step] = followed[:, step - 1] + 0.6 * (targets[:, step] - followed[:, step - 1])
    frames = np.stack([np.linalg.qr(rng.standard_normal((units, 3)))[0] for _ in range(count)])
    states = np.einsum("rsi,nui->nrsu", followed, frames) + 0.02 * rng.standard_normal((count, trials, steps, units))
    outputs = np.broadcast_to(followed, (count, *followed.shape)) + 0.02 * rng.standard_normal((count, *followed.shape))
    return xr.Dataset(
        {
            "state": variable(("network", "trial", "time", "unit"), states.astype(np.float32), "state"),
            "outputs": variable(("network", "trial", "time", "output"), outputs.astype(np.float32), "output"),
            "inputs": variable(("trial", "time", "input"), inputs, "input"),
            "targets": variable(("trial", "time", "output"), targets, "target"),
            "beyond_loss": variable(("network",), np.full(count, 2e-3), "loss beyond the range of training"),
        },
        {
            **coords,
            "batch": ("trial", np.repeat([0, 1], [trials - 2, 2])),
            "condition": ("trial", np.array([""] * trials, dtype=object)),
            "command": ("trial", np.full(trials, np.nan)),
            "time": ("time", np.arange(float(steps)), {"units": "s"}),
            "part": ("unit", np.array(["hidden"] * units, dtype=object)),
        },
        {"frames": frames},
    )


def fixed_points(coords: dict[str, object], frames: np.ndarray, jitter: float = 0.0, seed: int = 0) -> xr.Dataset:
    """The 27 fixed points of the cube map F(v) = v + 0.1 (v − v³) in each network's frame; eigenvalues 1.1, 0.8 and 0.5."""
    rng = np.random.default_rng(seed)
    count, units, _ = frames.shape
    owner = np.repeat(coords["network"][1], len(CUBE))
    label = np.tile(CUBE, (count, 1))
    places = label + jitter * rng.standard_normal(label.shape)
    state = np.einsum("npi,nui->npu", places.reshape(count, -1, 3), frames).reshape(-1, units)
    eigenvalue = np.full((len(owner), units), 0.5, dtype=complex)
    eigenvalue[:, :3] = np.sort(np.where(label == 0, 1.1, 0.8), axis=1)[:, ::-1]
    unstable = (label == 0).sum(axis=1)
    starts = np.tile([200, 20, 6, 30], (count, 1))
    return xr.Dataset(
        {
            "state": variable(("fixed_point", "unit"), state, "state"),
            "speed": variable(("fixed_point",), np.full(len(owner), 1e-10), "speed"),
            "kind": variable(("fixed_point",), np.array(["fixed"] * len(owner), dtype=object), "kind"),
            "eigenvalue": variable(("fixed_point", "mode"), eigenvalue, "eigenvalue"),
            "unstable": variable(("fixed_point",), unstable, "unstable directions"),
            "index_sign": variable(("fixed_point",), (-1) ** unstable, "index"),
            "kink": variable(("fixed_point",), np.zeros(len(owner), dtype=bool), "kink"),
            "outputs": variable(("fixed_point", "output"), places, "output"),
            "hits": variable(("fixed_point",), np.ones(len(owner), dtype=int), "starts that ended here"),
            "starts": variable(("network", "outcome"), starts, "starts by outcome"),
            "index_sum": variable(("network", "still"), np.ones((count, 1)), "index sum"),
            "invariant_box": variable(("network",), np.ones(count, dtype=bool), "invariant box"),
            "still_input": variable(("still", "input"), np.zeros((1, 3)), "constant input"),
            "command": variable(("still",), np.full(1, np.nan), "command"),
        },
        {
            **coords,
            "owner": ("fixed_point", owner),
            "node": ("fixed_point", np.tile(np.arange(len(CUBE)), count)),
            "condition": ("fixed_point", np.array(["none"] * len(owner), dtype=object)),
            "level": ("fixed_point", np.full(len(owner), np.nan)),
            "still": np.array(["none"], dtype=object),
            "outcome": ("outcome", np.array(["fixed", "slow", "outlier", "unsettled"], dtype=object)),
        },
    )


def cube_edges() -> list[tuple[int, int, str, str, float]]:
    """Origin, destination, relation, condition and weight of every arrow of the ideal cube."""
    edges = []
    for origin, label in enumerate(CUBE):
        free = np.flatnonzero(label == 0)
        for signs in itertools.product((-1, 1), repeat=len(free)):
            corner = label.copy()
            corner[free] = signs
            edges.append((origin, node(corner), "autonomous", "none", 0.5 ** len(free)))
        for channel, sign in itertools.product(range(3), (-1, 1)):
            moved = label.copy()
            moved[channel] = sign
            if channel in free:
                edges.append((origin, node(moved), "heteroclinic", "none", 1.0))
            if not len(free):
                edges.append((origin, node(moved), "input", f"channel{channel}:{sign:+d}", 1.0))
    return edges


def transitions(coords: dict[str, object]) -> xr.Dataset:
    """The ideal cube's graph, for every network."""
    rows = [(name, *edge) for name in coords["network"][1] for edge in cube_edges()]
    owner, origin, destination, relation, condition, weight = (list(column) for column in zip(*rows, strict=True))
    texts = {"owner": owner, "relation": relation, "condition": condition}
    return xr.Dataset(
        {"weight": variable(("edge",), np.array(weight), "fraction")},
        {
            **coords,
            **{name: ("edge", np.array(values, dtype=object)) for name, values in texts.items()},
            "origin": ("edge", np.array(origin)),
            "destination": ("edge", np.array(destination)),
        },
    )


def networks(coords: dict[str, object], seed: int = 0, evaluations: int = 30) -> xr.Dataset:
    """Store of `train` without weights; losses fall by a factor of a thousand."""
    count = len(coords["index"][1])
    rates = np.random.default_rng(seed).uniform(0.7, 1.3, (count, 1))
    return xr.Dataset(
        {
            "error": variable(("network", "evaluation"), 10 ** (-3 * rates * np.linspace(0, 1, evaluations)), "loss"),
            "final_loss": variable(("network",), np.full(count, 9e-4), "final loss"),
            "steps": variable(("network",), np.full(count, 700), "steps", "step"),
            "criterion_step": variable(("network",), np.full(count, 400.0), "steps to the criterion", "step"),
        },
        {
            **coords,
            "step": ("evaluation", 25 * np.arange(evaluations)),
            "checkpoint": ("checkpoint", np.array(["initial", "trained"], dtype=object)),
        },
        {"config": '{"task": {"criterion": 0.002}}'},
    )


def everyone(per_population: int, task: str = "flip_flop", learner: str = "adam") -> dict[str, object]:
    """Coordinates of the networks of all populations."""
    parts = [identity(a, b, per_population, learner=learner, task=task) for a in ARCHITECTURES for b in ACTIVATIONS]
    return {name: ("network", np.concatenate([part[name][1] for part in parts])) for name in parts[0]}


def atlas(per_population: int, spread: float, within: float, seed: int = 0, task: str = "flip_flop") -> xr.Dataset:
    """Distances between points that cluster by architecture (`spread`) with noise (`within`); their own positions as MDS."""
    rng = np.random.default_rng(seed)
    coords = everyone(per_population, task)
    centres = np.repeat(np.repeat(rng.standard_normal((4, 2)), 2, axis=0) + 0.4 * rng.standard_normal((8, 2)), per_population, axis=0)
    position = spread * centres + within * rng.standard_normal((8 * per_population, 2))
    distance = np.linalg.norm(position[:, None] - position[None], axis=-1)
    return xr.Dataset(
        {
            "distance": variable(("network", "partner"), distance, "distance"),
            "position": variable(("network", "axis"), position, "position"),
            "stress": variable((), 0.123, "stress"),
            "rank_correlation": variable((), 0.97, "rank correlation"),
        },
        {**coords, "partner": ("partner", coords["network"][1])},
    )


def contrasts(measures: tuple[str, ...] = ("svcca", "topology"), seed: int = 3) -> xr.Dataset:
    """Effects of both factors; only what figures read has meaning."""
    rng = np.random.default_rng(seed)
    factors = ("architecture", "activation")
    r2 = np.array([[0.52, 0.21], [0.11, 0.04]])[: len(measures)]
    sizes = {"measure": len(measures), "other": len(measures), "factor": 2, "quantity": 1, "draw": 200}
    told = {name: np.ones([sizes[dim] for dim in dims]) for name, dims in SCHEMAS["contrast"].variables.items()}
    told |= {"r2": r2, "r2_draws": r2[..., None] + 0.03 * rng.standard_normal((*r2.shape, 200))}
    columns = {name: variable(SCHEMAS["contrast"].variables[name], values, name) for name, values in told.items()}
    return xr.Dataset(
        columns,
        {
            "measure": ("measure", np.array(measures, dtype=object)),
            "other": ("other", np.array(measures, dtype=object)),
            "factor": ("factor", np.array(factors, dtype=object)),
            "quantity": ("quantity", np.array(["final_loss"], dtype=object)),
        },
        {"kept": 64, "total": 64},
    )


#: The tasks of the stores below, small, and how far each architecture's mode is off the command, in Hz at the highest one.
SINE, INTEGRATION, DECISION = Sine(), ContextIntegration(probe_trials=16), PerceptualDecision()
DETUNED = {"vanilla": -0.3, "ugrnn": 0.1, "gru": 0.05, "lstm": 0.2}


def sine_stores(coords: dict[str, object], seed: int = 0, units: int = 16) -> tuple[xr.Dataset, xr.Dataset]:
    """Trajectories and fixed points: cycles of the commanded frequency round points that move with the input, in a random frame."""
    rng = np.random.default_rng(seed)
    batches = [SINE.probes(rng, 0), SINE.probes(rng, 1), SINE.shown()]
    code = np.concatenate([batch.input for batch in batches])[..., 0]
    phase = 2 * np.pi * SINE.dt * np.concatenate([batch.command for batch in batches])[:, None] * np.arange(SINE.steps)
    places = np.stack([np.sin(phase), np.cos(phase), 2.5 * code], axis=-1)
    frames = _frames(rng, coords, units)
    commands = np.array(list(SINE.commands().values()))
    stills = np.stack(list(SINE.still_inputs().values()))
    centres = np.column_stack([0.05 * commands, -0.05 * commands, 2.5 * stills[:, 0]])
    detuned = 1 + DETUNED[coords["architecture"][1][0]] / SINE.highest
    pair = 1.05 * np.exp(2j * np.pi * SINE.dt * commands * detuned)
    eigenvalue = np.zeros((len(commands), units), dtype=complex)
    eigenvalue[:, :2] = np.column_stack([pair, pair.conj()])
    eigenvalue[:, 2:] = np.sort(rng.random((len(commands), units - 2)), axis=1)[:, ::-1] * np.exp(1j * rng.choice([0, np.pi], units - 2))
    points = _points(coords, frames, centres, np.arange(len(commands)), eigenvalue, 2, SINE)
    return _record(coords, frames, places, places[..., :1], batches, SINE.dt, rng), points


def integration_stores(coords: dict[str, object], seed: int = 0, units: int = 16) -> tuple[xr.Dataset, xr.Dataset]:
    """Trajectories and fixed points: a bent line for each context, on which the sum is held."""
    rng = np.random.default_rng(seed)
    batches = [INTEGRATION.probes(rng, 0), INTEGRATION.probes(rng, 1), INTEGRATION.shown()]
    total = np.concatenate([batch.target for batch in batches])[..., 0]
    context = np.concatenate([batch.input for batch in batches])[..., 3]
    drive = np.take_along_axis(np.concatenate([batch.input for batch in batches]), context[..., None].astype(int), axis=2)[..., 0]
    places = np.stack([total, 0.15 * total**2 + 8 * drive, 2.0 * context], axis=-1)
    frames = _frames(rng, coords, units)
    levels = np.tile(INTEGRATION.levels(), 2)
    which = np.repeat([0, 1], len(INTEGRATION.levels()))
    centres = np.column_stack([levels, 0.15 * levels**2, 2.0 * which])
    eigenvalue = np.repeat(np.append(1.0, np.linspace(0.9, 0.1, units - 1))[None], len(levels), axis=0).astype(complex)
    points = _points(coords, frames, centres, which, eigenvalue, 0, INTEGRATION, levels)
    return _record(coords, frames, places, total[..., None], batches, INTEGRATION.dt, rng), points


def decision_stores(coords: dict[str, object], seed: int = 0, units: int = 16) -> tuple[xr.Dataset, xr.Dataset, xr.DataArray]:
    """Trajectories, fixed points and input weights: the sum of the evidence stands along a line in a random frame, and is read out.

    Without evidence there are two stable points and a saddle between them; with any, one stable point.
    """
    rng = np.random.default_rng(seed)
    batches = [DECISION.probes(rng, 0), DECISION.probes(rng, 1), DECISION.shown()]
    inputs = np.concatenate([batch.input for batch in batches]).astype(float)
    samples = np.zeros(inputs.shape[:2])
    samples[:, stimulus(inputs)] = evidence(inputs)
    total, waiting = samples.cumsum(axis=1), (inputs[..., 0] > 0.5) * 1.0
    places = np.stack([total, 0.3 * waiting, 0.1 * total**2], axis=-1)
    outputs = np.stack([200 * waiting - 100, 20 * total, -20 * total], axis=-1)
    frames = _frames(rng, coords, units)
    commands = np.array(list(DECISION.commands().values()))
    neutral = int(np.flatnonzero(commands == 0)[0])
    still = np.concatenate([np.arange(len(commands)), [neutral, neutral]])
    centres = np.column_stack([np.append(np.sign(commands), [-1, 1]), np.full((len(still), 1), 0.3), np.zeros(len(still))])
    eigenvalue = np.tile(np.append(0.95, np.linspace(0.5, 0.0, units - 1)), (len(still), 1)).astype(complex)
    eigenvalue[neutral, 0] = 1.05
    points = _points(coords, frames, centres, still, eigenvalue, 0, DECISION, outputs=centres[:, :1] * [0.0, 1.0, -1.0])
    points["unstable"][:] = (np.abs(points["eigenvalue"].values) > 1).sum(axis=1)
    weights = np.zeros((len(frames), 2, 1, units, 3))
    weights[:, :, 0] = frames[:, None, :, :1] * [0, 1, -1]
    named = {"gate": np.array(["candidate"], dtype=object)}
    dims = ("network", "checkpoint", "gate", "target", "input")
    return _record(coords, frames, places, outputs, batches, DECISION.dt, rng), points, xr.DataArray(weights, named, dims)


def _frames(rng: np.random.Generator, coords: dict[str, object], units: int) -> np.ndarray:
    return np.stack([np.linalg.qr(rng.standard_normal((units, 3)))[0] for _ in coords["index"][1]])


def _record(
    coords: dict[str, object],
    frames: np.ndarray,
    places: np.ndarray,
    outputs: np.ndarray,
    batches: list[Trials],
    dt: float,
    rng: np.random.Generator,
) -> xr.Dataset:
    count, steps = len(frames), places.shape[1]
    state = np.einsum("rsi,nui->nrsu", places, frames)
    said = np.broadcast_to(outputs, (count, *outputs.shape))
    return xr.Dataset(
        {
            "state": variable(("network", "trial", "time", "unit"), state + 0.01 * rng.standard_normal(state.shape), "state"),
            "outputs": variable(("network", "trial", "time", "output"), said + 0.03 * rng.standard_normal(said.shape), "output"),
            "inputs": variable(("trial", "time", "input"), np.concatenate([batch.input for batch in batches]), "input"),
            "targets": variable(("trial", "time", "output"), np.concatenate([batch.target for batch in batches]), "target"),
            "beyond_loss": variable(("network",), np.full(count, 2e-3), "loss beyond the range of training"),
        },
        {
            **coords,
            "batch": ("trial", np.repeat(np.arange(len(batches)), [len(batch.input) for batch in batches])),
            "condition": ("trial", np.array([name for batch in batches for name in batch.condition], dtype=object)),
            "command": ("trial", np.array([number for batch in batches for number in batch.command])),
            "time": ("time", dt * np.arange(steps), {"units": "s"}),
            "part": ("unit", np.array(["hidden"] * frames.shape[1], dtype=object)),
        },
    )


def _points(
    coords: dict[str, object],
    frames: np.ndarray,
    centres: np.ndarray,
    still: np.ndarray,
    eigenvalue: np.ndarray,
    unstable: int,
    task: Task,
    levels: np.ndarray | None = None,
    outputs: np.ndarray | None = None,
) -> xr.Dataset:
    """The same points for every network, each in its own frame; on a manifold where levels are given."""
    count, number = len(frames), len(centres)
    names = np.array(list(task.still_inputs()), dtype=object)
    whole = count * number
    return xr.Dataset(
        {
            "state": variable(("fixed_point", "unit"), np.einsum("pi,nui->npu", centres, frames).reshape(whole, -1), "state"),
            "speed": variable(("fixed_point",), np.full(whole, 1e-10), "speed"),
            "kind": variable(("fixed_point",), np.array(["fixed" if levels is None else "manifold"] * whole, dtype=object), "kind"),
            "eigenvalue": variable(("fixed_point", "mode"), np.tile(eigenvalue, (count, 1)), "eigenvalue"),
            "unstable": variable(("fixed_point",), np.full(whole, unstable), "unstable directions"),
            "index_sign": variable(("fixed_point",), np.ones(whole, dtype=int), "index"),
            "kink": variable(("fixed_point",), np.zeros(whole, dtype=bool), "kink"),
            "outputs": variable(("fixed_point", "output"), np.tile(centres[:, :1] if outputs is None else outputs, (count, 1)), "output"),
            "hits": variable(("fixed_point",), np.ones(whole, dtype=int), "starts that ended here"),
            "starts": variable(("network", "outcome"), np.tile([200, 20, 6, 30], (count, 1)), "starts by outcome"),
            "index_sum": variable(("network", "still"), np.ones((count, len(names))), "index sum"),
            "invariant_box": variable(("network",), np.ones(count, dtype=bool), "invariant box"),
            "still_input": variable(("still", "input"), np.stack(list(task.still_inputs().values())), "constant input"),
            "command": variable(("still",), np.array(list(task.commands().values())), "command"),
        },
        {
            **coords,
            "still": names,
            "owner": ("fixed_point", np.repeat(coords["network"][1], number)),
            "node": ("fixed_point", np.tile(np.arange(number), count)),
            "condition": ("fixed_point", np.tile(names[still], count)),
            "level": ("fixed_point", np.tile(np.full(number, np.nan) if levels is None else levels, count)),
            "outcome": ("outcome", np.array(["fixed", "slow", "outlier", "unsettled"], dtype=object)),
        },
    )


def summary(per_population: int, units: int = 16, seed: int = 5) -> xr.Dataset:
    """All networks of three tasks, and untrained controls; every column is NaN for the tasks that it is not of."""
    rng = np.random.default_rng(seed)
    rows = [(task, learner) for task in ("flip_flop", "sine", "context_integration") for learner in ("adam", "untrained")]
    parts = [everyone(per_population, task, learner) for task, learner in rows]
    coords = {name: ("network", np.concatenate([part[name][1] for part in parts])) for name in parts[0]}
    total = len(coords["index"][1])
    of = {task: np.array([str(name).startswith(task) for name in coords["network"][1]]) for task in ("sine", "context_integration")}
    coords["status"] = ("network", np.where(coords["learner"][1] == "untrained", "untrained", "ok").astype(object))
    commands = np.array(list(SINE.commands().values()))
    detuned = np.array([DETUNED[name] for name in coords["architecture"][1]])[:, None] / SINE.highest
    frequency = commands * (1 + detuned) + 0.05 * rng.standard_normal((total, len(commands)))
    rank = np.arange(units)
    slow = np.array([0.6 if name == "vanilla" else 0.93 for name in coords["architecture"][1]])[:, None]
    spectrum = np.where(rank == 0, 1.0, slow**rank * (1 + 0.02 * rng.standard_normal((total, units))))
    spread = np.where(coords["architecture"][1] == "vanilla", 0.3, 6.0)[:, None]
    kept = np.stack([1 - np.exp(-(rank + 1) / (spread / (lag + 1))) for lag in (0, 1, 10)], axis=1)
    m90 = np.argmax(kept >= 0.9, axis=2) + 1.0

    def only(task: str, values: np.ndarray) -> np.ndarray:
        return np.where(of[task].reshape(-1, *[1] * (values.ndim - 1)), values, np.nan)

    return xr.Dataset(
        {
            "final_loss": variable(("network",), 1e-3 * rng.lognormal(0, 0.4, total), "final loss"),
            "output_r2": variable(("network",), 1 - 1e-3 * rng.random(total), "R²"),
            "steps": variable(("network",), np.full(total, 700.0), "steps", "step"),
            "criterion_step": variable(("network",), rng.integers(200, 600, total).astype(float), "steps to the criterion", "step"),
            "mode_frequency": variable(("network", "still"), only("sine", frequency), "mode frequency", "Hz"),
            "command_frequency": variable(("network", "still"), only("sine", np.tile(commands, (total, 1))), "command", "Hz"),
            "spectrum": variable(("network", "mode"), only("context_integration", spectrum), "mean sorted modulus"),
            "retained_output": variable(("network", "lag", "retained"), only("context_integration", kept), "output of the modes kept"),
            "m90": variable(("network", "lag"), only("context_integration", m90), "modes for 90 %"),
        },
        {
            **coords,
            "still": np.array(list(SINE.commands()), dtype=object),
            "mode": rank,
            "lag": [0, 1, 10],
            "retained": rank + 1,
        },
    )


def claims(copies: int = 1) -> pd.DataFrame:
    """One claim of every verdict, a long one and one without evidence among them."""
    rows = [
        ("flip_flop", "SVCCA geometry depends on architecture", 0.25, 0.22, 0.27, 61, 0.1, "holds", "p = 0.001"),
        (
            "flip_flop",
            "Trained networks have the ideal 27 fixed points (8, 12, 6, 1)",
            0.7,
            0.5,
            0.8,
            61,
            0.75,
            "holds in part",
            "43 of 61",
        ),
        ("sine", "Architecture explains less of topology than of geometry", -0.1, -0.3, 0.05, 60, 0.0, "undecided", ""),
        (
            "context_integration",
            "Vanilla networks answer an impulse with one linear mode, where each of the gated architectures spreads the answer over many "
            "modes of its linearised dynamics, at every lag that was looked at",
            3.0,
            2.0,
            5.0,
            58,
            9.0,
            "does not hold",
            "vanilla 1, UGRNN 2, GRU 5, LSTM 9",
        ),
        ("context_integration", "Nothing is known of this", np.nan, np.nan, np.nan, 0, 0.9, "undecided", "no network met the criterion"),
    ]
    columns = ["task", "statement", "estimate", "low", "high", "n", "threshold", "verdict", "detail"]
    return pd.DataFrame(rows * copies, columns=columns).assign(
        study="universality", claim=[f"claim_{i}" for i in range(len(rows) * copies)]
    )
