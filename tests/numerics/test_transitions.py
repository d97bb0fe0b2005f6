"""Theorems on transitions: unstable eigenspaces, and the ideal cube's graph."""

from __future__ import annotations

import numpy as np
import torch

from rnnpop.numerics.transitions import land, oriented, unstable_basis, unstable_directions, visits


def matrix_with(eigenvalues: list[complex], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """A real matrix with these eigenvalues (conjugates implied), and its columns of real invariant directions."""
    blocks, size = [], 0
    for value in eigenvalues:
        blocks.append([[value.real, -value.imag], [value.imag, value.real]] if value.imag else [[value.real]])
        size += len(blocks[-1])
    diagonal, place = np.zeros((size, size)), 0
    for block in blocks:
        diagonal[place : place + len(block), place : place + len(block)] = block
        place += len(block)
    basis = rng.standard_normal((size, size))
    return basis @ diagonal @ np.linalg.inv(basis), basis


def test_unstable_basis_spans_the_unstable_eigenspace() -> None:
    """Non-normal on purpose. The projector onto the span of the true vectors, to 1e-8."""
    rng = np.random.default_rng(0)
    matrix, basis = matrix_with([1.2, -1.1, 0.9 + 0.6j, 0.5, 0.2 + 0.1j, 0.99], rng)
    found = unstable_basis(matrix)
    expected = np.linalg.qr(basis[:, :4])[0]
    assert found.shape == (8, 4)
    np.testing.assert_allclose(found @ found.T, expected @ expected.T, atol=1e-8)


def test_unstable_directions_are_both_ways_and_all_phases() -> None:
    matrix, basis = matrix_with([1.2, 0.9 + 0.6j, 0.5], np.random.default_rng(1))
    directions = unstable_directions(matrix, unstable_basis(matrix))
    assert len(directions) == 2 + 16
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)
    outside = np.linalg.qr(basis[:, :3])[0]
    np.testing.assert_allclose(directions @ (np.eye(4) - outside @ outside.T), 0, atol=1e-10)


def test_runs_land_where_their_basin_says() -> None:
    """v' = v + 0.1 (v − v³): positive starts land at 1, negative ones at −1, zero nowhere."""

    def step(v: torch.Tensor) -> torch.Tensor:
        return v + 0.1 * (v - v**3)

    starts, stable = (
        torch.tensor([[1e-3], [-0.4], [0.0], [2.0], [-1.0]], dtype=torch.float64),
        torch.tensor([[-1.0], [1.0]], dtype=torch.float64),
    )
    assert land(step, starts, stable, 1e-3, 500).tolist() == [1, 0, -1, 1, 0]
    assert land(step, starts, stable[:0], 1e-3, 500).tolist() == [-1] * 5
    assert land(step, starts[:1], stable, 1e-3, 10).tolist() == [-1]


def test_a_run_visits_the_saddle_that_it_passes() -> None:
    """Two axes of the cube map: leaving the origin almost along one axis passes the edge point (1, 0) and rests at a corner."""

    def step(v: torch.Tensor) -> torch.Tensor:
        return v + 0.1 * (v - v**3)

    points = torch.tensor([[0.0, 0.0], [1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], dtype=torch.float64)
    starts = torch.tensor([[1e-3, 1e-8], [1e-3, 1e-3], [1e-3, 0.0]], dtype=torch.float64)
    passed = visits(step, starts, points, near=0.1, steps=2000, rest=1e-10)
    assert passed.tolist() == [[False, True, True, False], [False, False, True, False], [False, True, False, False]]


def test_runs_that_wait_for_room_land_as_those_that_do_not() -> None:
    """v' = v + 0.1 (v − v³) goes to the sign of v: 1,500 runs, more than are followed at a time, in 40 steps or not at all."""

    def step(v: torch.Tensor) -> torch.Tensor:
        return v + 0.1 * (v - v**3)

    starts = torch.from_numpy(np.random.default_rng(3).uniform(-1, 1, (1500, 1)))
    stable = torch.tensor([[-1.0], [1.0]], dtype=torch.float64)
    ended = starts
    for _ in range(40):
        ended = step(ended)
    expected = np.where(ended.abs() < 0.99, -1, ended > 0)[:, 0]
    assert set(expected) == {-1, 0, 1}
    np.testing.assert_array_equal(land(step, starts, stable, 0.01, 40), expected)


def test_an_oriented_basis_is_that_of_the_space_alone() -> None:
    """Whatever basis of the space is given; and it turns with the space. A few roundings of float64."""
    rng = np.random.default_rng(4)
    basis, turn, directions = (
        np.linalg.qr(rng.standard_normal((9, 3)))[0],
        np.linalg.qr(rng.standard_normal((3, 3)))[0],
        rng.standard_normal((3, 9)),
    )
    found = oriented(basis, directions)
    np.testing.assert_allclose(found.T @ found, np.eye(3), atol=1e-14)
    np.testing.assert_allclose(found @ found.T, basis @ basis.T, atol=1e-14)
    np.testing.assert_allclose(oriented(basis @ turn, directions), found, atol=1e-13)
    order = rng.permutation(9)
    np.testing.assert_allclose(oriented(basis[order], directions[:, order]), found[order], atol=1e-13)
    assert oriented(basis, directions[:1]).shape == (9, 3)
    np.testing.assert_allclose(oriented(basis, directions[:1])[:, 0] @ directions[0], np.linalg.norm(basis.T @ directions[0]), rtol=1e-12)
