"""Linear subspaces of centred samples: principal bases, and the singular values between all pairs of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

#: A principal direction counts if its singular value is above this times the largest. States recorded in float32 carry rounding
#: noise of about 6e-8 of the largest singular value, which must not pass for a direction; 1e-6 is 1e-12 of the variance, which is
#: still far above the rounding of a covariance in float64.
RANK_TOLERANCE = 1e-6

#: Bases are compared on a grid of this width. Products of two such numbers are multiples of 2^-52, and no partial sum of those of
#: two columns of length 1 exceeds 1, so every inner product is exact in float64: it does not depend on the order of summation, and
#: so not on the tile, the shape of the matrix product, the library, or the number of threads.
GRID = 2.0**-26

#: Columns of the left factor of one matrix product: enough for full speed, few enough that one triangle of pairs wastes little.
_PANEL = 256


class Subspace(NamedTuple):
    """Principal subspace of one network's samples.

    Attributes:
        basis: orthonormal rows, the leading left singular vectors; zero rows beyond the rank.
        axes: the right singular vectors, zero columns beyond the rank.
        explained: fraction of the variance along each direction, zero beyond the rank.
        deviations: standard deviation of the samples along each direction, in their own units; zero beyond the rank.
    """

    basis: Float[np.ndarray, "component sample"]
    axes: Float[np.ndarray, "unit component"]
    explained: Float[np.ndarray, " component"]
    deviations: Float[np.ndarray, " component"]

    @property
    def rank(self) -> int:
        """Number of directions that are there at all: at most the components asked for."""
        return int(np.count_nonzero(self.explained))


def principal_subspace(samples: Float[np.ndarray, "sample unit"], components: int) -> Subspace:
    """Thin SVD X - mean(X) = U S V^T, cut to the leading `components` columns.

    V is had from the eigenvectors of X^T X, ten times faster than the SVD; U = X V S^-1 is then made orthonormal by a Cholesky
    factor of its Gram matrix, as eigenvectors alone leave errors of 1e-16 (s_1 / s_k)^2 between directions. What remains is an
    error of the *subspace* of about 1e-16 s_1 / s_k over its gap, a thousandth of what rounding the states to float32 does to it,
    down to the rank tolerance.

    Directions whose singular value is at most `RANK_TOLERANCE` times the largest are dropped (dead units, fewer units than
    components): their rows of the basis are zero, so the shapes do not depend on the rank.

    Args:
        samples: states in their own units, one row a (trial, time).
        components: rows k of the basis.
    """
    centred = np.subtract(samples, samples.mean(axis=0, dtype=np.float64), dtype=np.float64)
    scatter = centred.T @ centred
    squares, vectors = np.linalg.eigh(scatter)
    kept = min(components, int(np.count_nonzero(squares > RANK_TOLERANCE**2 * squares[-1])))
    basis = np.zeros((components, len(centred)))
    axes = np.zeros((centred.shape[1], components))
    singular = np.zeros(components)
    if kept:
        axes[:, :kept] = vectors[:, : -kept - 1 : -1]
        singular[:kept] = np.sqrt(squares[: -kept - 1 : -1])
        nearly = centred @ (axes[:, :kept] / singular[:kept])
        factor = np.linalg.cholesky(nearly.T @ nearly)  # nearly the identity
        np.matmul(np.linalg.inv(factor), nearly.T, out=basis[:kept])
        singular[:kept] *= factor.diagonal()
    explained = singular**2 / (np.trace(scatter) if kept else 1.0)
    return Subspace(basis, axes, explained, singular / np.sqrt(len(centred)))


def singular_values(
    first: Float[np.ndarray, "network component sample"],
    second: Float[np.ndarray, "partner component sample"],
    first_keys: np.ndarray,
    second_keys: np.ndarray,
    first_weights: Float[np.ndarray, "network component"] | None = None,
    second_weights: Float[np.ndarray, "partner component"] | None = None,
    *,
    by_squares: bool = False,
) -> Float[np.ndarray, "network partner component"]:
    """Singular values of D_i Q_i^T Q_j D_j for all pairs, falling; D is diagonal, the identity if no weights are given.

    Q_i^T Q_j of many pairs is one matrix product, and of a block with itself only one triangle is computed. The bases are rounded
    to the `GRID`, on which the product is exact; each spectrum is that of one k x k matrix, the network of the smaller key on
    its left. So a pair's numbers are the same, bit for bit, in whatever tile and on whichever side of it the two stand.
    Rounding moves an entry of Q_i^T Q_j by 6e-9 (root mean square, whatever the number of samples), and so a singular value by
    6e-9 to 1.2e-8 sqrt(k), the more the closer it is to others.

    Args:
        first: orthonormal bases (zero rows allowed); NaN throughout for a network without states.
        second: the partners' bases.
        first_keys: anything that orders the networks the same way everywhere: their names.
        second_keys: the partners' keys.
        first_weights: diagonals of D.
        second_weights: the partners'.
        by_squares: take the roots of the eigenvalues of C C^T, C = D_i Q_i^T Q_j D_j, instead of an SVD of C: a third faster, but a
            value s is then off by about 1e-16 c^2 / s, c the largest, and by 1e-8 c where it is below that.

    Returns:
        Values of at least 0; NaN for pairs with a network that is NaN.
    """
    count, components, samples = first.shape
    rows = _on_grid(first)
    columns = rows if second is first else _on_grid(second)
    same = np.array_equal(first_keys, second_keys) and (columns is rows or np.array_equal(rows, columns))
    swapped = first_keys[:, None] > second_keys
    values = np.empty((count, len(second), components))
    panel = max(1, _PANEL // components)
    held = np.empty((2, min(panel, count) * components * len(second) * components))  # a new page costs more than a product
    for start in range(0, count, panel):
        here, there = slice(start, start + panel), slice(start if same else 0, None)
        left, right = (bases.reshape(-1, samples) for bases in (rows[here], columns[there]))
        size = len(left) * len(right)
        stacked = np.matmul(left, right.T, out=held[0, :size].reshape(len(left), len(right)))
        products = held[1, :size].reshape(-1, len(right) // components, components, components)
        products[:] = stacked.reshape(-1, components, len(right) // components, components).swapaxes(1, 2)
        if first_weights is not None and second_weights is not None:
            products *= first_weights[here, None, :, None] * second_weights[None, there, None, :]
        swap = swapped[here, there]
        products[swap] = products[swap].swapaxes(1, 2)
        if by_squares:
            squares = np.linalg.eigvalsh(products @ products.swapaxes(2, 3))[..., ::-1]
            values[here, there] = np.sqrt(np.maximum(squares, 0.0))
        else:
            values[here, there] = np.linalg.svd(products, compute_uv=False)
        if same:
            values[there, here] = values[here, there].swapaxes(0, 1)
    absent, absent_partner = (np.isnan(bases[:, 0, 0]) for bases in (first, second))
    values[absent[:, None] | absent_partner] = np.nan
    return values


def _on_grid(bases: Float[np.ndarray, "network component sample"]) -> Float[np.ndarray, "network component sample"]:
    """The nearest points of the grid, zero for NaN (LAPACK refuses NaN): adding 1.5 * 2^52 grid widths rounds off what is finer."""
    shift = 1.5 * 2**52 * GRID
    rounded = np.add(bases, shift, order="C")  # row by row, as the products read it
    rounded -= shift
    rounded[np.isnan(bases[:, 0, 0])] = 0.0
    return rounded


def canonical_correlations(
    first: Float[np.ndarray, "network component sample"],
    second: Float[np.ndarray, "partner component sample"],
    first_keys: np.ndarray,
    second_keys: np.ndarray,
) -> Float[np.ndarray, "network partner component"]:
    """Canonical correlations of all pairs: the singular values of Q_i^T Q_j, falling, 0 to 1 (Björck & Golub 1973).

    By their squares: the error of a correlation, 1e-16 / s, is below that of the grid for all that are above 1e-7, and chance ones are
    about the root of 1 / samples.

    Arguments, exactness and NaN as in `singular_values`.
    """
    return np.minimum(singular_values(first, second, first_keys, second_keys, by_squares=True), 1.0)


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


def shape_angles(
    first: Float[np.ndarray, "network component sample"],
    second: Float[np.ndarray, "partner component sample"],
    first_keys: np.ndarray,
    second_keys: np.ndarray,
    first_weights: Float[np.ndarray, "network component"],
    second_weights: Float[np.ndarray, "partner component"],
) -> Float[np.ndarray, "network partner"]:
    """theta = arccos(||Z_i^T Z_j||_* / (||Z_i||_F ||Z_j||_F)) with Z = Q D, in radians, 0 to pi/2 (Williams et al. 2021).

    The nuclear norm is the sum of singular values, the largest overlap that any rotation of Z_j gives. Rounding to the `GRID`
    moves an angle by at most 4e-9 sqrt(samples) for each of the two, about 5e-7 rad; rounding of the cosine by 1e-16 is 1e-8 rad near
    angle 0. A network whose states are constant is at a right angle to every other, and at 0 from its like.

    Arguments, exactness and NaN as in `singular_values`.
    """
    overlap = singular_values(first, second, first_keys, second_keys, first_weights, second_weights).sum(axis=-1)
    norm, partner_norm = (
        np.sqrt((weights**2 * (_on_grid(bases) ** 2).sum(axis=2)).sum(axis=1))  # exact where it counts, as the products
        for bases, weights in ((first, first_weights), (second, second_weights))
    )
    norms = norm[:, None] * partner_norm
    still = (norm[:, None] == 0) & (partner_norm == 0)
    cosine = np.divide(overlap, norms, out=np.where(still, 1.0, 0.0) + 0.0 * overlap, where=norms > 0)
    return np.arccos(np.minimum(cosine, 1.0))
