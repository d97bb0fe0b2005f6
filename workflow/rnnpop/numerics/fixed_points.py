"""Fixed points F(h) = h of a map: starts, a boxed Newton search, duplicates, and what the Jacobian says of each point."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Complex, Float, Int
from torch import Tensor

Map = Callable[[Tensor], Tensor]

#: |λ| above which a direction is unstable.
UNSTABLE = 1 + 1e-6
#: The search goes on to this |F(h) − h| / √n, far below the tolerance at which a point counts as fixed: Newton gets there at no cost.
_POLISHED = 1e-13
_ITERATIONS = 60
_HALVINGS = 7
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
    mixed = number - number // 4
    starts = np.empty((number, states.shape[1]))
    for start, members in enumerate(rng.integers(2, 9, mixed)):
        starts[start] = rng.dirichlet(np.ones(members)) @ states[rng.integers(len(states), size=members)]
    noise = rng.standard_normal((number - mixed, states.shape[1])) * states.std(0) / 2
    starts[mixed:] = states[rng.integers(len(states), size=number - mixed)] + noise
    return starts


def midpoint_starts(points: Float[np.ndarray, "point unit"], limit: int, rng: np.random.Generator) -> Float[np.ndarray, "start unit"]:
    """Midpoints of pairs and of fours of the given (stable) points, and the mean of all: where the saddles between them lie.

    At most `limit`; which ones, `rng` decides.
    """
    groups = [
        group
        for size in (2, 4)
        if size <= len(points)
        for group in itertools.islice(itertools.combinations(range(len(points)), size), 20_000)
    ]
    if len(groups) > limit:
        groups = [groups[place] for place in np.sort(rng.choice(len(groups), limit, replace=False))]
    if len(points) > 1:
        groups.append(tuple(range(len(points))))
    return np.array([points[list(group)].mean(0) for group in groups]).reshape(-1, points.shape[1])


def newton(
    step: Map, jacobian: Map, starts: Float[Tensor, "start unit"], box: Box
) -> tuple[Float[Tensor, "start unit"], Float[Tensor, "start"]]:
    """Where each start ends, and |F(h) − h|₂ there.

    Damped Newton on G(h) = F(h) − h inside the box: the Newton step, shortened to the longest allowed, is halved until |G|² falls;
    where no step does, a Levenberg–Marquardt step (GᵀG' ...) with a damping of its own is tried. Starts that are done, or whose
    damping shows that they sit in a minimum of |G| that is no root, leave the batch. float64.

    Args:
        step: F, broadcasting over starts.
        jacobian: ∂F/∂h, broadcasting over starts.
    """
    h = box.clamp(starts).clone()
    n = h.shape[1]
    goal = _POLISHED * n**0.5
    g = step(h) - h
    speed = g.norm(dim=1)
    damping = torch.full_like(speed, 1e-2)
    identity = torch.eye(n, dtype=h.dtype, device=h.device)
    active = torch.nonzero(speed > goal).squeeze(1)
    for _ in range(_ITERATIONS):
        if not len(active):
            break
        here, residual = h[active], g[active]
        slope = jacobian(here) - identity
        move = torch.linalg.solve_ex(slope, -residual.unsqueeze(-1))[0].squeeze(-1)
        move = torch.where(move.isfinite().all(1, keepdim=True), move, torch.zeros_like(move))
        move *= (box.longest_step / move.abs().amax(1, keepdim=True).clamp_min(1e-300)).clamp_max(1)
        found = _backtrack(step, box, here, move, speed[active])

        stuck = torch.nonzero(~found.accepted).squeeze(1)
        if len(stuck):
            A, rows = slope[stuck], active[stuck]
            normal = A.mT @ A + damping[rows, None, None] * identity
            move = torch.linalg.solve_ex(normal, -(A.mT @ residual[stuck].unsqueeze(-1)))[0].squeeze(-1)
            trial = box.clamp(here[stuck] + torch.nan_to_num(move))
            trial_residual = step(trial) - trial
            better = trial_residual.norm(dim=1) < speed[rows]
            found.take(stuck[better], trial[better], trial_residual[better])
            damping[rows] = torch.where(better, damping[rows] / 5, damping[rows] * 10)

        h[active], g[active] = found.state, found.residual
        speed[active] = found.residual.norm(dim=1)
        active = active[(speed[active] > goal) & (damping[active] < 1e8)]
    return h, speed


@dataclass
class _Found:
    """Best states of a batch so far."""

    state: Tensor
    residual: Tensor
    accepted: Bool[Tensor, "start"]

    def take(self, rows: Tensor, state: Tensor, residual: Tensor) -> None:
        self.state[rows], self.residual[rows], self.accepted[rows] = state, residual, True


def _backtrack(step: Map, box: Box, here: Tensor, move: Tensor, speed: Tensor) -> _Found:
    found = _Found(here.clone(), step(here) - here, torch.zeros(len(here), dtype=torch.bool, device=here.device))
    length = 1.0
    for _ in range(_HALVINGS):
        rows = torch.nonzero(~found.accepted).squeeze(1)
        if not len(rows):
            break
        trial = box.clamp(here[rows] + length * move[rows])
        residual = step(trial) - trial
        better = residual.norm(dim=1) < (1 - 1e-4 * length) * speed[rows]
        found.take(rows[better], trial[better], residual[better])
        length /= 2
    return found


def merge(
    points: Float[np.ndarray, "start unit"], speed: Float[np.ndarray, "start"], radius: float
) -> tuple[Int[np.ndarray, "point"], Int[np.ndarray, "start"]]:
    """Distinct points: the slowest first, each one kept unless it lies within `radius` of one kept before.

    Returns:
        Rows of the distinct points, by rising speed; and for every start the number of the distinct point nearest to it.
    """
    order = np.argsort(speed, kind="stable")
    kept: list[int] = []
    for row in order:
        if not kept or np.linalg.norm(points[kept] - points[row], axis=1).min() > radius:
            kept.append(int(row))
    distances = ((points[:, None] - points[kept]) ** 2).sum(-1) if kept else np.zeros((0, 1))
    return np.array(kept, dtype=np.int64), distances.argmin(1)


def spectrum(jacobians: Float[Tensor, "point unit unit"]) -> Complex[np.ndarray, "point mode"]:
    """Eigenvalues of each Jacobian by falling modulus, conjugates with the positive imaginary part first."""
    values = torch.linalg.eigvals(jacobians).cpu().numpy()
    for row in values:
        row[:] = row[np.lexsort((-row.imag, -np.abs(row)))]
    return values


def index_sign(jacobians: Float[Tensor, "point unit unit"]) -> Int[np.ndarray, "point"]:
    """sign det(I − J): the index of each fixed point.

    For a map of a bounded box into itself the indices of all fixed points sum to 1 (Lefschetz, Hopf); a sum that is not 1 proves
    missed or false points, a sum of 1 does not prove completeness.
    """
    identity = torch.eye(jacobians.shape[-1], dtype=jacobians.dtype, device=jacobians.device)
    return torch.linalg.slogdet(identity - jacobians).sign.cpu().numpy().astype(np.int64)
