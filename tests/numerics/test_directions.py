"""Directions of state space: angles with a sense and without, and arguments that stay what they were."""

from __future__ import annotations

import numpy as np
import pytest

from rnnpop.numerics.directions import angle, angle_of_lines, extended, singular, unit_vector


def test_angles() -> None:
    assert angle(np.array([1.0, 0.0]), np.array([1.0, np.sqrt(3)])) == pytest.approx(60)
    assert angle(np.array([2.0, 0.0]), np.array([-1.0, 0.0])) == pytest.approx(180)
    assert np.isnan(angle(np.zeros(2), np.array([1.0, 0.0])))


def test_angles_of_lines_know_no_sign() -> None:
    x, y = np.eye(2)
    slant = (x + y) / np.sqrt(2)
    found = [angle_of_lines(*pair) for pair in ((x, slant), (x, -slant), (x, y), (x, x))]
    np.testing.assert_allclose(found, [45, 45, 90, 0], atol=1e-6)


def test_unit_vector_leaves_its_argument() -> None:
    """D-01: the authors normalised a view of the readout, and so the readout."""
    weights = np.array([[0.0, 3.0], [4.0, 5.0]])
    kept = weights.copy()
    unit_vector(weights[1])
    np.testing.assert_array_equal(weights, kept)


def test_an_extended_readout_reads_hidden_units_alone() -> None:
    readout, state = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([0.5, -1.0, 7.0, 8.0])
    np.testing.assert_array_equal(extended(readout, 4) @ state, readout @ state[:2])
    np.testing.assert_array_equal(extended(readout, 2), readout)


def test_the_first_singular_pair_is_one_or_none() -> None:
    """Roundings of 1e-15 of a matrix of order 1; a rotation has no first direction."""
    matrix = np.random.default_rng(0).standard_normal((5, 5))
    found = singular(matrix)
    np.testing.assert_allclose(matrix @ found.right, found.values[0] * found.left, atol=1e-13)
    np.testing.assert_allclose(found.values[0], np.linalg.norm(matrix, 2), rtol=1e-13)
    turned = singular(np.array([[0.0, -2.0], [2.0, 0.0]]))
    np.testing.assert_allclose(turned.values, 2, rtol=1e-13)
    assert np.isnan([turned.left, turned.right]).all()


def test_singular_vectors_are_found_where_the_faster_algorithm_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another algorithm of the same accuracy; vectors up to their common sign."""
    matrix = np.random.default_rng(0).standard_normal((6, 6))
    expected = singular(matrix)

    def give_up(matrix: np.ndarray) -> None:
        raise np.linalg.LinAlgError("SVD did not converge")

    monkeypatch.setattr(np.linalg, "svd", give_up)
    found = singular(matrix)
    np.testing.assert_allclose(found.values, expected.values, rtol=1e-13)
    np.testing.assert_allclose(np.outer(found.left, found.right), np.outer(expected.left, expected.right), atol=1e-12)
