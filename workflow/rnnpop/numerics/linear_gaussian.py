"""Linear dynamical systems with Gaussian noise, fitted to activity by exact expectation maximisation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from jaxtyping import Bool, Float, Int

from rnnpop.numerics import block_tridiagonal
from rnnpop.numerics.recurrences import Recording, Recurrence

#: Least variance of the noise of a channel and of the states, over the mean variance of the channels.
_CHANNEL_FLOOR: Final = 1e-8
_STATE_FLOOR: Final = 1e-12


@dataclass(frozen=True)
class Usable:
    """What of a recording a linear system can be fitted to, and how a fit says it in the recording's own numbers.

    Attributes:
        channels: those that are finite throughout.
        inputs: those that change.
        scale: largest absolute value of each of these inputs, by which they are divided.
    """

    channels: Bool[np.ndarray, "channel"]
    inputs: Bool[np.ndarray, "input"]
    scale: Float[np.ndarray, "used"]

    @classmethod
    def of(cls, recording: Recording, known_inputs: bool) -> Usable | None:
        """None for a recording that has one step, or no channel that varies."""
        activity, inputs = recording.states, recording.inputs
        channels = np.isfinite(activity).all(axis=(0, 1))
        if activity.shape[1] < 2 or not (activity[..., channels] != activity[:1, :1, channels]).any():
            return None
        used = (inputs != inputs[:1, :1]).any(axis=(0, 1)) & known_inputs
        return cls(channels, used, np.abs(inputs[..., used]).max(axis=(0, 1)))

    def part(self, recording: Recording) -> tuple[Float[np.ndarray, "trial time kept"], Float[np.ndarray, "trial time used"]]:
        """Activity and scaled inputs."""
        return recording.states[..., self.channels], recording.inputs[..., self.inputs] / self.scale

    def network(
        self,
        leak: float,
        dynamics: Float[np.ndarray, "latent regressor"],
        emission: Float[np.ndarray, "kept regressor"],
    ) -> Recurrence:
        """x' = A x + V u + b, y = C x + c as a leaky network, of [A V b] and [C F c]; channels that were left out are NaN."""
        latents = len(dynamics)
        (transition, gains, drift), (seen, _, level) = _parted(dynamics, latents), _parted(emission, latents)
        weights = (transition - (1 - leak) * np.eye(latents)) / leak
        input_weights = np.zeros((latents, len(self.inputs)))
        input_weights[:, self.inputs] = gains / self.scale / leak
        readout, offset = np.full((len(self.channels), latents), np.nan), np.full(len(self.channels), np.nan)
        readout[self.channels], offset[self.channels] = seen, level
        return Recurrence(weights, leak, "identity", "current", input_weights, drift / leak, readout, offset)


@dataclass(frozen=True)
class LinearGaussian:
    """x₁ ~ N(m, P), x' = A x + V u + b + N(0, Q), y = C x + F u + c + N(0, diag r).

    Attributes:
        transition: A.
        input_weights: V.
        drift: b.
        process_covariance: Q.
        readout: C.
        feedthrough: F.
        offset: c.
        channel_variance: r.
        start_mean, start_covariance: m, P.
    """

    transition: Float[np.ndarray, "latent latent"]
    input_weights: Float[np.ndarray, "latent input"]
    drift: Float[np.ndarray, "latent"]
    process_covariance: Float[np.ndarray, "latent latent"]
    readout: Float[np.ndarray, "channel latent"]
    feedthrough: Float[np.ndarray, "channel input"]
    offset: Float[np.ndarray, "channel"]
    channel_variance: Float[np.ndarray, "channel"]
    start_mean: Float[np.ndarray, "latent"]
    start_covariance: Float[np.ndarray, "latent latent"]

    @property
    def dynamics(self) -> Float[np.ndarray, "latent regressor"]:
        """[A V b]."""
        return np.column_stack([self.transition, self.input_weights, self.drift])

    @property
    def emission(self) -> Float[np.ndarray, "channel regressor"]:
        """[C F c]."""
        return np.column_stack([self.readout, self.feedthrough, self.offset])


