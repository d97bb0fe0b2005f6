"""How many dimensions a cloud of points has, by what its distances say: no axes are fitted, so a curve counts as one dimension."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from jaxtyping import Float, Int
from scipy.spatial.distance import pdist, squareform
from sklearn.manifold import LocallyLinearEmbedding

from rnnpop.numerics.eigenvalues import participation

#: Points that are looked at, at most: distances of all pairs are kept.
_POINTS: Final = 600
#: Percentiles of the distances between which the correlation dimension is read, and how many radii there.
_RANGE: Final = (2.5, 97.5)
_RADII: Final = 20
#: Neighbours of a locally linear embedding.
_EMBEDDED: Final = 10


def spread_evenly(points: Float[np.ndarray, "point unit"], apart: float, most: int = _POINTS) -> Int[np.ndarray, "chosen"]:
    """So many points at most, evenly along their order, without those that are no farther than `apart` from an earlier one.

    Points in one place have no dimension between them, and where search has brought many to one place, only its own inaccuracy.
    """
    chosen = np.linspace(0, len(points) - 1, min(most, len(points))).astype(np.int64)
    near, kept = _between(points[chosen]) <= apart, np.zeros(len(chosen), dtype=bool)
    for place in range(len(chosen)):
        kept[place] = not (near[place] & kept).any()
    return chosen[kept]


def nearest_neighbours(points: Float[np.ndarray, "point unit"], neighbours: Sequence[int]) -> Float[np.ndarray, "number"]:
    """Levina & Bickel's estimate from each point's k nearest neighbours, for each k; NaN where there are no more than k points.

    1 / m = mean over points of Σ_{j<k} ln(T_k / T_j) / (k − 1), T_j the distance of the j-th neighbour. Inverses are averaged, as they
    have no bias (MacKay & Ghahramani 2005), and not m as by Levina & Bickel.

    Args:
        points: no two in one place.
        neighbours: numbers k, at least 2.

    Source: Levina & Bickel 2004.
    """
    found = np.full(len(neighbours), np.nan)
    order = np.sort(_between(points), axis=1)[:, 1:]
    for place, number in enumerate(neighbours):
        if len(points) > number:
            logs = np.log(order[:, number - 1 : number] / order[:, : number - 1])
            found[place] = len(points) * (number - 1) / logs.sum()
    return found


def correlation_dimension(points: Float[np.ndarray, "point unit"]) -> float:
    """Slope of ln C(r) on ln r, C the share of pairs nearer than r, between percentiles of the distances; NaN for fewer than three points.

    Source: Grassberger & Procaccia 1983, with the range of Aitken et al. 2021's code.
    """
    if len(points) < 3:
        return np.nan
    distances = np.sort(pdist(points))
    low, high = np.percentile(distances, _RANGE)
    if not 0 < low < high:
        return np.nan
    radii = np.geomspace(low, high, _RADII)
    shares = np.searchsorted(distances, radii, side="right") / len(distances)
    return float(np.polyfit(np.log(radii), np.log(np.maximum(shares, 1 / len(distances))), 1)[0])


def local_participation(points: Float[np.ndarray, "point unit"], neighbours: int) -> float:
    """Median over points of the participation ratio of a point and its k nearest neighbours; NaN where there are no more than k points."""
    if len(points) <= neighbours:
        return np.nan
    near = np.argsort(_between(points), axis=1, kind="stable")[:, : neighbours + 1]
    clouds = points[near] - points[near].mean(axis=1, keepdims=True)
    return float(np.median([participation(sizes**2) for sizes in np.linalg.svd(clouds, compute_uv=False)]))


def along(points: Float[np.ndarray, "point unit"]) -> Float[np.ndarray, "point"]:
    """Places of points on the one coordinate of a locally linear embedding; NaN for too few.

    Each point is written as a sum of its neighbours, and places are those that are best written so (Roweis & Saul 2000): theta of
    Maheswaranathan et al. 2019, but for its scale and sign.

    Args:
        points: no two in one place.
    """
    if len(points) <= _EMBEDDED + 1:
        return np.full(len(points), np.nan)
    embedding = LocallyLinearEmbedding(n_neighbors=_EMBEDDED, n_components=1, eigen_solver="dense")
    return embedding.fit_transform(points)[:, 0]


def _between(points: Float[np.ndarray, "point unit"]) -> Float[np.ndarray, "point point"]:
    return squareform(pdist(points)) if len(points) > 1 else np.zeros((len(points), len(points)))
