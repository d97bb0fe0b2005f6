"""Gradient descent to slow points: known fixed points, a line of them, Adam as torch has it, and the filters by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor

from rnnpop.numerics.descent import descend, looks, spread_along, survivors
from rnnpop.numerics.fixed_points import Box, newton


def test_a_contraction_is_descended_to_its_one_fixed_point() -> None:
    """h' = A h + b with |A| = 0.6: q falls below 1e-12, where |h − h*| ≤ |F(h) − h| / (1 − 0.6) ≤ 1e-6 √n / 0.4."""
    rng = np.random.default_rng(0)
    matrix = torch.from_numpy(0.6 * np.linalg.qr(rng.standard_normal((5, 5)))[0])
    offset = torch.from_numpy(rng.standard_normal(5))
    starts = torch.from_numpy(rng.standard_normal((20, 5)))
    found = descend(lambda h: h @ matrix.T + offset, starts, learning_rate=0.01, iterations=3000)
    point = torch.linalg.solve(torch.eye(5, dtype=torch.float64) - matrix, offset)
    assert found.mean_squared_step.max() < 1e-12
    np.testing.assert_allclose(found.state, point.expand(20, 5), atol=1e-6 * 5**0.5 / 0.4)


def test_newton_from_the_ends_goes_nowhere_on_a_tanh_network() -> None:
    """Ends of q < 1e-10 lie at exact fixed points, each within its Newton step: 1e-4 for |(I − J)⁻¹| up to 10 / √8."""
    rng = np.random.default_rng(1)
    weights = torch.from_numpy(1.5 * rng.standard_normal((8, 8)) / 8**0.5)
    starts = torch.from_numpy(rng.uniform(-1, 1, (30, 8)))

    def step(h: Tensor) -> Tensor:
        return torch.tanh(h @ weights.T)

    found = descend(step, starts, learning_rate=0.01, iterations=4000)
    there = found.state[found.mean_squared_step < 1e-10]
    assert len(there) > 10
    exact, speed = newton(step, lambda h: (1 - step(h) ** 2).unsqueeze(-1) * weights, there, Box.around(starts))
    assert speed.max() < 1e-12
    np.testing.assert_allclose(there, exact, atol=1e-4)


def test_a_line_of_fixed_points_is_met_all_along() -> None:
    """h' = P h, P onto a line: the gradient is perpendicular to it, but Adam rescales each unit's, so that starts slide
    along the line by up to about their distance from it; they stay in order but for that, and spread nearly as wide."""
    direction = torch.tensor([0.6, 0.8, 0.0], dtype=torch.float64)
    starts = torch.from_numpy(np.random.default_rng(2).uniform(-2, 2, (200, 3)))
    line = torch.outer(direction, direction)
    found = descend(lambda h: h @ line, starts, learning_rate=0.01, iterations=3000)
    assert found.mean_squared_step.max() < 1e-6  # Adam rings: most are at 1e-20
    end, foot = (found.state @ direction).numpy(), (starts @ direction).numpy()
    assert np.corrcoef(end, foot)[0, 1] > 0.9
    assert np.ptp(end) > 0.8 * np.ptp(foot)


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32])
def test_the_recipe_is_adam_on_the_mean_over_all_starts(dtype: torch.dtype) -> None:
    """Against torch's own Adam on the written-out loss; many small roundings apart (1e4 of them)."""
    rng = np.random.default_rng(3)
    weights = torch.from_numpy(rng.standard_normal((4, 4))).to(dtype)
    starts = torch.from_numpy(rng.standard_normal((1500, 4))).to(dtype)  # more than one batch
    h = starts.clone().requires_grad_()
    adam = torch.optim.Adam([h], lr=0.01)
    losses = []
    for _ in range(50):
        adam.zero_grad()
        loss = (torch.tanh(h @ weights.T) - h).square().mean(1).mean()
        losses.append(loss.item())
        loss.backward()
        adam.step()
    found = descend(lambda x: torch.tanh(x @ weights.T), starts, learning_rate=0.01, iterations=50, every=20)
    tolerance = 1e4 * torch.finfo(dtype).eps
    np.testing.assert_allclose(found.state, h.detach(), atol=tolerance)
    np.testing.assert_allclose(found.mean_loss, [losses[0], losses[19], losses[39]], rtol=tolerance)
    assert found.state.dtype == dtype


def test_it_stops_at_the_first_look_that_is_low_enough() -> None:
    starts = torch.ones(3, 2, dtype=torch.float64)
    whole = descend(lambda h: 0.5 * h, starts, learning_rate=0.01, iterations=100, every=10)
    assert np.isfinite(whole.mean_loss).all()
    limit = float(whole.mean_loss[4:6].mean())
    found = descend(lambda h: 0.5 * h, starts, learning_rate=0.01, iterations=100, every=10, stop=limit)
    np.testing.assert_array_equal(found.mean_loss, np.where(np.arange(11) < 6, whole.mean_loss, np.nan))
    cut = descend(lambda h: 0.5 * h, starts, learning_rate=0.01, iterations=50, every=10)
    assert torch.equal(found.state, cut.state)


@pytest.mark.parametrize(("iterations", "every", "expected"), [(10, 4, [1, 4, 8]), (8, 4, [1, 4, 8]), (3, 1, [1, 2, 3]), (3, 5, [1])])
def test_looks_are_the_first_and_each_nth(iterations: int, every: int, expected: list[int]) -> None:
    assert looks(iterations, every).tolist() == expected


def test_filters_by_hand() -> None:
    """A chain 0, 0.9, 1.8: the second lies near the first, the third near the second, which is dropped: only the first is left. 10 is
    alone; 20 and 22 have each other."""
    points = np.array([0, 0.9, 1.8, 10, 20, 20.5, 22, 2.9])[:, None]
    found = survivors(points, unique=1.0, outlier=2.5)
    assert found.distinct.tolist() == [0, 3, 4, 6, 7]
    assert found.kept.tolist() == [4, 6]
    assert survivors(points, unique=1.0, outlier=3.0).kept.tolist() == [0, 4, 6, 7]
    assert survivors(points, unique=1.0, outlier=2.0).kept.tolist() == []  # nearer, not as near


def test_a_point_alone_stays_and_none_are_none() -> None:
    assert survivors(np.ones((5, 3)), 0.1, 0.1).kept.tolist() == [0]
    assert [rows.tolist() for rows in survivors(np.empty((0, 3)), 0.1, 0.1)] == [[], []]


def test_examined_points_are_spread_along_the_cloud() -> None:
    rng = np.random.default_rng(4)
    along = rng.permutation(np.arange(101.0))
    points = np.outer(along, [3, 4]) + 1e-3 * rng.standard_normal((101, 2))
    assert sorted(along[spread_along(points, 5)]) == [0, 25, 50, 75, 100]
    assert spread_along(points, 200).tolist() == list(range(101))
