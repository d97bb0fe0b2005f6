"""What words do at slow points of one network: along which direction they are summed, and how some change what others do."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import torch
from jaxtyping import Complex, Float, Int
from scipy.special import gammaln
from torch import Tensor

from rnnpop.numerics.affine import Parameters
from rnnpop.numerics.eigenvalues import memory, participation
from rnnpop.numerics.fixed_points import nearest
from rnnpop.numerics.linearisation import Expansion, Modes
from rnnpop.numerics.reading import Loss, correlated, through

#: Share of what probes add without a modifier below which its effect is noise, and has no scope and no decay; and share of its first
#: effect below which the rest is noise to the fit of its decay.
_NOISE = 0.05
#: Words whose deviation is below this share of their mean add the same.
_ALIKE = 1e-6


def contrast(outputs: int, quantities: int, loss: Loss) -> Float[np.ndarray, "output"]:
    """Weights c of the outputs, of length 1, whose sum with them is the one number (logit) that the first quantity moves.

    One output: itself. As many classes as quantities: the first one against the mean of the others. Classes of another number of
    quantities are taken as ordered: the later ones against the earlier. Several signs: the first one.
    """
    if loss == "log" and quantities != outputs:
        weights = np.arange(outputs) - (outputs - 1) / 2
    else:
        weights = np.eye(outputs)[0] - (1 / outputs if loss == "log" else 0)
    return weights / np.linalg.norm(weights)


def spread_over(values: Float[np.ndarray, "point"], number: int) -> Int[np.ndarray, "chosen"]:
    """At most so many points, by rising value: those nearest to values that are evenly spaced between the ends."""
    order = np.argsort(values, kind="stable")
    if len(order) <= number:
        return order
    wanted = np.linspace(values[order[0]], values[order[-1]], number)
    return order[np.unique(np.abs(values[order] - wanted[:, None]).argmin(axis=1))]


class Line(NamedTuple):
    """A cloud of points.

    Attributes:
        axes: principal axes, the first one such that the logit rises along it.
        theta: places along the first one, from −1 to 1.
    """

    axes: Float[np.ndarray, "unit component"]
    theta: Float[np.ndarray, "point"]

    @classmethod
    def of(cls, states: Float[np.ndarray, "point unit"], gradient: Float[np.ndarray, "unit"], least: float = 0.0) -> Line:
        """NaN for points that are one.

        Args:
            gradient: of the logit by the state.
            least: root mean squared distance from their mean up to which they are.
        """
        centred = states - states.mean(axis=0)
        _, sizes, axes = np.linalg.svd(centred, full_matrices=False)
        if np.sqrt((sizes**2).sum() / len(states)) <= least:
            return cls(np.full(axes.T.shape, np.nan), np.full(len(states), np.nan))
        axes *= 1 if axes[0] @ gradient >= 0 else -1
        place = centred @ axes[0]
        return cls(axes.T, 2 * (place - place.min()) / np.ptp(place) - 1)


def slowest(values: Complex[np.ndarray, "mode"], number: int) -> Int[np.ndarray, "chosen"]:
    """Modes that take longest to decay or to grow, longest first; of a conjugate pair both, even if that is one too many."""
    order = np.argsort(-memory(np.abs(values)), kind="stable")
    last = values[order[number - 1]]
    split = number < len(order) and last.imag > 0 and np.isclose(values[order[number]], last.conjugate(), rtol=1e-9, atol=0)
    return order[: number + split]


class Integration(NamedTuple):
    """The space of the slowest modes of each point: where a network sums. For one real mode r and l are its eigenvectors.

    Attributes:
        right: r, of length 1: that direction of the space along which the logit g · h rises most.
        left: l = g P / (g · r), P the projection on the space along all other modes: an input's part along r, as the logit sees it,
            with l · r = 1.
        overlap: length of a direction's part in the space.
    """

    right: Float[np.ndarray, "point unit"]
    left: Float[np.ndarray, "point unit"]
    overlap: Float[np.ndarray, "point"]

    @classmethod
    def of(cls, modes: Modes, gradient: Float[np.ndarray, "unit"], direction: Float[np.ndarray, "unit"], dimensions: int) -> Integration:
        """NaN where the logit does not change in the space.

        Args:
            gradient: g, of the logit by the state.
            direction: of length 1; its overlap is told.
            dimensions: of the space; one more where that would part a conjugate pair.
        """
        found = []
        for value, right, left in zip(modes.value, modes.right, modes.left, strict=True):
            slow = slowest(value, dimensions)
            basis = np.linalg.svd(np.concatenate([right[:, slow].real, right[:, slow].imag], axis=1))[0][:, : len(slow)]
            within = gradient @ basis
            rise = float(np.linalg.norm(within)) or np.nan
            seen = ((gradient @ right[:, slow]) @ left[slow]).real
            found.append((basis @ within / rise, seen / rise, np.linalg.norm(direction @ basis)))
        return cls(*(np.array(part) for part in zip(*found, strict=True)))


def random_overlap(units: int, dimensions: int) -> float:
    """Mean length of a random direction's part in a space: √(2 / (π n)) for a line in many dimensions n."""
    half = (dimensions + 1) / 2, units / 2, dimensions / 2, (units + 1) / 2
    return float(np.exp(gammaln(half[:2]).sum() - gammaln(half[2:]).sum()))


