"""Theorems on fixed points: the cube map, the index sum, and the traps that are known."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch

from oracles import CUBE, ETA, CubeCell, cube_store
from rnnpop.numerics.fixed_points import Box, Roots, index_sign, merge, midpoint_starts, newton, spectrum, spread_starts
from rnnpop.stages.settle import search

SETTINGS = {"starts": 256, "rounds": 2, "tolerance": 1e-8, "slow": 1e-3, "merge": 1e-3, "outlier": 2.0}


def found_on_the_cube(seed: int = 0, **changes: object) -> np.ndarray:
    cell, _, trajectories, _ = cube_store()
    visited = trajectories["state"].values[0, :32].reshape(-1, cell.units).astype(float)
    points = search(cell, {}, np.zeros(3), visited, SETTINGS | changes, np.random.default_rng(seed))
    assert points.fixed.all()
    return points.state @ cell.rotation.numpy()


def test_newton_finds_a_linear_maps_fixed_point() -> None:
    """F(h) = A h + b has its one fixed point at (I − A)⁻¹ b; the search polishes to 1e-13 √n."""
    rng = np.random.default_rng(0)
    A, b = 0.5 * rng.standard_normal((4, 4)) / 2, rng.standard_normal(4)
    matrix, shift = torch.from_numpy(A), torch.from_numpy(b)
    expected = np.linalg.solve(np.eye(4) - A, b)
    wide = torch.full((4,), 10 + np.abs(expected).max(), dtype=torch.float64)
    ended, speed = newton(
        lambda h: h @ matrix.T + shift,
        lambda h: matrix.repeat(len(h), 1, 1),
        torch.from_numpy(rng.standard_normal((20, 4))),
        Box(-wide, wide),
    )
    assert speed.max() < 1e-12
    np.testing.assert_allclose(ended.numpy(), np.tile(expected, (20, 1)), atol=1e-11)


@pytest.mark.parametrize("seed", range(5))
def test_cube_map_has_exactly_8_12_6_1(seed: int) -> None:
    """Every point within 1e-9 of one of the 27, none missing, none twice, whatever the seed of the starts."""
    points = found_on_the_cube(seed)
    nearest = np.abs(points[:, None, :3] - CUBE).max(-1)
    assert nearest.min(1).max() < 1e-9
    assert sorted(nearest.argmin(1)) == list(range(27))
    assert Counter((np.round(points[:, :3]) == 0).sum(1).tolist()) == {0: 8, 1: 12, 2: 6, 3: 1}


def test_cube_spectrum_is_known_and_its_indices_sum_to_one() -> None:
    """1 + η for each axis at 0, 1 − 2η at ±1, 0.5 elsewhere; 8 − 12 + 6 − 1 = 1."""
    cell = CubeCell()
    v = np.zeros((27, cell.units))
    v[:, :3] = CUBE
    jacobians = cell.jacobian({}, torch.zeros(3, dtype=torch.float64), torch.from_numpy(v) @ cell.rotation.T)
    expected = np.where(CUBE == 0, 1 + ETA, 1 - 2 * ETA)
    values = spectrum(jacobians)
    np.testing.assert_allclose(np.sort(values.real[:, :3]), np.sort(expected), atol=1e-9)
    assert np.abs(values.imag).max() < 1e-9
    assert index_sign(values).sum() == 1


def test_index_is_the_sign_of_the_determinant() -> None:
    """Of I − J, whatever the number of complex pairs."""
    jacobians = 2 * torch.from_numpy(np.random.default_rng(2).standard_normal((200, 5, 5)))
    expected = torch.linalg.det(torch.eye(5, dtype=torch.float64) - jacobians).sign().numpy()
    assert set(expected) == {-1.0, 1.0}
    np.testing.assert_array_equal(index_sign(spectrum(jacobians)), expected)


def test_search_does_not_depend_on_how_many_starts_it_has() -> None:
    """Recall: ten times the starts find nothing more."""
    assert len(found_on_the_cube(starts=2560)) == len(found_on_the_cube()) == 27


def test_a_wrong_index_sum_asks_for_another_round() -> None:
    """Eight starts miss points of the cube. Where their indices do not sum to 1, further rounds go on until they do.

    (The sum proves that points are missing, never that none is: some seeds find a face of the cube, 4 − 4 + 1.)
    """

    def index_sum(points: np.ndarray) -> int:
        return int(((-1) ** (np.round(points[:, :3]) == 0).sum(1)).sum())

    once = {seed: found_on_the_cube(seed=seed, starts=8, rounds=1) for seed in range(10)}
    missed = [seed for seed, points in once.items() if index_sum(points) != 1]
    assert len(missed) >= 3
    for seed in missed:
        more = found_on_the_cube(seed=seed, starts=8, rounds=6)
        assert index_sum(more) == 1
        assert len(more) > len(once[seed])


def test_starts_leave_at_a_known_root_only_where_newton_would_go_there() -> None:
    """F(h) = h − g(h), roots 0, 1 and 1.05; with 0 and 1 known, every start ends where it ends without them, some without a step.

    The start at 1.04 is nearer to the known root 1 than to 0, but not in its linear range.
    """

    def g(h: torch.Tensor) -> torch.Tensor:
        return h * (h - 1) * (h - 1.05)

    def jacobian(h: torch.Tensor) -> torch.Tensor:
        return (1 - (3 * h**2 - 4.1 * h + 1.05))[..., None]

    box = Box(torch.tensor([-1.0], dtype=torch.float64), torch.tensor([2.0], dtype=torch.float64))
    starts = torch.cat([torch.linspace(-0.5, 1.5, 41, dtype=torch.float64), torch.tensor([1.04, 1.051])])[:, None]
    roots = torch.tensor([[0.0], [1.0]], dtype=torch.float64)
    known = Roots.at(roots, torch.zeros(2, dtype=torch.float64), jacobian)
    captured, _ = known.capture(starts, -g(starts))
    assert captured.any()
    assert not captured.all()
    free, bound = (newton(lambda h: h - g(h), jacobian, starts, box, known=roots)[0] for roots in (None, known))
    torch.testing.assert_close(bound, free, rtol=0, atol=1e-9)
    assert {round(float(end), 6) for end in bound} == {0.0, 1.0, 1.05}


def test_a_root_outside_the_box_is_not_found() -> None:
    """F(h) = h − sin(h)/2 has roots at all multiples of π; inside the box there are three."""
    box = Box(torch.tensor([-4.0], dtype=torch.float64), torch.tensor([4.0], dtype=torch.float64))
    starts = torch.linspace(-4, 4, 60, dtype=torch.float64)[:, None]
    ended, speed = newton(lambda h: h - torch.sin(h) / 2, lambda h: (1 - torch.cos(h) / 2)[..., None], starts, box)
    roots = ended[speed < 1e-10, 0].numpy()
    assert {round(float(root / np.pi)) for root in roots} == {-1, 0, 1}
    np.testing.assert_allclose(roots, np.pi * np.round(roots / np.pi), atol=1e-9)


def test_a_minimum_of_speed_that_is_no_root_is_not_called_fixed() -> None:
    """F(h) = h + 1e-4 + h² never stands still; the search ends at its slowest point, h = 0."""
    box = Box(torch.tensor([-1.0], dtype=torch.float64), torch.tensor([1.0], dtype=torch.float64))
    ended, speed = newton(
        lambda h: h + 1e-4 + h**2, lambda h: (1 + 2 * h)[..., None], torch.linspace(-1, 1, 9, dtype=torch.float64)[:, None], box
    )
    np.testing.assert_allclose(speed.numpy(), 1e-4, rtol=0.01)
    assert ended.abs().max() < 1e-2


def test_merge_keeps_the_slowest_of_those_that_are_near() -> None:
    points = np.array([[0.0, 0.0], [0.0, 1e-4], [1.0, 0.0], [1.0, 1e-4]])
    kept, nearest = merge(points, np.array([2.0, 1.0, 3.0, 4.0]), radius=1e-3)
    assert kept.tolist() == [1, 2]
    assert nearest.tolist() == [0, 0, 1, 1]
    empty, none = merge(np.zeros((0, 2)), np.zeros(0), radius=1.0)
    assert len(empty) == len(none) == 0


def test_spectrum_is_ordered_by_modulus_with_conjugates_together() -> None:
    rng = np.random.default_rng(3)
    values = spectrum(torch.from_numpy(rng.standard_normal((10, 7, 7))))
    moduli = np.abs(values)
    assert (np.diff(moduli, axis=1) <= 1e-12).all()
    for row in values:
        for place in np.flatnonzero(row.imag > 0):
            assert row[place + 1] == row[place].conj()


def test_starts_stay_in_the_hull_or_near_a_visited_state() -> None:
    rng = np.random.default_rng(4)
    states = rng.uniform(-1, 1, (500, 3))
    starts = spread_starts(states, 200, rng)
    assert starts.shape == (200, 3)
    assert np.abs(starts[:150]).max() <= 1
    assert len(midpoint_starts(states[:8], 1000, rng)) == 28 + 70 + 1
    assert len(midpoint_starts(states[:8], 50, rng)) == 51
    assert len(midpoint_starts(states[:1], 50, rng)) == 0
