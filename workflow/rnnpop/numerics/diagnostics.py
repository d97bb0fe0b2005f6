"""Whether activity itself contradicts the slow mode that a student of it has found: autocorrelations, fewer units, displacements."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from jaxtyping import Float, Inexact, Int
from scipy.linalg import LinAlgWarning, lu_factor, lu_solve

from rnnpop.numerics.recurrences import Recording, Recurrence, by_real_part

#: Autocorrelation of vᴴ x at times in τ, for a vector v of the watched units.
Correlation = Callable[[Inexact[np.ndarray, "observed"], Float[np.ndarray, "lag"]], Inexact[np.ndarray, "lag"]]

#: Lags of the autocorrelation, in time constants of the student, and how they are named.
LAGS: Final = {"05": 0.5, "1": 1.0, "2": 2.0, "4": 4.0}
#: A record must last this many times a lag; else the autocorrelation there is NaN.
_LASTING: Final = 5
#: Shares of the units that students are fitted to again, and orders in which units are left out.
_SHARES: Final = (0.25, 0.5, 0.75, 1.0)
_NESTS: Final = 4
#: Of an eigenvector: distance of the shift from its eigenvalue, relative to 1 or to it, and iterations.
_SHIFT, _INVERSE_ITERATIONS = 1e-11, 3


@dataclass(frozen=True)
class SlowMode:
    """The leading mode of a student, in channels that are watched.

    Attributes:
        left: v with vᴴ A = λ vᴴ: vᴴ x decays on its own (of a latent model: the combination of channels that reads the latent one).
        right: A v = λ v: a state that decays on its own.
        time_constant: |1 / (1 − Re λ)| in τ.
    """

    left: Inexact[np.ndarray, "channel"]
    right: Inexact[np.ndarray, "channel"]
    time_constant: float

    @classmethod
    def of(cls, model: Recurrence, leading: complex | None = None) -> SlowMode:
        """The mode of the largest real part of its matrix; vectors real where the eigenvalue is. NaN of what is not finite throughout.

        Args:
            leading: that eigenvalue, where it is known.
        """
        seen = model.weights if model.readout is None else model.readout
        if not (np.isfinite(model.weights).all() and np.isfinite(seen).all()):  # channels may have been left out of a fit
            channels = np.full(len(seen), np.nan)
            return cls(channels, channels, np.nan)
        leading = by_real_part(np.linalg.eigvals(model.weights))[0] if leading is None else leading
        left, right = (_eigenvector(matrix, value) for matrix, value in ((model.weights.T, leading.conjugate()), (model.weights, leading)))
        chosen = [left, right]
        if model.readout is not None:
            chosen = [np.linalg.pinv(model.readout).T @ chosen[0], model.readout @ chosen[1]]
        with np.errstate(divide="ignore"):
            return cls(chosen[0], chosen[1], float(np.abs(1 / (1 - leading.real))))


def _eigenvector(matrix: Float[np.ndarray, "target source"], eigenvalue: complex) -> Inexact[np.ndarray, "source"]:
    """v with A v = λ v, of length 1, by inverse iteration: an O(n³) of its own, but a twentieth of that of all eigenvectors."""
    value = eigenvalue if eigenvalue.imag else eigenvalue.real
    # a shift that is off by some roundings keeps the factors finite; its error leaves by a factor of 1e-10 or so at each iteration
    shifted = matrix - (value + _SHIFT * max(1.0, abs(value))) * np.eye(len(matrix))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LinAlgWarning)  # a factor that is 0 is seen by what comes of it
        factors = lu_factor(shifted)
    vector = np.linspace(1, 2, len(matrix)).astype(shifted.dtype)
    for _ in range(_INVERSE_ITERATIONS):
        with np.errstate(over="ignore", invalid="ignore"):
            vector = lu_solve(factors, vector, check_finite=False)
            vector = vector / np.linalg.norm(vector)
    if np.isfinite(vector).all():
        return vector
    # the inverse of a long chain is beyond all numbers
    values, vectors = np.linalg.eig(matrix)
    found = vectors[:, np.argmin(np.abs(values - eigenvalue))]
    return found if eigenvalue.imag else found.real / np.linalg.norm(found.real)


def acf_deficit(correlation: Correlation, left: Inexact[np.ndarray, "observed"], time_constant: float) -> dict[str, float]:
    """|R(m τ̂)| − e^{−m} of a student's slow mode vᴴ x, for m = ½, 1, 2, 4, and the least of them.

    Of symmetric circuits (in white noise, seen for ever) it is never negative: R is a mixture of decays whose mean rate is the student's,
    and Jensen's inequality holds. A negative one says that activity forgets faster than the student does.

    Args:
        correlation: `Seen.correlation` of a stationary circuit, or `recorded_correlation` of a recording.
        left: v of the student.
        time_constant: τ̂ of the student, in τ.
    """
    multiples = np.array(list(LAGS.values()))
    if not (np.isfinite(time_constant) and np.isfinite(left).all()):
        deficits = np.full(len(multiples), np.nan)
    else:
        deficits = np.abs(correlation(left, multiples * time_constant)) - np.exp(-multiples)
    return _named(deficits)


def recorded_correlation(recording: Recording) -> Correlation:
    """Autocorrelation of vᴴ x over a recording, around 0: NaN at lags of which the record holds fewer than five.

    The state is taken to have the mean 0. A mean that is estimated from a record of n time constants takes about 2 / n off the
    autocorrelation at every lag, which is more than what is looked for.
    """

    def correlation(vector: Inexact[np.ndarray, "observed"], times: Float[np.ndarray, "lag"]) -> Inexact[np.ndarray, "lag"]:
        course = recording.states @ vector.conj()
        power = (np.abs(course) ** 2).mean()
        lasts = course.shape[1]
        products = np.full(len(times), np.nan, dtype=course.dtype)
        for lag, steps in enumerate(_steps(times, recording.leak, lasts)):
            if steps is not None and power > 0:
                products[lag] = (course[:, steps:] * course[:, : lasts - steps].conj()).mean() / power
        return products

    return correlation


def block_bootstrap(
    recording: Recording,
    left: Inexact[np.ndarray, "observed"],
    time_constant: float,
    rng: np.random.Generator,
    *,
    resamples: int = 500,
    coverage: float = 0.95,
) -> dict[str, tuple[float, float]]:
    """Percentile intervals of the entries of `acf_deficit`, by resampling blocks of a recording (Künsch 1989).

    What is resampled is time: squares, and products over each lag, that begin in the same stretch stay together. A stretch lasts as long as
    the longest lag that the record can tell, if it holds two such stretches; none crosses trials.
    """
    course = recording.states @ left.conj()
    lasts = course.shape[1]
    multiples = np.array(list(LAGS.values()))
    lags = _steps(multiples * time_constant, recording.leak, lasts) if np.isfinite(time_constant) else [None] * len(multiples)
    told = [steps for steps in lags if steps is not None]
    if not told or not np.isfinite(course).all():
        return {name: (np.nan, np.nan) for name in _named(multiples)}
    span = lasts - max(told)
    block = max(1, min(max(told), span // 2))
    terms = [np.abs(course[:, :span]) ** 2, *(course[:, steps : steps + span] * course[:, :span].conj() for steps in told)]
    sums = np.concatenate([np.zeros((len(terms), len(course), 1)), np.cumsum(terms, axis=-1)], axis=-1)
    blocks = math.ceil(len(course) * span / block)
    trials = rng.integers(len(course), size=(resamples, blocks))
    starts = rng.integers(span - block + 1, size=(resamples, blocks))
    power, *products = (sums[:, trials, starts + block] - sums[:, trials, starts]).sum(axis=-1)
    deficits = np.full((len(multiples), resamples), np.nan)
    deficits[[steps is not None for steps in lags]] = np.abs(np.array(products)) / power.real
    deficits -= np.exp(-multiples)[:, None]
    drawn = [_named(column) for column in deficits.T]
    tails = 50 * (1 - coverage), 50 * (1 + coverage)
    each = {name: np.array([one[name] for one in drawn]) for name in drawn[0]}
    return {name: (float(np.percentile(values, tails[0])), float(np.percentile(values, tails[1]))) for name, values in each.items()}


def nested_slope(score: Callable[[Int[np.ndarray, "fewer"]], float], units: int, rng: np.random.Generator) -> float:
    """How the line-attractor score changes as fewer of the watched units are used: least-squares slope on log₂((2 − f) / f).

    f is the share of the watched units; students are fitted to ¼, ½, ¾ and all of them, nested, in four random orders. The regressor is the
    score of a strongly non-normal circuit of which f is seen, and 0 where all is. A score that partial observation has made falls as
    more is seen, a slope above 0; but not below its peak (in a null circuit of rank 1 at f = 2 / γ² of all units). That of a line attractor
    rises with what is seen, a slope below 0.

    Args:
        score: line-attractor score of the student of these units.
        units: that are watched.

    Returns:
        NaN for fewer than 4 units, or where no student has a score.
    """
    sizes = sorted({max(2, round(share * units)) for share in _SHARES})
    if units < 4:
        return np.nan
    pairs = [(size, score(order[:size])) for order in (rng.permutation(units) for _ in range(_NESTS)) for size in sizes[:-1]]
    pairs.append((units, score(np.arange(units))))
    found = np.array([pair for pair in pairs if np.isfinite(pair[1])])
    if len(np.unique(found[:, 0]) if len(found) else ()) < 2:
        return np.nan
    shares = found[:, 0] / units
    # the one fit to all units stands for one in each order
    weights = np.where(found[:, 0] == units, _NESTS, 1.0)
    regressor = np.log2((2 - shares) / shares)
    regressor -= np.average(regressor, weights=weights)
    return float((weights * regressor * found[:, 1]).sum() / (weights * regressor**2).sum())


def recovery(
    network: Recurrence,
    units: Int[np.ndarray, "observed"],
    mode: Inexact[np.ndarray, "observed"],
    longest: float,
    *,
    start: Float[np.ndarray, "unit"] | None = None,
    size: float = 1e-3,
) -> float:
    """t, in τ, at which the displacement of the watched units by v has fallen to 1 / e along v, found by running the network without noise.

    The displaced run is held against one that is not displaced, so that the start may be any state. Real part of v where it is complex.

    Args:
        longest: of the run, in τ; returned where the displacement lasts.
        start: the origin by default.
        size: of the displacement.
    """
    direction = np.real(mode) / np.linalg.norm(np.real(mode))
    pair = np.zeros((2, network.units)) if start is None else np.stack([start, start])
    pair[1, units] += size * direction
    before = 1.0
    for step in range(1, math.ceil(longest / network.leak) + 1):
        pair = network.step(pair)
        after = float(direction @ (pair[1] - pair[0])[units]) / size
        if not np.isfinite(after):
            return np.nan
        if after <= 1 / math.e:
            share = (1 + math.log(before)) / (math.log(before) - math.log(after)) if after > 0 else 1.0
            return (step - 1 + share) * network.leak
        before = after
    return longest


def perturbation_mismatch(time_constant: float, recovery: float) -> float:
    """log₂(τ̂ / t₁/ₑ): by how many doublings a student's slow mode outlasts what its teacher does when it is displaced along it."""
    with np.errstate(divide="ignore"):
        return float(np.log2(time_constant) - np.log2(recovery))


def _named(deficits: Float[np.ndarray, "lag"]) -> dict[str, float]:
    told = deficits[np.isfinite(deficits)]
    least = float(told.min()) if len(told) else np.nan
    return {"acf_deficit": least, **{f"acf_deficit_{name}": float(value) for name, value in zip(LAGS, deficits, strict=True)}}


def _steps(times: Float[np.ndarray, "lag"], leak: float, lasts: int) -> list[int | None]:
    """Lags in steps; None where a record of that many steps is too short."""
    return [round(time / leak) if _LASTING * time / leak <= lasts else None for time in times]
