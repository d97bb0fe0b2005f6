"""Behaviour as curves and numbers: psychometric, chronometric, by block and after its switches; alike for networks, observers and mice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.optimize import minimize
from scipy.special import erf, expit

from rnnpop.numerics.sessions import Behaviour

#: A curve, or a set of them: names of its dimensions, and its values.
Curve = tuple[tuple[str, ...], np.ndarray]

#: Trials of a block that are told apart; first trials whose slope is taken; trials after which accuracy has settled.
LONGEST, EARLY, SETTLED = 100, 10, 20

#: Observations (mice: whole seconds) that are told apart.
OBSERVATIONS = 10

#: Trials behind a point of a curve over trials of a block, or over observations, at least; others are NaN.
FEWEST = 10

BLOCK_SIDES = (-1, 0, 1)
CONCORDANCES = ("discordant", "concordant")

#: Lower ends of the classes of lengths of the block before, in trials.
PREVIOUS_LENGTHS = (20, 40, 60, 80)

#: What a choice is regressed on, in `history`.
REGRESSORS = ("constant", "prior", "signed_strength", "previous_choice", "previous_rewarded_choice")

#: Precision of the prior N(0, 1/precision) of each regression weight; keeps weights finite where choices can be told without error.
_PRECISION = 1e-2

#: Time constants of recovery that are tried, in trials.
_RECOVERIES = np.geomspace(0.3, 40.0, 60)


def coordinates(strengths: Sequence[float]) -> dict[str, np.ndarray]:
    """The coordinate of every dimension that `curves` uses.

    Args:
        strengths: of the task, none negative, in rising order.
    """
    levels = np.asarray(strengths, dtype=float)
    return {
        "signed_strength": np.unique(np.concatenate([-levels, levels]) + 0.0),  # + 0.0: there is one zero
        "strength": levels,
        "block_side": np.array(BLOCK_SIDES),
        "concordance": np.array(CONCORDANCES, dtype=object),
        "observation": np.arange(1, OBSERVATIONS + 1),
        "block_trial": np.arange(1, LONGEST + 1),
        "previous_length": np.array(PREVIOUS_LENGTHS),
    }


def curves(behaviour: Behaviour, strengths: Sequence[float], *, fewest: int = FEWEST) -> dict[str, Curve]:
    """Every curve of one agent; NaN where there is no trial. Dimensions have the coordinates of `coordinates`.

    - `right_fraction`, `acted_trials` (signed_strength, block_side): P(right | action), and trials with an action behind it.
    - `psychometric_bias`, `_threshold`, `_lapse_left`, `_lapse_right` (block_side): see `fit`.
    - `correct_fraction`, `wrong_fraction`, `timeout_fraction`, `trials`, `duration` (signed_strength): outcomes, and mean duration of
      all trials (timeouts too), in observations (mice: s).
    - `accuracy_by_strength`, `trials_by_strength`, `duration_correct`, `duration_wrong` (concordance, strength): concordant is a
      stimulus on the side of its block, at strength 0 too, where a side is drawn as ever; a timeout is not correct, and `duration_wrong`
      is of wrong actions. Unbiased blocks are left out.
    - `accuracy_by_observations`, `reward_by_observations`, `trials_by_observations` (observation): by duration in (k − 1, k]; rewards as
      `Behaviour` has them, the penalty of waiting included. NaN below `fewest`.
    - `accuracy_by_block_trial`, `blocks_by_block_trial` (block_trial): after a switch from the other side, and the number of blocks
      behind each trial; `zero_accuracy_by_block_trial`, `zero_blocks_by_block_trial`: strength 0 only. NaN below `fewest`.
    - `early_slope` (per trial), `early_intercept`, `early_blocks` (previous_length): least squares of accuracy on the trial of the
      block, the first counted 0, over its first ten trials, by the length of the block before, from this one to the next.

    Args:
        strengths: of the task; trials are given to the nearest one.
        fewest: trials behind a point of curves by trial of the block (there they are blocks) and by observations, at least.
    """
    axes = coordinates(strengths)
    signed = _nearest(behaviour.signed_strength, axes["signed_strength"])
    level = _nearest(behaviour.strength, axes["strength"])
    side, acted = behaviour.block_side + 1, ~behaviour.timed_out
    shape = len(axes["signed_strength"]), len(BLOCK_SIDES)
    right, acted_trials = grouped(behaviour.action > 0, (signed, side), shape, acted)
    made: dict[str, Curve] = {
        "right_fraction": (("signed_strength", "block_side"), right),
        "acted_trials": (("signed_strength", "block_side"), acted_trials),
    }
    fitted = np.array([fit(axes["signed_strength"], *of_side) for of_side in zip(right.T, acted_trials.T, strict=True)])
    for name, values in zip(("bias", "threshold", "lapse_left", "lapse_right"), fitted.T, strict=True):
        made[f"psychometric_{name}"] = (("block_side",), values)

    outcomes = {"correct": behaviour.correct, "wrong": acted & ~behaviour.correct, "timeout": behaviour.timed_out}
    for name, values in outcomes.items():
        made[f"{name}_fraction"] = (("signed_strength",), grouped(values, (signed,), shape[:1])[0])
    made["trials"] = (("signed_strength",), grouped(behaviour.correct, (signed,), shape[:1])[1])
    timed = np.isfinite(behaviour.duration)
    made["duration"] = (("signed_strength",), grouped(behaviour.duration, (signed,), shape[:1], timed)[0])

    biased = behaviour.block_side != 0
    where, sizes = (behaviour.concordant.astype(int), level), (len(CONCORDANCES), len(axes["strength"]))
    accuracy, count = grouped(behaviour.correct, where, sizes, biased)
    made |= {"accuracy_by_strength": (("concordance", "strength"), accuracy), "trials_by_strength": (("concordance", "strength"), count)}
    for name in ("correct", "wrong"):
        made[f"duration_{name}"] = (
            ("concordance", "strength"),
            grouped(behaviour.duration, where, sizes, biased & timed & outcomes[name])[0],
        )

    long = np.where(timed, np.ceil(np.where(timed, behaviour.duration, 0)) - 1, -1).astype(int)
    for name, values in (("accuracy", behaviour.correct), ("reward", behaviour.reward)):
        mean, count = grouped(values, (long,), (OBSERVATIONS,), np.isfinite(values))
        made[f"{name}_by_observations"] = (("observation",), np.where(count < fewest, np.nan, mean))
    made["trials_by_observations"] = (("observation",), grouped(behaviour.correct, (long,), (OBSERVATIONS,))[1])
    for prefix, chosen in (("", np.ones_like(biased)), ("zero_", behaviour.strength == 0)):
        accuracy, count = grouped(behaviour.correct, (behaviour.block_trial - 1,), (LONGEST,), switched(behaviour) & chosen)
        made[f"{prefix}accuracy_by_block_trial"] = (("block_trial",), np.where(count < fewest, np.nan, accuracy))
        made[f"{prefix}blocks_by_block_trial"] = (("block_trial",), count)
    for name, values in zip(("early_slope", "early_intercept", "early_blocks"), _early(behaviour).T, strict=True):
        made[name] = (("previous_length",), values)
    return made


def numbers(behaviour: Behaviour, strengths: Sequence[float], drawn: Mapping[str, Curve] | None = None) -> dict[str, float]:
    """Single numbers of one agent; NaN without trials to tell them from.

    - `accuracy` (a timeout is not correct), `timeouts`, `observations` (mean duration; mice: s), `reward` (a trial).
    - `zero_contrast_concordant`, `zero_contrast_discordant`, `strongest_concordant`, `strongest_discordant`: accuracies.
    - `zero_contrast_block_effect`: P(right | right block) − P(right | left block) at strength 0, actions only.
    - `psychometric_shift`: bias in left blocks less that in right ones; `psychometric_lapse`: mean of both lapses in both blocks.
    - `first_trial_accuracy`, `plateau_accuracy`, `switch_dip`, `recovery_trials`: see `recovery`.

    Args:
        drawn: the agent's `curves`, where they have been made.
    """
    made = curves(behaviour, strengths) if drawn is None else drawn
    by_strength, right = made["accuracy_by_strength"][1], made["right_fraction"][1]
    bias = made["psychometric_bias"][1]
    lapses = np.stack([made[f"psychometric_lapse_{side}"][1][[0, 2]] for side in ("left", "right")])
    levels = coordinates(strengths)
    zero = np.flatnonzero(levels["strength"] == 0)
    zero_signed = np.flatnonzero(levels["signed_strength"] == 0)
    told = {
        "accuracy": _mean(behaviour.correct),
        "timeouts": _mean(behaviour.timed_out),
        "observations": _mean(behaviour.duration),
        "reward": _mean(behaviour.reward),
        "zero_contrast_concordant": float(by_strength[1, zero[0]]) if len(zero) else np.nan,
        "zero_contrast_discordant": float(by_strength[0, zero[0]]) if len(zero) else np.nan,
        "strongest_concordant": float(by_strength[1, -1]),
        "strongest_discordant": float(by_strength[0, -1]),
        "zero_contrast_block_effect": float(right[zero_signed[0], 2] - right[zero_signed[0], 0]) if len(zero) else np.nan,
        "psychometric_shift": float(bias[0] - bias[2]),
        "psychometric_lapse": float(lapses.mean()),
    }
    correct = by_block(behaviour)
    return told | dict(zip(RECOVERY, recovery(np.ones((1, len(correct))), correct)[0].tolist(), strict=True))


def grouped(
    values: np.ndarray,
    places: tuple[Int[np.ndarray, "trial"], ...],
    shape: tuple[int, ...],
    chosen: Bool[np.ndarray, "trial"] | None = None,
) -> tuple[Float[np.ndarray, "..."], Float[np.ndarray, "..."]]:
    """Mean of the chosen trials at each place of a table, NaN where there is none, and their number; places out of it do not count."""
    inside = np.all([(place >= 0) & (place < size) for place, size in zip(places, shape, strict=True)], axis=0)
    if chosen is not None:
        inside &= chosen
    flat = np.ravel_multi_index(tuple(place[inside] for place in places), shape)
    count = np.bincount(flat, minlength=int(np.prod(shape))).astype(float)
    total = np.bincount(flat, weights=values[inside].astype(float), minlength=len(count))
    mean = np.full(len(count), np.nan)
    np.divide(total, count, out=mean, where=count > 0)
    return mean.reshape(shape), count.reshape(shape)


def psychometric(x: Float[np.ndarray, "*level"], bias: float, threshold: float, lapse_left: float, lapse_right: float) -> Any:
    """P(right) = γ_l + (1 − γ_l − γ_r) (1 + erf((x − bias) / threshold)) / 2.

    Args:
        lapse_left: γ_l, P(right) at the far left.
        lapse_right: γ_r, 1 − P(right) at the far right.

    Source: the laboratory's psychometric function of two lapses (International Brain Laboratory 2021).
    """
    return lapse_left + (1 - lapse_left - lapse_right) * (1 + erf((x - bias) / threshold)) / 2


def fit(
    x: Float[np.ndarray, "level"], fraction: Float[np.ndarray, "level"], count: Float[np.ndarray, "level"]
) -> tuple[float, float, float, float]:
    """Bias, threshold (in the units of x) and lapses of greatest binomial likelihood; NaN with fewer than four levels that have trials.

    Bounds: |bias| ≤ max |x|, max |x| / 50 ≤ threshold ≤ 4 max |x|, lapses ≤ 0.5; three starts, always the same. Where nothing tells a
    lapse from a bias (a flat curve), the numbers are of the likeliest of the three, and mean little.
    """
    known = count > 0
    if known.sum() < 4:
        return np.nan, np.nan, np.nan, np.nan
    x, right, wrong = x[known], (fraction * count)[known], ((1 - fraction) * count)[known]
    reach = np.abs(x).max()

    def surprise(parameters: np.ndarray) -> float:
        chance = np.clip(psychometric(x, *parameters), 1e-9, 1 - 1e-9)
        return -float(right @ np.log(chance) + wrong @ np.log1p(-chance)) / count.sum()

    bounds = [(-reach, reach), (reach / 50, 4 * reach), (0, 0.5), (0, 0.5)]
    starts = [(0.0, reach / 8, 0.05, 0.05), (0.0, reach / 2, 0.05, 0.05), (0.0, reach / 3, 0.25, 0.25)]
    found = [minimize(surprise, start, method="L-BFGS-B", bounds=bounds, options={"ftol": 1e-12, "gtol": 1e-8}) for start in starts]
    bias, threshold, left, right_lapse = min(found, key=lambda one: one.fun).x.tolist()
    return bias, threshold, left, right_lapse


def switched(behaviour: Behaviour) -> Bool[np.ndarray, "trial"]:
    """Which trials are of a block that follows one of the other side: neither a session's first, nor the one after an unbiased one."""
    opened = np.isin(behaviour.session, behaviour.session[behaviour.block_side == 0])
    return behaviour.block > opened


