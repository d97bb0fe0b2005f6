"""Linear maps fitted to trajectories: how far the eigenvalues of two of them are apart, and what an input can do to the state."""

from __future__ import annotations

import numpy as np
from jaxtyping import Complex, Float
from scipy.optimize import linear_sum_assignment

from rnnpop.numerics.subspaces import on_grid, principal_subspace, singular_values


def fit_map(
    before: Float[np.ndarray, "sample predictor"], after: Float[np.ndarray, "sample response"], ridge: float
) -> Float[np.ndarray, "response predictor"]:
    """M = argmin ||y - M x - b||^2 averaged over samples, plus ridge ||M||^2; the offset b is free, and dropped.

    Args:
        before: predictors, of about unit variance for the ridge to mean the same for each; all-zero ones get the coefficient 0.
        after: responses.
        ridge: above 0.
    """
    x, y = (values - values.mean(axis=0) for values in (before, after))
    return np.linalg.solve(x.T @ x / len(x) + ridge * np.eye(x.shape[1]), x.T @ y / len(x)).T


def delay_eigenvalues(states: Float[np.ndarray, "trial time unit"], rank: int, delays: int, ridge: float) -> Complex[np.ndarray, " mode"]:
    """Eigenvalues of the linear map, rank x rank, that best takes the delay-embedded states one step on.

    The states' leading `rank` principal components at t, t + 1, ..., t + delays - 1 stand side by side, within a trial; the
    leading `rank` principal components of those, scaled to unit variance, are what the map acts on (the right singular vectors of
    the Hankel matrix). All of it turns with the state space, so the order of units does not matter.

    Returns:
        By falling modulus; 0 for each direction that the states do not have.

    Raises:
        ValueError: if a trial is not longer than the delays.
    """
    trials, steps, units = states.shape
    if steps <= delays:
        raise ValueError(f"trials of {steps} steps are too short for {delays} delays")
    principal = principal_subspace(states.reshape(-1, units), rank)
    scores = (principal.basis * principal.deviations[:, None]).T.reshape(trials, steps, rank)
    lifted = np.concatenate([scores[:, delay : steps - delays + 1 + delay] for delay in range(delays)], axis=2)
    lift = _unit_variance(lifted.reshape(-1, delays * rank), rank).reshape(trials, -1, rank)
    eigenvalues = np.linalg.eigvals(fit_map(lift[:, :-1].reshape(-1, rank), lift[:, 1:].reshape(-1, rank), ridge)).astype(complex)
    return eigenvalues[np.lexsort((eigenvalues.imag, -np.abs(eigenvalues)))]


def _unit_variance(samples: Float[np.ndarray, "sample unit"], rank: int) -> Float[np.ndarray, "sample component"]:
    return np.sqrt(len(samples)) * principal_subspace(samples, rank).basis.T


def transport_distances(
    first: Complex[np.ndarray, "network mode"],
    second: Complex[np.ndarray, "partner mode"],
    first_keys: np.ndarray,
    second_keys: np.ndarray,
) -> Float[np.ndarray, "network partner"]:
    """d = root of min over one-to-one matchings of the mean |lambda_i - mu_j|^2: the 2-Wasserstein distance in the complex plane.

    With as many eigenvalues on both sides, each of the same weight, the best transport is a matching, found exactly. The network
    of the smaller key gives the rows, so that the bits of a distance do not depend on the side.

    Args:
        first: eigenvalues of each network; NaN throughout for one without.
        second: the partners'.
        first_keys: anything that orders the networks the same way everywhere: their names.
        second_keys: the partners' keys.
    """
    distances = np.full((len(first), len(second)), np.nan)
    same = second is first and np.array_equal(first_keys, second_keys)
    sound, sound_partner = (np.isfinite(eigenvalues).all(axis=1) for eigenvalues in (first, second))
    for one in np.flatnonzero(sound):
        for other in np.flatnonzero(sound_partner):
            if same and other < one:
                distances[one, other] = distances[other, one]
                continue
            pair = (first[one], second[other]) if first_keys[one] <= second_keys[other] else (second[other], first[one])
            apart = pair[0][:, None] - pair[1]
            cost = apart.real**2 + apart.imag**2
            distances[one, other] = np.sqrt(cost[linear_sum_assignment(cost)].mean())
    return distances


