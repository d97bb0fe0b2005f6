"""Let the networks of a shard read documents, before training and after it: what they answer, and what their states are like."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import torch
import xarray as xr
from jaxtyping import Float, Int

from rnnpop.names import identity, variable
from rnnpop.numerics.affine import Parameters, stored_parameters
from rnnpop.numerics.decoding import determination, least_squares, spectrum
from rnnpop.numerics.directions import extended
from rnnpop.numerics.phrases import dataset_dimension
from rnnpop.numerics.reading import (
    Loss,
    Reading,
    Relaxation,
    accuracy,
    answered,
    bags,
    best_threshold,
    correlation,
    cross_entropy,
    relaxation,
    shuffled,
    squashed,
    visits,
)
from rnnpop.numerics.reading import (
    read as read_documents,
)
from rnnpop.seeds import stream
from rnnpop.stages.portray import principal_axes
from rnnpop.tasks import Documents

_PORTIONS: tuple[Literal["train", "validation", "test"], ...] = ("train", "validation", "test")
#: Steps into silence at which the speed of states is looked at.
LAGS = (0, 1, 2, 5, 10, 20, 50)
#: Numbers of principal components that final states are cut to.
RETAINED = (1, 2, 3, 4, 5, 10, 20)
#: Steps of the documents that are kept for pictures.
_STEPS = 150
#: Documents of a batch from which training documents are drawn: a task may draw those of one batch of like length.
_BATCH = 50

_CHECKPOINT = ("network", "checkpoint")
#: Variable -> its dimensions, long name and, where it has one, unit.
_VARIABLES: dict[str, tuple[Any, ...]] = {
    "accuracy": ((*_CHECKPOINT, "portion"), "share of right answers"),
    "cross_entropy": ((*_CHECKPOINT, "portion"), "cross-entropy of a document", "nat"),
    "shuffled_accuracy": (_CHECKPOINT, "share of right answers on test documents whose words are shuffled"),
    "shuffled_correlation": (_CHECKPOINT, "correlation of answers to test documents with those to the same words shuffled"),
    "score_r2": ((*_CHECKPOINT, "evidence"), "R² of the running score read from states of other documents"),
    "explained": ((*_CHECKPOINT, "component"), "share of the variance of states along each principal axis"),
    "squashed_accuracy": ((*_CHECKPOINT, "retained"), "share of right answers read from final states cut to the leading principal axes"),
    "relaxation": ((*_CHECKPOINT, "lag"), "median of |h(t+1) - h(t)| / |h(t)| without input", "1/step"),
    "relaxation_path": (_CHECKPOINT, "median length of the way without input over the distance of its ends"),
    "relaxation_distance": (_CHECKPOINT, "median distance gone without input over the spread of states"),
    "outputs": (("network", "text", "output"), "output after the last word of each test document"),
    "end": (("network", "text", "axis"), "state after the last word of each test document, on the principal axes"),
    "answered": (("text",), "number of the class of each test document"),
    "bag_accuracy": (
        (),
        "share of right answers, on test documents, of a bag of words: a fitted one, or sums of the words' values where those are known",
    ),
    "centre": (("network", "unit"), "mean state"),
    "plane": (("network", "unit", "axis"), "leading principal axes of states"),
    "readout": (("network", "output", "axis"), "readout's rows on the principal axes"),
    "centre_outputs": (("network", "output"), "readout of the mean state"),
    "first_state": (("network", "axis"), "state before the first word, on the principal axes"),
    "position": (("network", "point", "axis"), "centre of each cell of a grid in the plane of the first two principal axes"),
    "visits": (("network", "answer", "point"), "states in each cell, by the class of their document", "step"),
    "trajectory": (("network", "trial", "time", "axis"), "states in single documents, on the principal axes; NaN behind the end"),
    "predicted_dimension": ((), "participation ratio of the classes' mean word counts: dimensions that telling them apart takes"),
    "activity": (("trial", "time", "unit"), "states of the shard's first network in single documents; NaN behind the end"),
    "shown": (("trial",), "number of these documents among the test documents"),
}


def read(networks: xr.Dataset, task: Any, cell: Any, *, settings: Mapping[str, Any], names: Mapping[str, str], seed: int) -> xr.Dataset:
    """What networks make of documents, at each checkpoint: all networks of a task read the same ones. float64.

    - accuracy and cross-entropy; accuracy with each document's words shuffled, and the correlation of both answers;
    - variance of all states along their principal axes; accuracy of the readout of final states cut to the leading ones;
    - how states go on under no input (`silence`);
    - R² of the running scores, where they are known, read linearly from the states of documents that the reading was not fitted to.

    Of trained networks also pictures in the plane of the leading principal axes (of states of all test documents). Columns of a network
    whose states are not finite are NaN.

    Args:
        settings: the `read` entry of config.yaml.

    Returns:
        Store of stage `read`.
    """
    library = _Library(task, settings, names["task"], seed)
    scores, pictures = [], []
    for network in range(networks.sizes["network"]):
        described = []
        for checkpoint in range(networks.sizes["checkpoint"]):
            reader = _Reader(cell, stored_parameters(networks, network, checkpoint), library)
            reading = reader.read("test")
            described.append(reader.scores(reading))
        scores.append({name: np.stack([numbers[name] for numbers in described]) for name in described[0]})
        pictures.append(reader.pictures(reading))
        if network == 0:
            activity = _cut_out(reading.state, reading, library)
    table = {
        **{name: np.stack([row[name] for row in scores]) for name in scores[0]},
        **{name: np.stack([picture[name] for picture in pictures]) for name in pictures[0]},
        "answered": library.answered,
        "bag_accuracy": library.bag_accuracy(),
        "predicted_dimension": library.predicted_dimension(),
        "activity": activity,
        "shown": library.shown,
    }
    return xr.Dataset(
        {name: variable(_VARIABLES[name][0], values, *_VARIABLES[name][1:]) for name, values in table.items()},
        coords={
            **identity(networks),
            "checkpoint": networks["checkpoint"].variable,
            "portion": list(_PORTIONS),
            "lag": ("lag", list(LAGS), {"units": "step"}),
            "retained": list(RETAINED),
            "part": ("unit", np.repeat(np.array(cell.parts, dtype=object), cell.units)),
        },
        attrs={"bins": settings["bins"]},
    )


class _Library:
    """The documents that all networks of a task read."""

    def __init__(self, task: Any, settings: Mapping[str, Any], name: str, seed: int) -> None:
        self.loss: Loss = task.loss
        self.settings = settings
        number = settings["documents"]
        self.documents: dict[str, Documents] = {
            portion: task.documents(stream(seed, name, "reading", portion), number, portion) for portion in _PORTIONS[1:]
        }
        rng = stream(seed, name, "reading", "train")
        batches = [task.documents(rng, min(_BATCH, number - done), "train") for done in range(0, number, _BATCH)]
        self.documents["train"] = _joined(batches)
        test = self.documents["test"]
        self.shuffled = shuffled(stream(seed, name, "reading", "shuffled"), test.tokens, test.length)
        self.answered = answered(test.wanted, self.loss)
        self.classes = test.wanted.shape[1] if self.loss == "log" else 2 ** test.wanted.shape[1]
        self.values, self.fitted_bag = np.nan_to_num(task.values().astype(np.float64)), task.bag_of_words()
        self.shown = _shown(self.answered, test.length, settings["shown"])
        self.steps = min(_STEPS, test.tokens.shape[1])

    def bag_accuracy(self) -> float:
        """What no order can give: of a corpus the bag of words fitted to it, else sums of values; of signs with the best threshold on
        validation documents."""
        if np.isfinite(fitted := self.fitted_bag):
            return fitted
        validation, test = (self.documents[portion] for portion in _PORTIONS[1:])
        if self.values.shape[1] != test.wanted.shape[1]:
            return np.nan
        held, sums = (bags(documents.tokens, documents.length, self.values) for documents in (validation, test))
        if self.loss == "logistic":
            sums = sums - [best_threshold(own, wanted > 0) for own, wanted in zip(held.T, validation.wanted.T, strict=True)]
        return accuracy(sums, test.wanted, self.loss)

    def predicted_dimension(self) -> float:
        """What the test documents' words ask for, whoever reads them."""
        test = self.documents["test"]
        return dataset_dimension(test.tokens, test.length, self.answered, len(self.values))