def by_block(behaviour: Behaviour) -> Float[np.ndarray, "block block_trial"]:
    """Whether each trial of each switched block was correct; NaN where the block was over, or not played."""
    chosen = switched(behaviour) & (behaviour.block_trial <= LONGEST)
    pairs = np.stack([behaviour.session[chosen], behaviour.block[chosen]], axis=1)
    blocks, row = np.unique(pairs, axis=0, return_inverse=True)
    correct = np.full((len(blocks), LONGEST), np.nan)
    correct[row.ravel(), behaviour.block_trial[chosen] - 1] = behaviour.correct[chosen]
    return correct


#: Columns of `recovery`.
RECOVERY = ("first_trial_accuracy", "plateau_accuracy", "switch_dip", "recovery_trials")


def recovery(weights: Float[np.ndarray, "draw block"], correct: Float[np.ndarray, "block block_trial"]) -> Float[np.ndarray, "draw 4"]:
    """Accuracy on the first trial of a block, its plateau after 20 trials, their difference, and the trials τ in which the dip decays.

    τ is of the least squares fit a − d e^{−(k − 1)/τ} to the accuracy of trial k, each trial weighted by its blocks; NaN where
    d ≤ 0, or where no τ between 0.3 and 40 trials is best: then there is no dip to recover from.

    Args:
        weights: how often each block counts: ones, or the draws of a bootstrap by block.
    """
    told = np.isfinite(correct)
    count, right = weights @ told, weights @ np.where(told, correct, 0.0)
    mean = np.full(count.shape, np.nan)
    np.divide(right, count, out=mean, where=count > 0)
    settled = np.full(len(weights), np.nan)
    np.divide(right[:, SETTLED:].sum(axis=1), count[:, SETTLED:].sum(axis=1), out=settled, where=count[:, SETTLED:].sum(axis=1) > 0)
    decay = np.exp(-np.arange(correct.shape[1]) / _RECOVERIES[:, None])
    tau = [_time_constant(row, np.nan_to_num(of_row), decay) for row, of_row in zip(count, mean, strict=True)]
    return np.column_stack([mean[:, 0], settled, settled - mean[:, 0], tau])


