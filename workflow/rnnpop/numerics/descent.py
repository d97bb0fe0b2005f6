"""Slow points of a map F: gradient descent on the mean squared step (1/n) |F(h) − h|², n units, from many starts side by side."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.spatial.distance import cdist
from torch import Tensor

Map = Callable[[Tensor], Tensor]

#: Starts that take a step together: their states, gradients and moments stay in the cache.
_BATCH = 1100


@dataclass(frozen=True)
class Descent:
    """Where starts ended.

    Attributes:
        mean_squared_step: (1/n) |F(h) − h|² at the ends.
        mean_loss: its mean over all starts, as each iteration of `looks` saw it; NaN after a stop.
    """

    state: Float[Tensor, "start unit"]
    mean_squared_step: Float[Tensor, "start"]
    mean_loss: Float[np.ndarray, "iteration"]


def looks(iterations: int, every: int) -> Int[np.ndarray, "iteration"]:
    """Iterations, counted from 1, at which the mean loss is looked at: the first one and each `every`-th."""
    return np.unique(np.append(1, np.arange(every, iterations + 1, every)))


def descend(
    step: Map, starts: Float[Tensor, "start unit"], *, learning_rate: float, iterations: int, every: int = 200, stop: float = 0.0
) -> Descent:
    """Adam (Kingma & Ba 2015; β = 0.9 and 0.999, ε = 1e-8) on the loss, in the precision of the starts.

    The loss is the mean over all starts, as published: Adam divides its scale out again, but for ε. Where the gradient of that mean,
    about 2 |F(h) − h| / (√n · n · starts) a component, falls below ε, steps shorten, and the more starts there are the sooner they do.

    Args:
        step: F, broadcasting over starts; differentiable by torch.
        every: iterations between looks at the mean loss.
        stop: the descent ends at the first look that finds the mean loss below this; 0 for never.

    Source: `SlowPointFinder.find_fps_with_gd_method` of BrainPy, with which its tutorial of Yang & Wang 2020 is made.
    """
    parts = [part.clone().requires_grad_() for part in starts.chunk(math.ceil(len(starts) / _BATCH))]
    adams = [torch.optim.Adam([part], lr=learning_rate, fused=True) for part in parts]
    marks = looks(iterations, every)
    means, done = np.full(len(marks), np.nan), 0
    for place, mark in enumerate([*marks.tolist(), iterations]):
        seen = [_advance(step, *part, mark - done, 2 / starts.numel()) for part in zip(parts, adams, strict=True)]
        done = mark
        if place == len(marks):  # the iterations after the last look
            break
        means[place] = float(torch.cat(seen).mean())
        if means[place] < stop:
            break
    state = torch.cat(parts).detach()
    return Descent(state, _squared(step(state) - state), means)


def _advance(
    step: Map, state: Float[Tensor, "start unit"], adam: torch.optim.Adam, iterations: int, scale: float
) -> Float[Tensor, "start"]:
    """Moves the states in place by some iterations; the losses that the last one saw. The gradient is scale · (∂F/∂h − 1)ᵀ (F(h) − h)."""
    here = state.detach()
    residual = torch.zeros_like(here)
    for _ in range(iterations):
        moved = step(state)
        torch.sub(moved.detach(), here, out=residual)
        state.grad = (torch.autograd.grad(moved, state, residual)[0] - residual).mul_(scale)
        adam.step()
    return _squared(residual)


def _squared(residual: Float[Tensor, "start unit"]) -> Float[Tensor, "start"]:
    return residual.square().mean(1)


class Survivors(NamedTuple):
    """Rows of points that filters left.

    Attributes:
        distinct: those that have no earlier point within the radius.
        kept: those of them that are not alone.
    """

    distinct: Int[np.ndarray, "point"]
    kept: Int[np.ndarray, "point"]


def survivors(points: Float[np.ndarray, "point unit"], unique: float, outlier: float) -> Survivors:
    """The published filters, in their order; lengths in units of the state.

    A point is dropped where an earlier one lies within `unique`, though that one be dropped too: of a chain of near points the first is
    left. Of those left a point is dropped whose nearest neighbour is not nearer than `outlier`; one point alone stays. So an isolated
    fixed point that all starts reach stays, and two of them go.

    Source: `keep_unique` and `exclude_outliers` of BrainPy's `SlowPointFinder`.
    """
    if not len(points):
        return Survivors(*[np.zeros(0, dtype=np.int64)] * 2)
    distinct = np.flatnonzero(~np.tril(cdist(points, points) <= unique, -1).any(axis=1))
    if len(distinct) == 1:
        return Survivors(distinct, distinct)
    apart = cdist(points[distinct], points[distinct])
    np.fill_diagonal(apart, np.inf)
    return Survivors(distinct, distinct[apart.min(axis=1) < outlier])


def spread_along(points: Float[np.ndarray, "point unit"], number: int) -> Int[np.ndarray, "chosen"]:
    """Rows of at most `number` points, evenly spaced in their order along the direction in which they vary most, both ends included."""
    if len(points) <= number:
        return np.arange(len(points))
    centred = points - points.mean(axis=0)
    order = np.argsort(centred @ np.linalg.svd(centred, full_matrices=False)[2][0], kind="stable")
    return np.sort(order[np.linspace(0, len(points) - 1, number).round().astype(np.int64)])
