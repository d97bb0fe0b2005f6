"""Appraise what words do at the slow points of the networks of a shard."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float, Int

from rnnpop.names import identity, variable
from rnnpop.numerics import contexts
from rnnpop.numerics.affine import Parameters, trained_parameters
from rnnpop.numerics.decoding import spectrum
from rnnpop.numerics.directions import extended
from rnnpop.numerics.eigenvalues import memory
from rnnpop.numerics.embeddings import mixed
from rnnpop.numerics.linearisation import Expansion, Modes
from rnnpop.numerics.reading import Reading, accuracy, best_threshold, correlated, correlation
from rnnpop.numerics.reading import read as read_documents
from rnnpop.numerics.subspaces import ONE_POINT
from rnnpop.numerics.word_effects import (
    Integration,
    Line,
    LinearReader,
    Plane,
    Separation,
    Simplex,
    contrast,
    linear_errors,
    modification,
    random_overlap,
    spread_over,
    value_correlations,
)
from rnnpop.numerics.words import chosen_words
from rnnpop.seeds import stream
from rnnpop.stages.linearise import expand
from rnnpop.tasks import Documents

#: Neutral words between a modifier and a probe, at most; points at which that is looked at.
_LAGS, _MODIFIED = 11, 20
#: Random directions that the slowest mode is held against.
_DIRECTIONS: Final = 100
#: Points at which it is asked what every word of the vocabulary adds; words behind a modifier at which its trace is looked for.
_VALUED, _TRACED = 5, 5
#: Bins of relative errors from 0 to 1; larger ones are counted in the last.
_ERRORS = 50
#: Points whose words are kept for pictures: one at either end and one in the middle.
_PLACES = ("low", "middle", "high")

_POINT, _NETWORK, _STILL = ("fixed_point",), ("network",), ("network", "still")
_MODIFIER = (*_STILL, "modifier")

#: Variable -> its dimensions, long name and, where it has one, unit.
_VARIABLES: dict[str, tuple[Any, ...]] = {
    "position": ((*_POINT, "axis"), "point, on the principal axes of states"),
    "outputs": ((*_POINT, "output"), "readout"),
    "logit": (_POINT, "contrast of the outputs that the first quantity of evidence moves"),
    "theta": (_POINT, "place along the first principal axis of the points, from -1 to 1; the logit rises with it"),
    "mean_squared_step": (_POINT, "|F(h) - h|^2 over the number of units"),
    "eigenvalue": ((*_POINT, "mode"), "eigenvalues of the Jacobian, by falling modulus"),
    "time_constant": ((*_POINT, "mode"), "|1 / ln |eigenvalue||, falling", "step"),
    "in_plane": ((*_POINT, "mode"), "share of the length of each mode, by falling modulus, within the space of the points"),
    "right": ((*_POINT, "axis"), "direction r of the slowest modes along which the logit rises most, on the principal axes of states"),
    "left": ((*_POINT, "axis"), "left vector l of the slowest modes, l r = 1, on the principal axes of states"),
    "overlap": (_POINT, "length of the first principal axis of the points within the space of the slowest modes; |r m| of one"),
    "projection": ((*_POINT, "valence"), "mean of l B e of the slowest modes over words e of each class"),
    "projection_deviation": ((*_POINT, "valence"), "standard deviation of l B e over words of each class"),
    "separation": (_POINT, "difference of positive and negative words' l B e over their pooled deviation"),
    "null_separation": (_POINT, "median size of that difference along random directions of the state in the mode's place"),
    "neutral_ratio": (_POINT, "mean |l B e| of neutral words over that of positive and negative ones"),
    "value_correlation": (_POINT, "correlation of l B e with the words' values"),
    "push": ((*_STILL, "place", "probe", "axis"), "B e of each probe at three points, on the principal axes of states"),
    "push_point": ((*_STILL, "place"), "number of these points among all points of the network (`node`); -1 for none"),
    "linear_error": (_STILL, "median relative error of a linear step from the nearest point"),
    "linear_error_mean": (_STILL, "mean relative error of a linear step from the nearest point"),
    "linear_error_share": ((*_STILL, "bin"), "share of steps by relative error of a linear step; the last bin holds larger ones too"),
    "rollout_accuracy": (_STILL, "share of right answers of the linear system of the point of least certain answer"),
    "rollout_correlation": (_STILL, "correlation of that system's answers with the network's"),
    "bag_accuracy": (_STILL, "share of right answers of that point's slowest modes, words summed without fading"),
    "bag_correlation": (_STILL, "correlation of these answers with the network's"),
    "fading_bag_accuracy": (_STILL, "share of right answers of that point's slowest modes"),
    "fading_bag_correlation": (_STILL, "correlation of these answers with the network's"),
    "own_accuracy": (_NETWORK, "share of right answers of the network itself on the same documents"),
    "readout_angle": (_NETWORK, "mean angle of two outputs' readouts (of classes: less their mean)", "deg"),
    "readout_angle_spread": (_NETWORK, "largest difference of such an angle from that of a symmetric arrangement", "deg"),
    "readout_share": (_NETWORK, "share of the readouts' lengths within the leading principal axes of states"),
    "mean_embedding": (_NETWORK, "length of the mean of all words' embeddings, weighted by how often they come"),
    "word_length": (_NETWORK, "mean length of a word's embedding"),
    "begin_excess": (_NETWORK, "weight of the first word in the final logit over that of words within, less one"),
    "begin_time": (_NETWORK, "time constant with which that excess goes", "step"),
    "end_excess": (_NETWORK, "weight of the last word in the final logit over that of words within, less one"),
    "end_time": (_NETWORK, "time constant with which that excess comes", "step"),
    "lasting_bag_accuracy": (_STILL, "share of right answers of sums of what words add lastingly"),
    "lasting_bag_correlation": (_STILL, "correlation of these sums with the network's logit"),
    "ordered_bag_accuracy": (_STILL, "share of right answers of these sums with weights by position and behind modifiers"),
    "ordered_bag_correlation": (_STILL, "correlation of these sums with the network's logit"),
    "traces": (_STILL, "directions, beside the line, that hold the displacements by modifiers"),
    "traceless_accuracy": (_STILL, "share of right answers of the network held at the points' mean along these directions"),
    "beside_accuracy": (_STILL, "share of right answers of the network held so along as many other principal axes of states"),
    "barcode": ((*_MODIFIER, "probe"), "change of what a probe adds to the logit, by a modifier right before it"),
    "gain": ((*_MODIFIER, "lag"), "slope of what probes add after a modifier on what they add without it; lag: neutral words between"),
    "strength": ((*_MODIFIER, "lag"), "deviation over probes of the change by a modifier, over that of what they add without it"),
    "barcode_correlation": (_MODIFIER, "correlation of the barcode with the probes' values"),
    "scope": (_MODIFIER, "words behind a modifier up to which the gain is nearer to its first value than to 1", "step"),
    "decay": (_MODIFIER, "time constant of a modifier's strength", "step"),
    "modifier_position": ((*_MODIFIER, "axis"), "mean displacement by a modifier, on the first directions of all displacements"),
    "modifier_angle": (_MODIFIER, "angle of the mean displacement by a modifier and the first principal axis of the points", "deg"),
    "modifier_participation": (_STILL, "participation ratio of the displacements by modifiers, about 0"),
}


def appraise(
    networks: xr.Dataset,
    slow_points: xr.Dataset,
    readings: xr.Dataset,
    task: Any,
    cell: Any,
    *,
    settings: Mapping[str, Any],
    names: Mapping[str, str],
    seed: int,
) -> xr.Dataset:
    """How words move the state at the slow points of each network, under each still input at which these were sought. float64.

    Points are those that the descent's filters kept whose mean squared step is at most `tolerance`, at most `points` of them, evenly along
    the logit. J and B are ∂F/∂h and ∂F/∂x there, λ, r, l the modes of J, e a word's embedding less the still input.

    - Time constants; the slowest mode (longest |1 / ln |λ||, not largest modulus: a fast unstable pair is no memory) and the line of the
      points, where these fill more than `ONE_POINT` of the spread of states: around one fixed point there is none; what positive,
      negative and neutral words add along that mode, l B e.
    - Linear steps from the nearest point; whole documents read by the linear system of the point of least certain answer, or by its
      slowest modes: as many as the space of evidence has `dimensions`. Of signs the thresholds of the latter are chosen on validation
      documents.
    - Order: weight in the final logit by position (no point is needed); sums of what words add lastingly at the points, without and with
      weights by position and behind modifiers, fitted to the network's logit on validation documents; the network itself with its state
      held, after each word, along the directions into which modifiers take it (accuracies of one output alone; thresholds as above).
    - Modifiers: what probes add after them, against after a neutral word, with neutral words between; where they take the state.

    Each network is worked on alone. NaN for networks whose states are not finite, and without points.

    Args:
        settings: the `appraise` entry of config.yaml.

    Returns:
        Store of stage `appraise`, one row for each point used.

    Sources: Maheswaranathan et al. 2019 and 2020 (modifiers; definitions here are ours), Aitken et al. 2021 (classes).
    """
    words = _Words.of(task, settings["words"])
    documents = {
        portion: task.documents(stream(seed, names["task"], "reading", portion), settings["documents"], portion)
        for portion in ("validation", "test")
    }
    stills = {still: task.still_inputs()[still] for still in slow_points["still"].values}
    directions = stream(seed, names["task"], "directions").standard_normal((_DIRECTIONS, slow_points.sizes["unit"]))
    found, of_networks, of_stills = [], [], []
    for network, name in enumerate(networks["network"].values):
        parameters = trained_parameters(networks, network)
        one = _Network(cell, parameters, task, words, documents, readings.isel(network=network), directions)
        of_networks.append(one.describe())
        described = []
        for condition, still in stills.items():
            rows = np.flatnonzero((slow_points["owner"].values == name) & (slow_points["condition"].values == condition))
            mine = one.usable(slow_points.isel(fixed_point=rows), settings)
            points, numbers = one.appraise(mine, mixed(parameters, still))
            labels = {"owner": name, "condition": condition}
            found.append(points | {key: np.full(mine.sizes["fixed_point"], value, dtype=object) for key, value in labels.items()})
            described.append(numbers)
        of_stills.append({key: np.stack([numbers[key] for numbers in described]) for key in described[0]})
    table = (
        {key: np.concatenate([points[key] for points in found]) for key in found[0]}
        | {key: np.stack([numbers[key] for numbers in of_networks]) for key in of_networks[0]}
        | {key: np.stack([numbers[key] for numbers in of_stills]) for key in of_stills[0]}
    )
    units = slow_points.sizes["unit"]
    return xr.Dataset(
        {key: variable(dims, table[key], *labels) for key, (dims, *labels) in _VARIABLES.items()}
        | {
            "null_overlap": variable(
                (), random_overlap(units, dimensions(task)), "mean overlap of a random direction with the space of the slowest modes"
            ),
            "mean_length": variable((), documents["test"].length.mean(), "mean length of the documents", "step"),
        },
        coords={
            **identity(networks),
            "still": np.array(list(stills), dtype=object),
            **{key: (_POINT, table[key]) for key in ("owner", "node", "condition")},
            "valence": list(words.chosen),
            "probe": np.array([task.words[word] for word in words.probes], dtype=object),
            "probe_valence": ("probe", np.repeat(np.array(list(words.chosen), dtype=object), [len(own) for own in words.chosen.values()])),
            "modifier": np.array(list(words.modifiers), dtype=object),
            "kind": ("modifier", np.array(list(words.modifiers.values()), dtype=object)),
            "place": list(_PLACES),
            "lag": ("lag", np.arange(_LAGS), {"units": "step"}),
            "bin": (np.arange(_ERRORS) + 0.5) / _ERRORS,
        },
    )


def dimensions(task: Any) -> int:
    """Of the space in which evidence is summed: signs; or quantities, but of classes that have one each all but one."""
    quantities: int = task.values().shape[1]
    return min(quantities, task.outputs - 1) if task.loss == "log" else task.outputs


@dataclass(frozen=True)
class _Words:
    """Words of a task that are looked at.

    Attributes:
        value: of each word for the logit: of the first quantity, or, of classes with a quantity each, their contrast; NaN where not known.
        chosen: words of each class of valence.
        modifiers: word -> negator or intensifier.
        modifying: their places in the vocabulary.
    """

    value: Float[np.ndarray, "word"]
    frequency: Float[np.ndarray, "word"]
    chosen: dict[str, Int[np.ndarray, "_"]]
    modifiers: dict[str, str]
    modifying: Int[np.ndarray, "modifier"]

    @classmethod
    def of(cls, task: Any, number: int) -> _Words:
        """Modifiers are in no class."""
        place = {word: number for number, word in enumerate(task.words)}
        modifiers = task.modifiers()
        modifying = np.array([place[word] for word in modifiers], dtype=np.int64)
        values, frequency = task.values().astype(np.float64), task.frequencies()
        each_its_own = task.loss == "log" and values.shape[1] == task.outputs
        value = values @ contrast(task.outputs, task.outputs, task.loss) if each_its_own else values[:, 0]
        plain = value.copy()
        plain[modifying] = np.nan
        return cls(value, frequency, chosen_words(plain, frequency, number), modifiers, modifying)

    @property
    def probes(self) -> Int[np.ndarray, "probe"]:
        return np.concatenate(list(self.chosen.values()))

    @property
    def valenced(self) -> Int[np.ndarray, "probe"]:
        return np.concatenate([self.chosen["positive"], self.chosen["negative"]])


class _Network:
    """One trained network, with the documents that it read."""

    def __init__(
        self,
        cell: Any,
        parameters: Parameters,
        task: Any,
        words: _Words,
        documents: Mapping[str, Documents],
        readings: xr.Dataset,
        directions: Float[np.ndarray, "direction unit"],
    ) -> None:
        self.directions = directions
        self.cell, self.parameters, self.task, self.words, self.documents = cell, parameters, task, words, documents
        self.embedding = parameters["embedding"].numpy()
        self.first = parameters["initial_state"].numpy()
        self.readout = extended(parameters["readout_weights"].numpy(), len(self.first))
        self.contrast = contrast(task.outputs, task.values().shape[1], task.loss)
        self.gradient = self.contrast @ self.readout
        self.centre, self.plane = readings["centre"].values, readings["plane"].values
        test = documents["test"]
        self.reading: Reading = read_documents(cell, parameters, test.tokens, test.length)
        self.sound = bool(np.isfinite(self.reading.state).all())
        self.answers = self._answer(self.reading.final)
        held = documents["validation"]
        self.held = self._answer(read_documents(cell, parameters, held.tokens, held.length).final)

    def _answer(self, states: Float[np.ndarray, "state unit"]) -> Float[np.ndarray, "state output"]:
        return self.cell.readout(self.parameters, torch.from_numpy(states)).numpy()

    def describe(self) -> dict[str, Any]:
        """Numbers that have to do with no point."""
        lengths = np.linalg.norm(self.embedding, axis=1)
        simplex = Simplex(np.nan, np.nan, np.nan)
        if self.sound:
            simplex = Simplex.of(self.readout, spectrum(self.reading.state)[1], self.task.loss)
        return {
            "own_accuracy": accuracy(self.answers, self.documents["test"].wanted, self.task.loss) if self.sound else np.nan,
            "readout_angle": simplex.angle,
            "readout_angle_spread": simplex.off,
            "readout_share": simplex.share,
            "mean_embedding": np.linalg.norm(self.words.frequency @ self.embedding) if self.sound else np.nan,
            "word_length": lengths.mean() if self.sound else np.nan,
        } | self._edges()

    def _edges(self) -> dict[str, float]:
        """Weights of words near the ends of documents; with modifiers in them the first words, which nothing turns, would weigh more."""
        positive, negative, test = self.words.chosen["positive"], self.words.chosen["negative"], self.documents["test"]
        edges = contexts.Edges(*[np.nan] * 4)
        if self.sound and len(positive) and len(negative):
            tokens, neutral = test.tokens.copy(), self.words.chosen["neutral"]
            if len(neutral):
                tokens[np.isin(tokens, self.words.modifying)] = neutral[0]
            given = (self.cell, self.parameters, self.gradient, tokens, test.length, positive, negative)
            edges = contexts.Edges.of(*contexts.position_weights(*given))
        return {"begin_excess": edges.begin, "begin_time": edges.begin_time, "end_excess": edges.end, "end_time": edges.end_time}

    def usable(self, points: xr.Dataset, settings: Mapping[str, Any]) -> xr.Dataset:
        """Points of one still input that are slow enough, spread evenly along the logit; none of a network that is not finite."""
        slow = np.flatnonzero(points["kept"].values & (points["mean_squared_step"].values <= settings["tolerance"]) & self.sound)
        logit = points["outputs"].values[slow] @ self.contrast
        return points.isel(fixed_point=slow[spread_over(logit, settings["points"])])

    def appraise(self, points: xr.Dataset, still: Float[np.ndarray, "input"]) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Columns of points, and numbers of this still input."""
        states = points["state"].values
        around = expand(self.cell, self.parameters, still, states)
        outputs = points["outputs"].values
        shared = {
            "outputs": outputs,
            "logit": outputs @ self.contrast,
            "mean_squared_step": points["mean_squared_step"].values,
            "node": points["node"].values,
        }
        if not len(states):
            return shared | self._no_points(), self._nothing()
        modes = Modes.of(torch.from_numpy(around.jacobian))
        line = Line.of(states, self.gradient, ONE_POINT * float(np.sqrt(self.reading.state.var(axis=0).sum())))
        embedding = self.embedding - still
        columns = self._columns(around, modes, line, embedding)
        with np.errstate(over="ignore", invalid="ignore"):  # an unstable expansion may run away
            linear = self._linear(around, modes, shared, embedding)
        modifiers = self._modifiers(states, line.axes[:, 0], shared["logit"])
        order = self._bags(states, shared["logit"]) | self._traceless(states, line.axes[:, 0], shared["logit"])
        return shared | columns, self._nothing() | linear | modifiers | order | self._pictures(around, line, embedding, shared)

    def _columns(self, around: Expansion, modes: Modes, line: Line, embedding: Float[np.ndarray, "word input"]) -> dict[str, np.ndarray]:
        integration = Integration.of(modes, self.gradient, line.axes[:, 0], dimensions(self.task))
        effect = np.matmul(integration.left[:, None], around.drive)[:, 0] @ embedding.T
        separation = Separation.of(effect, self.words.chosen)
        return {
            "position": (around.state - self.centre) @ self.plane,
            "theta": line.theta,
            "eigenvalue": modes.value,
            "time_constant": -np.sort(-memory(np.abs(modes.value)), axis=1),
            "in_plane": np.linalg.norm(np.matmul(line.axes[:, : dimensions(self.task)].T, modes.right), axis=1),
            "right": integration.right @ self.plane,
            "left": integration.left @ self.plane,
            "overlap": integration.overlap,
            "projection": separation.mean,
            "projection_deviation": separation.deviation,
            "separation": separation.distance,
            "null_separation": self._null_separation(around, embedding),
            "neutral_ratio": separation.neutral_ratio,
            "value_correlation": value_correlations(effect, self.words.value),
        }

    def _null_separation(self, around: Expansion, embedding: Float[np.ndarray, "word input"]) -> Float[np.ndarray, "point"]:
        """What chance gives: median |d'| of positive and negative words along random directions in the place of the slowest mode."""
        probes, sizes = self.words.probes, np.cumsum([0, *map(len, self.words.chosen.values())])
        chosen = {name: np.arange(*ends) for name, ends in zip(self.words.chosen, itertools.pairwise(sizes), strict=True)}
        effects = np.matmul(self.directions, around.drive) @ embedding[probes].T
        distances = [np.abs(Separation.of(effect, chosen).distance) for effect in effects]
        return np.array([np.median(own) for own in distances])

    def _linear(
        self, around: Expansion, modes: Modes, shared: dict[str, np.ndarray], embedding: Float[np.ndarray, "word input"]
    ) -> dict[str, Any]:
        """Linear steps and linear readers; what grows without bound is NaN."""
        test, loss = self.documents["test"], self.task.loss
        words = test.tokens[self.reading.document, self.reading.time]
        errors = linear_errors(around, self.reading.before(self.first), self.reading.state, embedding[words])
        errors = errors[np.isfinite(errors)]
        if not len(errors):
            return {}
        shares = np.histogram(np.minimum(errors, 1), _ERRORS, (0, 1))[0] / len(errors)
        numbers: dict[str, Any] = {
            "linear_error": np.median(errors),
            "linear_error_mean": errors.mean(),
            "linear_error_share": shares,
        }
        balanced = shared["outputs"] - (shared["outputs"].mean(axis=1, keepdims=True) if loss == "log" else 0)
        point = int(np.linalg.norm(balanced, axis=1).argmin())
        reader = LinearReader(around, point, embedding, self.readout, shared["outputs"][point], self.first)
        validation = self.documents["validation"]
        readers = {"rollout": reader.rollout(test.tokens, test.length)}
        for name, fading in (("bag", False), ("fading_bag", True)):
            answers, held = (
                reader.bag(modes, point, dimensions(self.task), part.tokens, part.length, fading=fading) for part in (test, validation)
            )
            if loss == "logistic" and np.isfinite(held).all():
                answers = answers - [best_threshold(own, wanted > 0) for own, wanted in zip(held.T, validation.wanted.T, strict=True)]
            readers[name] = answers
        for name, answers in readers.items():
            known = bool(np.isfinite(answers).all())
            numbers[f"{name}_accuracy"] = accuracy(answers, test.wanted, loss) if known else np.nan
            numbers[f"{name}_correlation"] = correlation(answers, self.answers, loss) if known else np.nan
        return numbers

    def _modifiers(
        self, states: Float[np.ndarray, "point unit"], direction: Float[np.ndarray, "unit"], logit: Float[np.ndarray, "point"]
    ) -> dict[str, Any]:
        words = self.words
        if not len(words.modifying) or not len(words.chosen["neutral"]) or not len(words.valenced):
            return {}
        chosen = states[spread_over(logit, _MODIFIED)]
        probes, neutral = words.valenced, words.chosen["neutral"]
        found = modification(self.cell, self.parameters, chosen, self.gradient, words.modifying, probes, neutral, _LAGS)
        plane = Plane.of(found.displacement, direction, self.plane.shape[1])
        return {
            "barcode": np.pad(found.barcode, ((0, 0), (0, len(neutral))), constant_values=np.nan),
            "gain": found.gain,
            "strength": found.strength,
            "barcode_correlation": np.array([correlated(own, words.value[probes]) for own in found.barcode]),
            "scope": found.scope,
            "decay": found.decay,
            "modifier_position": plane.position,
            "modifier_angle": plane.angle,
            "modifier_participation": plane.participation,
        }

    def _bags(self, states: Float[np.ndarray, "point unit"], logit: Float[np.ndarray, "point"]) -> dict[str, float]:
        """What sums of words say, by their order or not; they are fitted to the network's own logit on validation documents."""
        words, held, test = self.words, self.documents["validation"], self.documents["test"]
        if not len(words.chosen["neutral"]) or not np.isfinite(self.held).all():
            return {}
        chosen = states[spread_over(logit, _VALUED)]
        values = contexts.lasting_values(self.cell, self.parameters, chosen, self.gradient, words.chosen["neutral"])
        kind = np.array(list(words.modifiers.values()), dtype=object)
        kinds = [words.modifying[kind == name] for name in dict.fromkeys(kind)]
        bags = contexts.Bags.of(values, kinds, (held.tokens, held.length, self.held @ self.contrast), (test.tokens, test.length))
        numbers = {}
        for name, told in (("lasting", bags.plain), ("ordered", bags.ordered)):
            numbers[f"{name}_bag_correlation"] = correlated(told, self.answers @ self.contrast)
            numbers[f"{name}_bag_accuracy"] = self._share(told[:, None], test) if self.task.outputs == 1 else np.nan
        return numbers

    def _share(self, outputs: Float[np.ndarray, "document output"], documents: Documents) -> float:
        return accuracy(outputs, documents.wanted, self.task.loss)

    def _traceless(
        self, states: Float[np.ndarray, "point unit"], direction: Float[np.ndarray, "unit"], logit: Float[np.ndarray, "point"]
    ) -> dict[str, float]:
        """What is left of the answers without the directions of modifiers, and without as many others."""
        words, test, held = self.words, self.documents["test"], self.documents["validation"]
        known = self.task.outputs == 1 and len(words.modifying) and len(words.chosen["neutral"]) and np.isfinite(direction).all()
        if not known:
            return {}
        chosen = states[spread_over(logit, _MODIFIED)]
        traces = contexts.trace(self.cell, self.parameters, chosen, direction, words.modifying, words.chosen["neutral"], _TRACED)
        numbers: dict[str, float] = {"traces": traces.shape[1]}
        for name, directions in (("traceless", traces), ("beside", contexts.beside(self.reading.state, direction, traces))):
            given = (self.cell, self.parameters, states.mean(axis=0), directions)
            told, validation = (self._answer(contexts.read_without(*given, own.tokens, own.length).final) for own in (test, held))
            if np.isfinite(told).all() and np.isfinite(validation).all():
                threshold = best_threshold(validation[:, 0], held.wanted[:, 0] > 0)
                numbers[f"{name}_accuracy"] = self._share(told - threshold, test)
        return numbers

    def _pictures(
        self,
        around: Expansion,
        line: Line,
        embedding: Float[np.ndarray, "word input"],
        shared: dict[str, np.ndarray],
    ) -> dict[str, Any]:
        order = np.argsort(line.theta, kind="stable")
        chosen = order[[0, len(order) // 2, -1]]
        pushes = embedding[self.words.probes] @ around.drive[chosen].swapaxes(1, 2)
        return {"push": pushes @ self.plane, "push_point": shared["node"][chosen]}

    def _no_points(self) -> dict[str, np.ndarray]:
        """Empty columns."""
        sizes = {"axis": self.plane.shape[1], "mode": len(self.first), "valence": len(self.words.chosen)}
        dims = {key: entry[0] for key, entry in _VARIABLES.items() if entry[0][0] == "fixed_point"}
        dtypes = {"eigenvalue": complex}
        return {
            key: np.empty((0, *(sizes[dim] for dim in own[1:])), dtype=dtypes.get(key, np.float64))
            for key, own in dims.items()
            if key not in ("outputs", "logit", "mean_squared_step")
        }

    def _nothing(self) -> dict[str, Any]:
        """Numbers of a still input without points."""
        sizes = {
            "place": len(_PLACES),
            "probe": len(self.words.probes),
            "axis": self.plane.shape[1],
            "bin": _ERRORS,
            "modifier": len(self.words.modifying),
            "lag": _LAGS,
        }
        dims = {key: entry[0][2:] for key, entry in _VARIABLES.items() if entry[0][:2] == _STILL}
        nothing: dict[str, Any] = {key: np.full([sizes[dim] for dim in own], np.nan) for key, own in dims.items()}
        return nothing | {"push_point": np.full(len(_PLACES), -1)}