class Separation(NamedTuple):
    """How words of three classes differ in what they add.

    Attributes:
        mean, deviation: of positive, negative and neutral words.
        distance: (positive − negative mean) over the root of their mean variance; NaN where they do not vary.
        neutral_ratio: mean size of neutral words over that of the others.
    """

    mean: Float[np.ndarray, "point valence"]
    deviation: Float[np.ndarray, "point valence"]
    distance: Float[np.ndarray, "point"]
    neutral_ratio: Float[np.ndarray, "point"]

    @classmethod
    def of(cls, effect: Float[np.ndarray, "point word"], chosen: dict[str, Int[np.ndarray, "_"]]) -> Separation:
        """NaN for a class without words."""
        mean, deviation, size = (np.full((len(effect), len(chosen)), np.nan) for _ in range(3))
        for place, words in enumerate(chosen.values()):
            if len(words):
                own = effect[:, words]
                mean[:, place], deviation[:, place], size[:, place] = own.mean(axis=1), own.std(axis=1), np.abs(own).mean(axis=1)
        pooled = np.sqrt((deviation[:, 0] ** 2 + deviation[:, 1] ** 2) / 2)
        varies = pooled > _ALIKE * np.abs(mean[:, :2]).max(axis=1)
        apart = (mean[:, 0] - mean[:, 1]) / np.where(varies, pooled, np.nan)
        valenced = (size[:, 0] + size[:, 1]) / 2
        return cls(mean, deviation, apart, size[:, 2] / np.where(valenced > 0, valenced, np.nan))


def linear_errors(
    around: Expansion,
    before: Float[np.ndarray, "row unit"],
    after: Float[np.ndarray, "row unit"],
    input: Float[np.ndarray, "row input"],
) -> Float[np.ndarray, "row"]:
    """|F(h, x) − [p + J (h − p) + B (x − x*)]| / |F(h, x)|, p the point nearest to h, which is taken for fixed; NaN where F(h, x) is 0.

    Args:
        input: x − x*.
    """
    number = nearest(before, around.state)
    errors = np.empty(len(before))
    for point in np.unique(number):
        mine = number == point
        place = around.state[point]
        linear = place + (before[mine] - place) @ around.jacobian[point].T + input[mine] @ around.drive[point].T
        errors[mine] = np.linalg.norm(after[mine] - linear, axis=1)
    size = np.linalg.norm(after, axis=1)
    return errors / np.where(size > 0, size, np.nan)


