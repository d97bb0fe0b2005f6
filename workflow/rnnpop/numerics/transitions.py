"""How the fixed points of a map connect: where it goes from the unstable directions of each, and from a push."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import scipy.linalg
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from rnnpop.numerics.eigenvalues import UNSTABLE

Map = Callable[[Tensor], Tensor]

#: Steps between looks at who has landed.
_LOOK = 10
#: Smaller components are zero: those of silent units decay until they are subnormal, which takes a processor ten times as long.
_ZERO = 1e-200
#: Runs that are followed at a time: their states stay in the cache.
_SIDE_BY_SIDE = 512
#: Phases in which the plane of a complex pair is left.
_PHASES = 16


def unstable_basis(jacobian: Float[np.ndarray, "unit unit"]) -> Float[np.ndarray, "unit vector"]:
    """Orthonormal basis of the unstable eigenspace (|λ| > 1 + 1e-6), from an ordered real Schur form."""
    _, vectors, number = scipy.linalg.schur(jacobian, sort=lambda re, im: np.hypot(re, im) > UNSTABLE)
    return vectors[:, :number]


def oriented(basis: Float[np.ndarray, "unit vector"], directions: Float[np.ndarray, "direction unit"]) -> Float[np.ndarray, "unit vector"]:
    """The orthonormal basis of the same space that Gram–Schmidt makes of the projections of `directions` onto it.

    It does not depend on the basis given, nor on the order of units; where there are fewer directions than vectors, the vectors
    left over do.
    """
    rotation, triangle = np.linalg.qr(basis.T @ directions.T, mode="complete")
    signs = np.ones(len(rotation))
    signs[: min(triangle.shape)] = np.where(triangle.diagonal() < 0, -1.0, 1.0)
    return basis @ (rotation * signs)


def unstable_directions(
    jacobian: Float[np.ndarray, "unit unit"], basis: Float[np.ndarray, "unit vector"]
) -> Float[np.ndarray, "direction unit"]:
    """Unit vectors along which the point is left: ± each real unstable eigenvector, 16 phases of the plane of each complex pair.

    Args:
        basis: Q of `unstable_basis`; with J Q = Q B, eigenvectors of the small B give those of J.
    """
    values, vectors = np.linalg.eig(basis.T @ jacobian @ basis)
    directions = []
    for value, vector in zip(values, (basis @ vectors).T, strict=True):
        if value.imag < 0:
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

    Looked at every 10 steps; runs that have landed make room for those that wait.
    """
    landed = np.full(len(states), -1)
    if not len(stable):
        return landed
    running, taken, h = np.arange(0), np.arange(0), states[:0]
    entered = 0
    while entered < len(states) or len(running):
        entering = np.arange(entered, min(entered + _SIDE_BY_SIDE - len(running), len(states)))
        entered += len(entering)
        running, taken = np.append(running, entering), np.append(taken, np.zeros_like(entering))
        h = torch.cat([h, states[torch.from_numpy(entering)]])
        distance, nearest = torch.cdist(h, stable).min(dim=1)
        there = (distance < radius).cpu().numpy()
        landed[running[there]] = nearest.cpu().numpy()[there]
        go = ~there & (taken < steps)
        if not go.all():
            running, taken, h = running[go], taken[go], h[torch.from_numpy(go)]
        h = h.masked_fill(h.abs() < _ZERO, 0)
        if len(entering) and not len(running):
            continue
        for _ in range(_LOOK):
            h = step(h)
        taken += _LOOK
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
