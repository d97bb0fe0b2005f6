"""Documents read by one network: states without padding, how its answers score, and what becomes of a state when words have ended."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
import torch
from jaxtyping import Bool, Float, Inexact, Int
from torch import Tensor

from rnnpop.numerics.affine import Parameters

#: Losses of tasks whose documents are answered once.
Loss = Literal["log", "logistic"]
#: Share of the range of scores by which two differ that are the same but for rounding.
_SAME = 1e-9


@dataclass(frozen=True)
class Reading:
    """States after each word, documents one after another.

    Attributes:
        begin: row of each document's first word.
        length: words of each document.
    """

    state: Inexact[np.ndarray, "row unit"]
    begin: Int[np.ndarray, "document"]
    length: Int[np.ndarray, "document"]

    @property
    def final(self) -> Inexact[np.ndarray, "document unit"]:
        return self.state[self.begin + self.length - 1]

    @property
    def document(self) -> Int[np.ndarray, "row"]:
        return np.repeat(np.arange(len(self.length)), self.length)

    @property
    def time(self) -> Int[np.ndarray, "row"]:
        return np.arange(len(self.state)) - self.begin[self.document]

    def before(self, first: Float[np.ndarray, "unit"]) -> Float[np.ndarray, "row unit"]:
        """States before each word; `first` is that in which documents begin."""
        states = np.roll(self.state, 1, axis=0)
        states[self.begin] = first
        return states


def through(
    step: Callable[[Int[Tensor, "document"], Tensor], Tensor],
    first: Tensor,
    tokens: Int[np.ndarray, "document time"],
    length: Int[np.ndarray, "document"],
) -> Reading:
    """What a rule (word, state) -> state makes of documents; one that has ended is dropped, so padding costs nothing.

    Args:
        first: state in which every document begins.
    """
    order = np.argsort(-length, kind="stable")
    begin = np.cumsum(length) - length
    words = torch.from_numpy(tokens[order].astype(np.int64))
    states = torch.empty((int(length.sum()), len(first)), dtype=first.dtype)
    state, reading = first.expand(len(order), -1), length[order]
    for time in range(int(length.max())):
        alive = int(np.count_nonzero(reading > time))
        state = step(words[:alive, time], state[:alive])
        states[begin[order[:alive]] + time] = state
    return Reading(states.numpy(), begin, length)


def read(cell: Any, parameters: Parameters, tokens: Int[np.ndarray, "document time"], length: Int[np.ndarray, "document"]) -> Reading:
    """States of a network while it reads documents."""
    embedding = parameters["embedding"]
    return through(lambda word, state: cell.step(parameters, embedding[word], state), parameters["initial_state"], tokens, length)


def answered(wanted: Float[np.ndarray, "document output"], loss: Loss) -> Int[np.ndarray, "document"]:
    """Number of each document's class: of one-hot answers the one, of signs Σ 2^i over the outputs that are positive."""
    return wanted.argmax(axis=1) if loss == "log" else (wanted > 0) @ (1 << np.arange(wanted.shape[1]))


def accuracy(outputs: Float[np.ndarray, "document output"], wanted: Float[np.ndarray, "document output"], loss: Loss) -> float:
    """Share of right answers: the largest output is the class; or each output has its sign."""
    if loss == "log":
        return float(np.mean(outputs.argmax(axis=1) == wanted.argmax(axis=1)))
    return float(np.mean((outputs > 0) == (wanted > 0)))


def cross_entropy(outputs: Float[np.ndarray, "document output"], wanted: Float[np.ndarray, "document output"], loss: Loss) -> float:
    """Mean over documents, nats: −Σ y* log softmax(y), or Σ log(1 + exp(−y* y)) over outputs."""
    if loss == "log":
        return float(np.mean(np.logaddexp.reduce(outputs, axis=1) - (outputs * wanted).sum(axis=1)))
    return float(np.mean(np.logaddexp(0, -wanted * outputs).sum(axis=1)))


def correlation(first: Float[np.ndarray, "document output"], second: Float[np.ndarray, "document output"], loss: Loss) -> float:
    """Correlation of two sets of answers over documents and outputs, each output freed of its mean; NaN where nothing varies.

    Of a softmax only differences of outputs count: each document's mean is taken away before.
    """
    if loss == "log":
        first, second = (outputs - outputs.mean(axis=1, keepdims=True) for outputs in (first, second))
    return correlated((first - first.mean(axis=0)).ravel(), (second - second.mean(axis=0)).ravel())