def _time_constant(
    weight: Float[np.ndarray, "block_trial"], mean: Float[np.ndarray, "block_trial"], decay: Float[np.ndarray, "candidate block_trial"]
) -> float:
    """The τ of `recovery`, from its candidates."""
    total = weight.sum()
    if total == 0 or (weight > 0).sum() < 4:
        return np.nan
    x, y = decay - (decay @ weight / total)[:, None], mean - mean @ weight / total
    shared, spread = x @ (weight * y), x**2 @ weight
    explained = shared**2 / spread
    best = int(explained.argmax())
    return float(_RECOVERIES[best]) if shared[best] < 0 and 0 < best < len(decay) - 1 else np.nan


def recovery_errors(behaviour: Behaviour, rng: np.random.Generator, draws: int = 200) -> dict[str, float]:
    """Standard errors of the columns of `recovery`: their deviation over resampled blocks; of τ, over the resamples that have one."""
    correct = by_block(behaviour)
    if len(correct) < 2:
        return dict.fromkeys(RECOVERY, np.nan)
    weights = rng.multinomial(len(correct), np.full(len(correct), 1 / len(correct)), size=draws).astype(float)
    drawn = recovery(weights, correct)
    return {name: _deviation(values[np.isfinite(values)]) for name, values in zip(RECOVERY, drawn.T, strict=True)}


