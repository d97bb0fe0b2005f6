"""The slowest points at given readouts: lines that are known, straight, bent and drifting."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor

from rnnpop.numerics.fixed_points import Box
from rnnpop.numerics.manifolds import Planes, gauss_newton, slowest_at

UNITS = 6
FRAME = torch.from_numpy(np.linalg.qr(np.random.default_rng(0).standard_normal((UNITS, UNITS)))[0])
LEVELS = torch.linspace(-2, 2, 9, dtype=torch.float64)


def bent(drift: float = 0.0) -> Callable[[Tensor], Tensor]:
    """x' = x + drift, y' = y + (x² − y)/2, contraction of the rest, in rotated coordinates: the line y = x² is fixed, or drifts."""

    def step(h: Tensor) -> Tensor:
        v = h @ FRAME
        x, y = v[..., :1], v[..., 1:2]
        return torch.cat([x + drift, y + 0.5 * (x**2 - y), 0.5 * v[..., 2:]], dim=-1) @ FRAME.T

    return step


def found(step: Callable[[Tensor], Tensor], normal: Tensor) -> tuple[np.ndarray, np.ndarray]:
    """Points in the frame's own coordinates, and their speeds, from states that lie around the line."""
    rng = np.random.default_rng(1)
    v = rng.uniform(-2.2, 2.2, (200, UNITS))
    v[:, 1] = v[:, 0] ** 2 + 0.3 * rng.standard_normal(200)
    visited = torch.from_numpy(v) @ FRAME.T
    jacobian = torch.func.vmap(torch.func.jacrev(step))
    state, speed = slowest_at(step, jacobian, normal, LEVELS, visited, Box.around(visited))
    return (state @ FRAME).numpy(), speed.numpy()


@pytest.mark.parametrize("drift", [0.0, 0.1])
def test_a_bent_line_is_found_with_its_drift(drift: float) -> None:
    """Read out along x the slowest point is (x, x²), at |G| = drift, to 1e-6: the search ends when |G| falls by less than 1e-4 a step."""
    points, speed = found(bent(drift), 3 * FRAME[:, 0])
    x = LEVELS.numpy() / 3
    np.testing.assert_allclose(points[:, :2], np.column_stack([x, x**2]), atol=1e-6)
    np.testing.assert_allclose(points[:, 2:], 0, atol=1e-6)
    np.testing.assert_allclose(speed, drift, atol=1e-8)


def test_the_readout_is_held_exactly() -> None:
    """Wherever the search ends, by steps that stay in the plane: to rounding, in any direction of the readout."""
    for place in range(5):
        normal = torch.from_numpy(np.random.default_rng(place).standard_normal(UNITS))
        points, speed = found(bent(0.1), normal)
        held = points @ (FRAME.T @ normal).numpy()
        assert np.isfinite(speed).all()
        np.testing.assert_allclose(held, LEVELS.numpy(), atol=1e-12)


def test_no_neighbour_in_the_plane_is_slower() -> None:
    """At a minimum the gradient of |G|² within the plane is 0: steps of 1e-3 in random directions within it gain nothing (1e-9)."""
    normal = FRAME[:, 0] + 0.5 * FRAME[:, 1]
    points, speed = found(bent(0.1), normal)
    rng = np.random.default_rng(2)
    inner = points[3:6]  # levels whose minimum lies inside the box
    for _ in range(50):
        away = rng.standard_normal((len(inner), UNITS))
        direction = (FRAME.T @ normal).numpy()
        away -= np.outer(away @ direction, direction) / (direction @ direction)
        moved = torch.from_numpy(inner + 1e-3 * away / np.linalg.norm(away, axis=1, keepdims=True)) @ FRAME.T
        assert ((bent(0.1)(moved) - moved).norm(dim=1).numpy() > speed[3:6] - 1e-9).all()


def test_the_search_stays_in_its_box() -> None:
    """A map that is slower the farther out: without walls the search would run away along y."""

    def step(h: Tensor) -> Tensor:
        return h + torch.exp(-h)

    visited = torch.from_numpy(np.random.default_rng(3).uniform(-1, 1, (50, 2)))
    box = Box.around(visited)
    normal = torch.tensor([1.0, 0.0], dtype=torch.float64)
    starts = Planes(normal).onto(visited, torch.zeros(50, dtype=torch.float64))
    ended, _ = gauss_newton(step, torch.func.vmap(torch.func.jacrev(step)), Planes(normal), starts, box)
    assert (ended <= box.high).all()
    assert ended[:, 1].min() > starts[:, 1].max()


def test_a_readout_of_nothing_finds_nothing() -> None:
    _, speed = found(bent(), torch.zeros(UNITS, dtype=torch.float64))
    assert np.isinf(speed).all()
