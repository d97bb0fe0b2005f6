"""How well an estimate meets what it stands for."""

from __future__ import annotations

import numpy as np
from jaxtyping import Float
from scipy.special import log_softmax

from rnnpop.numerics.recurrences import Recording, Recurrence


def r_squared(estimate: Float[np.ndarray, "*sample channel"], target: Float[np.ndarray, "*sample channel"]) -> float:
    """R² = 1 − Σ |y − y*|² / Σ |y* − ȳ*|² over samples and channels, ȳ* the mean of each channel; NaN where the target is constant.

    Of the estimate as it is: negative where the mean would do better.
    """
    total = ((target - target.mean(axis=tuple(range(target.ndim - 1)))) ** 2).sum()
    return float(1 - ((estimate - target) ** 2).sum() / total) if total > 0 else np.nan


def scored(loss: str, outputs: Float[np.ndarray, "*trial output"], targets: Float[np.ndarray, "*trial output"]) -> float:
    """Mean score of outputs over steps and trials, as `kernels.Kernel` defines it for each loss."""
    with np.errstate(over="ignore", invalid="ignore"):
        if loss == "squared":
            return float(np.mean((outputs - targets) ** 2))
        if loss == "logistic":
            each = np.abs(targets) * np.logaddexp(0, -np.sign(targets) * outputs)
        else:
            each = -targets * log_softmax(outputs, axis=-1)
        return float(each.sum(axis=-1).mean())


def forecasts(model: Recurrence, seen: Recording, horizon: int) -> dict[str, float]:
    """R² of the next state, and of free runs over `horizon` steps that begin at the watched units' own states; none for a latent state."""
    if model.readout is not None:
        return {}
    before, inputs, after = seen.pairs
    known = inputs if inputs.shape[1] else None
    with np.errstate(over="ignore", invalid="ignore"):
        one = r_squared(model.step(before, known), after)
        trials, length = seen.states.shape[:2]
        steps = min(horizon, length)
        pieces = length // steps
        states, given = (
            values[:, : pieces * steps].reshape(trials * pieces, steps, values.shape[-1]).swapaxes(0, 1)
            for values in (seen.states, seen.inputs)
        )
        free = model.run(states[0], steps, given if known is not None else None)
        return {"one_step_r2": one, "free_run_r2": r_squared(free[1:], states[1:])}