@dataclass(frozen=True)
class Sums:
    """What a linear regression asks of its samples: Σ a aᵀ, Σ z aᵀ and Σ z zᵀ of regressors a and targets z.

    Attributes:
        targets: Σ z zᵀ, or its diagonal.
    """

    regressors: Float[np.ndarray, "regressor regressor"]
    cross: Float[np.ndarray, "target regressor"]
    targets: Float[np.ndarray, "target *more"]

    def weights(self) -> Float[np.ndarray, "target regressor"]:
        """The regression. Of regressors that say the same, those of least norm."""
        scale = 1 / np.sqrt(np.maximum(np.diagonal(self.regressors), np.finfo(float).tiny))
        inverse = np.linalg.pinv(self.regressors * scale * scale[:, None], rcond=1e-14, hermitian=True)
        return (self.cross * scale) @ inverse * scale

    def residual(self, weights: Float[np.ndarray, "target regressor"]) -> Float[np.ndarray, "target *more"]:
        """Σ (z − W a)(z − W a)ᵀ, or its diagonal."""
        if self.targets.ndim == 1:
            return self.targets + (weights * (weights @ self.regressors - 2 * self.cross)).sum(axis=1)
        explained = weights @ self.cross.T
        return self.targets - explained - explained.T + weights @ self.regressors @ weights.T


@dataclass(frozen=True)
class Observations:
    """Activity, and all that does not change from one iteration to the next.

    Attributes:
        rows: [y_t, u_t, u_{t−1}, 1]; u₀ = 0.
        gram: sum over all rows of their outer products.
        channels, inputs: how many of each.
    """

    rows: Float[np.ndarray, "trial time row"]
    gram: Float[np.ndarray, "row row"]
    channels: int
    inputs: int

    @classmethod
    def of(cls, activity: Float[np.ndarray, "trial time channel"], inputs: Float[np.ndarray, "trial time input"]) -> Observations:
        """Trials of one length, of at least two steps."""
        earlier = np.zeros_like(inputs)
        earlier[:, 1:] = inputs[:, :-1]
        rows = np.concatenate([activity, inputs, earlier, np.ones((*activity.shape[:2], 1))], axis=2)
        return cls(rows, _outer(rows, rows), activity.shape[2], inputs.shape[2])

    @property
    def given(self) -> Int[np.ndarray, "regressor"]:
        """Which columns of `rows` are u_t and 1."""
        return np.r_[self.channels : self.channels + self.inputs, self.rows.shape[2] - 1]

    @property
    def before(self) -> Int[np.ndarray, "regressor"]:
        """Which columns of `rows` are u_{t−1} and 1."""
        return np.r_[self.channels + self.inputs : self.rows.shape[2]]

    @property
    def alone(self) -> Sums:
        """Of channels on inputs and 1."""
        given, channels = self.given, self.channels
        return Sums(self.gram[np.ix_(given, given)], self.gram[:channels, given], self.gram[:channels, :channels])

    def dynamics(self, states: Float[np.ndarray, "trial time latent"], cross: Float[np.ndarray, "row latent"]) -> Sums:
        """Of x_{t+1} on [x_t, u_t, 1]; `cross` is the sum of the rows' products with the states."""
        first, last = states[:, 0], states[:, -1]
        closing = self.rows[:, -1][:, self.given]
        later = _outer(states[:, 1:], states[:, :-1])
        total = _outer(states, states)
        shared = cross[self.given] - closing.T @ last
        unit = self.gram[np.ix_(self.given, self.given)] - closing.T @ closing
        opening = cross[self.before].T.copy()
        opening[:, -1] -= first.sum(axis=0)
        return Sums(
            np.block([[total - last.T @ last, shared.T], [shared, unit]]), np.column_stack([later, opening]), total - first.T @ first
        )

    def emission(self, states: Float[np.ndarray, "trial time latent"], cross: Float[np.ndarray, "row latent"]) -> Sums:
        """Of y_t on [x_t, u_t, 1]."""
        given, channels = self.given, self.channels
        shared = cross[given]
        return Sums(
            np.block([[_outer(states, states), shared.T], [shared, self.gram[np.ix_(given, given)]]]),
            np.column_stack([cross[:channels], self.gram[:channels, given]]),
            np.diagonal(self.gram)[:channels].copy(),
        )