class LinearReader:
    """A network as the linear system of one of its points, which is taken for fixed: dh ← J dh + B (x − x*), from the first state.

    Args:
        embedding: of words, less x*.
        readout: rows in state space.
        offset: outputs at the point.
        first: the network's first state.
    """

    def __init__(
        self,
        around: Expansion,
        point: int,
        embedding: Float[np.ndarray, "word input"],
        readout: Float[np.ndarray, "output unit"],
        offset: Float[np.ndarray, "output"],
        first: Float[np.ndarray, "unit"],
    ) -> None:
        self.jacobian, self.pushes = around.jacobian[point], embedding @ around.drive[point].T
        self.readout, self.offset, self.first = readout, offset, first - around.state[point]

    def rollout(
        self, tokens: Int[np.ndarray, "document time"], length: Int[np.ndarray, "document"]
    ) -> Float[np.ndarray, "document output"]:
        """Outputs after the last word of the whole linear system."""
        pushes, carried = torch.from_numpy(self.pushes), torch.from_numpy(self.jacobian.T.copy())
        reading = through(lambda word, state: state @ carried + pushes[word], torch.from_numpy(self.first), tokens, length)
        return reading.final @ self.readout.T + self.offset

    def bag(
        self,
        modes: Modes,
        point: int,
        kept: int,
        tokens: Int[np.ndarray, "document time"],
        length: Int[np.ndarray, "document"],
        *,
        fading: bool,
    ) -> Float[np.ndarray, "document output"]:
        """Outputs of the slowest modes alone: Σ_k C r_k Σ_t λ_k^(T−t) l_k B (x_t − x*), real part; without fading λ_k is 1.

        Args:
            kept: number of modes, see `slowest`.
        """
        slow = slowest(modes.value[point], kept)
        left = modes.left[point][slow].T
        pushes = torch.from_numpy(self.pushes @ left)
        decay = torch.from_numpy(modes.value[point][slow] if fading else np.ones(len(slow), dtype=complex))
        reading = through(lambda word, state: state * decay + pushes[word], torch.from_numpy(self.first @ left), tokens, length)
        return (reading.final @ (self.readout @ modes.right[point][:, slow]).T).real + self.offset


class Simplex(NamedTuple):
    """Directions of several outputs.

    Attributes:
        angle: mean angle between two of them, degrees.
        off: largest difference of one of these angles from what symmetry asks for, degrees.
        share: mean share of their lengths within the leading principal axes of states.
    """

    angle: float
    off: float
    share: float

    @classmethod
    def of(cls, readout: Float[np.ndarray, "output unit"], axes: Float[np.ndarray, "unit component"], loss: Loss) -> Simplex:
        """Of N classes: rows less their mean, arccos(−1 / (N − 1)) apart and in N − 1 axes; of N signs: 90° apart and in N axes."""
        number = len(readout)
        if number < 2:
            return cls(np.nan, np.nan, _share(readout, axes[:, :1]))
        kept, expected = (number - 1, -1 / (number - 1)) if loss == "log" else (number, 0.0)
        rows = readout - readout.mean(axis=0) if loss == "log" else readout
        lengths = np.linalg.norm(rows, axis=1)
        if not lengths.all():
            return cls(np.nan, np.nan, np.nan)
        cosines = (rows @ rows.T / lengths / lengths[:, None])[np.triu_indices(number, 1)]
        angles = np.degrees(np.arccos(np.clip(cosines, -1, 1)))
        return cls(float(angles.mean()), float(np.abs(angles - np.degrees(np.arccos(expected))).max()), _share(rows, axes[:, :kept]))


def _share(rows: Float[np.ndarray, "output unit"], axes: Float[np.ndarray, "unit component"]) -> float:
    lengths = np.linalg.norm(rows, axis=1)
    return float(np.mean(np.linalg.norm(rows @ axes, axis=1) / lengths)) if lengths.all() else np.nan


class Modification(NamedTuple):
    """How words change what others, the probes, add to the logit.

    Attributes:
        barcode: change of what each probe adds right after the modifier, against after a neutral word; mean over points.
        gain: slope of what probes add after the modifier on what they add after a neutral word: 1 for no effect, −1 for a negation.
        strength: deviation of the changes over probes, over the deviation of what they add after a neutral word.
        scope: neutral words between, and one, up to which the gain is nearer to its first value than to 1; NaN where there is no effect.
        decay: time constant of the strength, words; NaN where it does not decay, or there is no effect.
        displacement: of the state by the modifier, against a neutral word.
    """

    barcode: Float[np.ndarray, "modifier probe"]
    gain: Float[np.ndarray, "modifier lag"]
    strength: Float[np.ndarray, "modifier lag"]
    scope: Float[np.ndarray, "modifier"]
    decay: Float[np.ndarray, "modifier"]
    displacement: Float[np.ndarray, "modifier point unit"]


