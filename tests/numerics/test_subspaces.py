"""Canonical correlations: known ones, their invariances, and that a pair does not know its tile."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from rnnpop.numerics.subspaces import (
    canonical_correlations,
    cka_distances,
    principal_subspace,
    pwcca_distances,
    shape_angles,
    singular_values,
    svcca_distances,
)

#: An entry of a product of two bases on the grid is off by 6e-9 (root mean square), and so are its singular values; five of them.
GRIDDED = 3e-8


def correlations_of(one: np.ndarray, other: np.ndarray, components: int) -> np.ndarray:
    bases = [principal_subspace(samples, components).basis[None] for samples in (one, other)]
    return canonical_correlations(*bases, np.array(["a"]), np.array(["b"]))[0, 0]


def test_gaussian_pairs_have_their_correlations() -> None:
    rng, rho, samples = np.random.default_rng(0), np.array([0.9, 0.6, 0.2]), 200_000
    one = rng.standard_normal((samples, 3))
    other = rho * one + np.sqrt(1 - rho**2) * rng.standard_normal((samples, 3))
    mixed = [x @ rng.standard_normal((3, 3)) for x in (one, other)]
    # standard error of a correlation is at most 1/sqrt(samples) = 0.0022; four of them
    np.testing.assert_allclose(correlations_of(*mixed, 3), rho, atol=0.009)


def test_invertible_map_after_truncation_changes_nothing_and_before_it_does() -> None:
    rng = np.random.default_rng(1)
    samples = rng.standard_normal((300, 8)) * np.geomspace(1, 0.1, 8)
    subspace = principal_subspace(samples, 3)
    image = subspace.basis.T @ rng.standard_normal((3, 3)) + 5.0
    np.testing.assert_allclose(correlations_of(samples, image, 3), 1.0, atol=GRIDDED)
    scaled = samples * np.geomspace(0.01, 10, 8)
    assert correlations_of(samples, scaled, 3)[-1] < 0.5


def test_basis_is_orthonormal_centred_and_spans_the_leading_directions() -> None:
    rng = np.random.default_rng(2)
    samples = rng.standard_normal((200, 6)) * np.array([5, 4, 3, 0.1, 0.1, 0.1]) + 7.0
    subspace = principal_subspace(samples, 3)
    np.testing.assert_allclose(subspace.basis @ subspace.basis.T, np.eye(3), atol=1e-13)
    np.testing.assert_allclose(subspace.basis.mean(axis=1), 0, atol=1e-15)
    assert subspace.explained.sum() > 0.99
    centred = samples - samples.mean(axis=0)
    np.testing.assert_allclose(np.abs(subspace.basis @ centred @ subspace.axes).diagonal(), np.linalg.svd(centred)[1][:3], rtol=1e-12)
    np.testing.assert_allclose(subspace.deviations, np.linalg.svd(centred)[1][:3] / np.sqrt(200), rtol=1e-12)


def test_missing_directions_count_as_uncorrelated_and_rounding_noise_is_none() -> None:
    rng = np.random.default_rng(3)
    plane = rng.standard_normal((400, 2))
    flat = (plane @ rng.standard_normal((2, 7))).astype(np.float32)  # rank 2 but for float32 rounding
    full = np.concatenate([plane, rng.standard_normal((400, 3))], axis=1)
    ranks = [principal_subspace(samples, 5).rank for samples in (flat, full)]
    assert ranks == [2, 5]
    rho = correlations_of(flat, full, 5)
    np.testing.assert_allclose(rho, [1, 1, 0, 0, 0], atol=1e-6)  # float32 states
    assert svcca_distances(rho, np.array(2), np.array(5)) == pytest.approx(1 - 2 / 5, abs=1e-6)
    assert svcca_distances(correlations_of(flat, flat, 5), np.array(2), np.array(2)) == pytest.approx(0, abs=GRIDDED)
    still = principal_subspace(np.ones((400, 4)), 5)
    assert still.rank == 0
    assert not still.basis.any()
    assert svcca_distances(np.zeros(5), np.array(0), np.array(0)) == 0
    assert svcca_distances(np.zeros(5), np.array(0), np.array(5)) == 1


def test_fewer_units_than_components_keeps_the_shapes() -> None:
    subspace = principal_subspace(np.random.default_rng(4).standard_normal((50, 3)), 10)
    assert (subspace.basis.shape, subspace.axes.shape, subspace.rank) == ((10, 50), (3, 10), 3)


def test_basis_is_that_of_the_svd_down_to_the_rank_tolerance() -> None:
    rng = np.random.default_rng(7)
    left, right = (np.linalg.qr(rng.standard_normal(shape))[0] for shape in ((800, 10), (20, 10)))
    left = np.linalg.qr(left - left.mean(axis=0))[0]
    spread = np.geomspace(1, 3e-6, 10)  # neighbours apart by a factor of four
    basis = principal_subspace(left * spread @ right.T, 10).basis
    np.testing.assert_allclose(basis @ basis.T, np.eye(10), atol=1e-13)
    # the eigenvectors of X^T X: 1e-16 (s_1 / s_k)^2 = 1e-5 for the last one, and some ten times that
    np.testing.assert_allclose(np.abs(basis @ left), np.eye(10), atol=1e-4)
    leading = principal_subspace(left * spread @ right.T, 5).basis
    np.testing.assert_allclose(np.linalg.svd(leading @ left[:, :5])[1], 1, atol=1e-13)


def test_correlations_are_those_of_float64_but_for_the_grid() -> None:
    rng = np.random.default_rng(8)
    shared = rng.standard_normal((1000, 4))
    states = [shared @ rng.standard_normal((4, 30)) + 0.3 * rng.standard_normal((1000, 30)) for _ in range(6)]
    bases = np.stack([principal_subspace(samples, 12).basis for samples in states])
    keys = np.arange(6)
    plain = np.linalg.svd(bases[:, None] @ bases.swapaxes(1, 2), compute_uv=False)
    found = singular_values(bases, bases, keys, keys)
    np.testing.assert_allclose(found, plain, atol=GRIDDED)
    roots = singular_values(bases, bases, keys, keys, by_squares=True)
    assert found.min() < 0.01
    np.testing.assert_allclose(roots, found, atol=2e-15 / found.min())  # 1e-16 / s, and some ten times that
    assert (found != plain).any()
    # the mean over 12 components: rounding errors of entries average out
    np.testing.assert_allclose(found.mean(axis=2), plain.mean(axis=2), atol=GRIDDED / np.sqrt(12))


def test_products_of_gridded_bases_are_exact_in_any_order() -> None:
    bases = np.stack([principal_subspace(np.random.default_rng(seed).standard_normal((700, 5)), 5).basis for seed in range(2)])
    grid = np.rint(bases * 2.0**26).astype(int).astype(object)  # whole numbers of Python: no rounding at all
    exact = (grid[0] @ grid[1].T).astype(float) * 2.0**-52
    found = singular_values(bases[:1], bases[1:], np.array([0]), np.array([1]))[0, 0]
    np.testing.assert_array_equal(found, np.linalg.svd(exact, compute_uv=False))


def test_pair_has_the_same_bits_in_any_tile_and_from_either_side() -> None:
    rng = np.random.default_rng(5)
    bases = np.stack([principal_subspace(rng.standard_normal((512, 16)), 10).basis for _ in range(40)])
    keys = np.array([f"{number:02}" for number in rng.permutation(40)])
    whole = canonical_correlations(bases, bases, keys, keys)
    np.testing.assert_array_equal(whole, whole.transpose(1, 0, 2))
    part = canonical_correlations(bases[4:7], bases[[8, 1]], keys[4:7], keys[[8, 1]])
    np.testing.assert_array_equal(part, whole[4:7][:, [8, 1]])
    single = canonical_correlations(bases[3:4], bases[3:4], keys[3:4], keys[3:4])
    np.testing.assert_array_equal(single, whole[3:4, 3:4])


def test_absent_network_is_nan_to_all_and_harms_none() -> None:
    rng = np.random.default_rng(6)
    bases = np.stack([principal_subspace(rng.standard_normal((64, 6)), 4).basis for _ in range(3)])
    keys = np.array(["a", "b", "c"])
    sound = canonical_correlations(bases, bases, keys, keys)
    bases[1] = np.nan
    found = canonical_correlations(bases, bases, keys, keys)
    assert np.isnan(found[1]).all()
    assert np.isnan(found[:, 1]).all()
    np.testing.assert_array_equal(found[::2, ::2], sound[::2, ::2])


def shapes(states: list[np.ndarray], alpha: float, components: int = 6) -> np.ndarray:
    """Angles of all pairs, from the states."""
    subspaces = [principal_subspace(samples, components) for samples in states]
    bases = np.stack([subspace.basis for subspace in subspaces])
    weights = np.stack([(subspace.explained > 0) * (alpha * subspace.deviations + 1 - alpha) for subspace in subspaces])
    keys = np.arange(len(states))
    return shape_angles(bases, bases, keys, keys, weights, weights)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_angle_is_that_of_netrep(alpha: float) -> None:
    """Williams et al. 2021, as their code does it: whiten X, rotate, take the angle."""
    rng = np.random.default_rng(10)
    shared = rng.standard_normal((300, 2))
    states = [shared @ rng.standard_normal((2, 6)) + 0.5 * rng.standard_normal((300, 6)) for _ in range(2)]

    def whitened(samples: np.ndarray) -> np.ndarray:
        centred = (samples - samples.mean(axis=0)) / np.sqrt(len(samples))
        variances, axes = np.linalg.eigh(centred.T @ centred)
        return centred @ (axes * (alpha + (1 - alpha) / np.sqrt(variances))) @ axes.T

    one, other = map(whitened, states)
    left, _, right = np.linalg.svd(one.T @ other)
    cosine = np.vdot(one @ left @ right, other) / (np.linalg.norm(one) * np.linalg.norm(other))
    np.testing.assert_allclose(shapes(states, alpha)[0, 1], np.arccos(cosine), atol=GRIDDED)


@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_angle_is_a_metric_on_shapes(alpha: float) -> None:
    rng = np.random.default_rng(11)
    shared = rng.standard_normal((200, 3))
    states = [(shared + mix * rng.standard_normal((200, 3))) @ rng.standard_normal((3, 6)) for mix in np.linspace(0, 2, 8)]
    rotation = np.linalg.qr(rng.standard_normal((6, 6)))[0]
    angles = shapes([*states, states[0] @ rotation + 3.0], alpha)
    np.testing.assert_array_equal(angles, angles.T)
    # 4e-9 sqrt(200) for each of the two, and the root of the rounding of a cosine
    none = 2 * 4e-9 * np.sqrt(200) + 5e-8
    np.testing.assert_allclose(angles.diagonal(), 0, atol=none)
    np.testing.assert_allclose(angles[0, -1], 0, atol=none)
    np.testing.assert_allclose(angles[0, 1:-1], angles[-1, 1:-1], atol=none)
    around = angles[:, :, None] + angles[None]  # by way of the middle one
    assert (angles[:, None] <= around + none).all()
    assert (angles[~np.eye(9, dtype=bool)] > 0).sum() >= 9 * 8 - 2
    assert (angles <= np.pi / 2).all()


def test_scale_counts_between_the_two_ends_only_and_cca_sees_no_invertible_map() -> None:
    rng = np.random.default_rng(12)
    samples, other = rng.standard_normal((2, 250, 4))
    image = samples @ rng.standard_normal((4, 4))
    for alpha, scale_shows, map_shows in ((0.0, False, False), (0.5, True, True), (1.0, False, True)):
        angles = shapes([samples * [1, 2, 3, 4], 7 * samples * [1, 2, 3, 4], image, other], alpha)
        assert (abs(angles[0, 3] - angles[1, 3]) > 1e-3) == scale_shows
        assert (angles[0, 2] > 1e-3) == map_shows


def test_cut_to_fewer_components_moves_an_angle_by_no_more_than_its_bound() -> None:
    rng = np.random.default_rng(13)
    shared = rng.standard_normal((300, 6)) * np.geomspace(1, 0.05, 6)
    states = [shared @ rng.standard_normal((6, 6)) for _ in range(5)]
    lost = [1 - principal_subspace(samples, 3).explained.sum() for samples in states]
    assert min(lost) > 0
    assert max(lost) < 0.2
    bound = np.arcsin(np.sqrt(lost))
    difference = np.abs(shapes(states, 1.0, 3) - shapes(states, 1.0, 6))
    assert difference.max() > 1e-4
    assert (difference <= bound[:, None] + bound + 1e-6).all()


def test_constant_states_are_at_a_right_angle_to_others_and_at_none_to_their_like() -> None:
    rng = np.random.default_rng(14)
    angles = shapes([np.ones((60, 4)), 2 * np.ones((60, 4)), rng.standard_normal((60, 4))], 1.0, 4)
    np.testing.assert_allclose(angles, np.array([[0, 0, 1], [0, 0, 1], [1, 1, 0]]) * np.pi / 2, atol=2e-7)


def represented(states: list[np.ndarray], components: int) -> tuple[np.ndarray, np.ndarray]:
    """Bases, and the fractions of the variance."""
    subspaces = [principal_subspace(samples, components) for samples in states]
    return np.stack([subspace.basis for subspace in subspaces]), np.stack([subspace.explained for subspace in subspaces])


def pwcca(states: list[np.ndarray], components: int) -> np.ndarray:
    bases, explained = represented(states, components)
    keys = np.arange(len(states))
    return pwcca_distances(bases, bases, keys, keys, np.sqrt(explained), np.sqrt(explained))


def cka(states: list[np.ndarray], components: int) -> np.ndarray:
    bases, explained = represented(states, components)
    keys = np.arange(len(states))
    return cka_distances(bases, bases, keys, keys, explained, explained)


def related_states(rng: np.random.Generator, number: int, units: int = 6) -> list[np.ndarray]:
    shared = rng.standard_normal((300, 3))
    return [shared @ rng.standard_normal((3, units)) + 0.5 * rng.standard_normal((300, units)) for _ in range(number)]


def test_pwcca_is_the_mean_of_correlations_weighed_by_what_each_variate_carries() -> None:
    states = related_states(np.random.default_rng(15), 2)
    centred = [samples - samples.mean(axis=0) for samples in states]
    reduced, bases = [], []
    for samples in centred:
        left, singular, _ = np.linalg.svd(samples, full_matrices=False)
        bases.append(left[:, :4])
        reduced.append(left[:, :4] * singular[:4])
    left, correlations, right = np.linalg.svd(bases[0].T @ bases[1])
    means = []
    for data, variates in ((reduced[0], bases[0] @ left), (reduced[1], bases[1] @ right.T)):
        weights = np.abs(variates.T @ data).sum(axis=1)
        means.append((weights * correlations).sum() / weights.sum())
    assert abs(means[0] - means[1]) > 1e-3
    assert abs(np.mean(means) - correlations.mean()) > 1e-2
    np.testing.assert_allclose(pwcca(states, 4)[0, 1], 1 - np.mean(means), atol=GRIDDED)


def test_pwcca_sees_no_rotation_and_counts_what_the_other_lacks() -> None:
    rng = np.random.default_rng(16)
    states = related_states(rng, 3)
    turned = 7 * states[0] @ np.linalg.qr(rng.standard_normal((6, 6)))[0] + 3.0
    found = pwcca([*states, turned], 6)
    np.testing.assert_allclose(found[0, [0, 3]], 0, atol=GRIDDED)
    np.testing.assert_allclose(found[0, 1:3], found[3, 1:3], atol=1e-6)  # weights follow the singular vectors: GRIDDED over their gaps
    np.testing.assert_array_equal(found, found.T)
    # components of nearly equal variance; the other has the first, one at a correlation of 0.8 to the second, and no more
    axes = np.linalg.qr(states[1] - states[1].mean(axis=0))[0]
    four = axes[:, :4] * np.array([1.003, 1.002, 1.001, 1.0])
    two = axes[:, [0, 1]] * np.array([1.001, 0.8]) + axes[:, [4, 5]] * np.array([0.0, 0.6])
    lacking = pwcca([four, two, np.ones_like(four), np.ones_like(four)], 4)
    np.testing.assert_allclose(lacking[0, 1], 1 - (1.8 / 4 + 1.8 / 2) / 2, atol=1e-3)
    np.testing.assert_allclose(lacking[2], [1, 1, 0, 0], atol=0)
    assert lacking[1, 1] == pytest.approx(0, abs=GRIDDED)


def test_cka_is_that_of_the_kernels() -> None:
    rng = np.random.default_rng(17)
    states = related_states(rng, 3)
    states.append(0.1 * states[0] @ np.linalg.qr(rng.standard_normal((6, 6)))[0] - 2.0)
    kernels = [(samples - samples.mean(axis=0)) @ (samples - samples.mean(axis=0)).T for samples in states]
    cosines = [[np.vdot(one, other) / np.linalg.norm(one) / np.linalg.norm(other) for other in kernels] for one in kernels]
    found = cka(states, 8)  # more components than units
    np.testing.assert_allclose(found, 1 - np.array(cosines), atol=GRIDDED)
    np.testing.assert_array_equal(found, found.T)
    assert found[0, 3] == pytest.approx(0, abs=GRIDDED)
    still = cka([np.ones((300, 4)), np.zeros((300, 4)), states[0]], 6)
    np.testing.assert_allclose(still, [[0, 0, 1], [0, 0, 1], [1, 1, 0]], atol=GRIDDED)


def test_cut_of_cka_moves_a_distance_by_no_more_than_its_bound() -> None:
    rng = np.random.default_rng(18)
    shared = rng.standard_normal((300, 6)) * np.geomspace(1, 0.1, 6)
    states = [shared @ rng.standard_normal((6, 6)) for _ in range(5)]
    bounds = []
    for samples in states:
        kept = principal_subspace(samples, 2).explained
        bounds.append(np.arcsin(np.sqrt(kept[-1] * (1 - kept.sum()) / (kept**2).sum())))
    off = np.abs(cka(states, 2) - cka(states, 6))
    assert off.max() > 1e-3
    assert (off <= np.add.outer(bounds, bounds) + GRIDDED).all()
    assert max(bounds) < 0.5


def test_weighted_distances_have_the_same_bits_in_any_tile() -> None:
    rng = np.random.default_rng(19)
    bases, explained = represented([rng.standard_normal((128, 12)) * np.geomspace(1, 0.1, 12) for _ in range(40)], 10)
    keys = np.array([f"{number:02}" for number in rng.permutation(40)])
    for distances in (pwcca_distances, cka_distances):
        whole = distances(bases, bases, keys, keys, explained, explained)
        np.testing.assert_array_equal(whole, whole.T)
        rows, columns = [4, 30, 9], [8, 1]
        part = distances(bases[rows], bases[columns], keys[rows], keys[columns], explained[rows], explained[columns])
        np.testing.assert_array_equal(part, whole[np.ix_(rows, columns)])
        one, other = slice(3, 4), slice(17, 18)
        alone = distances(bases[one], bases[other], keys[one], keys[other], explained[one], explained[other])
        assert alone[0, 0] == whole[3, 17]


@given(mixing=arrays(np.float64, (3, 4, 4), elements=st.floats(-2, 2, allow_subnormal=False)), alpha=st.sampled_from([0.0, 0.5, 1.0]))
def test_triangle_inequality_of_shapes_whatever_the_states(mixing: np.ndarray, alpha: float) -> None:
    shared = np.random.default_rng(20).standard_normal((60, 4))
    angles = shapes([shared @ matrix for matrix in mixing], alpha, 4)
    # rounding to the grid, and the root of the rounding of a cosine, for each of the three sides
    slack = 3 * (2 * 4e-9 * np.sqrt(60) + 5e-8)
    assert (angles[:, None] <= angles[:, :, None] + angles[None] + slack).all()