@dataclass(frozen=True)
class Posterior:
    """States given all of the activity.

    Attributes:
        means: E x_t.
        dynamics: expected sums of x_{t+1} on [x_t, u_t, 1].
        emission: expected sums of y_t on [x_t, u_t, 1].
        start_covariance: of x₁; the same in all trials.
        log_likelihood: of the activity, the states integrated out.
    """

    means: Float[np.ndarray, "trial time latent"]
    dynamics: Sums
    emission: Sums
    start_covariance: Float[np.ndarray, "latent latent"]
    log_likelihood: float


def smooth(model: LinearGaussian, observed: Observations) -> Posterior:
    """The posterior of the states, by elimination of its precision in the order of time.

    The precision of all states of a trial is block-tridiagonal, with D_t on the diagonal and −AᵀQ⁻¹ beside it. Its pivots
    Δ_t = D_t − Q⁻¹A Δ_{t−1}⁻¹ AᵀQ⁻¹ are the information filter, J_t = Δ_t⁻¹AᵀQ⁻¹ the gains of Rauch, Tung & Striebel's smoother. Of the
    linear term h_t there come z_t = h_t + J_{t−1}ᵀ z_{t−1} forwards and the means x_t = Δ_t⁻¹ z_t + J_t x_{t+1} backwards; covariances are
    V_t = Δ_t⁻¹ + J_t V_{t+1} J_tᵀ, those of x_{t+1} with x_t are V_{t+1} J_tᵀ. Pivots converge whatever the activity is; from there on
    gains are frozen, and means are a matter of a few large products.
    """
    size, (trials, steps, _) = len(model.drift), observed.rows.shape
    process, start, _, pivots, inverses, gains, last = _eliminated(model, steps)
    ending = np.linalg.inv(last)
    filtered = block_tridiagonal.forwards(_linear_terms(model, observed, process, start), gains)
    means = block_tridiagonal.backwards(filtered, inverses, gains, ending)
    covariance, among, lagged = block_tridiagonal.covariances(inverses, gains, ending, steps)
    cross = _outer(observed.rows, means)
    dynamics, emission = observed.dynamics(means, cross), observed.emission(means, cross)
    away = means[:, 0] - model.start_mean
    log_determinants = (
        steps * float(np.log(model.channel_variance).sum())
        + (steps - 1) * _log_determinant(model.process_covariance)
        + _log_determinant(model.start_covariance)
        + _log_determinant(pivots)
        + (steps - 1 - len(pivots)) * _log_determinant(pivots[-1])
        + _log_determinant(last)
    )
    log_likelihood = -0.5 * (
        trials * (steps * observed.channels * np.log(2 * np.pi) + log_determinants)
        + (process * dynamics.residual(model.dynamics)).sum()
        + (emission.residual(model.emission) / model.channel_variance).sum()
        + ((away @ start) * away).sum()
    )
    # what the covariances add, in the corner of the latents
    dynamics.regressors[:size, :size] += trials * among
    dynamics.cross[:, :size] += trials * lagged
    dynamics.targets[:] += trials * (among - covariance + ending)
    emission.regressors[:size, :size] += trials * (among + ending)
    return Posterior(means, dynamics, emission, covariance, float(log_likelihood))


def predicted(model: LinearGaussian, observed: Observations) -> Float[np.ndarray, "trial following channel"]:
    """E[y_{t+1} | y_1..y_t, u_1..u_{t+1}], from the second step on."""
    process, start, pull, pivots, _, gains, _ = _eliminated(model, observed.rows.shape[1])
    rows, channels, inputs = observed.rows, observed.channels, observed.inputs
    moved = (rows[..., observed.given] @ np.vstack([model.input_weights.T, model.drift]))[:, :-1]
    known = block_tridiagonal.forwards(_linear_terms(model, observed, process, start), gains)[:, :-1] + moved @ process @ model.transition
    covariances = np.linalg.inv(pivots - pull)  # what follows is not known yet
    own = len(pivots)
    states = np.concatenate([(known[:, :own, None] @ covariances)[:, :, 0], known[:, own:] @ covariances[-1]], axis=1)
    following = states @ model.transition.T + moved
    return following @ model.readout.T + rows[:, 1:, channels : channels + inputs] @ model.feedthrough.T + model.offset


