"""How a network's points lie to each other: spanning tree, nearest neighbours, ranks of distances; and how two networks' ways agree.

All of it is whole numbers, so that no order of summation can change a bit of it.
"""

from __future__ import annotations

import numpy as np
from jaxtyping import Float

#: Distances are told apart down to this fraction of the largest. What is nearer than that is a tie, which the order of the places
#: breaks: not rounding, where a network's own symmetry makes distances equal.
RESOLUTION = 2.0**-30


def distance_levels(states: Float[np.ndarray, "place unit"]) -> Float[np.ndarray, "place place"]:
    """Euclidean distances of all pairs of states, as whole multiples of `RESOLUTION` times the largest."""
    apart = np.sqrt(((states[:, None] - states) ** 2).sum(axis=2))
    return np.round(apart / (RESOLUTION * apart.max(initial=0.0) or 1.0))


def spanning_tree(distances: Float[np.ndarray, "place place"]) -> Float[np.ndarray, "place place"]:
    """The minimum spanning tree (Kruskal 1956): 1 above the diagonal for each of its edges, else 0.

    Of edges of equal length, the one between the earlier places goes first, so there is one tree.
    """
    tree = np.zeros_like(distances)
    part = np.arange(len(distances))
    ends = np.triu_indices(len(distances), 1)
    for edge in np.argsort(distances[ends], kind="stable"):
        one, other = ends[0][edge], ends[1][edge]
        if part[one] != part[other]:
            tree[one, other] = 1
            part[part == part[other]] = part[one]
    return tree


def nearest_neighbours(distances: Float[np.ndarray, "place place"], number: int) -> Float[np.ndarray, "place place"]:
    """1 from each place to its `number` nearest others (to all of them if there are fewer), else 0; ties in the order of places."""
    return (_ranks(distances) <= number) * _others(distances)


def centred_ranks(distances: Float[np.ndarray, "place place"]) -> Float[np.ndarray, "place place"]:
    """Rank of each other place by distance, row by row, less the mean rank, times 2 (whole numbers); 0 on the diagonal."""
    return (2 * _ranks(distances) - len(distances)) * _others(distances)


def _ranks(distances: Float[np.ndarray, "place place"]) -> Float[np.ndarray, "place place"]:
    """Rank of each other place by distance, row by row: 1 for the nearest, ties in the order of places; 0 on the diagonal."""
    own_first = np.where(np.eye(len(distances), dtype=bool), -1.0, distances)
    return np.argsort(np.argsort(own_first, axis=1, kind="stable"), axis=1).astype(float)


def _others(distances: Float[np.ndarray, "place place"]) -> Float[np.ndarray, "place place"]:
    return 1.0 - np.eye(len(distances))


def overlaps(
    first: Float[np.ndarray, "network place place"], second: Float[np.ndarray, "partner place place"]
) -> tuple[Float[np.ndarray, "network partner"], Float[np.ndarray, " network"], Float[np.ndarray, " partner"]]:
    """Inner products <R_a, R_b> of whole-number relations, and <R_a, R_a>, <R_b, R_b>: exact; NaN where a relation is."""
    rows, columns = (relations.reshape(len(relations), -1) for relations in (first, second))
    return rows @ columns.T, (rows**2).sum(axis=1), (columns**2).sum(axis=1)


def disagreements(
    first: Float[np.ndarray, "network place place"], second: Float[np.ndarray, "partner place place"]
) -> Float[np.ndarray, "network partner"]:
    """d = 1 - <R_a, R_b> / max(<R_a, R_a>, <R_b, R_b>) for all pairs of whole-number relations.

    Trees: one less the fraction of shared edges, 0 to 1, a metric. Centred ranks: one less Spearman's correlation, 0 to 2. The
    larger of the two is 1 in the quotient, so what one of them lacks counts as disagreement, and each is at distance 0 from itself.
    Two empty relations are at distance 0.
    """
    shared, own, partner = overlaps(first, second)
    larger = np.maximum(own[:, None], partner)
    return 1.0 - np.divide(shared, larger, out=np.where(larger == 0, 1.0, np.nan), where=larger > 0)