def _joined(batches: list[Documents]) -> Documents:
    """Documents of several batches, as one; without scores."""
    steps = max(batch.tokens.shape[1] for batch in batches)
    return Documents(
        np.concatenate([np.pad(batch.tokens, ((0, 0), (0, steps - batch.tokens.shape[1]))) for batch in batches]),
        np.concatenate([batch.length for batch in batches]),
        np.concatenate([batch.wanted for batch in batches]),
    )


def _shown(answered: Int[np.ndarray, "document"], length: Int[np.ndarray, "document"], number: int) -> Int[np.ndarray, "trial"]:
    """The longest documents of each class, class by class in turn."""
    order = np.argsort(-length, kind="stable")
    classes = answered[order]
    turn = np.array([np.count_nonzero(classes[:place] == own) for place, own in enumerate(classes)])
    return order[np.lexsort((classes, turn))[:number]]


class _Reader:
    """One network at one checkpoint."""

    def __init__(self, cell: Any, parameters: Parameters, library: _Library) -> None:
        self.cell, self.parameters, self.library = cell, parameters, library

    def read(self, portion: str) -> Reading:
        documents = self.library.documents[portion]
        return read_documents(self.cell, self.parameters, documents.tokens, documents.length)

    def answer(self, states: Float[np.ndarray, "document unit"]) -> Float[np.ndarray, "document output"]:
        return self.cell.readout(self.parameters, torch.from_numpy(states)).numpy()

    def scores(self, reading: Reading) -> dict[str, np.ndarray]:
        """Numbers of the test documents' states and of answers to all portions, by variable."""
        library, loss = self.library, self.library.loss
        units = reading.state.shape[1]
        if not np.isfinite(reading.state).all():
            return {name: np.full(shape, np.nan) for name, shape in self._shapes(units).items()}
        test = library.documents["test"]
        answers = {portion: self.answer(self.read(portion).final) for portion in _PORTIONS[:2]} | {"test": self.answer(reading.final)}
        wanted = {portion: library.documents[portion].wanted for portion in _PORTIONS}
        again = self.answer(read_documents(self.cell, self.parameters, library.shuffled, test.length).final)
        variances, axes = spectrum(reading.state)
        relaxed, spread = self._relax(reading), np.sqrt(variances.sum())
        cut = [self.answer(squashed(reading.final, axes, retained)) for retained in RETAINED]
        return {
            "accuracy": np.array([accuracy(answers[portion], wanted[portion], loss) for portion in _PORTIONS]),
            "cross_entropy": np.array([cross_entropy(answers[portion], wanted[portion], loss) for portion in _PORTIONS]),
            "shuffled_accuracy": np.array(accuracy(again, test.wanted, loss)),
            "shuffled_correlation": np.array(correlation(answers["test"], again, loss)),
            "score_r2": self._score_r2(reading),
            "explained": variances / variances.sum() if spread > 0 else np.full(units, np.nan),
            "squashed_accuracy": np.array([accuracy(answer, test.wanted, loss) for answer in cut]),
            "relaxation": relaxed.speed,
            "relaxation_path": np.array(relaxed.path),
            "relaxation_distance": np.array(relaxed.distance / spread if spread > 0 else np.nan),
        }

    def _shapes(self, units: int) -> dict[str, tuple[int, ...]]:
        return {
            "accuracy": (len(_PORTIONS),),
            "cross_entropy": (len(_PORTIONS),),
            "shuffled_accuracy": (),
            "shuffled_correlation": (),
            "score_r2": self.library.values.shape[1:],
            "explained": (units,),
            "squashed_accuracy": (len(RETAINED),),
            "relaxation": (len(LAGS),),
            "relaxation_path": (),
            "relaxation_distance": (),
        }

    def _relax(self, reading: Reading) -> Relaxation:
        """From states evenly spaced among those of the documents."""
        starts = np.linspace(0, len(reading.state) - 1, min(self.library.settings["visits"], len(reading.state))).astype(np.int64)
        silence = np.zeros(self.parameters["embedding"].shape[1])
        return relaxation(self.cell, self.parameters, silence, reading.state[starts], LAGS)

    def _score_r2(self, reading: Reading) -> Float[np.ndarray, "evidence"]:
        """Fitted to every other document, judged on the rest."""
        score = self.library.documents["test"].score
        if score is None:
            return np.full(self.library.values.shape[1], np.nan)
        known = score[reading.document, reading.time]
        fitted = reading.document % 2 == 0
        return np.array(
            [determination(own[~fitted], least_squares(reading.state[fitted], own[fitted]).read(reading.state[~fitted])) for own in known.T]
        )

    def pictures(self, reading: Reading) -> dict[str, np.ndarray]:
        """What is drawn of a network, by variable."""
        library = self.library
        centre, plane, _ = principal_axes(reading.state)
        places = (reading.state - centre) @ plane
        first = self.parameters["initial_state"].numpy()
        return self._visits(places, reading) | {
            "outputs": self.answer(reading.final),
            "end": (reading.final - centre) @ plane,
            "centre": centre,
            "plane": plane,
            "readout": extended(self.parameters["readout_weights"].numpy(), len(centre)) @ plane,
            "centre_outputs": self.answer(centre[None])[0],
            "first_state": (first - centre) @ plane,
            "trajectory": _cut_out(places, reading, library),
        }

    def _visits(self, places: Float[np.ndarray, "row axis"], reading: Reading) -> dict[str, np.ndarray]:
        """States on a grid in the plane of the first two axes; none of a network whose states are not finite."""
        library, bins, axes = self.library, self.library.settings["bins"], places.shape[1]
        if not np.isfinite(places).all():
            return {"position": np.full((bins**2, axes), np.nan), "visits": np.zeros((library.classes, bins**2), dtype=np.int64)}
        seen = visits(places[:, :2], library.answered[reading.document], library.classes, bins)
        return {"position": np.pad(seen.position, ((0, 0), (0, axes - 2))), "visits": seen.counts}


def _cut_out(values: Float[np.ndarray, "row number"], reading: Reading, library: _Library) -> Float[np.ndarray, "trial time number"]:
    """Numbers of the rows of the documents shown; NaN behind their ends."""
    shown = np.full((len(library.shown), library.steps, values.shape[1]), np.nan)
    for trial, document in enumerate(library.shown):
        steps = min(reading.length[document], library.steps)
        shown[trial, :steps] = values[reading.begin[document] :][:steps]
    return shown
