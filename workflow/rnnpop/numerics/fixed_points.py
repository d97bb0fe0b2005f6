"""Fixed points F(h) = h of a map: starts, a boxed Newton search, duplicates, and what the Jacobian says of each point."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Complex, Float, Int
from scipy.spatial.distance import cdist
from torch import Tensor

from rnnpop.numerics.eigenvalues import UNSTABLE

Map = Callable[[Tensor], Tensor]

#: The search goes on to this |F(h) − h| / √n, far below the tolerance at which a point counts as fixed: Newton gets there at no cost.
_POLISHED = 1e-13
_ITERATIONS = 60
_HALVINGS = 7
#: Steps in which |G| has to fall to this share.
_PATIENCE, _PROGRESS = 6, 0.75
#: Share of the distance to a root by which its linearisation may be wrong about a start that it captures.
_LINEAR = 0.1
#: Share to which a second step with old factors has to bring |G|.
_CHORD = 0.25
#: Largest component of a Newton step, in units of the box's widest side: longer ones jump over saddles.
_LONGEST_STEP = 0.125


@dataclass(frozen=True)
class Box:
    """Where the search may go: outside, saturated gates make h − F(h) vanish without a fixed point being there."""

    low: Float[Tensor, "unit"]
    high: Float[Tensor, "unit"]

    @classmethod
    def around(cls, states: Float[Tensor, "sample unit"]) -> Box:
        """The box of visited states, twice as wide in every direction."""
        low, high = states.amin(0), states.amax(0)
        margin = (high - low) / 2
        return cls(low - margin, high + margin)

    def clamp(self, states: Float[Tensor, "start unit"]) -> Float[Tensor, "start unit"]:
        return states.clamp(self.low, self.high)

    @property
    def longest_step(self) -> float:
        return _LONGEST_STEP * float((self.high - self.low).max())


def spread_starts(states: Float[np.ndarray, "sample unit"], number: int, rng: np.random.Generator) -> Float[np.ndarray, "start unit"]:
    """Starts that lead to saddles too: three quarters convex combinations of 2 to 8 visited states, one quarter visited states with
    Gaussian noise of half the standard deviation of each unit.

    From visited states alone Newton finds the attractors and few saddles; the starts carry the search.
    """
    noisy = number // 4
    # exponential variables over their sum are uniform on the simplex: Dirichlet(1, ..., 1)
    shares = rng.standard_exponential((number - noisy, 8)) * (np.arange(8) < rng.integers(2, 9, number - noisy)[:, None])
    shares /= shares.sum(1, keepdims=True)
    mixed = np.einsum("sm,smu->su", shares, states[rng.integers(len(states), size=shares.shape)])
    noise = rng.standard_normal((noisy, states.shape[1])) * states.std(0) / 2
    return np.concatenate([mixed, states[rng.integers(len(states), size=noisy)] + noise])


def midpoint_starts(
    points: Float[np.ndarray, "point unit"], limit: int, rng: np.random.Generator, sizes: tuple[int, ...] = (2, 4)
) -> Float[np.ndarray, "start unit"]:
    """Midpoints of pairs and of fours of the given (stable) points, and the mean of all: where the saddles between them lie.

    At most `limit`; which ones, `rng` decides.
    """
    groups = [
        group
        for size in sizes
        if size <= len(points)
        for group in itertools.islice(itertools.combinations(range(len(points)), size), 20_000)
    ]
    if len(groups) > limit:
        groups = [groups[place] for place in np.sort(rng.choice(len(groups), limit, replace=False))]
    if len(points) > 1:
        groups.append(tuple(range(len(points))))
    return np.array([points[list(group)].mean(0) for group in groups]).reshape(-1, points.shape[1])


def newton_solver(jacobians: Float[Tensor, "start unit unit"]) -> Map:
    """G -> (I − J)⁻¹ G, Newton's step where G = F(h) − h; not finite where the matrix is singular. Writes into `jacobians`."""
    jacobians.diagonal(dim1=-2, dim2=-1).sub_(1)
    factors, pivots, _ = torch.linalg.lu_factor_ex(jacobians)
    return lambda residual: torch.linalg.lu_solve(factors, pivots, -residual.unsqueeze(-1)).squeeze(-1)


