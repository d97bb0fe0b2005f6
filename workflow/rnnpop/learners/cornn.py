"""Convex optimisation of recurrent networks (CORNN): logistic regression of each watched unit's drive on the rates of all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
from jaxtyping import Float

from rnnpop.learners import ActivityLearner
from rnnpop.numerics.recurrences import Fit, Recording, Recurrence
from rnnpop.variants import Count, NonNegative, Positive

#: Largest modulus of a target: tanh never gets to 1.
_BELOW_ONE = 1 - 1e-6


@final
@dataclass(frozen=True)
class Cornn(ActivityLearner):
    """r' = (1 − a) r + a tanh(A r + U u + b): with targets d = (r' − (1 − a) r) / a and z = [r, u, 1], θ = [A, U, b]ᵀ minimises, by unit,

        mean cross-entropy between (1 + d) / 2 and (1 + tanh(z θ)) / 2, plus ½ l2 |θ|²

    The published iteration, θ ← θ + G⁻¹ (Zᵀ E − l2 T θ) with G = Zᵀ Z + l2 T I, from θ = G⁻¹ Zᵀ artanh d, never raises the objective of the
    standard variant, since G is at least its second derivative; it stands still where Zᵀ E = l2 T θ. Variants, by E:

    - standard: d − tanh(z θ). Convex.
    - weighted: (d − tanh(z θ)) / (1 − d²), samples above the threshold left out, the others weighted up in their stead, unit by unit.
    - robust: the same, clipped at the threshold.
    - converged: standard, with Nesterov's momentum, begun anew where it leads uphill: the plain iteration creeps where targets saturate
      (without noise ten thousand steps of it left the leading eigenvalue 3 percent off).

    All stop where no component of G^-½ (Zᵀ E − l2 T θ) / √T, the gradient in the metric of the iteration, exceeds `tolerance`.

    The student is in the rate form, and so should the circuit be. States of the current form are taken for rates as they stand. Targets are
    clipped to ±(1 − 1e-6).

    Attributes:
        variant: as above.
        iterations: at most.
        l2: over the mean, not the sum.
        threshold: largest |E| that counts.
        tolerance: of the gradient.
        bias: whether there is a b.

    Source: Dinc et al. 2023; Qian et al. 2024 use the weighted variant.
    """

    variant: Literal["weighted", "standard", "robust", "converged"] = "weighted"
    iterations: Count = 1000
    l2: NonNegative = 1e-5
    threshold: Positive = 1.0
    tolerance: Positive = 1e-10
    bias: bool = False

    def fit(self, seen: Sequence[Recording], streams: Sequence[np.random.Generator]) -> list[Fit]:
        return [self._student(recording) for recording in seen]

    def _student(self, recording: Recording) -> Fit:
        rates, inputs, following = recording.pairs
        units = rates.shape[1]
        regressors = np.concatenate([rates, inputs, np.ones((len(rates), int(self.bias)))], axis=1)
        # a recording may have run away; its squares are then infinite
        with np.errstate(over="ignore", invalid="ignore"):
            targets = np.clip((following - (1 - recording.leak) * rates) / recording.leak, -_BELOW_ONE, _BELOW_ONE)
            sound = np.isfinite(regressors.T @ regressors).all() and np.isfinite(targets).all()
        if not sound:
            return Fit(np.full(units, np.nan, dtype=complex), None, {})
        parameters, steps, force = self._solve(regressors, targets)
        weights, input_weights, bias = np.split(parameters.T, [units, units + inputs.shape[1]], axis=1)
        model = Recurrence(
            weights,
            recording.leak,
            "tanh",
            "rate",
            input_weights if inputs.shape[1] else None,
            bias[:, 0] if self.bias else None,
        )
        return Fit.of(model, iterations=float(steps), stationarity=force)

    def _solve(
        self, regressors: Float[np.ndarray, "sample regressor"], targets: Float[np.ndarray, "sample unit"]
    ) -> tuple[Float[np.ndarray, "regressor unit"], int, float]:
        """θ, the iterations it took, and the largest component of the gradient, in the iteration's metric, at the last of them."""
        samples, error = len(targets), self._error(targets)
        penalty = self.l2 * samples
        scale, axes = np.linalg.eigh(regressors.T @ regressors + penalty * np.eye(regressors.shape[1]))
        # directions that neither samples nor the penalty decide stay at 0
        kept = scale > np.finfo(float).eps * len(scale) * max(scale[-1], np.finfo(float).tiny)
        whitening = axes[:, kept] / np.sqrt(scale[kept])
        # θ = whitening z: with z for θ the iteration is gradient descent with a step of 1
        white, shrink = regressors @ whitening, penalty * whitening.T @ whitening
        z = ahead = white.T @ np.arctanh(targets)
        momentum, residual, done = np.ones(targets.shape[1]), np.inf, 0
        while done < self.iterations and residual > self.tolerance:
            force = white.T @ error(white @ ahead) - shrink @ ahead
            residual, done = float(np.abs(force).max(initial=0.0) / np.sqrt(samples)), done + 1
            last, z = z, ahead + force
            ahead = z
            if self.variant == "converged":
                uphill = (force * (z - last)).sum(0) < 0
                following = np.where(uphill, 1.0, (1 + np.sqrt(1 + 4 * momentum**2)) / 2)
                ahead = z + np.where(uphill, 0.0, (momentum - 1) / following) * (z - last)
                momentum = following
        return whitening @ z, done, residual

    def _error(self, targets: Float[np.ndarray, "sample unit"]) -> Callable[[np.ndarray], np.ndarray]:
        """E as a function of z θ."""
        if self.variant in ("standard", "converged"):
            return lambda drive: targets - np.tanh(drive)
        weight = 1 / (1 - targets**2)

        def weighted(drive: Float[np.ndarray, "sample unit"]) -> Float[np.ndarray, "sample unit"]:
            error = weight * (targets - np.tanh(drive))
            if self.variant == "robust":
                return np.clip(error, -self.threshold, self.threshold)
            counts = np.abs(error) <= self.threshold
            return np.where(counts, error, 0) * (len(error) / np.maximum(counts.sum(0), 1))

        return weighted
