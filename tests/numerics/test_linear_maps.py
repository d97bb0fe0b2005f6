"""Fitted linear maps: known systems are recovered, rotations are not seen, and distances are those of brute force."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from rnnpop.numerics.linear_maps import alignment_distances, controllability, delay_eigenvalues, fit_map, transport_distances

#: A ridge of no consequence beside the tolerances.
RIDGE = 1e-12
EIGENVALUES = np.array([0.95 * np.exp(0.3j), 0.95 * np.exp(-0.3j), 0.8, -0.5])


def system(rng: np.random.Generator) -> np.ndarray:
    """A matrix with `EIGENVALUES`."""
    block = np.zeros((4, 4))
    block[:2, :2] = 0.95 * np.array([[np.cos(0.3), -np.sin(0.3)], [np.sin(0.3), np.cos(0.3)]])
    block[2, 2], block[3, 3] = 0.8, -0.5
    mixing = np.eye(4) + 0.3 * rng.standard_normal((4, 4))
    return mixing @ block @ np.linalg.inv(mixing)


def run(matrix: np.ndarray, start: np.ndarray, steps: int, offset: float = 0.0) -> np.ndarray:
    states = [start]
    for _ in range(steps - 1):
        states.append(states[-1] @ matrix.T + offset)
    return np.stack(states, axis=1)


def rotated(states: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return states @ np.linalg.qr(rng.standard_normal((states.shape[-1],) * 2))[0]


@pytest.mark.parametrize("delays", [1, 3])
def test_eigenvalues_of_a_linear_system_are_recovered_whatever_its_coordinates(delays: int) -> None:
    rng = np.random.default_rng(0)
    states = run(system(rng), rng.standard_normal((30, 4)), 25, offset=0.4)
    wanted = EIGENVALUES[[1, 0, 2, 3]]  # the conjugate of negative imaginary part first
    found = delay_eigenvalues(states, 4, delays, RIDGE)
    np.testing.assert_allclose(found, wanted, atol=1e-9)  # the ridge, over the variance left along the last of the whitened directions
    embedded = np.concatenate([5 * states, np.zeros((30, 25, 3))], axis=2)
    np.testing.assert_allclose(delay_eigenvalues(rotated(embedded, rng) + 2.0, 4, delays, RIDGE), found, atol=1e-9)


def test_delays_stand_in_for_dimensions_that_are_not_seen() -> None:
    rng = np.random.default_rng(1)
    turn = np.array([[np.cos(0.5), -np.sin(0.5)], [np.sin(0.5), np.cos(0.5)]])
    seen = run(turn, rng.standard_normal((20, 2)), 40)[..., :1]
    np.testing.assert_allclose(delay_eigenvalues(seen, 2, 4, RIDGE), np.exp([-0.5j, 0.5j]), atol=1e-9)
    assert np.abs(delay_eigenvalues(seen, 2, 1, RIDGE)[0] - np.exp(-0.5j)) > 0.1


def test_trials_are_not_joined_across_their_ends() -> None:
    rng = np.random.default_rng(2)
    states = run(system(rng), 10 * rng.standard_normal((40, 4)), 6)
    found = delay_eigenvalues(states, 4, 2, RIDGE)
    np.testing.assert_allclose(found, delay_eigenvalues(states[::-1], 4, 2, RIDGE), atol=1e-9)
    np.testing.assert_allclose(np.abs(found), np.abs(EIGENVALUES), atol=1e-9)
    with pytest.raises(ValueError, match="6 steps"):
        delay_eigenvalues(states, 4, 6, RIDGE)


def test_missing_directions_have_eigenvalue_zero() -> None:
    rng = np.random.default_rng(3)
    flat = run(0.9 * np.eye(1), rng.standard_normal((10, 1)), 8) @ rng.standard_normal((1, 6))
    np.testing.assert_allclose(delay_eigenvalues(flat, 4, 2, RIDGE), [0.9, 0, 0, 0], atol=1e-9)
    np.testing.assert_array_equal(delay_eigenvalues(np.ones((4, 8, 3)), 2, 2, RIDGE), 0)


def test_ridge_shrinks_the_map_and_leaves_the_offset() -> None:
    rng = np.random.default_rng(4)
    before = rng.standard_normal((500, 3)) + 9.0
    before = (before - before.mean(axis=0)) @ np.linalg.inv(np.linalg.cholesky(np.cov(before.T, bias=True))).T + 9.0
    after = before @ np.diag([1.0, 2.0, 3.0]) + 7.0
    np.testing.assert_allclose(fit_map(before, after, 1.0), np.diag([0.5, 1.0, 1.5]), atol=1e-12)


def transport(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return transport_distances(one, other, np.arange(len(one)), np.arange(len(other)))


def test_transport_is_the_best_matching() -> None:
    rng = np.random.default_rng(5)
    spectra = rng.standard_normal((6, 4)) + 1j * rng.standard_normal((6, 4))
    found = transport(spectra, spectra)
    brute = [
        [min(np.sqrt(np.mean(np.abs(one - other[list(p)]) ** 2)) for p in itertools.permutations(range(4))) for other in spectra]
        for one in spectra
    ]
    np.testing.assert_allclose(found, brute, atol=1e-12)
    np.testing.assert_array_equal(found, found.T)
    np.testing.assert_array_equal(found.diagonal(), 0)
    assert (found[:, None] <= found[:, :, None] + found[None] + 1e-12).all()
    np.testing.assert_allclose(transport(spectra, spectra[:, ::-1] + 0.3j), transport(spectra, spectra + 0.3j), atol=1e-12)


def test_transport_of_a_shift_is_its_length() -> None:
    spectrum = np.array([[1.0, 0.5j, -0.5j]])
    np.testing.assert_allclose(transport(spectrum, spectrum + 0.1), 0.1, atol=1e-15)
    assert np.isnan(transport(spectrum, spectrum * np.nan)).all()


def driven(rng: np.random.Generator, noise: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    matrix, gain = system(rng), rng.standard_normal((4, noise.shape[2]))
    states, state = [], np.zeros((len(noise), 4))
    for step in range(noise.shape[1]):
        state = state @ matrix.T + noise[:, step] @ gain.T + 0.2
        states.append(state)
    return np.stack(states, axis=1), matrix, gain


def test_controllability_of_a_linear_system_is_recovered_up_to_a_rotation() -> None:
    rng = np.random.default_rng(6)
    noise = rng.standard_normal((40, 30, 2))
    states, matrix, gain = driven(rng, noise)
    found = controllability(states, noise, 4, 5, RIDGE)
    total = np.sqrt(states.var(axis=(0, 1)).sum())
    wanted = np.concatenate([np.linalg.matrix_power(matrix, lag) @ gain for lag in range(5)], axis=1) / total
    np.testing.assert_allclose(found.T @ found, wanted.T @ wanted, atol=1e-9)
    keys = np.zeros(1)
    # 1e-7 of the norms: rounding to the grid, and the root of a difference
    np.testing.assert_allclose(alignment_distances(found[None], wanted[None], keys, keys), 0, atol=3e-7 * np.linalg.norm(wanted))
    turned = controllability(rotated(3 * states, rng) + 1.0, noise, 4, 5, RIDGE)
    np.testing.assert_allclose(turned.T @ turned, wanted.T @ wanted, atol=1e-9)


def test_inputs_that_are_constant_within_trials_are_told_from_the_state_by_its_way_there() -> None:
    rng = np.random.default_rng(7)
    noise = np.repeat(rng.standard_normal((40, 1, 1)), 15, axis=1)
    states, matrix, gain = driven(rng, noise)
    found = controllability(states, noise, 4, 3, RIDGE)
    total = np.sqrt(states.var(axis=(0, 1)).sum())
    wanted = np.concatenate([np.linalg.matrix_power(matrix, lag) @ gain for lag in range(3)], axis=1) / total
    np.testing.assert_allclose(found.T @ found, wanted.T @ wanted, atol=1e-5)  # weak excitation: small variances beside the ridge
    both = np.concatenate([noise, 1 - noise, np.ones_like(noise)], axis=2)  # one-hot, and one that never changes
    shared = controllability(states, both, 4, 3, 1e-8).reshape(4, 3, 3)
    np.testing.assert_allclose(shared[..., 0], -shared[..., 1], atol=1e-6)  # rounding, 1e-16 over the ridge, and a hundred of it
    np.testing.assert_array_equal(shared[..., 2], 0)
    np.testing.assert_allclose(2 * shared[..., 0], found, atol=1e-4)


def test_alignment_is_the_best_rotation_and_a_metric() -> None:
    rng = np.random.default_rng(8)
    matrices = rng.standard_normal((6, 3, 8)) * np.array([1, 1, 3, 10, 0.1, 1])[:, None, None]
    keys = np.arange(6)
    found = alignment_distances(matrices, matrices, keys, keys)
    for one, other in itertools.product(range(6), repeat=2):
        left, _, right = np.linalg.svd(matrices[other] @ matrices[one].T)
        norms = np.linalg.norm(matrices[one]) + np.linalg.norm(matrices[other])
        direct = np.linalg.norm(left @ right @ matrices[one] - matrices[other])
        np.testing.assert_allclose(found[one, other], direct, atol=2e-7 * norms)
    np.testing.assert_array_equal(found, found.T)
    slack = 1e-7 * np.linalg.norm(matrices, axis=(1, 2)).max()
    assert (found[:, None] <= found[:, :, None] + found[None] + slack).all()
    part = alignment_distances(matrices[[4, 1]], matrices[[5]], keys[[4, 1]], keys[[5]])
    np.testing.assert_array_equal(part, found[[4, 1]][:, [5]])
    matrices[2] = np.nan
    some = alignment_distances(matrices, matrices, keys, keys)
    assert np.isnan(some[2]).all()
    np.testing.assert_array_equal(np.delete(np.delete(some, 2, 0), 2, 1), np.delete(np.delete(found, 2, 0), 2, 1))
