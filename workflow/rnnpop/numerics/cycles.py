"""Closed orbits of one network: how often they come round, and how far a state is from one."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.interpolate import CubicSpline
from scipy.spatial.distance import cdist

#: Bins of the phase in which samples of an orbit are averaged, and straight pieces of the curve through them. A piece of a circle of radius
#: r misses it by r (2π/pieces)²/8, and an average over a bin by r (2π/bins)²/24.
_BINS, _PIECES = 96, 384


def upward_crossings(signal: Float[np.ndarray, "time"]) -> Float[np.ndarray, "crossing"]:
    """Times, in steps, at which a signal rises through its mean; interpolated along the straight line between steps."""
    height = signal - signal.mean()
    before = np.flatnonzero((height[:-1] < 0) & (height[1:] >= 0))
    return before + height[before] / (height[before] - height[before + 1])


def turns(crossings: Float[np.ndarray, "crossing"]) -> tuple[float, float, float]:
    """Period of an orbit, time of its first crossing (both in steps, by least squares), and relative spread over its turns.

    The spread is the standard deviation of single turns over their mean. NaN with fewer than three crossings.
    """
    if len(crossings) < 3:
        return np.nan, np.nan, np.nan
    period, first = np.polynomial.Polynomial.fit(np.arange(len(crossings)), crossings, 1).convert().coef[::-1]
    single = np.diff(crossings)
    return float(period), float(first), float(single.std() / single.mean())


def closed_curve(states: Float[np.ndarray, "time unit"], period: float, first: float = 0.0) -> Float[np.ndarray, "place unit"]:
    """Places along the closed curve that samples of a periodic orbit lie on; the last place is the first.

    Samples of all turns are ordered by phase, so that a curve with few samples a turn is known in between, and joined by a periodic
    cubic spline.

    Args:
        period, first: length of a turn and where phase is 0, in steps.
    """
    phase = (np.arange(len(states)) - first) / period % 1
    number = np.minimum((phase * _BINS).astype(int), _BINS - 1)  # a phase that rounds to 1 is in the last bin
    member = number == np.arange(_BINS)[:, None]
    member = member[member.any(1)] / member.sum(1, keepdims=True)[member.any(1)]
    places, values = member @ phase, member @ states
    # two knots side by side, across the edge of a bin, would make a derivative of their noise
    apart = (places - np.roll(places, 1)) % 1 > 0.5 / _BINS
    places, values = places[apart], values[apart]
    place, value = np.append(places, places[:1] + 1), np.concatenate([values, values[:1]])
    if len(value) < 4:  # two or three states in turn: no curve goes between them
        return value
    return CubicSpline(place, value, bc_type="periodic")(place[0] + np.linspace(0, 1, _PIECES + 1))


def distance_to_orbit(
    points: Float[np.ndarray, "point unit"], states: Float[np.ndarray, "time unit"], curve: Float[np.ndarray, "place unit"]
) -> Float[np.ndarray, "point"]:
    """Distance of each point to the nearest of an orbit's samples and of the straight pieces between successive places of its curve.

    The curve is known where there are no samples, because turns are locked to the steps; the samples are known where the orbit is
    no smooth curve, because it has kinks or comes back to itself only after several turns.
    """
    start, piece = curve[:-1], np.diff(curve, axis=0)
    away = points[:, None] - start
    length = np.maximum((piece**2).sum(1), np.finfo(float).tiny)
    share = np.clip(np.einsum("psu,su->ps", away, piece) / length, 0, 1)
    to_curve = np.sqrt(((away - share[..., None] * piece) ** 2).sum(-1).min(1))
    return np.minimum(to_curve, cdist(points, states).min(1))
