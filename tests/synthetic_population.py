"""Stores of an ideal population: every network an ideal cube in a random frame, geometry and topology as a test asks."""

from __future__ import annotations

import itertools

import numpy as np
import xarray as xr

from rnnpop.names import variable

CUBE = np.array(list(itertools.product((-1, 0, 1), repeat=3)))
ARCHITECTURES = ("vanilla", "ugrnn", "gru", "lstm")
ACTIVATIONS = ("tanh", "relu")


def node(label: np.ndarray) -> int:
    """Number of the cube's node with that label."""
    return int(np.flatnonzero((label == CUBE).all(axis=1))[0])


def identity(architecture: str, activation: str, count: int, first: int = 0, learner: str = "adam") -> dict[str, object]:
    """Coordinates of consecutive networks of one population."""
    index = np.arange(first, first + count)
    return {
        "network": ("network", np.array([f"flip_flop/{architecture}-{activation}/{learner}/{i:05d}" for i in index], dtype=object)),
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
        },
        {
            **coords,
            "batch": ("trial", np.repeat([0, 1], [trials - 2, 2])),
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
            "index_sum": variable(("network",), np.ones(count, dtype=int), "index sum"),
            "invariant_box": variable(("network",), np.ones(count, dtype=bool), "invariant box"),
        },
        {
            **coords,
            "owner": ("fixed_point", owner),
            "node": ("fixed_point", np.tile(np.arange(len(CUBE)), count)),
            "condition": ("fixed_point", np.array(["none"] * len(owner), dtype=object)),
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


def networks(coords: dict[str, object]) -> xr.Dataset:
    """Store of `train` without weights."""
    count = len(coords["index"][1])
    return xr.Dataset(
        {
            "loss": variable(("network", "evaluation"), np.full((count, 3), 1e-3), "loss"),
            "final_loss": variable(("network",), np.full(count, 9e-4), "final loss"),
            "steps": variable(("network",), np.full(count, 700), "steps", "step"),
            "criterion_step": variable(("network",), np.full(count, 400.0), "steps to the criterion", "step"),
        },
        {**coords, "step": ("evaluation", np.arange(3)), "checkpoint": ("checkpoint", np.array(["initial", "trained"], dtype=object))},
    )


def atlas(per_population: int, spread: float, within: float, seed: int = 0) -> xr.Dataset:
    """Distances between points that cluster by architecture (`spread`) with noise (`within`); their own positions as MDS."""
    rng = np.random.default_rng(seed)
    parts = [identity(a, b, per_population) for a in ARCHITECTURES for b in ACTIVATIONS]
    coords = {name: ("network", np.concatenate([part[name][1] for part in parts])) for name in parts[0]}
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


def contrasts(measures: tuple[str, ...] = ("svcca", "topology")) -> xr.Dataset:
    """Effects of both factors; only what figures read has meaning."""
    rng = np.random.default_rng(3)
    factors = ("architecture", "activation")
    of_pair = ("measure", "factor")
    r2 = np.array([[0.52, 0.21], [0.11, 0.04]])[: len(measures)]
    columns = {
        name: variable(of_pair, r2, name)
        for name in ("r2", "pseudo_f", "p", "knn_accuracy", "knn_p", "within_distance", "between_distance")
    }
    columns |= {name: variable(("measure",), r2[:, 0], name) for name in ("tied_fraction", "distinct_distances")}
    columns |= {name: variable(("measure", "other"), np.eye(len(measures)), name) for name in ("mantel", "mantel_p")}
    columns["knn_chance"] = variable(("factor",), r2[0], "chance")
    columns["r2_draws"] = variable((*of_pair, "draw"), r2[..., None] + 0.03 * rng.standard_normal((*r2.shape, 200)), "draws")
    return xr.Dataset(
        columns,
        {
            "measure": ("measure", np.array(measures, dtype=object)),
            "other": ("other", np.array(measures, dtype=object)),
            "factor": ("factor", np.array(factors, dtype=object)),
        },
    )
