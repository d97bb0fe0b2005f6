"""Where a leaky network goes when it is left alone: to rest, to a cycle, or to neither."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final, final

import numpy as np
from jaxtyping import Float, Int

from rnnpop.numerics.eigenvalues import UNSTABLE
from rnnpop.numerics.leaky_fixed_points import Plane
from rnnpop.numerics.recurrences import Recurrence

#: What a run may come to, from the simplest on.
KINDS: Final = ("origin", "fixed point", "limit cycle", "torus or chaos", "diverged")
_ORIGIN, _POINT, _CYCLE, _OTHER, _DIVERGED = range(len(KINDS))

#: Multiple of the largest norm of a start beyond which a run has escaped, for φ that has no bound (one that has keeps every run finite).
_ESCAPED = 1e6
#: Samples of a run that are looked at; the longest time between two of them in units of τ, for which there may be more; how many at most.
_SAMPLES, _SPACING, _MOST = 1500, 0.2, 4500
#: Shares of the largest norm of a run: what is nothing; how near a stable root is that a run comes closer to.
_NOTHING, _NEAR = 1e-6, 0.05
#: A run comes closer to a root if the distance falls to this share between the first and the last quarter of what is looked at.
_CLOSER = 0.97
#: A cycle closes if, one period later, no state is farther off than this share of its diameter. (A run that comes to one slowly closes well
#: on its way, and a torus closes to any share after enough turns.)
_CLOSED = 1e-3
#: A return comes within this share of the diameter; so many of the latest are tried as the period.
_RETURN, _RETURNS = 0.1, 40
#: A path of more than so many diameters goes to and fro; a shorter one creeps along.
_WANDERS = 4
#: States kept of each stretch of a run.
_KEPT = 32
#: Newton steps to a root that is near, and the length of the last one as a share of the largest norm.
_NEWTON, _POLISHED = 25, 1e-11


@final
@dataclass(frozen=True)
class LimitSet:
    """What noise-free runs of one network came to.

    Attributes:
        kind: number in `KINDS` of what each run came to.
        end: last state of each run.
        period: of those that came to a limit cycle, in units of τ; NaN of others.
        visited: a few states of each run, from its start on; runs that escaped left out.
    """

    kind: Int[np.ndarray, "start"]
    end: Float[np.ndarray, "start unit"]
    period: Float[np.ndarray, "start"]
    visited: Float[np.ndarray, "sample unit"]

    @property
    def counts(self) -> dict[str, int]:
        """Runs by what they came to."""
        return {name: int((self.kind == number).sum()) for number, name in enumerate(KINDS)}

    @property
    def majority(self) -> str:
        """What most runs came to; of two with as many runs the more complex one. Empty without a run."""
        counts = np.bincount(self.kind, minlength=len(KINDS))
        return KINDS[len(KINDS) - 1 - int(counts[::-1].argmax())] if len(self.kind) else ""


def classify(network: Recurrence, starts: Float[np.ndarray, "start unit"], *, steps: int = 5000, doublings: int = 4) -> LimitSet:
    """What each noise-free run from `starts` comes to, without input.

    A run goes on for `steps`; what it does in the second half is looked at. Where that does not decide it goes on, each time as long as it
    has been, at most `doublings` times. It has come to

    - a fixed point, where Newton's method leads from its last state to a stable root nearby that it comes closer to (a mode of 1000 τ need
      not have died out); to the origin, where that root is the state 0, to within 1e-6 of the largest norm of the run;
    - a limit cycle, where all states of the last turn are those of one period before, within 1e-3 of its diameter;
    - torus or chaos, where it goes to and fro, but does not close;
    - diverged, where it is not finite or, with a φ that has no bound, 1e6 times as far out as it began.

    A run that does none of this by the end creeps along: it counts as one to a fixed point, as on a line of points that are nearly fixed.
    """
    if not np.isfinite(network.weights).all():
        return LimitSet(np.full(len(starts), _DIVERGED), starts.astype(float), np.full(len(starts), np.nan), np.empty((0, network.units)))
    view = _View(network, Plane.of(network), float(np.linalg.norm(starts, axis=1).max(initial=0.0)))
    kind, period = np.full(len(starts), -1), np.full(len(starts), np.nan)
    state, size = starts.astype(float), np.linalg.norm(starts, axis=1)
    kept: list[list[np.ndarray]] = [[] for _ in starts]
    lengths = [steps // 2, steps - steps // 2, *(steps * 2**done for done in range(doublings))]
    with np.errstate(over="ignore", invalid="ignore"):
        for number, length in enumerate(lengths):
            undecided = np.flatnonzero(kind < 0)
            if not len(undecided):
                break
            paths, spacing = view.record(state[undecided], length)
            state[undecided] = paths[-1]
            for run, path in zip(undecided, paths.swapaxes(0, 1), strict=True):
                kept[run].append(path[:: max(len(path) // _KEPT, 1)])
                size[run] = np.fmax(size[run], np.linalg.norm(path, axis=1).max())
                if number or not view.bounded(path[-1]):
                    kind[run], turn = view.decide(path, size[run], last=number == len(lengths) - 1)
                    period[run] = turn * spacing
    sound = [path for run, paths in enumerate(kept) if kind[run] != _DIVERGED for path in paths]
    return LimitSet(kind, state, period, np.concatenate([np.empty((0, network.units)), *sound]))


@dataclass(frozen=True)
class _View:
    """What decides about the runs of one network.

    Attributes:
        begun: largest norm of a start.
        roots: stable ones that runs have come to.
    """

    network: Recurrence
    plane: Plane
    begun: float
    roots: list[np.ndarray] = field(default_factory=list)

    def bounded(self, state: Float[np.ndarray, "unit"]) -> bool:
        """Whether a run has not escaped."""
        return bool(np.isfinite(state).all()) and (
            self.network.activation == "tanh" or bool(np.linalg.norm(state) <= _ESCAPED * self.begun)
        )

    def record(self, state: Float[np.ndarray, "run unit"], length: int) -> tuple[Float[np.ndarray, "sample run unit"], float]:
        """Evenly spaced states over the next `length` steps, the last included, or over the end of them; and their spacing in τ."""
        leak = self.network.leak
        stride = max(min(-(-length // _SAMPLES), int(_SPACING / leak)), 1)
        samples = np.empty((min(max(length // stride, 1), _MOST), *state.shape))
        for _ in range(length - stride * len(samples)):
            state = self.plane.advance(state)
        for sample in samples:
            for _ in range(stride):
                state = self.plane.advance(state)
            sample[:] = state
        return samples, stride * leak

    def decide(self, path: Float[np.ndarray, "sample unit"], size: float, last: bool) -> tuple[int, float]:
        """Kind of a run, -1 for none as yet, and the period of a cycle in samples; `size`: its largest norm so far."""
        if not self.bounded(path[-1]):
            return _DIVERGED, np.nan
        quarter = max(len(path) // 4, 1)
        root = self._root(path[-1], size) if _narrows(path, quarter, size) else None
        if root is not None:
            away = np.linalg.norm(path - root, axis=1)
            closer = away[-quarter:].max() <= max(_CLOSER * away[:quarter].max(), _NOTHING * size)
            if closer and (last or away[-1] <= _NEAR * size):
                return (_ORIGIN if np.linalg.norm(root) <= _NOTHING * size else _POINT), np.nan
        turn, gap = closing(path)
        if gap <= _CLOSED:
            return _CYCLE, turn
        if not last:
            return -1, np.nan
        diameter = np.linalg.norm(path - path[-1], axis=1).max()
        wanders = np.linalg.norm(np.diff(path, axis=0), axis=1).sum() > _WANDERS * diameter
        return (_OTHER if wanders and diameter > _NOTHING * size else _POINT), np.nan

    def _root(self, state: Float[np.ndarray, "unit"], size: float) -> Float[np.ndarray, "unit"] | None:
        """The stable fixed point that Newton's method, undamped, leads to from here; None if it goes far or to one that is not stable."""
        for root in self.roots:
            if np.linalg.norm(state - root) <= 10 * _NOTHING * size:
                return root
        root, move = state.copy(), np.inf
        for _ in range(_NEWTON):
            try:
                step = np.linalg.solve(np.eye(len(root)) - self.network.jacobian(root), self.network.step(root) - root)
            except np.linalg.LinAlgError:
                return None
            root, move = root + step, float(np.linalg.norm(step))
            if not np.linalg.norm(root - state) <= size:
                return None
            if move <= _POLISHED * size:
                break
        if move > _POLISHED * size:
            return None
        if any(np.linalg.norm(root - known) <= _NOTHING * size for known in self.roots):
            return root
        if np.abs(np.linalg.eigvals(self.network.jacobian(root))).max() > UNSTABLE:
            return None
        self.roots.append(root)
        return root