def modification(
    cell: Any,
    parameters: Parameters,
    states: Float[np.ndarray, "point unit"],
    gradient: Float[np.ndarray, "unit"],
    modifiers: Int[np.ndarray, "modifier"],
    probes: Int[np.ndarray, "probe"],
    neutral: Int[np.ndarray, "neutral"],
    lags: int,
) -> Modification:
    """Feed a network at its slow points a modifier, some neutral words, and a probe.

    Args:
        gradient: of the logit by the state.
        neutral: words that stand in a modifier's place, and between it and a probe, in turn.
        lags: neutral words between, from none to one less than that.
    """
    towards, words = torch.from_numpy(gradient), parameters["embedding"]

    def step(word: int, state: Tensor) -> Tensor:
        return cell.step(parameters, words[word], state)

    def added(state: Tensor) -> Float[np.ndarray, "probe"]:
        after = cell.step(parameters, words[torch.from_numpy(probes)], state.unsqueeze(1))
        return ((after - state.unsqueeze(1)) @ towards).mean(dim=0).numpy()

    start = torch.from_numpy(states)
    current = [step(int(word), start) for word in (neutral[0], *modifiers)]
    displacement = torch.stack(current[1:]) - current[0]
    table = np.empty((lags, len(current), len(probes)))
    for lag in range(lags):
        table[lag] = [added(state) for state in current]
        current = [step(int(neutral[(lag + 1) % len(neutral)]), state) for state in current]
    plain, changed = table[:, :1], table[:, 1:]
    off, base = (_centred(values) for values in (changed - plain, plain))
    power = (base**2).sum(axis=-1)
    power = np.where(power > 0, power, np.nan)
    gain = 1 + (off * base).sum(axis=-1) / power
    strength = np.sqrt((off**2).sum(axis=-1) / power)
    return Modification(
        barcode=changed[0] - plain[0],
        gain=gain.T,
        strength=strength.T,
        scope=np.array([_scope(own) for own in gain.T]),
        decay=np.array([_decay(own) for own in strength.T]),
        displacement=displacement.numpy(),
    )


def _centred(values: Float[np.ndarray, "*row probe"]) -> Float[np.ndarray, "*row probe"]:
    return values - values.mean(axis=-1, keepdims=True)


def _scope(gain: Float[np.ndarray, "lag"]) -> float:
    """NaN where gains are not known, or the first one is 1 but for noise."""
    if not np.isfinite(gain).all() or abs(gain[0] - 1) < _NOISE:
        return np.nan
    changed = np.abs(gain - 1) > np.abs(gain[0] - 1) / 2
    return float(np.logical_and.accumulate(changed).sum())


def _decay(strength: Float[np.ndarray, "lag"]) -> float:
    """From the slope of ln strength on the lag, up to the first one that is noise."""
    heard = np.logical_and.accumulate(strength > _NOISE * strength[0])
    if np.count_nonzero(heard) < 2 or strength[0] < _NOISE:
        return np.nan
    lag = np.flatnonzero(heard)
    slope = np.polyfit(lag, np.log(strength[heard]), 1)[0]
    return float(-1 / slope) if slope < 0 else np.nan


class Plane(NamedTuple):
    """The subspace of displacements.

    Attributes:
        position: mean displacement of each modifier on its first two directions.
        angle: between that displacement and a direction of length 1, degrees, 0 to 90.
        participation: (Σ s²)² / Σ s⁴ of the singular values of all displacements, about 0: directions that they fill.
    """

    position: Float[np.ndarray, "modifier axis"]
    angle: Float[np.ndarray, "modifier"]
    participation: float

    @classmethod
    def of(cls, displacement: Float[np.ndarray, "modifier point unit"], direction: Float[np.ndarray, "unit"], axes: int) -> Plane:
        _, sizes, right = np.linalg.svd(displacement.reshape(-1, displacement.shape[2]), full_matrices=False)
        mean = displacement.mean(axis=1)
        place = mean @ right[:axes].T
        place *= np.where(place.sum(axis=0) < 0, -1, 1)  # a direction has no sense of its own
        place = np.pad(place, ((0, 0), (0, axes - place.shape[1])))
        length = np.linalg.norm(mean, axis=1)
        cosine = np.abs(mean @ direction) / np.where(length > 0, length, np.nan)
        return cls(place, np.degrees(np.arccos(np.clip(cosine, 0, 1))), participation(sizes**2))


def value_correlations(effect: Float[np.ndarray, "point word"], values: Float[np.ndarray, "word"]) -> Float[np.ndarray, "point"]:
    """Correlation, over words of known value, of what they add at each point with their value."""
    known = np.isfinite(values)
    return np.array([correlated(own[known], values[known]) for own in effect])
