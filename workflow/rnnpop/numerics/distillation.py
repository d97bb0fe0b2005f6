"""Small networks that do what a large one does: coordinates of a teacher's states, and their dynamics in closed form."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import expit, log_expit

from rnnpop.numerics.scores import r_squared
from rnnpop.numerics.subspaces import principal_subspace

#: Steps between two moments at which a student is held against its teacher.
STRIDES = (1, 2, 5, 10, 20, 50)

#: Largest coordinate of a teacher's states: artanh needs |z| < 1.
_MARGIN = 1.01

#: Ridge of logistic fits, per sample: it only bounds the weights where classes can be told apart without an error.
_RIDGE = 1e-6

Directions = Literal["task", "whole", "components", "learned"]


@dataclass(frozen=True)
class Lesson:
    """What a teacher's sessions hold for a student, float64.

    Attributes:
        inputs: of each step.
        hidden: the teacher's hidden units after each step.
        log_odds: of right over left, by the teacher's outputs.
        block_side: that of the step's trial.
        observing: whether the step is an observation.
        choice: side chosen, at the steps that end a trial by an action; else 0.
        decision, bias: log_odds = decision · hidden + bias.
    """

    inputs: Float[np.ndarray, "session time input"]
    hidden: Float[np.ndarray, "session time unit"]
    log_odds: Float[np.ndarray, "session time"]
    block_side: Int[np.ndarray, "session time"]
    observing: Bool[np.ndarray, "session time"]
    choice: Int[np.ndarray, "session time"]
    decision: Float[np.ndarray, "unit"]
    bias: float

    @property
    def held_out(self) -> Bool[np.ndarray, "session"]:
        """Every third session: a student is fitted to the others; a single session serves as both."""
        number = np.arange(len(self.inputs))
        return number % 3 == 2 if len(number) > 2 else number == len(number) - 1

    @property
    def fitted(self) -> Bool[np.ndarray, "session"]:
        """The sessions that a student is fitted to."""
        return ~self.held_out if len(self.inputs) > 1 else self.held_out

    def sessions(self, chosen: Bool[np.ndarray, "session"]) -> Lesson:
        """Some of the sessions."""
        per_step = ("inputs", "hidden", "log_odds", "block_side", "observing", "choice")
        return replace(self, **{name: getattr(self, name)[chosen] for name in per_step})


def lesson(teacher: Any) -> Lesson | None:
    """What `teacher` (learners.Teacher) can teach; None if its states or parameters are not finite."""
    weights, offset = (teacher.parameters[name].astype(float) for name in ("readout_weights", "readout_bias"))
    decision, bias = weights[1] - weights[0], float(offset[1] - offset[0])
    steps = teacher.steps
    hidden = teacher.state[..., : weights.shape[1]].astype(float)
    if not (np.isfinite(hidden).all() and np.isfinite(decision).all() and np.isfinite(bias)):
        return None
    rows = np.arange(len(hidden))[:, None]
    return Lesson(
        inputs=steps.inputs.astype(float),
        hidden=hidden,
        log_odds=hidden @ decision + bias,
        block_side=teacher.course.block_side[rows, np.minimum(steps.trial_number, teacher.course.block_side.shape[1] - 1)].astype(int),
        observing=steps.trial_step >= teacher.blanks,
        choice=np.where(steps.ended, steps.action, 0).astype(int),
        decision=decision,
        bias=bias,
    )


@dataclass(frozen=True)
class Coordinates:
    """Places z = P h + o of hidden units h, |z| < 1 in the sessions that they were made from.

    Attributes:
        projection: P.
        offset: o.
        reading: r of length 1; r · z + indifference grows with the teacher's log-odds of right, and is 0 where it is indifferent.
        indifference: 0 where z itself has its origin there.
    """

    projection: Float[np.ndarray, "component unit"]
    offset: Float[np.ndarray, "component"]
    reading: Float[np.ndarray, "component"]
    indifference: float

    def places(self, hidden: Float[np.ndarray, "*step unit"]) -> Float[np.ndarray, "*step component"]:
        """z."""
        return hidden @ self.projection.T + self.offset


def coordinates(lesson: Lesson, directions: Directions, components: int, *, dual: bool = False) -> Coordinates:
    """Coordinates of a teacher's states, divided by M = 1.01 max|z| over all steps and components.

    `task`: first the stimulus belief, second the block belief, as projections on two directions in the plane of the two leading principal
    components: the readout's W_right − W_left, and the logistic regression (with intercept) of the block's side at every step; the origin
    is where either is indifferent. Directions are projected without the mean. Further components are the principal ones from the third on.
    `whole`: the same two directions in the whole space, so that the first coordinate is the decision itself, whatever else fills the plane.
    `components`: the leading principal components. `learned`: the reduced-rank regression of h_t on h_{t−1}, given u_t and 1.

    Args:
        components: number of coordinates k.
        dual: `task`, `whole`: coordinates on the dual basis, z_1 v_1 + z_2 v_2 = the state's place in their plane, instead of projections.

    Raises:
        ValueError: if `task` or `whole` is asked for fewer than two components.

    Source: Schaeffer et al. 2020; their public code projects the mean along with the directions.
    """
    flat = lesson.hidden.reshape(-1, lesson.hidden.shape[-1])
    mean = flat.mean(axis=0)
    if directions in ("task", "whole"):
        if components < 2:
            raise ValueError(f"task directions are two; a student of {components} unit has no room for them")
        axes = principal_subspace(flat, max(components, flat.shape[1])).axes.T
        return _scaled(_task(lesson, axes[: 2 if directions == "task" else None], axes[2:components], dual), lesson)
    rows = principal_subspace(flat, components).axes.T if directions == "components" else _reduced_rank(lesson, components)
    reading = np.linalg.lstsq((flat - mean) @ rows.T, (flat - mean) @ lesson.decision, rcond=None)[0]
    size = float(np.linalg.norm(reading)) or 1.0
    rows, reading = rows * np.where(reading < 0, -1.0, 1.0)[:, None], np.abs(reading) / size
    return _scaled(Coordinates(rows, -rows @ mean, reading, (float(lesson.decision @ mean) + lesson.bias) / size), lesson)


def _task(lesson: Lesson, axes: Float[np.ndarray, "axis unit"], further: Float[np.ndarray, "more unit"], dual: bool) -> Coordinates:
    """Stimulus and block belief in the space of `axes`, with `further` components behind them."""
    flat, side = lesson.hidden.reshape(-1, lesson.hidden.shape[-1]), lesson.block_side.ravel()
    mean, told = flat.mean(axis=0), side != 0
    scores = (flat[told] - mean) @ axes.T
    deviation = np.maximum(scores.std(axis=0), np.finfo(float).tiny)
    fit = logistic(np.column_stack([scores / deviation, np.ones(len(scores))]), (side[told] > 0).astype(float))
    directions = np.stack([axes @ lesson.decision, fit[:-1] / deviation])
    size = np.linalg.norm(directions, axis=1)
    size[size == 0] = 1.0
    directions, shift = directions / size[:, None], np.array([lesson.decision @ mean + lesson.bias, fit[-1]]) / size
    reading = np.array([1.0, 0.0])
    if dual:
        gram = directions @ directions.T
        inverse = np.linalg.pinv(gram)  # a network that never acts may have no stimulus direction
        directions, shift = inverse @ directions, inverse @ shift
        reading = gram[0] / (float(np.linalg.norm(gram[0])) or 1.0)
    projection = np.concatenate([directions @ axes, further])
    more = np.zeros(len(further))
    return Coordinates(projection, np.concatenate([shift, more]) - projection @ mean, np.concatenate([reading, more]), 0.0)


def _reduced_rank(lesson: Lesson, components: int) -> Float[np.ndarray, "component unit"]:
    """Rows P such that P h_{t−1} predicts h_t best by least squares, beside u_t and 1; by falling share of what is predicted."""
    units = lesson.hidden.shape[-1]
    earlier, later = (hidden.reshape(-1, units) for hidden in (lesson.hidden[:, :-1], lesson.hidden[:, 1:]))
    given = np.column_stack([lesson.inputs[:, 1:].reshape(len(earlier), -1), np.ones(len(earlier))])
    earlier, later = (values - given @ np.linalg.lstsq(given, values, rcond=None)[0] for values in (earlier, later))
    slope = np.linalg.lstsq(earlier, later, rcond=None)[0]
    scatter = earlier @ slope
    _, vectors = np.linalg.eigh(scatter.T @ scatter)
    rows = np.zeros((components, units))
    kept = min(components, units)
    rows[:kept] = (slope @ vectors[:, : -kept - 1 : -1]).T
    return rows


def _scaled(found: Coordinates, lesson: Lesson) -> Coordinates:
    scale = _MARGIN * (float(np.abs(found.places(lesson.hidden)).max()) or 1.0)
    return Coordinates(found.projection / scale, found.offset / scale, found.reading, found.indifference / scale)


def fit_tanh_map(
    places: Float[np.ndarray, "session time component"], inputs: Float[np.ndarray, "session time input"]
) -> tuple[Float[np.ndarray, "component component"], Float[np.ndarray, "component input"], Float[np.ndarray, "component"]]:
    """A, B, c of z_t = tanh(A z_{t−1} + B u_t + c), z_0 = 0: least squares of artanh z_t, in closed form, over all steps.

    Args:
        places: z, |z| < 1.

    Source: Schaeffer et al. 2020, "representation and dynamics distillation".
    """
    components = places.shape[-1]
    predictors = np.concatenate([before(places), inputs, np.ones((*places.shape[:2], 1))], axis=-1)
    wanted = np.arctanh(places).reshape(-1, components)
    found = np.linalg.lstsq(predictors.reshape(len(wanted), -1), wanted, rcond=None)[0].T
    return found[:, :components], found[:, components:-1], found[:, -1]


def before(places: Float[np.ndarray, "session time component"]) -> Float[np.ndarray, "session time component"]:
    """z_{t−1}, from z_0 = 0."""
    return np.concatenate([np.zeros_like(places[:, :1]), places[:, :-1]], axis=1)


def fitted_gain(lesson: Lesson, coordinates: Coordinates) -> float:
    """Gain g at which the student's softmax σ(2g (r · z + indifference)) is closest to the teacher's, in cross-entropy over observations.

    The teacher's choices themselves would be of no use: at the steps at which it acts they are the sign of its own outputs.
    """
    belief = coordinates.places(lesson.hidden) @ coordinates.reading + coordinates.indifference
    seen = lesson.observing
    return float(logistic(belief[seen][:, None], expit(lesson.log_odds[seen]))[0] / 2)


def readout(coordinates: Coordinates, gain: float) -> dict[str, Float[np.ndarray, ...]]:
    """Readout parameters with the rows −g r (left) and +g r (right), so that p(right) = σ(2g (r · z + indifference))."""
    signs = np.array([-gain, gain])
    return {"readout_weights": np.outer(signs, coordinates.reading), "readout_bias": signs * coordinates.indifference}


def logistic(features: Float[np.ndarray, "sample feature"], probability: Float[np.ndarray, "sample"]) -> Float[np.ndarray, "feature"]:
    """w = argmin of the mean cross-entropy of σ(w · x) to `probability`, by Newton's method; a column of ones is an intercept."""
    weights, number = np.zeros(features.shape[1]), len(features)

    def cost(w: Float[np.ndarray, "feature"]) -> float:
        argument = features @ w
        entropy = -(probability * log_expit(argument) + (1 - probability) * log_expit(-argument)).mean()
        return float(entropy + _RIDGE / 2 * w @ w)

    for _ in range(100):
        p = expit(features @ weights)
        slope = features.T @ (p - probability) / number + _RIDGE * weights
        curvature = (features * (p * (1 - p))[:, None]).T @ features / number + _RIDGE * np.eye(len(weights))
        step = np.linalg.solve(curvature, slope)
        while cost(weights - step) > cost(weights) + 1e-15 and np.abs(step).max() > 1e-12:
            step = step / 2
        weights = weights - step
        if np.abs(step).max() <= 1e-10 * max(1.0, np.abs(weights).max()):
            break
    return weights