def maximise(posterior: Posterior, observed: Observations, channel_variance: Float[np.ndarray, "channel"] | None = None) -> LinearGaussian:
    """The model that makes the expected log-likelihood greatest, noise no smaller than its floors; a given `channel_variance` is kept."""
    latents = posterior.means.shape[2]
    samples, trials = observed.gram[-1, -1], len(posterior.means)
    channel_floor, state_floor = _floors(observed)
    dynamics, emission = posterior.dynamics.weights(), posterior.emission.weights()
    if channel_variance is None:
        channel_variance = np.maximum(posterior.emission.residual(emission) / samples, channel_floor)
    start = posterior.means[:, 0].mean(axis=0)
    spread = posterior.means[:, 0] - start
    return LinearGaussian(
        *_parted(dynamics, latents),
        _at_least(posterior.dynamics.residual(dynamics) / (samples - trials), state_floor),
        *_parted(emission, latents),
        channel_variance,
        start,
        _at_least(posterior.start_covariance + spread.T @ spread / trials, state_floor),
    )


def principal_start(observed: Observations, latents: int, rng: np.random.Generator, *, persistent: bool = False) -> LinearGaussian:
    """Where iterations begin: principal components, and the variance of the components left over.

    The dynamics is the regression of the components on what comes before them. No input enters channels: begun with a regression of
    channels on inputs (which move states), iterations mostly end at a lower likelihood. A persistent start has that regression, without an
    intercept, components of what it leaves, and states that stay what they are, A = 0.99 I. Latents beyond the channels have small random
    readouts.
    """
    alone, samples = observed.alone, observed.gram[-1, -1]
    channel_floor, state_floor = _floors(observed)
    given = np.zeros_like(alone.cross)
    if persistent:
        given[:, :-1] = Sums(alone.regressors[:-1, :-1], alone.cross[:, :-1], alone.targets).weights()
    given[:, -1] = (alone.cross[:, -1] - given @ alone.regressors[:, -1]) / samples
    variances, axes = np.linalg.eigh(alone.residual(given) / samples)
    variances, axes = variances[::-1], axes[:, ::-1]
    components = min(latents, observed.channels)
    remaining = variances[components:].mean() if components < observed.channels else variances[-1] / 100
    readout = axes[:, :components]
    projection = np.zeros((len(observed.gram), components))
    projection[: observed.channels] = readout
    projection[observed.given] = -given.T @ readout
    states = observed.rows @ projection

    dynamics, process = np.zeros((latents, latents + observed.inputs + 1)), np.eye(latents) * max(variances[0], state_floor)
    dynamics[:, :latents] = 0.99 * np.eye(latents)
    if not persistent:
        sums = observed.dynamics(states, observed.gram @ projection)
        regression = sums.weights()
        dynamics[:components, :components], dynamics[:components, latents:] = np.split(regression, [components], axis=1)
        process[:components, :components] = _at_least(sums.residual(regression) / (samples - len(states)), state_floor)
    start = np.zeros(latents)
    start[:components] = states[:, 0].mean(axis=0)
    return LinearGaussian(
        *_parted(dynamics, latents),
        process,
        np.column_stack([readout, 0.1 * rng.standard_normal((observed.channels, latents - components))]),
        given[:, :-1],
        given[:, -1],
        np.full(observed.channels, max(remaining, channel_floor)),
        start,
        process,
    )


def expectation_maximisation(
    model: LinearGaussian, observed: Observations, iterations: int, tolerance: float, frozen_noise: bool = False
) -> tuple[LinearGaussian, list[float], bool]:
    """Iterate, until the log-likelihood changes by less than `tolerance` of itself or for so many iterations.

    Returns:
        The model; log-likelihoods of the start and after each iteration, so the last one is that of the model; whether it converged.
    """
    kept = model.channel_variance if frozen_noise else None
    log_likelihoods: list[float] = []
    while True:
        posterior = smooth(model, observed)
        log_likelihoods.append(posterior.log_likelihood)
        converged = len(log_likelihoods) > 1 and abs(log_likelihoods[-1] - log_likelihoods[-2]) < tolerance * abs(log_likelihoods[-2])
        if converged or len(log_likelihoods) > iterations:
            return model, log_likelihoods, converged
        model = maximise(posterior, observed, kept)