def correlated(first: Float[np.ndarray, "sample"], second: Float[np.ndarray, "sample"]) -> float:
    """Pearson's r; NaN where either does not vary or is not finite, or without samples."""
    if not len(first):
        return np.nan
    first, second = first - first.mean(), second - second.mean()
    size = np.sqrt((first @ first) * (second @ second))
    return float(first @ second / size) if np.isfinite(size) and size > 0 else np.nan


def shuffled(
    rng: np.random.Generator, tokens: Int[np.ndarray, "document time"], length: Int[np.ndarray, "document"]
) -> Int[np.ndarray, "document time"]:
    """Each document's words in random order; what stands behind its end stays there."""
    keys = rng.random(tokens.shape)
    keys[np.arange(tokens.shape[1]) >= length[:, None]] = 2.0
    return np.take_along_axis(tokens, np.argsort(keys, axis=1, kind="stable"), axis=1)


def best_threshold(score: Float[np.ndarray, "document"], positive: Bool[np.ndarray, "document"]) -> float:
    """Score above which documents are called positive with the fewest errors: the middle of a gap, the first of equal ones.

    Scores that differ by rounding are one score: sums of the same words in another order cannot be told apart by a threshold.
    """
    order = np.argsort(score, kind="stable")
    ranked = score[order]
    errors = np.concatenate([[0], np.cumsum(np.where(positive[order], 1, -1))]) + np.count_nonzero(~positive)
    edges = np.concatenate([[ranked[0] - 1], (ranked[1:] + ranked[:-1]) / 2, [ranked[-1] + 1]])
    apart = np.concatenate([[True], np.diff(ranked) > _SAME * np.ptp(ranked), [True]])
    return float(edges[apart][errors[apart].argmin()])


def bags(
    tokens: Int[np.ndarray, "document time"], length: Int[np.ndarray, "document"], values: Float[np.ndarray, "word quantity"]
) -> Float[np.ndarray, "document quantity"]:
    """Sums of the values of each document's words."""
    inside = np.arange(tokens.shape[1]) < length[:, None]
    return np.add.reduceat(values[tokens[inside]], np.cumsum(length) - length, axis=0)


def squashed(
    states: Float[np.ndarray, "document unit"], axes: Float[np.ndarray, "unit component"], retained: int
) -> Float[np.ndarray, "document unit"]:
    """States with their mean along all but the leading axes."""
    centre, kept = states.mean(axis=0), axes[:, :retained]
    return centre + (states - centre) @ kept @ kept.T


class Relaxation(NamedTuple):
    """What becomes of states under a constant input: medians over them.

    Attributes:
        speed: |h_{t+1} − h_t| / |h_t| at each lag t.
        path: length of the way up to the last lag, over the distance between its ends; 1 is a straight line.
        distance: that distance, in the states' own units.
    """

    speed: Float[np.ndarray, "lag"]
    path: float
    distance: float


def relaxation(
    cell: Any,
    parameters: Parameters,
    still: Float[np.ndarray, "input"],
    states: Float[np.ndarray, "sample unit"],
    lags: Sequence[int],
) -> Relaxation:
    """Run a network on from states under a constant input."""
    x = torch.from_numpy(still)
    here = start = torch.from_numpy(states)
    way, speeds = torch.zeros(len(states), dtype=here.dtype), []
    for lag in range(max(lags) + 1):
        there = cell.step(parameters, x, here)
        stride = (there - here).norm(dim=1)
        if lag in lags:
            speeds.append((stride / here.norm(dim=1)).numpy())
        way, here = way + stride, there
    distance = (here - start).norm(dim=1).numpy()
    with np.errstate(divide="ignore", invalid="ignore"):
        paths = way.numpy() / distance
    return Relaxation(np.array([_median(speed) for speed in speeds]), _median(paths), _median(distance))


def _median(values: Float[np.ndarray, "sample"]) -> float:
    """Median of the finite ones; NaN without any."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite)) if len(finite) else np.nan


class Visits(NamedTuple):
    """How often a network's states are in each cell of a grid in a plane, row by row (the second axis runs fastest).

    Attributes:
        position: centre of each cell.
        counts: states in it, by class.
    """

    position: Float[np.ndarray, "point axis"]
    counts: Int[np.ndarray, "class point"]


def visits(places: Float[np.ndarray, "row axis"], labels: Int[np.ndarray, "row"], classes: int, bins: int) -> Visits:
    """Count states on a grid of bins × bins cells that holds all of them."""
    _, edges = np.histogramdd(places, bins)
    of_class = [np.histogramdd(places[labels == number], edges)[0].ravel() for number in range(classes)]
    middle = [(sides[1:] + sides[:-1]) / 2 for sides in edges]
    return Visits(np.stack(np.meshgrid(*middle, indexing="ij"), axis=-1).reshape(-1, 2), np.array(of_class, dtype=np.int64))
