"""Theorems on modes of linear maps, and on runs of piecewise linear ones."""

from __future__ import annotations

import numpy as np
import torch

from rnnpop.numerics.fixed_points import spectrum
from rnnpop.numerics.linearisation import Expansion, Modes, angle_to_readout, coupling

RNG = np.random.default_rng(0)
JACOBIANS = torch.from_numpy(RNG.standard_normal((4, 7, 7)) / np.sqrt(7))
READOUT, DRIVE = RNG.standard_normal((2, 7)), RNG.standard_normal((4, 7, 3))
#: Rounding, times condition numbers of some hundred.
ROUNDED = {"rtol": 0, "atol": 1e-11}


def test_modes_give_the_matrix_back_in_the_order_of_the_spectrum() -> None:
    modes = Modes.of(JACOBIANS)
    np.testing.assert_allclose(modes.right @ (modes.value[:, :, None] * modes.left), JACOBIANS.numpy(), **ROUNDED)
    np.testing.assert_allclose(modes.value, spectrum(JACOBIANS), **ROUNDED)
    np.testing.assert_allclose(np.linalg.norm(modes.right, axis=1), 1, **ROUNDED)


def test_couplings_are_the_impulse_response() -> None:
    """Σ_k (C r_k) λ_k^t (l_k B) = C J^t B at every lag."""
    modes = Modes.of(JACOBIANS)
    weights = coupling(modes, READOUT, DRIVE)
    for lag in (0, 1, 5):
        response = np.einsum("pk,pkoi->poi", modes.value**lag, weights)
        expected = READOUT @ np.linalg.matrix_power(JACOBIANS.numpy(), lag) @ DRIVE
        np.testing.assert_allclose(response, expected, **ROUNDED)


def test_the_marginal_mode_is_the_one_nearest_to_one() -> None:
    modes = Modes.of(JACOBIANS)
    number, right, left = modes.marginal(READOUT)
    np.testing.assert_array_equal(np.abs(modes.value - 1).argmin(1), number)
    np.testing.assert_allclose(np.linalg.norm(right, axis=1), 1, **ROUNDED)
    np.testing.assert_allclose(np.sum(left * right, axis=1), 1, **ROUNDED)
    assert (right @ READOUT[0] > 0).all()
    for point in np.flatnonzero(modes.value[np.arange(4), number].imag == 0):
        value = modes.value[point, number[point]].real
        np.testing.assert_allclose(JACOBIANS[point].numpy() @ right[point], value * right[point], **ROUNDED)
        np.testing.assert_allclose(left[point] @ JACOBIANS[point].numpy(), value * left[point], **ROUNDED)


def test_a_defective_matrix_is_told_by_its_condition_number() -> None:
    """A Jordan block has one eigenvector for two modes: no inverse, or one beyond 1 / rounding; nothing is raised, or infinite."""
    block = torch.tensor([[[1.0, 1.0], [0.0, 1.0]]], dtype=torch.float64)
    modes = Modes.of(block)
    assert np.isfinite(modes.left).all()
    assert np.isfinite(modes.condition_number).all()
    rotation = Modes.of(torch.tensor([[[0.0, -1.0], [1.0, 0.0]]], dtype=torch.float64))
    np.testing.assert_allclose(rotation.condition_number, 2, **ROUNDED)  # |R|_F |R⁻¹|_F of a unitary 2 x 2 matrix


def test_the_angle_to_the_readout_is_that_to_its_rows() -> None:
    readout = np.array([[2.0, 0, 0, 0], [1.0, 1, 0, 0]])
    right = np.array([[1.0, 5, 0, 0], [0, 0, 1, 0], [1, 0, 1, 0]])
    np.testing.assert_allclose(angle_to_readout(right, readout), [0, np.pi / 2, np.pi / 4], atol=1e-7)  # arccos near 1 doubles digits lost


def test_a_piecewise_linear_map_is_its_own_expansion() -> None:
    """h' = a h + x with a = 0.5 right of 0 and 0.9 left of it, expanded at ±1: exact while the nearest point is on the right side.

    From 0.5 with x = −0.4 the map crosses 0 in its first step, h = −0.15; the run of horizon 2 goes on with a = 0.5.
    """
    around = Expansion(
        state=np.array([[1.0], [-1.0]]),
        image=np.array([[0.5], [-0.9]]),
        jacobian=np.array([[[0.5]], [[0.9]]]),
        drive=np.ones((2, 1, 1)),
    )
    inputs = np.full((1, 3, 1), -0.4)
    own = [0.5]
    for _ in range(3):
        own.append((0.5 if own[-1] > 0 else 0.9) * own[-1] - 0.4)
    before = np.array(own[:3]).reshape(1, 3, 1)
    np.testing.assert_allclose(around.run(before, inputs, 1).ravel(), own[1:], **ROUNDED)
    np.testing.assert_allclose(around.run(before, inputs, 2).ravel(), [own[1], 0.5 * own[1] - 0.4, own[3]], **ROUNDED)