class _Eliminated(NamedTuple):
    """Q⁻¹, P⁻¹, AᵀQ⁻¹A; Δ_t, Δ_t⁻¹ and J_t until they have converged; and Δ_T, of a state that nothing follows."""

    process: Float[np.ndarray, "latent latent"]
    start: Float[np.ndarray, "latent latent"]
    pull: Float[np.ndarray, "latent latent"]
    pivots: Float[np.ndarray, "own latent latent"]
    inverses: Float[np.ndarray, "own latent latent"]
    gains: Float[np.ndarray, "own latent latent"]
    last: Float[np.ndarray, "latent latent"]


def _eliminated(model: LinearGaussian, steps: int) -> _Eliminated:
    process, start = np.linalg.inv(model.process_covariance), np.linalg.inv(model.start_covariance)
    information = model.readout.T @ (model.readout / model.channel_variance[:, None])
    back = model.transition.T @ process
    pull = back @ model.transition
    pivots = block_tridiagonal.pivots(start + information + pull, process + information + pull, -back, steps - 1)
    inverses = np.linalg.inv(pivots)
    gains = inverses @ back
    return _Eliminated(process, start, pull, pivots, inverses, gains, process + information - back.T @ gains[-1])


def _linear_terms(
    model: LinearGaussian,
    observed: Observations,
    process: Float[np.ndarray, "latent latent"],
    start: Float[np.ndarray, "latent latent"],
) -> Float[np.ndarray, "trial time latent"]:
    """h_t = Cᵀ R⁻¹ (y_t − F u_t − c) + Q⁻¹ d_{t−1} − AᵀQ⁻¹ d_t with d = V u + b; `process` and `start` are Q⁻¹ and P⁻¹."""
    weighted = model.readout / model.channel_variance[:, None]
    forth = process @ model.transition
    terms = observed.rows @ np.vstack(
        [
            weighted,
            -model.feedthrough.T @ weighted - model.input_weights.T @ forth,
            model.input_weights.T @ process,
            model.drift @ process - model.drift @ forth - model.offset @ weighted,
        ]
    )
    terms[:, 0] += model.start_mean @ start - model.drift @ process  # nothing moves the first state, and the last one moves nothing
    terms[:, -1] += observed.rows[:, -1][:, observed.given] @ np.vstack([model.input_weights.T, model.drift]) @ forth
    return terms


def _outer(left: Float[np.ndarray, "trial time left"], right: Float[np.ndarray, "trial time right"]) -> Float[np.ndarray, "left right"]:
    """Σ over trials and time of the outer products of rows."""
    return (left.transpose(0, 2, 1) @ right).sum(axis=0)


def _at_least(covariance: Float[np.ndarray, "latent latent"], floor: float) -> Float[np.ndarray, "latent latent"]:
    """The same with no variance below the floor, which is the most likely one so bounded."""
    covariance = (covariance + covariance.T) / 2
    variances, axes = np.linalg.eigh(covariance)
    return covariance if variances[0] >= floor else (axes * np.maximum(variances, floor)) @ axes.T


def _floors(observed: Observations) -> tuple[float, float]:
    alone = observed.alone
    samples = observed.gram[-1, -1]
    variance = float((np.diagonal(alone.targets) / samples - (alone.cross[:, -1] / samples) ** 2).mean())
    return _CHANNEL_FLOOR * variance, _STATE_FLOOR * variance


def _parted(weights: Float[np.ndarray, "target regressor"], latents: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What multiplies latents, inputs and 1."""
    return weights[:, :latents], weights[:, latents:-1], weights[:, -1]


def _log_determinant(matrices: Float[np.ndarray, "*stack latent latent"]) -> float:
    """Sum of those of a stack."""
    return float(np.linalg.slogdet(matrices)[1].sum())
