"""Systems of block-tridiagonal matrices, of one block D on the diagonal and one O beside it, in a few large products."""

from __future__ import annotations

from typing import Final

import numpy as np
from jaxtyping import Float

#: Change of a pivot, over itself, at which pivots are taken to have converged.
_CONVERGED: Final = 1e-13
#: Of the block of steps that are advanced in one matrix product: about so many numbers; and fewest steps for which that pays.
_BLOCK: Final = 40
_FEWEST: Final = 64


def pivots(
    first: Float[np.ndarray, "latent latent"],
    inner: Float[np.ndarray, "latent latent"],
    beside: Float[np.ndarray, "latent latent"],
    steps: int,
) -> Float[np.ndarray, "time latent latent"]:
    """Δ_t = D − Oᵀ Δ_{t−1}⁻¹ O from Δ₁ on, until they have converged, at most `steps`.

    n steps at once have the same form, D_n − O_nᵀ (Δ + E_n)⁻¹ O_n, and of two such come 2 n steps (structured doubling): the limit, and
    then the way to it, take as many calls as the number of steps has binary digits.
    """
    doublings = [(inner, beside, np.zeros_like(inner))]
    while 2 ** len(doublings) <= 4 * steps:
        d, o, e = doublings[-1]
        solved = np.linalg.inv(d + e)
        doublings.append((d - o.T @ solved @ o, o @ solved @ o, e - o @ solved @ o.T))
        if np.abs(doublings[-1][0] - d).max() <= np.finfo(float).eps * np.abs(d).max():
            break
    limit = doublings[-1][0]
    tolerance = _CONVERGED * np.sqrt(np.outer(np.diagonal(limit), np.diagonal(limit)))
    pivots = first[None]
    for d, o, e in doublings:
        if len(pivots) >= steps or (np.abs(pivots[-1] - limit) <= tolerance).all():
            break
        pivots = np.concatenate([pivots, d - o.T @ np.linalg.inv(pivots + e) @ o])
    near = (np.abs(pivots - limit) <= tolerance).all(axis=(1, 2))
    return pivots[: min(steps, near.argmax() + 1 if near.any() else steps)]


def forwards(
    terms: Float[np.ndarray, "trial time latent"], gains: Float[np.ndarray, "own latent latent"]
) -> Float[np.ndarray, "trial time latent"]:
    """z_t = h_t + J_{t−1}ᵀ z_{t−1}, in the place of the terms h_t; steps without a gain J_t of their own share the last one."""
    own = len(gains)
    for t in range(1, own):
        terms[:, t] += terms[:, t - 1] @ gains[t - 1]
    terms[:, own:] = _scan(terms[:, own:], gains[-1], terms[:, own - 1])
    return terms


def backwards(
    filtered: Float[np.ndarray, "trial time latent"],
    inverses: Float[np.ndarray, "own latent latent"],
    gains: Float[np.ndarray, "own latent latent"],
    ending: Float[np.ndarray, "latent latent"],
) -> Float[np.ndarray, "trial time latent"]:
    """x_t = Δ_t⁻¹ z_t + J_t x_{t+1} of the filtered terms z_t; `inverses` and `ending` are Δ_t⁻¹ and Δ_T⁻¹."""
    own = len(gains)
    means = np.empty_like(filtered)
    means[:, -1] = filtered[:, -1] @ ending
    means[:, own - 1 : -1] = _scan(filtered[:, own - 1 : -1], gains[-1].T, means[:, -1], inverses[-1], backwards=True)
    means[:, : own - 1] = (filtered[:, : own - 1, None] @ inverses[:-1])[:, :, 0]
    for t in range(own - 2, -1, -1):
        means[:, t] += means[:, t + 1] @ gains[t].T
    return means


