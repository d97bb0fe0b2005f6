"""Fixed points of a leaky network, stable or not, by Newton's method in the plane where they lie."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from jaxtyping import Complex, Float, Int
from torch import Tensor

from rnnpop.numerics.eigenvalues import UNSTABLE
from rnnpop.numerics.fixed_points import Box, Roots, by_modulus, midpoint_starts, newton, spread_starts
from rnnpop.numerics.recurrences import NONLINEARITIES, Recurrence

#: Starts that are searched side by side for fixed points.
_BATCH = 64
#: Singular values of a matrix, over the largest, that count for its rank.
_COUNTS = 1e-13


@final
@dataclass(frozen=True)
class FixedPoints:
    """Distinct fixed points of one network without input.

    Attributes:
        eigenvalue: of the Jacobian of the map, by falling modulus.
        index_sum: Σ sign det(I − J): 1 where φ is bounded and no point is missing.
    """

    state: Float[np.ndarray, "point unit"]
    eigenvalue: Complex[np.ndarray, "point mode"]
    index_sum: int

    @property
    def unstable(self) -> Int[np.ndarray, "point"]:
        """Directions of each point along which the map leads away from it."""
        return (np.abs(self.eigenvalue) > UNSTABLE).sum(1)

    @property
    def by_unstable(self) -> dict[int, int]:
        """Number of points with so many unstable directions."""
        return {int(number): int(count) for number, count in zip(*np.unique(self.unstable, return_counts=True), strict=True)}


def fixed_points(
    network: Recurrence,
    visited: Float[np.ndarray, "sample unit"],
    rng: np.random.Generator,
    *,
    starts: int = 128,
    rounds: int = 3,
    tolerance: float = 1e-9,
    apart: float = 1e-3,
) -> FixedPoints:
    """Distinct fixed points of a network without input.

    Newton's method from starts spread over visited states, and over what φ can drive the network to (B φ(s), s random), in the box of all
    these, twice as wide; from midpoints of the stable points found; and from mirror images of all where F is odd. Where φ is tanh the map
    takes a ball into itself, so the indices of its points sum to 1. As long as they do not, points are missing: midpoints of all pairs are
    tried, then another round follows with twice the starts.

    Args:
        visited: states of noise-free runs (`LimitSet.visited`): a network in weak noise does not come near to points far from where it is.
        tolerance: |F(x) − x| / √n of a fixed point.
        apart: distance of two distinct ones, as a share of the root mean square norm of the visited states.
    """
    visited = visited[np.isfinite(visited).all(1)]
    if not len(visited) or not np.isfinite(network.weights).all():
        return FixedPoints(np.empty((0, network.units)), np.empty((0, network.units), dtype=complex), 0)
    plane = Plane.of(network)
    anywhere = rng.standard_normal((len(visited), network.units))
    driven = plane.places((network.step(anywhere) - (1 - network.leak) * anywhere) / network.leak)
    visited = plane.places(visited)
    radius = max(apart * float(np.sqrt((visited**2).sum(1).mean())), 1e-9)
    around = torch.from_numpy(np.concatenate([visited, driven]))
    box = Box.around(torch.cat([around, -around]))
    empty = torch.empty(0, plane.dimensions, dtype=torch.float64)
    roots = Roots.at(empty, empty[:, 0], plane.jacobian)

    def descend(begun: np.ndarray) -> Roots:
        known = roots
        for batch in torch.from_numpy(begun).split(_BATCH):
            state, speed = newton(plane.step, plane.jacobian, batch, box, known=known)
            found = speed <= tolerance * plane.dimensions**0.5
            known = known.among(state[found], speed[found], radius, plane.jacobian)
        return known

    for number in [starts * 2**done for done in range(rounds)]:
        near, far = (spread_starts(states, number // 2, rng) for states in (visited, driven))
        roots = descend(np.concatenate([np.zeros((1, plane.dimensions)), near, far]))
        roots = descend(midpoint_starts(roots.state.numpy()[roots.stable], number // 2, rng))
        if network.bias is None and network.activation != "relu":
            roots = descend(-roots.state.numpy())
        if network.activation == "tanh" and roots.index.sum() != 1:
            roots = descend(midpoint_starts(roots.state.numpy(), number, rng, sizes=(2,)))
        if network.activation != "tanh" or roots.index.sum() == 1:
            break
    return plane.points(roots)


@dataclass(frozen=True)
class Plane:
    """Where the fixed points of a network lie: x = B φ(x) + b = b + Q κ, with Q an orthonormal basis of what B can make, of its rank.

    The map leads from there to nowhere else; off it, it shrinks by 1 − a. Of a network in the rate form this is the argument x of φ, which
    moves as a network in the current form does; its fixed points are φ(x), and the eigenvalues are the same.

    Attributes:
        basis: Q.
        inner: Qᵀ B.
        origin: b.
    """

    network: Recurrence
    basis: Float[np.ndarray, "unit place"]
    inner: Float[np.ndarray, "place unit"]
    origin: Float[np.ndarray, "unit"]

    @classmethod
    def of(cls, network: Recurrence) -> Plane:
        left, scale, right = np.linalg.svd(network.weights)
        rank = max(int((scale > _COUNTS * scale[0]).sum()), 1)
        origin = np.zeros(network.units) if network.bias is None else network.bias
        return cls(network, left[:, :rank], scale[:rank, None] * right[:rank], origin)

    @property
    def dimensions(self) -> int:
        return self.basis.shape[1]

    def places(self, states: Float[np.ndarray, "sample unit"]) -> Float[np.ndarray, "sample place"]:
        """κ of states of the network."""
        if self.network.form == "rate":
            return states @ self.inner.T
        return (states - self.origin) @ self.basis

    def advance(self, states: Float[np.ndarray, "run unit"]) -> Float[np.ndarray, "run unit"]:
        """F of states of the network: to rounding `network.step`, at less cost where the rank is low."""
        network, leak, phi = self.network, self.network.leak, NONLINEARITIES[self.network.activation][0]
        if 2 * self.dimensions > network.units:
            return network.step(states)
        if network.form == "rate":
            return (1 - leak) * states + leak * phi(self._argument(states @ self.inner.T))
        return (1 - leak) * states + leak * self._argument(phi(states) @ self.inner.T)

    def step(self, places: Tensor) -> Tensor:
        phi = NONLINEARITIES[self.network.activation][0]
        leak, kappa = self.network.leak, places.numpy()
        return torch.from_numpy((1 - leak) * kappa + leak * phi(self._argument(kappa)) @ self.inner.T)

    def jacobian(self, places: Tensor) -> Tensor:
        slope = NONLINEARITIES[self.network.activation][1](self._argument(places.numpy()))
        inner = (self.inner * slope[:, None]) @ self.basis
        return torch.from_numpy((1 - self.network.leak) * np.eye(self.dimensions) + self.network.leak * inner)

    def points(self, roots: Roots) -> FixedPoints:
        """The roots as fixed points of the network."""
        state = self._argument(roots.state.numpy())
        if self.network.form == "rate":
            state = NONLINEARITIES[self.network.activation][0](state)
        off = np.full((len(state), self.network.units - self.dimensions), 1 - self.network.leak, dtype=complex)
        eigenvalue = np.concatenate([roots.eigenvalue, off], axis=1)
        order = by_modulus(eigenvalue)
        return FixedPoints(state, np.take_along_axis(eigenvalue, order, axis=1), int(roots.index.sum()))

    def _argument(self, kappa: Float[np.ndarray, "sample place"]) -> Float[np.ndarray, "sample unit"]:
        return self.origin + kappa @ self.basis.T