def session_error(values: np.ndarray, session: Int[np.ndarray, "trial"]) -> float:
    """Standard error of the mean over trials where sessions, not trials, are independent: √(S/(S−1) Σ_s (Σ_{i∈s} (x_i − x̄))²) / N.

    NaN with fewer than two sessions. Values that are not finite are left out.
    """
    known = np.isfinite(values)
    labels, place = np.unique(session[known], return_inverse=True)
    if len(labels) < 2:
        return np.nan
    deviations = values[known].astype(float) - values[known].mean()
    sums = np.bincount(place, weights=deviations, minlength=len(labels))
    return float(np.sqrt(len(labels) / (len(labels) - 1) * (sums**2).sum()) / known.sum())


def history(
    behaviour: Behaviour, prior: Float[np.ndarray, "trial"]
) -> tuple[Float[np.ndarray, "regressor"], Float[np.ndarray, "regressor"]]:
    """Weights, and their standard errors, of a logistic regression of the choice of right, over trials with an action.

    logit P(right) = w₀ + w₁ prior + w₂ m s + w₃ c + w₄ c r, with m s the signed strength, c the previous trial's action (−1, 0 none, +1),
    and r = +1 where it was correct, −1 where not. An observer whose own log-odds are the prior has w₃ = w₄ = 0, as what it sees beside them
    depends on the past through side and strength alone; what is left is a habit beyond the structure of blocks, or another account of
    blocks than the observer's: an actor without habits that smooths sides exponentially has w₃ of about 0.4, one that makes no use of
    feedback 0.7 where the prior is that of one that does. (The observations themselves would be no control: those that come after the
    ones regressed on tell the side, and so the block, once more.) Weights have the prior N(0, 100), which keeps them finite where choices
    can be told without error.

    Args:
        prior: log-odds of right before the trial, of an observer.

    Returns:
        In the order of `REGRESSORS`; NaN with fewer than 50 trials. A session's first trial has no predecessor, and is left out.
    """
    previous = np.flatnonzero((np.diff(behaviour.session) == 0) & (np.diff(behaviour.number) == 1))
    own = previous + 1
    choice = behaviour.action[previous].astype(float)
    rewarded = choice * np.where(behaviour.correct[previous], 1.0, -1.0)
    design = np.stack([np.ones(len(own)), prior[own], behaviour.signed_strength[own], choice, rewarded], axis=1).astype(float)
    used = np.isfinite(design).all(axis=1) & ~behaviour.timed_out[own]
    if used.sum() < 50:
        return np.full(len(REGRESSORS), np.nan), np.full(len(REGRESSORS), np.nan)
    return _logistic(design[used], behaviour.action[own][used] > 0)