def controllability(
    states: Float[np.ndarray, "trial time unit"],
    inputs: Float[np.ndarray, "trial time input"],
    rank: int,
    lags: int,
    ridge: float,
) -> Float[np.ndarray, "component column"]:
    """K = [B, A B, ..., A^(lags - 1) B] of the best linear map z_t = A z_{t-1} + B u_t + b, within trials.

    z are the leading `rank` principal components of the states, scaled to a total variance of 1 (that of all components); a
    rotation of the states turns K from the left. The offset b takes what does not change over all trials, so an input that is
    constant within each trial counts by how it differs between trials, and one that is the same throughout has B = 0. Inputs that
    determine each other (one-hot) share their effect: the ridge takes the smallest B.

    Args:
        states: after each step.
        inputs: of each step, in units of about unit variance.
        rank: components of z; those that the states do not have are 0 in K.
        lags: steps after an impulse.
        ridge: on predictors of unit variance.
    """
    trials, steps, units = states.shape
    principal = principal_subspace(states.reshape(-1, units), rank)
    scaled = (np.sqrt(trials * steps) * principal.basis).T.reshape(trials, steps, rank)
    predictors = np.concatenate([scaled[:, :-1], inputs[:, 1:]], axis=2).reshape(trials * (steps - 1), -1)
    fitted = fit_map(predictors, scaled[:, 1:].reshape(-1, rank), ridge)
    spread = np.sqrt(principal.explained)
    recurrent = spread[:, None] * fitted[:, :rank] / np.where(spread > 0, spread, 1.0)
    columns = [spread[:, None] * fitted[:, rank:]]
    for _ in range(lags - 1):
        columns.append(recurrent @ columns[-1])
    return np.concatenate(columns, axis=1)


def alignment_distances(
    first: Float[np.ndarray, "network component column"],
    second: Float[np.ndarray, "partner component column"],
    first_keys: np.ndarray,
    second_keys: np.ndarray,
) -> Float[np.ndarray, "network partner"]:
    """d = min over orthogonal C of ||C K_1 - K_2||_F = sqrt(||K_1||^2 + ||K_2||^2 - 2 ||K_2 K_1^T||_*), for all pairs.

    Each K is divided by a power of two that no row's length exceeds and rounded to the grid of `numerics.subspaces`, so that the
    products are exact and the bits of a distance do not depend on the tile. Rounding and cancellation leave some 1e-7 of the
    larger norm between equal matrices.

    Args:
        first: matrices of equal size; NaN throughout for a network without.
        second: the partners'.
        first_keys: as in `singular_values`.
        second_keys: the same.
    """
    scale, rows = _scaled_rows(first)
    partner_scale, partner_rows = (scale, rows) if second is first else _scaled_rows(second)
    shared = scale[:, None] * partner_scale * singular_values(rows, partner_rows, first_keys, second_keys).sum(axis=2)
    square, partner_square = (
        c**2 * (on_grid(own) ** 2).sum(axis=2).sum(axis=1) for c, own in ((scale, rows), (partner_scale, partner_rows))
    )
    return np.sqrt(np.maximum(square[:, None] + partner_square - 2 * shared, 0.0))


def _scaled_rows(
    matrices: Float[np.ndarray, "network component column"],
) -> tuple[Float[np.ndarray, " network"], Float[np.ndarray, "network component column"]]:
    """A power of two for each matrix, and the matrix over it: no row is longer than 1."""
    longest = np.abs(matrices).max(axis=(1, 2)) * np.sqrt(matrices.shape[2])
    scale = 2.0 ** np.ceil(np.log2(np.where(longest > 0, longest, 1.0)))
    return scale, matrices / scale[:, None, None]
