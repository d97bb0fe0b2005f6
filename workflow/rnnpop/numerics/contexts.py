"""What order adds to a bag of words: weights by position, words that rescale those behind them, and reading without their trace."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from jaxtyping import Float, Int
from scipy.signal import lfilter

from rnnpop.numerics.affine import Parameters
from rnnpop.numerics.reading import Reading, read, through

#: Words behind the first one, and before the last one, whose weights are asked for; of how many documents, with how many pairs of words.
_OFFSETS: Final = (0, 1, 2, 4, 8, 16, 32)
_DOCUMENTS, _PAIRS = 60, 3
#: Time constants that are tried, and the shortest, words; the longest is this share of a mean document: a longer one is no edge of it.
_TRIED: Final = 12
_SHORTEST, _LONGEST = 0.5, 0.25
#: Rounds in which the time constants of a bag are chosen, one after the other.
_ROUNDS: Final = 2
#: Excess weight below which it has no time constant.
_NOISE: Final = 0.05
#: Neutral words after which what a word has added is looked at: what lasts is left.
_LASTING: Final = 10
#: Share of their squared length that the directions of displacements hold.
_HELD: Final = 0.95


def time_constants(length: Int[np.ndarray, "document"]) -> Float[np.ndarray, "constant"]:
    """Those that are tried for documents of these lengths, words."""
    return np.geomspace(_SHORTEST, max(_LONGEST * length.mean(), 2 * _SHORTEST), _TRIED)


def position_weights(
    cell: Any,
    parameters: Parameters,
    gradient: Float[np.ndarray, "unit"],
    tokens: Int[np.ndarray, "document time"],
    length: Int[np.ndarray, "document"],
    positive: Int[np.ndarray, "positive"],
    negative: Int[np.ndarray, "negative"],
) -> tuple[Int[np.ndarray, "row"], Int[np.ndarray, "row"], Float[np.ndarray, "row"]]:
    """Half of the difference that it makes to the final logit whether a positive or a negative word stands at a place of a document.

    A place nearer to the end than to the beginning is counted from there. Mean over some pairs of words.

    Args:
        gradient: of the logit by the state.

    Returns:
        Words before the place, words behind it, and the difference.
    """
    length = length[:_DOCUMENTS]
    inside = [(number, offset, words) for number, words in enumerate(length) for offset in _OFFSETS if 2 * offset < words]
    places = {(number, place) for number, offset, words in inside for place in (offset, words - 1 - offset)}
    document, place = np.array(sorted(places), dtype=np.int64).T
    changed, rows = tokens[document], np.arange(len(document))
    pairs = list(zip(positive, negative, strict=False))[:_PAIRS]
    weight = np.zeros(len(document))
    for pair in pairs:
        for word, sign in zip(pair, (1, -1), strict=True):
            changed[rows, place] = word
            weight += sign / 2 / len(pairs) * (read(cell, parameters, changed, length[document]).final @ gradient)
    return place, length[document] - 1 - place, weight


class Edges(NamedTuple):
    """Weight w (1 + a_b exp(−t / τ_b) + a_e exp(−(T − t) / τ_e)) of a word with t words before it and T − t behind it; our definition.

    Attributes:
        begin, end: a_b and a_e.
        begin_time, end_time: τ_b and τ_e, words, at most a quarter of a mean document; NaN where there is no excess.
    """

    begin: float
    begin_time: float
    end: float
    end_time: float

    @classmethod
    def of(cls, before: Int[np.ndarray, "row"], behind: Int[np.ndarray, "row"], weight: Float[np.ndarray, "row"]) -> Edges:
        """Least squares, time constants on a grid."""
        best = (np.inf, cls(*[np.nan] * 4))
        tried = time_constants(before + behind + 1)
        begins, ends = (np.exp(-steps / tried[:, None]) for steps in (before, behind))
        for begin, early in zip(tried, begins, strict=True):
            for end, late in zip(tried, ends, strict=True):
                found, error = _fitted([np.ones(len(weight)), early, late], weight)
                if error < best[0] and found[0] != 0:
                    first, last = found[1:] / found[0]
                    times = (float(time) if abs(own) > _NOISE else np.nan for own, time in ((first, begin), (last, end)))
                    best = (error, cls(float(first), next(times), float(last), next(times)))
        return best[1]


def lasting_values(
    cell: Any,
    parameters: Parameters,
    states: Float[np.ndarray, "point unit"],
    gradient: Float[np.ndarray, "unit"],
    neutral: Int[np.ndarray, "neutral"],
) -> Float[np.ndarray, "word"]:
    """What each word of the vocabulary adds to the logit, ten neutral words later, beyond what neutral words add; mean over points.

    Args:
        gradient: of the logit by the state.
        neutral: one or more.
    """
    words = parameters["embedding"]
    added = np.zeros(len(words))
    for start in torch.from_numpy(states):
        state = cell.step(parameters, words, start.expand(len(words), -1))
        for turn in range(_LASTING):
            state = cell.step(parameters, words[int(neutral[turn % len(neutral)])], state)
        added += (state.numpy() @ gradient) / len(states)
    return added - added[neutral].mean()


class Bags(NamedTuple):
    """Two readings of documents that are fitted to a network's logit y on others; our definition.

    Attributes:
        plain: c + w Σ_t v_t, v the words' values.
        ordered: c + Σ_t v_t [w + w_b exp(−t / τ_b) + w_e exp(−(T − t) / τ_e) + Σ_m w_m Σ_s exp(−(t − s − 1) / τ_m)], s < t the places of
            the modifiers of kind m: weights by position, and an exponential kernel by which each kind rescales the words behind it.
    """

    plain: Float[np.ndarray, "document"]
    ordered: Float[np.ndarray, "document"]

    @classmethod
    def of(
        cls,
        values: Float[np.ndarray, "word"],
        kinds: Sequence[Int[np.ndarray, "_"]],
        fitted: tuple[Int[np.ndarray, "fitted time"], Int[np.ndarray, "fitted"], Float[np.ndarray, "fitted"]],
        asked: tuple[Int[np.ndarray, "document duration"], Int[np.ndarray, "document"]],
    ) -> Bags:
        """Least squares; time constants on a grid, one after the other, the others held.

        Args:
            kinds: words of each kind of modifiers.
            fitted: tokens and lengths of the documents that the bags are fitted to, and y.
            asked: tokens and lengths of those whose logits are told.
        """
        tried = time_constants(fitted[1])
        own, others = (_profiles(values, kinds, tried, *documents) for documents in (fitted[:2], asked))
        ends = [np.ones(len(documents)) for documents in (fitted[1], asked[1])]
        chosen = [len(tried) // 2] * (len(own) - 1)

        def columns(sums: list[np.ndarray], constant: np.ndarray, times: Sequence[int]) -> list[np.ndarray]:
            return [constant, sums[0][0], *(each[time] for each, time in zip(sums[1:], times, strict=False))]

        for _ in range(_ROUNDS):
            for term in range(len(chosen)):
                errors = []
                for time in range(len(tried)):
                    chosen[term] = time
                    errors.append(_fitted(columns(own, ends[0], chosen), fitted[2])[1])
                chosen[term] = int(np.argmin(errors))
        told = []
        for times in ([], chosen):
            weights = _fitted(columns(own, ends[0], times), fitted[2])[0]
            told.append(np.column_stack(columns(others, ends[1], times)) @ weights)
        return cls(*told)


def _profiles(
    values: Float[np.ndarray, "word"],
    kinds: Sequence[Int[np.ndarray, "_"]],
    tried: Float[np.ndarray, "constant"],
    tokens: Int[np.ndarray, "document time"],
    length: Int[np.ndarray, "document"],
) -> list[Float[np.ndarray, "_ document"]]:
    """Σ_t v_t f_t of each term of an ordered bag: 1; from the beginning, from the end, and behind each kind, at each time constant."""
    time = np.arange(tokens.shape[1])
    worth = values[tokens] * (time < length[:, None])
    marks = [np.isin(tokens, words).astype(float) for words in kinds]
    sums = [worth.sum(axis=1)[None]]
    behind = np.maximum(length[:, None] - 1 - time, 0)
    sums.append(np.stack([worth @ np.exp(-time / constant) for constant in tried]))
    sums.append(np.stack([(worth * np.exp(-behind / constant)).sum(axis=1) for constant in tried]))
    for mark in marks:
        kernels = (lfilter([0, 1], [1, -np.exp(-1 / constant)], mark, axis=1) for constant in tried)
        sums.append(np.stack([(worth * kernel).sum(axis=1) for kernel in kernels]))
    return sums


def _fitted(columns: list[np.ndarray], wanted: Float[np.ndarray, "sample"]) -> tuple[Float[np.ndarray, "column"], float]:
    """Weights of least squares, and what they leave."""
    design = np.column_stack(columns)
    weights = np.linalg.lstsq(design, wanted, rcond=None)[0]
    return weights, float(((wanted - design @ weights) ** 2).sum())


def trace(
    cell: Any,
    parameters: Parameters,
    states: Float[np.ndarray, "point unit"],
    along: Float[np.ndarray, "unit"],
    modifiers: Int[np.ndarray, "modifier"],
    neutral: Int[np.ndarray, "neutral"],
    steps: int,
) -> Float[np.ndarray, "unit direction"]:
    """Where modifiers take the state, and where it is after up to so many neutral words less one, against a neutral word in their place.

    Args:
        along: direction of length 1 that is left out: that of the line.

    Returns:
        The fewest orthonormal directions that hold 95 % of these displacements' squared length; none where nothing is displaced.
    """
    words, start = parameters["embedding"], torch.from_numpy(states)
    current = [cell.step(parameters, words[int(word)], start) for word in (neutral[0], *modifiers)]
    seen = []
    for step in range(steps):
        seen += [(state - current[0]).numpy() for state in current[1:]]
        current = [cell.step(parameters, words[int(neutral[(step + 1) % len(neutral)])], state) for state in current]
    displaced = np.concatenate(seen)
    displaced = displaced - np.outer(displaced @ along, along)
    _, sizes, axes = np.linalg.svd(displaced, full_matrices=False)
    held = np.cumsum(sizes**2)
    return axes[: int(np.count_nonzero(held < _HELD * held[-1])) + bool(held[-1] > 0)].T


def beside(
    states: Float[np.ndarray, "row unit"], along: Float[np.ndarray, "unit"], directions: Float[np.ndarray, "unit direction"]
) -> Float[np.ndarray, "unit direction"]:
    """As many principal axes of what states have neither along the line nor in these directions: what they are to be compared with."""
    frame = np.linalg.qr(np.column_stack([along, directions]))[0]
    rest = states - states.mean(axis=0)
    rest = rest - rest @ frame @ frame.T
    return np.linalg.eigh(rest.T @ rest)[1][:, ::-1][:, : directions.shape[1]]


def read_without(
    cell: Any,
    parameters: Parameters,
    centre: Float[np.ndarray, "unit"],
    directions: Float[np.ndarray, "unit direction"],
    tokens: Int[np.ndarray, "document time"],
    length: Int[np.ndarray, "document"],
) -> Reading:
    """States of a network that is set back to `centre` along these orthonormal directions after every word."""
    words, kept = parameters["embedding"], torch.from_numpy(np.eye(len(centre)) - directions @ directions.T)
    middle = torch.from_numpy(centre)

    def step(word: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        return middle + (cell.step(parameters, words[word], state) - middle) @ kept

    return through(step, parameters["initial_state"], tokens, length)