def _logistic(
    design: Float[np.ndarray, "trial regressor"], chosen: Bool[np.ndarray, "trial"]
) -> tuple[Float[np.ndarray, "regressor"], Float[np.ndarray, "regressor"]]:
    """Maximum of the posterior by Newton's method with halved steps, and the deviations of its normal approximation."""
    prior = _PRECISION * np.eye(design.shape[1])
    weights = np.zeros(design.shape[1])

    def surprise(at: np.ndarray) -> float:
        return float(np.logaddexp(0, np.where(chosen, -1, 1) * (design @ at)).sum() + at @ prior @ at / 2)

    for _ in range(100):
        chance = expit(design @ weights)
        curvature = (design.T * (chance * (1 - chance))) @ design + prior
        step = np.linalg.solve(curvature, design.T @ (chosen - chance) - prior @ weights)
        shrunk = next((2.0**-i for i in range(30) if surprise(weights + 2.0**-i * step) <= surprise(weights)), 0.0)
        weights = weights + shrunk * step
        if np.abs(shrunk * step).max() < 1e-10:
            break
    return weights, np.sqrt(np.diag(np.linalg.inv(curvature)))


def _early(behaviour: Behaviour) -> Float[np.ndarray, "previous_length 3"]:
    """Slope and intercept of accuracy over the first trials of a block, and number of blocks, by length of the block before."""
    pairs = np.stack([behaviour.session, behaviour.block], axis=1)
    blocks, row = np.unique(pairs, axis=0, return_inverse=True)
    length = np.zeros(len(blocks), dtype=int)
    np.maximum.at(length, row.ravel(), behaviour.block_trial)
    before = np.concatenate([[0], length])[row.ravel()]  # rows are sorted by session and block, and a first block is not looked at
    bounds = np.array(PREVIOUS_LENGTHS)
    group = np.searchsorted(bounds, before, side="right") - 1
    early = switched(behaviour) & (behaviour.block_trial <= EARLY)
    told = np.full((len(bounds), 3), np.nan)
    for place in range(len(bounds)):
        chosen = early & (group == place)
        told[place, 2] = len(np.unique(row.ravel()[chosen]))
        x, y = behaviour.block_trial[chosen] - 1.0, behaviour.correct[chosen].astype(float)
        if len(np.unique(x)) > 1:
            slope = float((x - x.mean()) @ y / ((x - x.mean()) ** 2).sum())
            told[place, :2] = slope, y.mean() - slope * x.mean()
    return told


def _nearest(values: np.ndarray, levels: Float[np.ndarray, "level"]) -> Int[np.ndarray, "trial"]:
    return np.abs(values.astype(float)[:, None] - levels).argmin(axis=1)


def _mean(values: np.ndarray) -> float:
    known = values[np.isfinite(values)]
    return float(known.mean()) if len(known) else np.nan


def _deviation(values: Float[np.ndarray, "draw"]) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else np.nan