def rollout_r2(
    step: Callable[[np.ndarray, np.ndarray], np.ndarray],
    places: Float[np.ndarray, "session time component"],
    inputs: Float[np.ndarray, "session time input"],
    strides: Sequence[int] = STRIDES,
) -> Float[np.ndarray, "stride"]:
    """R² of z_{t+D} predicted from z_t by D steps of a student that runs freely on the teacher's inputs; NaN where D does not fit.

    Args:
        step: (inputs, z) -> the next z, for any leading dimensions.
    """
    time = places.shape[1]
    result = np.full(len(strides), np.nan)
    longest = max((stride for stride in strides if stride < time), default=0)
    starts = time - longest
    state = places[:, :starts]
    for ahead in range(1, longest + 1):
        state = step(inputs[:, ahead : ahead + starts], state)
        if ahead in strides:
            result[list(strides).index(ahead)] = r_squared(state, places[:, ahead : ahead + starts])
    return result


def lag_distances(states: Float[np.ndarray, "session time unit"], strides: Sequence[int] = STRIDES) -> Float[np.ndarray, "stride"]:
    """Mean |h_{t+D} − h_t| over sessions and times, for each stride D; NaN where D does not fit.

    A difference over a lag, which a bounded state bounds; D-th order differences, which the published figure shows in its place, grow
    like the root of the binomial coefficient (2D over D).
    """
    time = states.shape[1]
    return np.array(
        [np.linalg.norm(states[:, stride:] - states[:, :-stride], axis=-1).mean() if stride < time else np.nan for stride in strides]
    )


def spread(states: Float[np.ndarray, "session time unit"]) -> float:
    """Root mean square distance of two states drawn at random, √(2 tr cov): what distances over a lag tend to."""
    return float(np.sqrt(2 * states.reshape(-1, states.shape[-1]).var(axis=0).sum()))