@dataclass(frozen=True)
class Roots:
    """Distinct fixed points of a map, and what its Jacobian says of each, computed once.

    Attributes:
        inverse: (I − J)⁻¹.
        eigenvalue: of J, by falling modulus.
        index: sign det(I − J).
    """

    state: Float[Tensor, "point unit"]
    speed: Float[Tensor, "point"]
    inverse: Float[Tensor, "point unit unit"]
    eigenvalue: Complex[np.ndarray, "point mode"]
    index: Int[np.ndarray, "point"]

    @classmethod
    def at(cls, states: Float[Tensor, "point unit"], speed: Float[Tensor, "point"], jacobian: Map) -> Roots:
        jacobians = jacobian(states)
        identity = torch.eye(states.shape[1], dtype=states.dtype, device=states.device)
        inverse = torch.linalg.inv_ex(identity - jacobians)[0]
        eigenvalue = spectrum(jacobians)
        return cls(states, speed, inverse, eigenvalue, index_sign(eigenvalue))

    @property
    def stable(self) -> Bool[np.ndarray, "point"]:
        return (np.abs(self.eigenvalue) <= UNSTABLE).all(1)

    def among(self, points: Float[Tensor, "start unit"], speed: Float[Tensor, "start"], radius: float, jacobian: Map) -> Roots:
        """These roots and those among `points` that are new: farther than `radius` from every other that is kept.

        Of neighbours that are all polished the one found first stays, so that its Jacobian need not be computed again.
        """
        state, speed = torch.cat([self.state, points]), torch.cat([self.speed, speed])
        goal = _POLISHED * state.shape[1] ** 0.5
        kept = merge(state.cpu().numpy(), speed.clamp_min(goal).cpu().numpy(), radius)[0]
        old, new = kept[kept < len(self.state)], torch.from_numpy(kept[kept >= len(self.state)]).to(state.device)
        added = Roots.at(state[new], speed[new], jacobian)
        return Roots(
            state=torch.cat([self.state[old], added.state]),
            speed=torch.cat([self.speed[old], added.speed]),
            inverse=torch.cat([self.inverse[old], added.inverse]),
            eigenvalue=np.concatenate([self.eigenvalue[old], added.eigenvalue]),
            index=np.concatenate([self.index[old], added.index]),
        )

    def capture(
        self, h: Float[Tensor, "start unit"], residual: Float[Tensor, "start unit"]
    ) -> tuple[Bool[Tensor, "start"], Int[Tensor, "start"]]:
        """Whether the linearisation at the nearest root r explains F(h) − h, and which root that is.

        |h + (I − J_r)⁻¹ (F(h) − h) − r| ≤ 0.1 |h − r|: Newton's method would go to r. Near another root the left side is |h − r|.
        """
        distance, nearest = torch.cdist(h, self.state).min(dim=1)
        order = nearest.argsort()
        error, residual = (h - self.state[nearest])[order], residual[order]
        first = 0
        for root, number in enumerate(nearest.bincount().tolist()):  # a matrix for each start would not stay in the cache
            if number:
                rows = slice(first, first + number)
                error[rows].addmm_(residual[rows], self.inverse[root].T)
                first += number
        captured = torch.empty_like(nearest, dtype=torch.bool)
        captured[order] = error.norm(dim=1) <= _LINEAR * distance[order]
        return captured, nearest


def newton(
    step: Map,
    jacobian: Map,
    starts: Float[Tensor, "start unit"],
    box: Box,
    solver: Callable[[Tensor], Map] | None = None,
    known: Roots | None = None,
) -> tuple[Float[Tensor, "start unit"], Float[Tensor, "start"]]:
    """Where each start ends, and |F(h) − h|₂ there.

    Damped Newton on G(h) = F(h) − h inside the box: the Newton step, shortened to the longest allowed, is halved until |G|² falls,
    and followed by another one with the same factors; where no step does, a Levenberg–Marquardt step (GᵀG' ...) with a damping of its
    own is tried. Starts leave the batch when they are done, when the linearisation at a known root says that they go there (they end
    at that root), and when they sit in a minimum of |G| that is no root: the damping shows it, or |G| that does not fall for
    a number of steps. float64.

    Args:
        step: F, broadcasting over starts.
        jacobian: ∂F/∂h, broadcasting over starts.
        solver: h -> (G -> (I − ∂F/∂h)⁻¹ G), where the map's structure gives it at less cost than `newton_solver` of the Jacobian.
        known: roots found before.
    """
    solver = solver or (lambda h: newton_solver(jacobian(h)))
    h = box.clamp(starts).clone()
    n = h.shape[1]
    goal = _POLISHED * n**0.5
    g = step(h) - h
    speed = g.norm(dim=1)
    milestone = speed.clone()
    damping = torch.full_like(speed, 1e-2)
    active = torch.nonzero(speed > goal).squeeze(1)
    for iteration in range(1, _ITERATIONS + 1):
        if known is not None and len(known.state) and len(active):
            captured, root = known.capture(h[active], g[active])
            h[active[captured]], speed[active[captured]] = known.state[root[captured]], known.speed[root[captured]]
            active = active[~captured]
        if not len(active):
            break
        here, residual = h[active], g[active]
        solve = solver(here)
        full = solve(residual)
        full = torch.where(full.isfinite().all(1, keepdim=True), full, torch.zeros_like(full))
        full *= (box.longest_step / full.abs().amax(1, keepdim=True).clamp_min(1e-300)).clamp_max(1)
        found = _backtrack(step, box, here, residual, full, speed[active])

        stuck = torch.nonzero(~found.accepted).squeeze(1)
        if len(stuck):
            rows = active[stuck]
            trial = box.clamp(here[stuck] + _levenberg(jacobian(here[stuck]), residual[stuck], damping[rows]))
            trial_residual = step(trial) - trial
            better = trial_residual.norm(dim=1) < speed[rows]
            found.take(stuck[better], trial[better], trial_residual[better])
            damping[rows] = torch.where(better, damping[rows] / 5, damping[rows] * 10)
        else:
            _chord(step, box, solve, found)

        h[active], g[active] = found.state, found.residual
        speed[active] = found.residual.norm(dim=1)
        active = active[(speed[active] > goal) & (damping[active] < 1e8)]
        if iteration % _PATIENCE == 0:
            active = active[speed[active] < _PROGRESS * milestone[active]]
            milestone[active] = speed[active]
    return h, speed


