"""Multidimensional scaling: a distance matrix as points in few dimensions, the same picture every time."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.spatial.distance import pdist, squareform
from scipy.stats import spearmanr
from sklearn.manifold import smacof

_ITERATIONS, _PRECISION = 300, 1e-7


class Scaling(NamedTuple):
    """Points, and how far their distances are from those given.

    Attributes:
        position: centred points along their principal axes, in units of the distance.
        stress: Kruskal's stress-1, sqrt(sum (d - delta)^2 / sum delta^2), d given and delta in the picture; 0 is perfect.
        rank_correlation: Spearman correlation of d and delta; NaN where either is constant.
    """

    position: Float[np.ndarray, "point axis"]
    stress: float
    rank_correlation: float


def classical_scaling(distance: Float[np.ndarray, "point point"], axes: int) -> Float[np.ndarray, "point axis"]:
    """Leading eigenvectors of the double-centred -d^2/2, times the roots of their eigenvalues (Torgerson 1952).

    Directions of negative or missing eigenvalue are zero.
    """
    gram = -0.5 * distance**2
    gram = gram - gram.mean(axis=0) - gram.mean(axis=1)[:, None] + gram.mean()
    values, vectors = np.linalg.eigh(gram)
    leading = slice(None, -axes - 1, -1)
    found = vectors[:, leading] * np.sqrt(np.maximum(values[leading], 0.0))
    return np.pad(found, ((0, 0), (0, axes - found.shape[1])))


def metric_scaling(distance: Float[np.ndarray, "point point"], axes: int = 2) -> Scaling:
    """Metric MDS by SMACOF (de Leeuw 1977) from the classical solution; one run, fixed iterations and precision.

    SMACOF fixes neither rotation nor reflection: points are turned to their principal axes, and each axis so that its
    coordinate of largest magnitude is positive.

    Args:
        distance: symmetric and finite; the diagonal is taken as 0.
        axes: dimensions of the picture.
    """
    if len(distance) < 2 or not (given := squareform(distance, checks=False)).any():  # one place: nothing to scale
        return Scaling(np.zeros((len(distance), axes)), 0.0, np.nan)
    distance = squareform(given)
    start = classical_scaling(distance, axes)
    found, _ = smacof(distance, init=start, n_init=1, max_iter=_ITERATIONS, eps=_PRECISION, n_components=axes, normalized_stress=False)
    position = _upright(found)
    drawn = pdist(position)
    stress = float(np.sqrt(np.sum((given - drawn) ** 2) / np.sum(drawn**2)))
    constant = np.ptp(given) == 0 or np.ptp(drawn) == 0
    return Scaling(position, stress, np.nan if constant else float(spearmanr(given, drawn).statistic))


def _upright(points: Float[np.ndarray, "point axis"]) -> Float[np.ndarray, "point axis"]:
    centred = points - points.mean(axis=0)
    _, _, right = np.linalg.svd(centred, full_matrices=False)
    turned = np.pad(centred @ right.T, ((0, 0), (0, points.shape[1] - len(right))))
    largest = np.take_along_axis(turned, np.abs(turned).argmax(axis=0)[None], axis=0)
    return turned * np.where(largest < 0, -1.0, 1.0)
