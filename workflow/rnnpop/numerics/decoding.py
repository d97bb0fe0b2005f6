"""Reading beliefs out of states: linear decoders that are never judged on what they were fitted to, directions, and effects on them."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import expit

#: Newton steps of a logistic fit at most, and the change of weights (standardised features) that ends it.
_STEPS, _TOLERANCE = 50, 1e-9

#: A regressor counts as constant if its variance is below this times its mean square: rounding of float32.
_CONSTANT = 1e-12


class Decoder(NamedTuple):
    """An affine reading of states: h · direction + intercept.

    Attributes:
        direction: in units of the reading per unit of the state.
        intercept: in units of the reading.
    """

    direction: Float[np.ndarray, "unit"]
    intercept: float

    def read(self, states: Float[np.ndarray, "sample unit"]) -> Float[np.ndarray, "sample"]:
        """The reading of each state: log-odds of right for a logistic decoder, the estimate for a regression."""
        return states @ self.direction + self.intercept


Fit = Callable[[Float[np.ndarray, "sample unit"], Float[np.ndarray, "sample"]], Decoder]


def logistic(states: Float[np.ndarray, "sample unit"], side: Float[np.ndarray, "sample"], penalty: float = 1.0) -> Decoder:
    """Maximum of Σ log σ(s (w · x + c)) − penalty |w|²/2 over weights w of standardised states x and a free intercept c, by Newton steps.

    Args:
        side: s, −1 or +1; both must occur.
        penalty: keeps weights finite where the sides can be told apart without an error; 1 is that of common libraries.
    """
    centre, scale, features = _standardised(states)
    design = np.column_stack([features, np.ones(len(features))])
    ridge = np.append(np.full(features.shape[1], penalty), 0.0)

    def objective(trial: np.ndarray) -> float:
        return float(np.logaddexp(0, -side * (design @ trial)).sum() + (ridge * trial**2).sum() / 2)

    weights = np.zeros(design.shape[1])
    value = objective(weights)
    for _ in range(_STEPS):
        right = expit(design @ weights)
        gradient = design.T @ (right - (side > 0)) + ridge * weights
        curvature = (design * (right * (1 - right))[:, None]).T @ design + np.diag(ridge)
        step = np.linalg.lstsq(curvature, gradient, rcond=None)[0]
        size = 1.0
        while (after := objective(weights - size * step)) > value and size > _TOLERANCE:
            size /= 2
        weights, value = weights - size * step, after
        if np.abs(size * step).max() < _TOLERANCE:
            break
    return _in_state_units(weights[:-1], float(weights[-1]), centre, scale)


def least_squares(states: Float[np.ndarray, "sample unit"], target: Float[np.ndarray, "sample"], penalty: float = 1.0) -> Decoder:
    """Minimum of |w · x + c − target|² + penalty |w|² over weights w of standardised states x and a free intercept c."""
    centre, scale, features = _standardised(states)
    mean = float(target.mean())
    gram = features.T @ features + penalty * np.eye(features.shape[1])
    return _in_state_units(np.linalg.solve(gram, features.T @ (target - mean)), mean, centre, scale)


def folds(session: Int[np.ndarray, "*sample"], block: Int[np.ndarray, "*sample"]) -> Int[np.ndarray, "*sample"]:
    """Half 0 or 1 of each sample: whole blocks, two neighbours at a time, because the sides of blocks alternate.

    Adjacent steps and trials are near duplicates, so a split by step would judge a decoder on what it has seen.
    """
    return (block // 2 + session) % 2


def cross_fit(
    fit: Fit, states: Float[np.ndarray, "sample unit"], target: Float[np.ndarray, "sample"], fold: Int[np.ndarray, "sample"]
) -> tuple[Decoder, Decoder] | None:
    """Decoders for the samples of fold 0 and of fold 1, each fitted to the other fold; None where a fold has no two different targets."""
    held = [fold != number for number in (0, 1)]
    if any(not own.any() or np.ptp(target[own]) == 0 for own in held):
        return None
    first, second = (fit(states[own], target[own]) for own in held)
    return first, second


def cross_read(
    decoders: tuple[Decoder, Decoder], states: Float[np.ndarray, "sample unit"], fold: Int[np.ndarray, "sample"]
) -> Float[np.ndarray, "sample"]:
    """What each sample reads, by the decoder that was not fitted to its fold."""
    return np.where(fold == 0, decoders[0].read(states), decoders[1].read(states))


def spectrum(states: Float[np.ndarray, "sample unit"]) -> tuple[Float[np.ndarray, "component"], Float[np.ndarray, "unit component"]]:
    """Variances along the principal axes of centred states, falling, and the axes."""
    variances, axes = np.linalg.eigh(np.cov(states, rowvar=False).reshape(states.shape[1], -1))
    return np.clip(variances[::-1], 0, None), axes[:, ::-1]


def coordinates(
    states: Float[np.ndarray, "sample unit"], directions: Float[np.ndarray, "unit direction"]
) -> Float[np.ndarray, "sample direction"]:
    """Coordinates z of states on directions that need not be orthogonal: the least-squares solution of h = Σ_d z_d v_d (the dual basis).

    A projection v_d · h would count what lies along the other directions a second time.
    """
    return states @ np.linalg.pinv(directions).T


def line(x: Float[np.ndarray, "sample"], y: Float[np.ndarray, "sample"]) -> tuple[float, float]:
    """Slope of the regression of y on x (with intercept), and their correlation; NaN where either is constant or samples are too few."""
    if len(x) < 3:
        return np.nan, np.nan
    across, up = x - x.mean(), y - y.mean()
    if _is_constant(across, x) or _is_constant(up, y):
        return np.nan, np.nan
    shared = across @ up
    return float(shared / (across @ across)), float(shared / np.sqrt((across @ across) * (up @ up)))


def determination(target: Float[np.ndarray, "sample"], estimate: Float[np.ndarray, "sample"]) -> float:
    """R² = 1 − Σ (target − estimate)² / Σ (target − mean)²: of the estimate as it is; negative where the mean would do better."""
    spread = target - target.mean()
    return float(1 - ((target - estimate) ** 2).sum() / (spread @ spread)) if not _is_constant(spread, target) else np.nan


class Partial(NamedTuple):
    """What one regressor does beside others.

    Attributes:
        slope: change of each response per unit of the regressor, the controls held.
        explained: sum of squares of each response that the regressor explains beyond the controls.
        total: sum of squares of each response about its mean.
    """

    slope: Float[np.ndarray, "response"]
    explained: Float[np.ndarray, "response"]
    total: Float[np.ndarray, "response"]


def partial_effect(
    regressor: Float[np.ndarray, "sample"],
    responses: Float[np.ndarray, "sample response"],
    controls: Float[np.ndarray, "sample control"],
) -> Partial:
    """Least squares of the responses on the regressor, the controls and an intercept.

    The regressor and the responses are freed of the controls, then one is regressed on the other (Frisch, Waugh and Lovell). NaN where
    the regressor is constant, follows from the controls, or samples are no more than parameters.
    """
    nothing = np.full(responses.shape[1], np.nan)
    if len(regressor) <= controls.shape[1] + 2 or _is_constant(regressor - regressor.mean(), regressor):
        return Partial(nothing, nothing, nothing)
    design = np.column_stack([np.ones(len(controls)), _standardised(controls)[2]])
    both = np.column_stack([regressor, responses])
    left = both - design @ np.linalg.lstsq(design, both, rcond=None)[0]
    own, rest = left[:, 0], left[:, 1:]
    if _is_constant(own, regressor):
        return Partial(nothing, nothing, nothing)
    slope = own @ rest / (own @ own)
    return Partial(slope, slope**2 * (own @ own), ((responses - responses.mean(axis=0)) ** 2).sum(axis=0))


def agreement(log_odds: Float[np.ndarray, "sample"], side: Int[np.ndarray, "sample"]) -> float:
    """Fraction of samples whose log-odds have the sign of the side; NaN without samples."""
    hits: Bool[np.ndarray, "sample"] = (log_odds > 0) == (side > 0)
    return float(hits.mean()) if len(hits) else np.nan


def _standardised(
    states: Float[np.ndarray, "sample unit"],
) -> tuple[Float[np.ndarray, "unit"], Float[np.ndarray, "unit"], Float[np.ndarray, "sample unit"]]:
    """Means, deviations (infinite for a unit that is constant, which so drops out), and states of mean 0 and deviation 1."""
    centre, scale = states.mean(axis=0), states.std(axis=0)
    scale = np.where(scale**2 > _CONSTANT * (states**2).mean(axis=0), scale, np.inf)
    return centre, scale, (states - centre) / scale


def _in_state_units(
    weights: Float[np.ndarray, "unit"], intercept: float, centre: Float[np.ndarray, "unit"], scale: Float[np.ndarray, "unit"]
) -> Decoder:
    return Decoder(weights / scale, intercept - float(centre @ (weights / scale)))


def _is_constant(spread: Float[np.ndarray, "sample"], values: Float[np.ndarray, "sample"]) -> bool:
    return bool(spread @ spread <= _CONSTANT * (values @ values))
