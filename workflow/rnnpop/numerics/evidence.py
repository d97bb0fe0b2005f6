"""Evidence for one of two choices, in samples, and choices on it: the ideal observer's, and what each sample weighs in a network's."""

from __future__ import annotations

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import ndtr

from rnnpop.numerics.decoding import logistic


def stimulus(inputs: Float[np.ndarray, "trial time input"]) -> Bool[np.ndarray, "time"]:
    """Steps at which the two channels of a choice, the second and third of the input, are on: there their mean sum is 1, else 0."""
    return inputs[..., 1:].astype(np.float64).sum(axis=2).mean(axis=0) > 0.5


def evidence(inputs: Float[np.ndarray, "trial time input"]) -> Float[np.ndarray, "trial observation"]:
    """Differences of the two channels, positive for the first choice, one a step of the stimulus."""
    shown = inputs[:, stimulus(inputs)].astype(np.float64)
    return shown[..., 1] - shown[..., 2]


def choices(outputs: Float[np.ndarray, "trial time output"]) -> Int[np.ndarray, "trial"]:
    """+1 and −1 for the first and the second choice, 0 for neither (fixation): the largest output of the last step."""
    return np.array([0, 1, -1])[outputs[:, -1].argmax(axis=1)]


def ideal_choices(inputs: Float[np.ndarray, "trial time input"]) -> Int[np.ndarray, "trial"]:
    """The sign of the sum of the evidence: the likelier choice, whatever the coherence."""
    return np.where(evidence(inputs).sum(axis=1) > 0, 1, -1)


def ideal_accuracy(coherence: Float[np.ndarray, "coherence"], samples: int, deviation: float) -> Float[np.ndarray, "coherence"]:
    """Φ(√n (c/100) / (√2 σ)): the sum of n differences of mean c/100 has the right sign.

    Args:
        coherence: c, %.
        samples: n.
        deviation: σ of a channel's noise.
    """
    mean = coherence / 100 * np.sqrt(samples)
    return ndtr(np.divide(mean, np.sqrt(2) * deviation, out=np.where(mean > 0, np.inf, 0.0), where=deviation > 0))


def integration_kernel(
    samples: Float[np.ndarray, "trial observation"], choice: Int[np.ndarray, "trial"]
) -> Float[np.ndarray, "observation"]:
    """Weights of the samples in a logistic regression of the choice, over their mean size: 1 everywhere for who weighs all alike.

    Trials without a choice are left out; NaN where only one of the two was made. The regression is penalised (see `decoding.logistic`), as
    choices of a network without noise of its own can be told from all samples without an error; that scales weights, and hardly bends them.
    """
    made = choice != 0
    if not (choice > 0).any() or not (choice < 0).any():
        return np.full(samples.shape[1], np.nan)
    weights = logistic(samples[made], choice[made].astype(np.float64)).direction
    return weights / np.abs(weights).mean()


def primacy(kernel: Float[np.ndarray, "observation"]) -> float:
    """Weight of the first half of the samples less that of the second half, over the sum of all sizes: +1 all early, −1 all late."""
    half = len(kernel) // 2
    return float((kernel[:half].sum() - kernel[len(kernel) - half :].sum()) / np.abs(kernel).sum())