def _chord(step: Map, box: Box, solve: Map, found: _Found) -> None:
    """A second step with the factors of the first, taken where |G| falls well: near a root it saves a factorisation (Shamanskii 1967)."""
    trial = box.clamp(found.state + solve(found.residual))
    residual = step(trial) - trial
    rows = torch.nonzero(residual.norm(dim=1) < _CHORD * found.residual.norm(dim=1)).squeeze(1)
    found.take(rows, trial[rows], residual[rows])


def _levenberg(jacobians: Tensor, residual: Tensor, damping: Tensor) -> Tensor:
    """−(AᵀA + damping I)⁻¹ Aᵀ G with A = ∂G/∂h."""
    identity = torch.eye(jacobians.shape[-1], dtype=jacobians.dtype, device=jacobians.device)
    A = jacobians - identity
    normal = A.mT @ A + damping[:, None, None] * identity
    return torch.nan_to_num(torch.linalg.solve_ex(normal, -(A.mT @ residual.unsqueeze(-1)))[0].squeeze(-1))


@dataclass
class _Found:
    """Best states of a batch so far."""

    state: Tensor
    residual: Tensor
    accepted: Bool[Tensor, "start"]

    def take(self, rows: Tensor, state: Tensor, residual: Tensor) -> None:
        self.state[rows], self.residual[rows], self.accepted[rows] = state, residual, True


def _backtrack(step: Map, box: Box, here: Tensor, residual: Tensor, move: Tensor, speed: Tensor) -> _Found:
    found = _Found(here.clone(), residual.clone(), torch.zeros(len(here), dtype=torch.bool, device=here.device))
    length = 1.0
    for _ in range(_HALVINGS):
        rows = torch.nonzero(~found.accepted).squeeze(1)
        if not len(rows):
            break
        trial = box.clamp(here[rows] + length * move[rows])
        moved = step(trial) - trial
        better = moved.norm(dim=1) < (1 - 1e-4 * length) * speed[rows]
        found.take(rows[better], trial[better], moved[better])
        length /= 2
    return found


def merge(
    points: Float[np.ndarray, "start unit"], speed: Float[np.ndarray, "start"], radius: float
) -> tuple[Int[np.ndarray, "point"], Int[np.ndarray, "start"]]:
    """Distinct points: the slowest first, each one kept unless it lies within `radius` of one kept before.

    Returns:
        Rows of the distinct points, by rising speed; and for every start the number of the distinct point nearest to it.
    """
    apart = cdist(points, points) > radius
    left = np.argsort(speed, kind="stable")
    kept: list[int] = []
    while len(left):
        kept.append(int(left[0]))
        left = left[apart[left[0], left]]
    return np.array(kept, dtype=np.int64), nearest(points, points[kept])


def nearest(states: Float[np.ndarray, "start unit"], points: Float[np.ndarray, "point unit"]) -> Int[np.ndarray, "start"]:
    """Number of the point nearest to each state."""
    return cdist(states, points).argmin(1) if len(states) else np.zeros(0, dtype=np.int64)


def spectrum(jacobians: Float[Tensor, "point unit unit"]) -> Complex[np.ndarray, "point mode"]:
    """Eigenvalues of each Jacobian by falling modulus, conjugates with the positive imaginary part first."""
    values = torch.linalg.eigvals(jacobians).cpu().numpy()
    return np.take_along_axis(values, by_modulus(values), axis=1)


def by_modulus(eigenvalues: Complex[np.ndarray, "point mode"]) -> Int[np.ndarray, "point mode"]:
    """Order of eigenvalues by falling modulus, conjugates with the positive imaginary part first."""
    return np.lexsort((-eigenvalues.imag, -np.abs(eigenvalues)), axis=1)


def index_sign(eigenvalues: Complex[np.ndarray, "point mode"]) -> Int[np.ndarray, "point"]:
    """sign det(I − J) = Π sign(1 − λ) over the real eigenvalues λ of J (a conjugate pair gives |1 − λ|²): the index of each fixed point.

    For a map of a bounded box into itself the indices of all fixed points sum to 1 (Lefschetz, Hopf); a sum that is not 1 proves
    missed or false points, a sum of 1 does not prove completeness.
    """
    return np.where(eigenvalues.imag == 0, np.sign(1 - eigenvalues.real), 1).prod(axis=1).astype(np.int64)
