"""How the fixed points of a map connect: where it goes from the unstable directions of each, and from a push."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.linalg
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rnnpop.numerics.fixed_points import UNSTABLE

Map = Callable[[Tensor], Tensor]

#: Steps between looks at who has landed.
_LOOK = 10
#: Phases in which the plane of a complex pair is left.
_PHASES = 16


def unstable_basis(jacobian: Float[np.ndarray, "unit unit"]) -> Float[np.ndarray, "unit direction"]:
    """Orthonormal basis of the unstable eigenspace (|λ| > 1 + 1e-6), from an ordered real Schur form."""
    _, vectors, number = scipy.linalg.schur(jacobian, sort=lambda re, im: np.hypot(re, im) > UNSTABLE)
    return vectors[:, :number]


def unstable_directions(jacobian: Float[np.ndarray, "unit unit"]) -> Float[np.ndarray, "direction unit"]:
    """Unit vectors along which the point is left: ± each real unstable eigenvector, 16 phases of the plane of each complex pair."""
    values, vectors = np.linalg.eig(jacobian)
    directions = []
    for value, vector in zip(values, vectors.T, strict=True):
        if abs(value) <= UNSTABLE or value.imag < 0:
            continue
        if value.imag == 0:
            real = vector.real * (1 if vector.real[np.abs(vector.real).argmax()] > 0 else -1)
            directions += [real, -real]
        else:
            directions += [(np.exp(2j * np.pi * phase / _PHASES) * vector).real for phase in range(_PHASES)]
    return np.array([d / np.linalg.norm(d) for d in directions]).reshape(-1, len(jacobian))


def land(
    step: Map, states: Float[Tensor, "run unit"], stable: Float[Tensor, "point unit"], radius: float, steps: int
) -> Int[np.ndarray, "run"]:
    """Number of the stable point that each run comes within `radius` of; −1 if none in `steps` steps.

    Looked at every 10 steps; runs that have landed leave the batch.
    """
    landed = np.full(len(states), -1)
    if not len(stable):
        return landed
    running, h = np.arange(len(states)), states
    for taken in range(0, steps + 1, _LOOK):
        distance, nearest = torch.cdist(h, stable).min(dim=1)
        there = (distance < radius).cpu().numpy()
        landed[running[there]] = nearest.cpu().numpy()[there]
        if there.any():
            running, h = running[~there], h[torch.from_numpy(~there)]
        if not len(running) or taken == steps:
            break
        for _ in range(_LOOK):
            h = step(h)
    return landed


def visits(
    step: Map, states: Float[Tensor, "run unit"], points: Float[Tensor, "point unit"], near: float, steps: int, rest: float
) -> Bool[np.ndarray, "run point"]:
    """Which points each run passes: its speed |F(h) − h| has a local minimum while the nearest point is within `near`.

    A run ends when its speed falls below `rest`; the point it rests at, if within `near`, counts as passed too.
    """
    passed = np.zeros((len(states), len(points)), dtype=bool)
    running, h = np.arange(len(states)), states
    following = step(h)
    before = last = (following - h).norm(dim=1)
    for _ in range(steps):
        h, following = following, step(following)
        speed = (following - h).norm(dim=1)
        resting = speed < rest
        look = (((last < before) & (last <= speed)) | resting).cpu().numpy()
        if look.any():
            distance, nearest = torch.cdist(h[torch.from_numpy(look)], points).min(dim=1)
            hit = (distance < near).cpu().numpy()
            passed[running[look][hit], nearest.cpu().numpy()[hit]] = True
        before, last = last, speed
        if resting.any():
            go = ~resting
            running = running[go.cpu().numpy()]
            h, following, before, last = h[go], following[go], before[go], last[go]
            if not len(running):
                break
    return passed
