"""Linear subspaces of centred samples: principal bases, and the canonical correlations of all pairs of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

#: A principal direction counts if its singular value is above this times the largest. States recorded in float32 carry rounding
#: noise of about 6e-8 of the largest singular value, which must not pass for a direction; 1e-6 is 1e-12 of the variance.
RANK_TOLERANCE = 1e-6


class Subspace(NamedTuple):
    """Principal subspace of one network's samples.

    Attributes:
        basis: orthonormal columns, the leading left singular vectors; zero columns beyond the rank.
        axes: the right singular vectors, zero columns beyond the rank.
        explained: fraction of the variance along each direction, zero beyond the rank.
    """

    basis: Float[np.ndarray, "sample component"]
    axes: Float[np.ndarray, "unit component"]
    explained: Float[np.ndarray, " component"]

    @property
    def rank(self) -> int:
        """Number of directions that are there at all: at most the components asked for."""
        return int(np.count_nonzero(self.explained))


def principal_subspace(samples: Float[np.ndarray, "sample unit"], components: int) -> Subspace:
    """Thin SVD X - mean(X) = U S V^T, cut to the leading `components` columns.

    Directions whose singular value is at most `RANK_TOLERANCE` times the largest are dropped (dead units, fewer units than
    components): their columns are zero, so the shapes do not depend on the rank.

    Args:
        samples: states in their own units, one row a (trial, time).
        components: columns k of the result.
    """
    centred = samples.astype(np.float64) - samples.mean(axis=0, dtype=np.float64)
    left, singular, right = np.linalg.svd(centred, full_matrices=False)
    kept = min(components, int(np.count_nonzero(singular > RANK_TOLERANCE * singular[0])))
    basis = np.zeros((len(centred), components))
    axes = np.zeros((centred.shape[1], components))
    explained = np.zeros(components)
    basis[:, :kept] = left[:, :kept]
    axes[:, :kept] = right[:kept].T
    if kept:
        explained[:kept] = singular[:kept] ** 2 / np.sum(singular**2)
    return Subspace(basis, axes, explained)


def canonical_correlations(
    first: Float[np.ndarray, "network sample component"],
    second: Float[np.ndarray, "partner sample component"],
    first_keys: np.ndarray,
    second_keys: np.ndarray,
) -> Float[np.ndarray, "network partner component"]:
    """Canonical correlations of all pairs: the singular values of Q_i^T Q_j, falling (Björck & Golub 1973).

    Every pair is one product of fixed shape, with the basis of the smaller key on the left. So a pair's numbers are the same,
    bit for bit, in whatever tile and on whichever side of it the two stand. (One large product over the stacked bases is five
    times faster, but its blocking, and with it the last bits, would depend on the tile.) The work is about 0.07 ms a pair for
    4096 samples and 10 components.

    Args:
        first: orthonormal bases (zero columns allowed); NaN throughout for a network without states.
        second: the partners' bases.
        first_keys: anything that orders the networks the same way everywhere: their names.
        second_keys: the partners' keys.

    Returns:
        Correlations from 0 to 1; NaN for pairs with a network that is NaN.
    """
    order = np.argsort(second_keys)
    absent_first, absent_second = (np.isnan(bases).any(axis=(1, 2)) for bases in (first, second))
    # LAPACK refuses NaN; the copies also keep numpy from the symmetric kernel that it has for a product of an array with itself
    left = np.where(absent_first[:, None, None], 0.0, first)
    right = np.where(absent_second[:, None, None], 0.0, second)[order]
    correlations = np.empty((len(first), len(second), first.shape[2]))
    for row, border in enumerate(np.searchsorted(second_keys[order], first_keys)):
        products = np.concatenate(
            [
                np.matmul(right[:border].transpose(0, 2, 1), left[row]),
                np.matmul(left[row].T, right[border:]),
            ]
        )
        correlations[row, order] = np.linalg.svd(products, compute_uv=False)
    correlations = np.minimum(correlations, 1.0)
    correlations[absent_first[:, None] | absent_second] = np.nan
    return correlations


def svcca_distances(
    correlations: Float[np.ndarray, "*pair component"],
    first_ranks: Int[np.ndarray, ...],
    second_ranks: Int[np.ndarray, ...],
) -> Float[np.ndarray, "*pair"]:
    """d = 1 - (sum of canonical correlations) / max(rank, rank'), from 0 to 1 (after Raghu et al. 2017).

    At full rank that is 1 - mean correlation over the k components. A direction that only one of the two subspaces has counts
    as a correlation of 0; a direction that neither has does not count, so a network of low rank is at distance 0 from itself.
    Two networks without any direction (constant states) are at distance 0.

    Args:
        correlations: of each pair; zeros where a direction is missing.
        first_ranks: ranks that broadcast against the pairs.
        second_ranks: the same for the partners.
    """
    ranks = np.maximum(first_ranks, second_ranks)
    mean = correlations.sum(axis=-1) / np.maximum(ranks, 1)
    return np.where(ranks > 0, 1.0 - mean, 0.0 * mean)
