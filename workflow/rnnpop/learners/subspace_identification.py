"""Linear dynamical systems with latent states, by canonical variates of past and future."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from jaxtyping import Float

from rnnpop.learners import ActivityLearner
from rnnpop.numerics.linear_gaussian import Observations, Usable
from rnnpop.numerics.recurrences import Fit, Recording
from rnnpop.numerics.scores import r_squared
from rnnpop.variants import Count, NonNegative


@final
@dataclass(frozen=True)
class SubspaceIdentification(ActivityLearner):
    """x' = A x + V u + b, y = C x + F u + c by regression, once x is known: the combinations of the past that tell most of the future.

    Of activity and inputs in the past, those canonical variates that correlate most with activity in the future, what inputs of the future
    explain taken out of both. No iterations, so no start to depend on; no likelihood. Recordings without a model, channels and inputs that
    are left out, and F are as in a linear dynamical system.

    Described: `one_step_r2`, of what the states foretell of the activity.

    Attributes:
        latents: how many states.
        lags: of the past, and of the future.
        stride: steps from one lag to the next.
        cutoff: directions of past or future with less than this share of the largest variance are noise of rounding.
        known_inputs: whether the recording's inputs are known to it.

    Source: Larimore 1990; Van Overschee & De Moor 1996.
    """

    latents: Count = 5
    lags: Count = 5
    stride: Count = 5
    cutoff: NonNegative = 1e-12
    known_inputs: bool = True

    def fit(self, seen: Sequence[Recording], streams: Sequence[np.random.Generator]) -> list[Fit]:
        return [self._fit(recording) for recording in seen]

    def _fit(self, recording: Recording) -> Fit:
        nothing = Fit(np.full(self.latents, complex(np.nan, np.nan)), None, {})
        usable = Usable.of(recording, self.known_inputs)
        reach = self.lags * self.stride
        if usable is None or recording.states.shape[1] < 2 * reach + 2:
            return nothing
        try:
            with np.errstate(all="ignore"):  # where activity is about to overflow nothing is left to fit
                activity, inputs = usable.part(recording)
                states = self._states(activity, inputs)
                later = activity[:, reach:], inputs[:, reach:]
                observed = Observations.of(*later)
                cross = (observed.rows.swapaxes(1, 2) @ states).sum(axis=0)
                dynamics, emission = observed.dynamics(states, cross).weights(), observed.emission(states, cross).weights()
                regressors = np.concatenate([states, later[1], np.ones((*states.shape[:2], 1))], axis=2)
                network = usable.network(recording.leak, dynamics, emission)
                return Fit.of(network, one_step_r2=r_squared(regressors @ emission.T, later[0]))
        except np.linalg.LinAlgError:
            return nothing

    def _states(
        self, activity: Float[np.ndarray, "trial time channel"], inputs: Float[np.ndarray, "trial time input"]
    ) -> Float[np.ndarray, "trial later latent"]:
        """From the first step on that has a past."""
        steps, reach = activity.shape[1], self.lags * self.stride

        def shifted(values: np.ndarray, first: int, until: int) -> np.ndarray:
            """Values `first`, `first` + stride, ... steps after each step that has a past (and is `until` before the end)."""
            places = [slice(reach + first + lag * self.stride, steps - until + first + lag * self.stride) for lag in range(self.lags)]
            return np.concatenate([values[:, place] for place in places], axis=2)

        both = np.concatenate([activity, inputs], axis=2)
        past = shifted(both, -reach + self.stride - 1, 0)  # up to the step before
        known = past[:, : steps - 2 * reach]
        told = np.concatenate([shifted(inputs, 0, reach), np.ones((*known.shape[:2], 1))], axis=2)
        sizes = np.cumsum([past.shape[2], self.lags * activity.shape[2]])
        joint = np.concatenate([known, shifted(activity, 0, reach), told], axis=2).reshape(-1, sizes[1] + told.shape[2])
        gram = joint.T @ joint / len(joint)
        explained = gram[:, sizes[1] :] @ np.linalg.pinv(gram[sizes[1] :, sizes[1] :], hermitian=True) @ gram[sizes[1] :]
        left = gram - explained
        before, after = self._whitened(left[: sizes[0], : sizes[0]]), self._whitened(left[sizes[0] : sizes[1], sizes[0] : sizes[1]])
        variates = np.linalg.svd(before.T @ left[: sizes[0], sizes[0] : sizes[1]] @ after)[0]
        weights = np.zeros((sizes[0], self.latents))
        found = min(self.latents, variates.shape[1])
        weights[:, :found] = before @ variates[:, :found]
        return past @ weights

    def _whitened(self, covariance: Float[np.ndarray, "feature feature"]) -> Float[np.ndarray, "feature direction"]:
        """Columns W with Wᵀ Σ W = I, of the directions that vary."""
        variances, axes = np.linalg.eigh(covariance)
        kept = variances > self.cutoff * variances[-1]
        return axes[:, kept] / np.sqrt(variances[kept])