def closing(path: Float[np.ndarray, "sample unit"]) -> tuple[float, float]:
    """The period of a path that runs round a closed curve, in samples, and how far it is from closing.

    Returns to the neighbourhood of the last state, the latest first, are taken for the period, until the states of the whole last turn are
    found again one period before, in between samples by a cubic. A period is tried as a whole number, too: few states in turn need no
    curve between them. The gap is the largest distance between the two turns over the diameter of the path. (NaN, inf) of a path that does
    not return within a half of its length.
    """
    squared = ((path - path[-1]) ** 2).sum(1)
    inner = np.arange(len(path) // 2 + 3, len(path) - 2)
    lowest = (squared[inner] <= squared[inner - 1]) & (squared[inner] < squared[inner + 1])
    returns = inner[lowest & (squared[inner] <= _RETURN**2 * squared.max())][::-1][:_RETURNS]
    best = np.nan, np.inf
    for place in returns:
        before, here, after = squared[place - 1 : place + 2]
        whole = float(len(path) - 1 - place)
        between = whole - (before - after) / (2 * (before - 2 * here + after))
        best = min(best, (whole, _misfit(path, whole)[0]), _refined(path, between), key=lambda found: found[1])
        if best[1] <= _CLOSED:
            break
    return best


def _refined(path: Float[np.ndarray, "sample unit"], turn: float) -> tuple[float, float]:
    """The period near `turn` by which the path closes best, after three steps of Gauss and Newton, and its gap."""
    for _ in range(3):
        _, off, velocity = _misfit(path, turn)
        turn -= float(np.clip((off * velocity).sum() / max((velocity**2).sum(), np.finfo(float).tiny), -0.5, 0.5))
    return turn, _misfit(path, turn)[0]


def _misfit(
    path: Float[np.ndarray, "sample unit"], turn: float
) -> tuple[float, Float[np.ndarray, "last unit"], Float[np.ndarray, "last unit"]]:
    """Gap between the states of the last turn and those `turn` samples before; how far each is off, and its velocity there."""
    last = np.arange(len(path) - int(np.ceil(turn)) - 1, len(path))
    place = np.floor(last - turn).astype(int)
    f = (last - turn - place)[:, None]
    a, b, c, d = (path[place + offset] for offset in (-1, 0, 1, 2))
    # Lagrange's cubic through the four samples around
    value = b + f * ((c - a / 3 - b / 2 - d / 6) + f * ((a + c) / 2 - b + f * ((d - a) / 6 + (b - c) / 2)))
    off = path[last] - value
    diameter = np.linalg.norm(path - path[-1], axis=1).max()
    return float(np.linalg.norm(off, axis=1).max() / diameter), off, c - b


def _narrows(path: Float[np.ndarray, "sample unit"], quarter: int, size: float) -> bool:
    """Whether the last quarter of a path spreads less than the first, or not at all."""
    first, last = (np.linalg.norm(part - part.mean(0), axis=1).max() for part in (path[:quarter], path[-quarter:]))
    return bool(last <= max(_CLOSER * first, _NOTHING * size))
