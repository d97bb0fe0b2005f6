"""Labelled graphs: the ideal cube and its 48 images, exact distances."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from rnnpop.numerics.graphs import cube_group, graph_distances, label_names, label_numbers, labels, sign_patterns, transition_matrix

IDENTITY = np.arange(27)[None]


def ideal_cube() -> np.ndarray:
    """An index-k node reaches each of its 2^k adjacent vertices with probability 2^-k."""
    patterns = sign_patterns(3)
    agrees = (patterns[:, None] == 0) | (patterns[:, None] == patterns)
    reaches = agrees.all(axis=2) & (patterns != 0).all(axis=1)
    return reaches / reaches.sum(axis=1, keepdims=True)


def random_matrices(seed: int, number: int) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(27), size=(number, 27))


def test_labels_follow_sign_and_threshold() -> None:
    found = labels(np.array([[0.9, -0.51, 0.5], [-2.0, 0.0, 0.3]]), 0.5)
    np.testing.assert_array_equal(found, [[1, -1, 0], [-1, 0, 0]])
    np.testing.assert_array_equal(sign_patterns(3)[label_numbers(found)], found)
    assert [label_names(3)[number] for number in label_numbers(found)] == ["+-0", "-00"]
    np.testing.assert_array_equal(label_numbers(sign_patterns(3)), np.arange(27))


def test_cube_group_has_48_elements_and_is_one() -> None:
    group = {tuple(element) for element in cube_group(3)}
    assert len(group) == 48
    assert tuple(range(27)) == tuple(cube_group(3)[0])
    assert {tuple(np.array(one)[list(other)]) for one in group for other in group} == group
    zeros = (sign_patterns(3) == 0).sum(axis=1)
    assert all((zeros[list(element)] == zeros).all() for element in group)
    assert [len(np.unique(cube_group(outputs), axis=0)) for outputs in (1, 2, 4)] == [2, 8, 384]


def test_matrix_averages_points_of_a_label_and_leaves_out_what_landed_nowhere() -> None:
    # outputs 1: labels -, 0, +; two points of label 0, one of label +
    numbers = np.array([1, 1, 2])
    origins, destinations = np.array([0, 0, 1, 1, 2]), np.array([2, -1, 2, 1, 2])
    found = transition_matrix(numbers, origins, destinations, np.array([0.75, 0.25, 0.5, 0.5, 1.0]), 1)
    np.testing.assert_array_equal(found, [[0, 0, 0], [0, 0.25, 0.625], [0, 0, 1]])


def test_ideal_cube_is_its_own_48_images_and_a_labelled_one_is_not() -> None:
    cube = ideal_cube()
    assert np.bincount((cube > 0).sum(axis=1)).tolist() == [0, 8, 12, 0, 6, 0, 0, 0, 1]
    group = cube_group(3)
    lopsided = cube.copy()
    edge, corner = label_numbers(np.array([[0, 1, 1], [1, 1, 1]]))
    lopsided[edge] = cube[corner]  # this edge point always falls to one side
    images = np.stack([lopsided[element][:, element] for element in group])
    np.testing.assert_array_equal(graph_distances(cube[None], np.stack([cube[g][:, g] for g in group]), IDENTITY), 0)
    np.testing.assert_array_equal(graph_distances(images[:1], images, group), 0)
    aligned = graph_distances(images[:1], images, IDENTITY)[0]
    distinct = (images != images[0]).any(axis=(1, 2))
    assert 0 < distinct.sum() < 48
    assert (aligned[distinct] > 0).all()
    assert (aligned[~distinct] == 0).all()
    # two rows differ, each by (1/2, -1/2); or, where only the side is changed (2 of the 46), one row by (1, -1)
    np.testing.assert_allclose(np.sort(aligned[distinct]) ** 2 * 27, [1] * 44 + [2] * 2, atol=1e-12)


def test_distance_is_the_norm_of_the_difference() -> None:
    matrices = random_matrices(0, 4)
    found = graph_distances(matrices, matrices, IDENTITY)
    plain = np.linalg.norm(matrices[:, None] - matrices, axis=(2, 3)) / np.sqrt(27)
    np.testing.assert_allclose(found, plain, atol=np.sqrt(27) * 1e-6)  # rounding to the grid
    group = cube_group(3)
    least = [[min(np.linalg.norm(a - b[g][:, g]) for g in group) / np.sqrt(27) for b in matrices] for a in matrices]
    np.testing.assert_allclose(graph_distances(matrices, matrices, group), least, atol=np.sqrt(27) * 1e-6)


@settings(max_examples=20)
@given(st.integers(0, 10_000), st.integers(1, 6), st.booleans())
def test_distance_is_exact_in_any_tile_and_from_either_side(seed: int, size: int, whole_group: bool) -> None:
    matrices = random_matrices(seed, 7)
    matrices[0] = 0  # a network without fixed points
    relabellings = cube_group(3) if whole_group else IDENTITY
    whole = graph_distances(matrices, matrices, relabellings)
    np.testing.assert_array_equal(whole, whole.T)
    assert (whole.diagonal() == 0).all()
    part = graph_distances(matrices[:size], matrices[size:], relabellings)
    np.testing.assert_array_equal(part, whole[:size, size:])


def test_absent_graph_is_nan_to_all() -> None:
    matrices = random_matrices(1, 3)
    matrices[1] = np.nan
    found = graph_distances(matrices, matrices, cube_group(3))
    np.testing.assert_array_equal(np.isnan(found), np.eye(3)[1][:, None] + np.eye(3)[1] > 0)
