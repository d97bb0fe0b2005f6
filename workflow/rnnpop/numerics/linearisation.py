"""Linear systems around points of a map: their modes, and runs of the piecewise linear map."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from rnnpop.numerics.fixed_points import by_modulus, nearest


@dataclass(frozen=True)
class Modes:
    """J = R Λ L with L = R⁻¹, modes in the order of `fixed_points.spectrum`.

    Attributes:
        right: R, columns of length 1.
        left: L; the pseudo-inverse of R where R is singular.
    """

    value: Complex[np.ndarray, "point mode"]
    right: Complex[np.ndarray, "point unit mode"]
    left: Complex[np.ndarray, "point mode unit"]

    @classmethod
    def of(cls, jacobians: Float[Tensor, "point unit unit"]) -> Modes:
        """Eigen-decomposition of each Jacobian."""
        value, right = torch.linalg.eig(jacobians)
        left, singular = torch.linalg.inv_ex(right)
        for point in torch.nonzero((singular != 0) | ~left.isfinite().all((1, 2))).flatten():
            left[point] = torch.linalg.pinv(right[point])
        order = by_modulus(value.cpu().numpy())
        return cls(
            value=np.take_along_axis(value.cpu().numpy(), order, axis=1),
            right=np.take_along_axis(right.cpu().numpy(), order[:, None, :], axis=2),
            left=np.take_along_axis(left.cpu().numpy(), order[:, :, None], axis=1),
        )

    @property
    def condition_number(self) -> Float[np.ndarray, "point"]:
        """|R|_F |L|_F."""
        return np.linalg.norm(self.right, axis=(1, 2)) * np.linalg.norm(self.left, axis=(1, 2))

    def marginal(
        self, readout: Float[np.ndarray, "output unit"]
    ) -> tuple[Int[np.ndarray, "point"], Float[np.ndarray, "point unit"], Float[np.ndarray, "point unit"]]:
        """The mode whose eigenvalue is nearest to 1: its number, and its right and left eigenvectors, with |r| = 1 and l · r = 1.

        The first output grows along r. Of a complex mode, turned so that its output is real, they are the real parts.
        """
        number = np.abs(self.value - 1).argmin(1)
        points = np.arange(len(number))
        right, left = self.right[points, :, number], self.left[points, number]
        output = right @ readout[0]
        phase = np.where(output == 0, 1, output / np.where(output == 0, 1, np.abs(output)))[:, None]
        right, left = (right / phase).real, (left * phase).real
        right = right / np.linalg.norm(right, axis=1, keepdims=True)
        return number, right, left / np.sum(left * right, axis=1, keepdims=True)


def coupling(
    modes: Modes, readout: Float[np.ndarray, "output unit"], drive: Float[np.ndarray, "point unit input"]
) -> Complex[np.ndarray, "point mode output input"]:
    """(C r_k)(l_k B): summed over modes it is C B, and with λ_k^t between them the response t steps after an impulse."""
    return (readout @ modes.right).swapaxes(1, 2)[..., None] * (modes.left @ drive)[:, :, None, :]


def angle_to_readout(right: Float[np.ndarray, "point unit"], readout: Float[np.ndarray, "output unit"]) -> Float[np.ndarray, "point"]:
    """Angle (rad, 0 to π/2) between directions in state space and the space that the readout sees."""
    rows = np.linalg.qr(readout.T)[0]
    return np.arccos(np.clip(np.linalg.norm(right @ rows, axis=1) / np.linalg.norm(right, axis=1), 0, 1))


@dataclass(frozen=True)
class Expansion:
    """F(h, x) ≈ F(p, x*) + J (h − p) + B (x − x*) around points p, whose own step F(p, x*) − p is kept: slow points drift."""

    state: Float[np.ndarray, "point unit"]
    image: Float[np.ndarray, "point unit"]
    jacobian: Float[np.ndarray, "point unit unit"]
    drive: Float[np.ndarray, "point unit input"]

    def run(
        self,
        before: Float[np.ndarray, "trial time unit"],
        perturbation: Float[np.ndarray, "trial time input"],
        horizon: int,
    ) -> Float[np.ndarray, "trial time unit"]:
        """States after each step of the map that is linear around the point nearest to the state at the last reset.

        Args:
            before: the network's own states before each step, to which the run is set back every `horizon` steps.
            perturbation: x − x*.
        """
        states = np.empty_like(before)
        for first in range(0, before.shape[1], horizon):
            current, point = before[:, first], nearest(before[:, first], self.state)
            for time in range(first, min(first + horizon, before.shape[1])):
                moved = np.empty_like(current)
                for number in np.unique(point):
                    mine = point == number
                    away, x = current[mine] - self.state[number], perturbation[mine, time]
                    moved[mine] = self.image[number] + away @ self.jacobian[number].T + x @ self.drive[number].T
                current = states[:, time] = moved
        return states
