"""Linear dynamical systems with latent states, by exact expectation maximisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from rnnpop.learners import ActivityLearner
from rnnpop.numerics.linear_gaussian import Observations, Usable, expectation_maximisation, predicted, principal_start
from rnnpop.numerics.recurrences import Fit, Recording
from rnnpop.numerics.scores import r_squared
from rnnpop.variants import Count, NonNegative, Whole


@final
@dataclass(frozen=True)
class LinearDynamicalSystem(ActivityLearner):
    """x' = A x + V u + b + N(0, Q), y = C x + F u + c + N(0, diag r); of the B scale is (A − (1 − a) I) / a.

    Plain numpy, one recording after the other: no fit can hear of its neighbours, and an iteration has little more to do than to read the
    activity twice. Channels that are not finite throughout are left out (their readout is NaN), as are inputs that never change. The
    network of the fit says C x + c: F stays behind. A recording of one step, one without a channel that varies, and one that overflows
    have no model.

    Described: `log_likelihood` of a sample of a channel, in nats, the states integrated out; `iterations`; `converged` (0 or 1);
    `one_step_r2`, of what all of the past foretells of the next state.

    Attributes:
        latents: how many states; 0: one less than the units watched, and at least one.
        iterations: at most.
        tolerance: relative change of the log-likelihood at which iterations end.
        mode: few_iterations imitates published fits that are far from the greatest likelihood: states begin as persistent ones, noise of
            channels stays the variance of the components left over. Two `iterations` come near those.
        known_inputs: whether the recording's inputs are known to it (each over its largest absolute value).

    Source: Ghahramani & Hinton 1996; Qian et al. 2024 for what is imitated, and for one less than the units watched.
    """

    latents: Whole = 5
    iterations: Count = 200
    tolerance: NonNegative = 1e-7
    mode: Literal["converged", "few_iterations"] = "converged"
    known_inputs: bool = True

    def fit(self, seen: Sequence[Recording], streams: Sequence[np.random.Generator]) -> list[Fit]:
        return [self._fit(recording, rng) for recording, rng in zip(seen, streams, strict=True)]

    def _fit(self, recording: Recording, rng: np.random.Generator) -> Fit:
        latents = self.latents or max(recording.states.shape[2] - 1, 1)
        nothing = Fit(np.full(latents, complex(np.nan, np.nan)), None, {})
        usable = Usable.of(recording, self.known_inputs)
        if usable is None:
            return nothing
        few = self.mode == "few_iterations"
        try:
            with np.errstate(all="ignore"):  # where activity is about to overflow nothing is left to fit
                activity, inputs = usable.part(recording)
                observed = Observations.of(activity, inputs)
                start = principal_start(observed, latents, rng, persistent=few)
                model, log_likelihoods, converged = expectation_maximisation(start, observed, self.iterations, self.tolerance, few)
                return Fit.of(
                    usable.network(recording.leak, model.dynamics, model.emission),
                    log_likelihood=log_likelihoods[-1] / activity.size,
                    iterations=float(len(log_likelihoods) - 1),
                    converged=float(converged),
                    one_step_r2=r_squared(predicted(model, observed), activity[:, 1:]),
                )
        except np.linalg.LinAlgError:
            return nothing
