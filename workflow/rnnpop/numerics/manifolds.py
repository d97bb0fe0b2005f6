"""Slowest points of a map at given readouts: a nearly fixed manifold, cut by planes of constant readout."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from rnnpop.numerics.fixed_points import Box, Map

#: States nearest in readout to a level that are looked at, and the slowest of them, from which it is searched.
_NEAR, _STARTS = 64, 3
#: Steps of the map, each brought back to the plane, before a search: what contracts has died out by then.
_RELAXED = 20
_ITERATIONS = 30
#: A search ends when |G| falls by less than this share in a step, or when |G| / √n is as low as this.
_PROGRESS, _POLISHED = 1e-4, 1e-13
_DAMPING = 1e-3


@dataclass(frozen=True)
class Planes:
    """normal · h = offset. Directions within are the last n − 1 columns of a Householder reflection I − 2 v vᵀ that sends e₁ to ∓normal."""

    normal: Float[Tensor, "unit"]

    @property
    def mirror(self) -> Float[Tensor, "unit"]:
        """v, of length 1."""
        v = self.normal / self.normal.norm()
        v[0] += 1.0 if v[0] >= 0 else -1.0
        return v / v.norm()

    def onto(self, h: Float[Tensor, "level unit"], offsets: Float[Tensor, "level"]) -> Float[Tensor, "level unit"]:
        """The states of these planes that are nearest to h."""
        return h + ((offsets - h @ self.normal) / (self.normal @ self.normal)).unsqueeze(-1) * self.normal

    def relax(self, step: Map, h: Float[Tensor, "level unit"], offsets: Float[Tensor, "level"], box: Box) -> Float[Tensor, "level unit"]:
        """Some steps of the map, each brought back to the plane; the states themselves where that makes none slower, or leaves the box."""
        start = relaxed = self.onto(h, offsets)
        for _ in range(_RELAXED):
            relaxed = self.onto(step(relaxed), offsets)
        slower = (step(relaxed) - relaxed).norm(dim=1) < (step(start) - start).norm(dim=1)
        inside = (box.clamp(relaxed) == relaxed).all(1)
        return torch.where((slower & inside).unsqueeze(-1), relaxed, start)


def slowest_at(
    step: Map,
    jacobian: Map,
    normal: Float[Tensor, "unit"],
    offsets: Float[Tensor, "level"],
    visited: Float[Tensor, "sample unit"],
    box: Box,
) -> tuple[Float[Tensor, "level unit"], Float[Tensor, "level"]]:
    """argmin |F(h) − h|² subject to normal · h = offset, for each offset.

    Each level is searched from the slowest of the visited states that are nearest in readout; then, from either side, from where the
    points found at the two levels before lead. The slowest point found is kept. Levels are searched side by side, and nothing is
    drawn at random.

    Args:
        offsets: in their order along the manifold.

    Returns:
        The points, and |F(h) − h|₂ there; infinite where none was found (a readout of 0, states that are not finite).
    """
    planes = Planes(normal)
    near = (visited @ normal - offsets[:, None]).abs().topk(min(_NEAR, len(visited)), largest=False).indices
    slow = (step(visited) - visited).norm(dim=1)[near].topk(min(_STARTS, near.shape[1]), largest=False).indices
    state, speed = visited[near[:, 0]], torch.full_like(offsets, torch.inf)

    def keep_better(starts: Tensor) -> None:
        nonlocal state, speed
        found, found_speed = gauss_newton(step, jacobian, planes, planes.relax(step, starts, offsets, box), box)
        better = found_speed < speed
        state, speed = torch.where(better.unsqueeze(-1), found, state), torch.where(better, found_speed, speed)

    for start in near.gather(1, slow).T:
        keep_better(visited[start])
    for side in (1, -1):
        keep_better(2 * state.roll(side, 0) - state.roll(2 * side, 0))
    return state, speed


def gauss_newton(
    step: Map, jacobian: Map, planes: Planes, starts: Float[Tensor, "start unit"], box: Box
) -> tuple[Float[Tensor, "start unit"], Float[Tensor, "start"]]:
    """Where each start ends, and |F(h) − h|₂ there: a minimum of |G| = |F(h) − h| within the plane through the start.

    Levenberg–Marquardt within the plane: with M = (∂F/∂h − I) Z, Z an orthonormal basis of the plane's directions, the step is
    −Z (MᵀM + damping I)⁻¹ Mᵀ G, taken where |G| falls and the state stays in the box, for saturated gates outside make any state slow.
    """
    v, goal = planes.mirror, _POLISHED * starts.shape[1] ** 0.5
    h = starts.clone()
    low, high = torch.minimum(box.low, h), torch.maximum(box.high, h)
    g = step(h) - h
    speed = g.norm(dim=1)
    damping = torch.full_like(speed, _DAMPING)
    active = torch.nonzero(speed > goal).squeeze(1)
    for _ in range(_ITERATIONS):
        if not len(active):
            break
        here = h[active]
        A = jacobian(here)
        A.diagonal(dim1=-2, dim2=-1).sub_(1)
        M = torch.addcmul(A, (A @ v).unsqueeze(-1), v, value=-2)[..., 1:]
        normal = M.mT @ M
        normal.diagonal(dim1=-2, dim2=-1).add_(damping[active].unsqueeze(-1))
        factors, _ = torch.linalg.cholesky_ex(normal)
        within = torch.cholesky_solve(-(M.mT @ g[active].unsqueeze(-1)), factors).squeeze(-1)
        move = torch.nn.functional.pad(within, (1, 0)) - 2 * (within @ v[1:]).unsqueeze(-1) * v
        move *= (box.longest_step / move.abs().amax(1, keepdim=True).clamp_min(1e-300)).clamp_max(1)
        trial = here + move
        residual = step(trial) - trial
        fallen = residual.norm(dim=1)
        inside = ((trial >= low[active]) & (trial <= high[active])).all(1)
        better = inside & (fallen < speed[active])
        done = (better & (fallen > (1 - _PROGRESS) * speed[active])) | (fallen <= goal) | (damping[active] > 1e8)
        damping[active] = torch.where(better, damping[active] / 10, damping[active] * 10)
        rows = active[better]
        h[rows], g[rows], speed[rows] = trial[better], residual[better], fallen[better]
        active = active[~done]
    return h, speed
