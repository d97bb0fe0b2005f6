"""Canonical correlations: known ones, their invariances, and that a pair does not know its tile."""

from __future__ import annotations

import numpy as np
import pytest

from rnnpop.numerics.subspaces import canonical_correlations, principal_subspace, svcca_distances


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
    image = subspace.basis @ rng.standard_normal((3, 3)) + 5.0
    np.testing.assert_allclose(correlations_of(samples, image, 3), 1.0, atol=1e-12)
    scaled = samples * np.geomspace(0.01, 10, 8)
    assert correlations_of(samples, scaled, 3)[-1] < 0.5


def test_basis_is_orthonormal_centred_and_spans_the_leading_directions() -> None:
    rng = np.random.default_rng(2)
    samples = rng.standard_normal((200, 6)) * np.array([5, 4, 3, 0.1, 0.1, 0.1]) + 7.0
    subspace = principal_subspace(samples, 3)
    np.testing.assert_allclose(subspace.basis.T @ subspace.basis, np.eye(3), atol=1e-13)
    np.testing.assert_allclose(subspace.basis.mean(axis=0), 0, atol=1e-15)
    assert subspace.explained.sum() > 0.99
    centred = samples - samples.mean(axis=0)
    np.testing.assert_allclose(np.abs(subspace.basis.T @ centred @ subspace.axes).diagonal(), np.linalg.svd(centred)[1][:3], rtol=1e-12)


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
    assert svcca_distances(correlations_of(flat, flat, 5), np.array(2), np.array(2)) == pytest.approx(0, abs=1e-14)
    still = principal_subspace(np.ones((400, 4)), 5)
    assert still.rank == 0
    assert not still.basis.any()
    assert svcca_distances(np.zeros(5), np.array(0), np.array(0)) == 0
    assert svcca_distances(np.zeros(5), np.array(0), np.array(5)) == 1


def test_fewer_units_than_components_keeps_the_shapes() -> None:
    subspace = principal_subspace(np.random.default_rng(4).standard_normal((50, 3)), 10)
    assert (subspace.basis.shape, subspace.axes.shape, subspace.rank) == ((50, 10), (3, 10), 3)


def test_pair_has_the_same_bits_in_any_tile_and_from_either_side() -> None:
    rng = np.random.default_rng(5)
    bases = np.stack([principal_subspace(rng.standard_normal((512, 16)), 10).basis for _ in range(9)])
    keys = np.array([f"{number}" for number in rng.permutation(9)])
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
