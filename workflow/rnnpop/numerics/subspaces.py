"""Linear subspaces of centred samples: principal bases, and the singular values between all pairs of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Float, Int

#: A principal direction counts if its singular value is above this times the largest. States recorded in float32 carry rounding
#: noise of about 6e-8 of the largest singular value, which must not pass for a direction; 1e-6 is 1e-12 of the variance, which is
#: still far above the rounding of a covariance in float64.
RANK_TOLERANCE = 1e-6

#: Spread of a cloud of points over that of the states, up to which the cloud is one point: descents end somewhere around a fixed point,
#: up to a few per cent of the states' spread along a mode that lasts 50 steps, and what they leave has a shape, but not the network's.
ONE_POINT = 0.05

#: Bases are compared on a grid of this width. Products of two such numbers are multiples of 2^-52, and no partial sum of those of
#: two columns of length 1 exceeds 1, so every inner product is exact in float64: it does not depend on the order of summation, and
#: so not on the tile, the shape of the matrix product, the library, or the number of threads.
GRID = 2.0**-26

#: A component counts as outside the canonical variates if more than this of its length is: the root of the rounding of a sum of squares.
_OUTSIDE = 1e-7

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


def _of_pairs(
    first: Float[np.ndarray, "network component sample"],
    second: Float[np.ndarray, "partner component sample"],
    first_keys: np.ndarray,
    second_keys: np.ndarray,
    first_weights: Float[np.ndarray, "network component"],
    second_weights: Float[np.ndarray, "partner component"],
    numbers: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray],
    width: int,
) -> Float[np.ndarray, "network partner number"]:
    """Numbers of all pairs that follow from C = Q_i^T Q_j and the weights of both, and that do not depend on the side.

    Q_i^T Q_j of many pairs is one matrix product, and of a block with itself only one triangle is computed. The bases are rounded
    to the `GRID`, on which the product is exact; each pair's numbers are made from one k x k matrix, the network of the smaller key
    on its left. So they are the same, bit for bit, in whatever tile and on whichever side of it the two stand.

    Args:
        first: orthonormal bases (zero rows allowed); NaN throughout for a network without states.
        second: the partners' bases.
        first_keys: anything that orders the networks the same way everywhere: their names.
        second_keys: the partners' keys.
        first_weights: one for each direction.
        second_weights: the partners'.
        numbers: takes C (..., k, k), the weights of its rows (..., k) and those of its columns (..., k); gives (..., width). It may
            overwrite C, and treats each pair alone.
        width: numbers of a pair.

    Returns:
        The numbers; NaN for pairs with a network that is NaN.
    """
    count, components, samples = first.shape
    rows = on_grid(first)
    columns = rows if second is first else on_grid(second)
    row_weights, column_weights = (np.nan_to_num(weights) for weights in (first_weights, second_weights))  # as the bases: LAPACK
    same = np.array_equal(first_keys, second_keys) and (columns is rows or np.array_equal(rows, columns))
    swapped = first_keys[:, None] > second_keys
    values = np.empty((count, len(second), width))
    panel = max(1, _PANEL // components)
    held = np.empty((2, min(panel, count) * components * len(second) * components))  # a new page costs more than a product
    for start in range(0, count, panel):
        here, there = slice(start, start + panel), slice(start if same else 0, None)
        left, right = (bases.reshape(-1, samples) for bases in (rows[here], columns[there]))
        size = len(left) * len(right)
        stacked = np.matmul(left, right.T, out=held[0, :size].reshape(len(left), len(right)))
        products = held[1, :size].reshape(-1, len(right) // components, components, components)
        products[:] = stacked.reshape(-1, components, len(right) // components, components).swapaxes(1, 2)
        swap = swapped[here, there]
        products[swap] = products[swap].swapaxes(1, 2)
        own, partner = row_weights[here, None], column_weights[None, there]
        ordered = (np.where(swap[..., None], *pair) for pair in ((partner, own), (own, partner)))
        values[here, there] = numbers(products, *ordered)
        if same:
            values[there, here] = values[here, there].swapaxes(0, 1)
    absent, absent_partner = (np.isnan(bases[:, 0, 0]) for bases in (first, second))
    values[absent[:, None] | absent_partner] = np.nan
    return values


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

    The same bits in any tile. Rounding to the `GRID` moves an entry of Q_i^T Q_j by 6e-9 (root mean square, whatever the number of
    samples), and so a singular value by 6e-9 to 1.2e-8 sqrt(k), the more the closer it is to others.

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

    def spectra(products: np.ndarray, weights: np.ndarray, partner_weights: np.ndarray) -> np.ndarray:
        if first_weights is not None:
            products *= weights[..., :, None] * partner_weights[..., None, :]
        if by_squares:
            squares = np.linalg.eigvalsh(products @ products.swapaxes(2, 3))[..., ::-1]
            return np.sqrt(np.maximum(squares, 0.0))
        return np.linalg.svd(products, compute_uv=False)

    own, partner = (
        np.ones(bases.shape[:2]) if given is None else given for bases, given in ((first, first_weights), (second, second_weights))
    )
    return _of_pairs(first, second, first_keys, second_keys, own, partner, spectra, first.shape[1])


def on_grid(bases: Float[np.ndarray, "network component sample"]) -> Float[np.ndarray, "network component sample"]:
    """The nearest points of the `GRID`, zero for NaN (LAPACK refuses NaN): adding 1.5 * 2^52 grid widths rounds off what is finer."""
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
        np.sqrt((weights**2 * (on_grid(bases) ** 2).sum(axis=2)).sum(axis=1))  # exact where it counts, as the products
        for bases, weights in ((first, first_weights), (second, second_weights))
    )
    norms = norm[:, None] * partner_norm
    still = (norm[:, None] == 0) & (partner_norm == 0)
    cosine = np.divide(overlap, norms, out=np.where(still, 1.0, 0.0) + 0.0 * overlap, where=norms > 0)
    return np.arccos(np.minimum(cosine, 1.0))


def pwcca_distances(
    first: Float[np.ndarray, "network component sample"],
    second: Float[np.ndarray, "partner component sample"],
    first_keys: np.ndarray,
    second_keys: np.ndarray,
    first_deviations: Float[np.ndarray, "network component"],
    second_deviations: Float[np.ndarray, "partner component"],
) -> Float[np.ndarray, "network partner"]:
    """d = 1 - (rho_ij + rho_ji) / 2, rho_ij the canonical correlations averaged with weights from the first network (Morcos et al. 2018).

    With Q_i^T Q_j = L P R^T, the canonical variates of i are u_m = Q_i L_m, and the data that they are weighed by are the principal
    components x_c = s_c q_c: w_m = sum_c |<u_m, x_c>| = sum_c s_c |L_cm|. There are as many variates as the smaller rank of the
    two. What of x_c lies outside all of them counts as one more, of correlation 0, so that a subspace of another one is not at
    distance 0 from it. Two networks without any direction (constant states) are at distance 0.

    Args:
        first_deviations: s, in any unit; 0 beyond the rank, NaN for a network without states.
        second_deviations: the partners'.

    Other arguments, exactness and NaN as in `singular_values`.
    """

    def distances(products: np.ndarray, deviations: np.ndarray, partner_deviations: np.ndarray) -> np.ndarray:
        left, correlations, right = np.linalg.svd(products)
        correlations = np.minimum(correlations, 1.0)
        shared = np.minimum(np.count_nonzero(deviations, axis=-1), np.count_nonzero(partner_deviations, axis=-1))
        variates = np.arange(correlations.shape[-1]) < shared[..., None]
        means = []
        for vectors, spread in ((left, deviations), (right.swapaxes(2, 3), partner_deviations)):
            inside = np.abs(vectors) * variates[..., None, :]
            outside = np.sqrt(np.maximum(1.0 - (inside**2).sum(axis=-1), 0.0))
            outside[outside < _OUTSIDE] = 0.0  # rounding of a sum of squares that is 1
            weights = (inside * spread[..., None]).sum(axis=-2)
            total = weights.sum(axis=-1) + (outside * spread).sum(axis=-1)
            mean = (weights * correlations).sum(axis=-1)
            none = (np.count_nonzero(deviations, axis=-1) == 0) & (np.count_nonzero(partner_deviations, axis=-1) == 0)
            means.append(np.divide(mean, total, out=np.where(none, 1.0, 0.0), where=total > 0))
        return (1.0 - (means[0] + means[1]) / 2)[..., None]

    return _of_pairs(first, second, first_keys, second_keys, first_deviations, second_deviations, distances, 1)[..., 0]


def cka_distances(
    first: Float[np.ndarray, "network component sample"],
    second: Float[np.ndarray, "partner component sample"],
    first_keys: np.ndarray,
    second_keys: np.ndarray,
    first_variances: Float[np.ndarray, "network component"],
    second_variances: Float[np.ndarray, "partner component"],
) -> Float[np.ndarray, "network partner"]:
    """d = 1 - ||X^T Y||_F^2 / (||X^T X||_F ||Y^T Y||_F), linear CKA (Kornblith et al. 2019), 0 to 1.

    X = Q diag(s): ||X^T Y||_F^2 = sum_cd s_c^2 t_d^2 (Q_x^T Q_y)_cd^2. The rounding of the grid moves a distance by some 1e-8.
    Constant states are at distance 1 from others, and 0 from their like.

    Args:
        first_variances: s^2, in any unit; 0 beyond the rank, NaN for a network without states.
        second_variances: the partners'.

    Other arguments, exactness and NaN as in `singular_values`.
    """

    def distances(products: np.ndarray, variances: np.ndarray, partner_variances: np.ndarray) -> np.ndarray:
        products *= products
        overlap = ((products * partner_variances[..., None, :]).sum(axis=-1) * variances).sum(axis=-1)
        norms = np.sqrt((variances**2).sum(axis=-1) * (partner_variances**2).sum(axis=-1))
        still = ~variances.any(axis=-1) & ~partner_variances.any(axis=-1)
        similarity = np.divide(overlap, norms, out=np.where(still, 1.0, 0.0), where=norms > 0)
        return 1.0 - np.minimum(similarity, 1.0)[..., None]

    return _of_pairs(first, second, first_keys, second_keys, first_variances, second_variances, distances, 1)[..., 0]