def covariances(
    inverses: Float[np.ndarray, "time latent latent"],
    gains: Float[np.ndarray, "time latent latent"],
    ending: Float[np.ndarray, "latent latent"],
    steps: int,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """V₁, Σ_{t<T} V_t and Σ_{t<T} V_{t+1} J_tᵀ of V_t = Δ_t⁻¹ + J_t V_{t+1} J_tᵀ, V_T = Δ_T⁻¹, for so many steps."""
    frozen = gains[-1]
    many = steps - len(gains)
    reach, (inner, outer), (summed, _) = _geometric(frozen, np.stack([inverses[-1], ending]), many)
    covariance = inner + reach @ ending @ reach.T
    among = summed + frozen @ outer @ frozen.T
    lagged = (among + ending - covariance) @ frozen.T
    for inverse, gain in zip(inverses[-2::-1], gains[-2::-1], strict=True):
        carried = covariance @ gain.T
        lagged = lagged + carried
        covariance = inverse + gain @ carried
        among = among + covariance
    return covariance, among, lagged


def _geometric(
    matrix: Float[np.ndarray, "latent latent"], terms: Float[np.ndarray, "term latent latent"], count: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Jⁿ, P_n = Σ_{i<n} Jⁱ X Jⁱᵀ and Σ_{i=1..n} P_i for each term X, by the binary digits of n ≥ 1."""
    power, partial, summed = matrix, terms, terms
    for position, digit in enumerate(bin(count)[3:]):
        done = int(bin(count)[2 : position + 3], 2)
        summed = summed + done * partial + power @ summed @ power.T
        partial = partial + power @ partial @ power.T
        power = power @ power
        if digit == "1":
            partial = terms + matrix @ partial @ matrix.T
            summed = summed + partial
            power = power @ matrix
    return power, partial, summed


def _scan(
    drive: Float[np.ndarray, "trial time latent"],
    matrix: Float[np.ndarray, "latent latent"],
    start: Float[np.ndarray, "trial latent"],
    entry: Float[np.ndarray, "latent latent"] | None = None,
    *,
    backwards: bool = False,
) -> Float[np.ndarray, "trial time latent"]:
    """s_t = drive_t E + s_{t∓1} M as rows, `start` standing before the first one (after the last one).

    Blocks of steps from 0 are one product with the block-Toeplitz matrix of powers of M; what a block hands on is a shorter scan by M^L.
    """
    trials, steps, size = drive.shape
    states = np.empty_like(drive)
    block = max(2, _BLOCK // size)
    blocks = steps // block if steps >= max(_FEWEST, 2 * block) else 0
    covered = blocks * block
    rest = range(steps - covered - 1, -1, -1) if backwards else range(covered, steps)
    if blocks:
        span = slice(steps - covered, None) if backwards else slice(0, covered)
        powers = np.empty((block + 1, size, size))
        powers[0] = np.eye(size)
        for i in range(block):
            powers[i + 1] = powers[i] @ matrix
        lag = np.arange(block) - np.arange(block)[:, None]
        lag = -lag if backwards else lag
        entered = powers if entry is None else entry @ powers
        toeplitz = np.where((lag >= 0)[..., None, None], entered[np.maximum(lag, 0)], 0).transpose(0, 2, 1, 3).reshape(block * size, -1)
        local = drive[:, span].reshape(trials, blocks, -1) @ toeplitz
        handed = np.empty((trials, blocks, size))
        if backwards:
            handed[:, -1] = start
            handed[:, :-1] = _scan(local[:, 1:, :size], powers[-1], start, backwards=True)
            reach = powers[:0:-1]
        else:
            handed[:, 0] = start
            handed[:, 1:] = _scan(local[:, :-1, -size:], powers[-1], start)
            reach = powers[1:]
        local += handed @ reach.transpose(1, 0, 2).reshape(size, -1)
        states[:, span] = local.reshape(trials, covered, size)
        start = states[:, steps - covered if backwards else covered - 1]
    for t in rest:
        start = (drive[:, t] if entry is None else drive[:, t] @ entry) + start @ matrix
        states[:, t] = start
    return states
