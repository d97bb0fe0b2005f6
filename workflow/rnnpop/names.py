"""The vocabulary: every dimension, and what each stage's store must hold. Data outlives code, so its grammar stands here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import xarray as xr

#: Every dimension that a store may have, with its one meaning.
DIMENSIONS = {
    "network": "one trained network; the coordinate is its name, task/cell/learner/index",
    "partner": "the other network of a pair; as `network`",
    "checkpoint": "moment of training: initial, trained",
    "evaluation": "evaluation during training; the coordinate `step` counts optimiser steps",
    "gate": "block of pre-activations of a cell, by name",
    "target": "hidden unit that receives",
    "source": "hidden unit that sends",
    "read": "component of the state vector that is read out: a hidden unit; where an LSTM's cells are, too, they follow",
    "unit": "component of the state vector; the coordinate `part` says hidden or cell (LSTM: hidden units, then cells)",
    "input": "input channel; of a still input that is a mixture of words, a word",
    "output": "output channel",
    "trial": "trial of a frozen batch; the coordinate `batch` tells the probe batch (0), the second one (1), and trials for pictures (2); "
    "or of a session, from 0",
    "session": "run of a task that answers back, without a reset of the state; the same luck for every network",
    "observer": "ideal observer, or approximation of one, by name",
    "actor": "agent that infers and acts, ideal or an approximation of one, by name",
    "threshold": "probability of an action beyond which it is taken",
    "still": "constant input under which fixed points are sought, by name, in the task's order",
    "time": "time step of a trial or session; the coordinate is in s, from 0 at the first step",
    "axis": "axis of a low-dimensional picture (principal component, or MDS axis)",
    "fixed_point": "one fixed or slow point; `owner` is its network, `node` its number within that network, `condition` its still input",
    "mode": "eigenvalue of a Jacobian (or of a fitted linear map), by falling modulus; the coordinate counts from 0",
    "tolerance": "mean squared step below which an end of a descent counts as slow",
    "iteration": "iteration of a descent, from 1",
    "horizon": "steps for which a linearised run goes on before it is set back to the network's own state",
    "lag": "steps after an impulse, after the end of the input, or since a word that changes what others do",
    "stride": "steps between two moments of a run",
    "retained": "directions kept, the leading ones (modes by modulus, principal components by variance); the coordinate counts them",
    "point": "place of a square grid in the plane of a network's first two principal components, row by row",
    "visit": "state that a network visited while it played or was watched, evenly spaced in their order",
    "bin": "interval of a number that a network's states have, by rising number",
    "text": "document that a network read, in the task's order",
    "portion": "part of a corpus: train, validation, test",
    "answer": "class of a document: of one-hot answers their number, of signs the number whose bits they are, the first output's lowest",
    "evidence": "quantity that the answer to a document depends on, summed over its words",
    "document": "document of a corpus, in random order; the coordinate `part` says train, validation or test",
    "token": "running word of a corpus, documents one after another",
    "word": "entry of a vocabulary; the coordinate is the word",
    "limit": "words from the beginning of a document that are read; 0 for all of them",
    "valence": "class of words by what they add to the evidence: positive, negative, neutral",
    "probe": "word whose effect is looked at; coordinates are its text and its valence",
    "modifier": "word that changes what following words add, by name",
    "signed_strength": "strength of a trial's stimulus, negative on the left, in the task's units",
    "strength": "strength of a trial's stimulus, on either side, in the task's units",
    "block_side": "side that a trial's block favours: −1 left, 0 none, +1 right",
    "concordance": "whether a trial's stimulus is on the side that its block favours: discordant, concordant",
    "observation": "observations of a trial (mice: whole seconds to the response), from 1",
    "block_trial": "number of a trial in its block, from 1",
    "previous_length": "least trials of the block before; classes reach to the next",
    "regressor": "what a choice is regressed on, by name",
    "outcome": "where a start of the search ended: fixed, slow, outlier, unsettled",
    "edge": "one arrow of a transition graph; `owner` is its network",
    "sample": "row of a representation: (trial, time) of the probe batch",
    "component": "direction of a representation, by falling variance",
    "column": "column of a controllability matrix: (lag, input)",
    "place": "where a network's fixed points are compared: a still input, or a readout level under it, in the task's order",
    "other_place": "the place that a place is related to; as `place`",
    "label": "sign pattern of the outputs at a fixed point",
    "landing": "sign pattern of the outputs where a transition ends; as `label`",
    "order": "number of unstable directions",
    "log_odds": "bin of log-odds of right over left; the coordinate is its centre",
    "measure": "similarity measure, by its name in config.yaml",
    "other": "similarity measure that a measure is correlated with; as `measure`",
    "factor": "design factor (architecture, activation, ...)",
    "quantity": "number of single networks, by its name in the summary, whose differences are held against distances",
    "mouse": "mouse, or table of trials, by its name in config.yaml",
    "replayed": "trial of a mouse that was replayed to networks; `owner` is the mouse",
    "reference": "what foretells a mouse's choices beside networks, by name",
    "fraction": "share of a network's units that is watched",
    "subset": "choice of the units that are watched; 0 is the first ones where a circuit's units are in no order",
    "timescale": "eigenvalue of a circuit's or student's matrix in B scale, by falling real part; from 0",
    "sight": "what is shown of a teacher: itself, or a student that watches a share of its units, by name",
    "channel": "watched unit",
    "start": "first state of a run without noise",
    "moment": "moment of a run without noise; the coordinate is in time constants of a unit",
    "draw": "bootstrap resample of networks, or of whole populations",
}


class SchemaError(ValueError):
    """A store lacks something that its stage promises."""


@dataclass(frozen=True)
class Schema:
    """What a stage's store must hold.

    Attributes:
        variables: name of each promised variable -> its dimensions, in order.
        coordinates: name of each promised coordinate -> the dimension it stands on.
        open_ended: whether the store may hold variables beyond those promised (weights, statistics, representations).
    """

    variables: dict[str, tuple[str, ...]]
    coordinates: dict[str, str] = field(default_factory=dict)
    open_ended: bool = False


_PER_NETWORK = {"network": "network"}

SCHEMAS = {
    "train": Schema(
        {
            "error": ("network", "evaluation"),
            "final_loss": ("network",),
            "steps": ("network",),
            "criterion_step": ("network",),
        },
        {**_PER_NETWORK, "step": "evaluation", "checkpoint": "checkpoint", "index": "network", "status": "network"},
        open_ended=True,
    ),
    "record": Schema(
        {
            "state": ("network", "trial", "time", "unit"),
            "outputs": ("network", "trial", "time", "output"),
            "inputs": ("trial", "time", "input"),
            "targets": ("trial", "time", "output"),
            "beyond_loss": ("network",),
        },
        {**_PER_NETWORK, "batch": "trial", "condition": "trial", "command": "trial", "time": "time", "part": "unit"},
    ),
    "play": Schema(
        {
            "state": ("network", "session", "time", "unit"),
            "inputs": ("network", "session", "time", "input"),
            "outputs": ("network", "session", "time", "output"),
            "trial_number": ("network", "session", "time"),
            "trial_step": ("network", "session", "time"),
            "action": ("network", "session", "time"),
            "reward": ("network", "session", "time"),
            "ended": ("network", "session", "time"),
            "side": ("session", "trial"),
            "strength": ("session", "trial"),
            "block_side": ("session", "trial"),
            "block": ("session", "trial"),
            "block_trial": ("session", "trial"),
            "stimulus_log_odds": ("network", "observer", "session", "time"),
            "block_log_odds": ("network", "observer", "session", "time"),
        },
        {**_PER_NETWORK, "time": "time", "part": "unit", "observer": "observer"},
    ),
    "survey": Schema(
        {
            "centre": ("network", "unit"),
            "plane": ("network", "unit", "axis"),
            "position": ("network", "point", "axis"),
            "visits": ("network", "point"),
            "flow": ("network", "still", "point", "axis"),
            "speed": ("network", "still", "point"),
            "visited": ("network", "visit", "axis"),
            "visited_flow": ("network", "still", "visit", "axis"),
            "visited_speed": ("network", "still", "visit"),
            "path_belief": ("network", "bin"),
            "path_speed": ("network", "bin"),
            "typical_step": ("network",),
            "gradient_norm": ("network", "lag"),
        },
        {**_PER_NETWORK, "still": "still", "part": "unit", "lag": "lag"},
    ),
    "observe": Schema(
        {
            **{
                f"{name}{error}": ("actor", "threshold")
                for name in ("accuracy", "forced_accuracy", "timeouts", "observations", "reward")
                for error in ("", "_error")
            },
            **{
                f"block_{name}{error}": ("observer",)
                for name in ("belief_before", "belief_after", "accuracy_before", "accuracy_after", "log_loss")
                for error in ("", "_error")
            },
            "block_belief_by_block_trial": ("observer", "block_trial"),
            "block_belief_histogram": ("observer", "log_odds"),
        },
        {"actor": "actor", "threshold": "threshold", "observer": "observer", "block_trial": "block_trial", "log_odds": "log_odds"},
        open_ended=True,
    ),
    "gather": Schema(
        {
            "choice": ("replayed",),
            "reference_right": ("reference", "replayed"),
            "reference_bits": ("reference", "replayed"),
            "reference_lapse": ("mouse", "reference"),
            "reference_log_likelihood": ("mouse", "reference"),
            "reference_agreement": ("mouse", "reference"),
            "reaction_time": ("mouse",),
        },
        {"mouse": "mouse", "reference": "reference", "owner": "replayed", "session_number": "replayed", "trial_number": "replayed"},
        open_ended=True,
    ),
    "replay": Schema(
        {
            "right_probability": ("network", "replayed"),
            "choice_bits": ("network", "replayed"),
            "log_likelihood": ("network", "mouse"),
            "lapse": ("network", "mouse"),
            "agreement": ("network", "mouse"),
            "accuracy": ("network", "mouse"),
            "observations": ("network", "mouse"),
        },
        {**_PER_NETWORK, "mouse": "mouse", "owner": "replayed", "session_number": "replayed", "trial_number": "replayed"},
    ),
    "tokenise": Schema(
        {
            "tokens": ("token",),
            "begin": ("document",),
            "length": ("document",),
            "label": ("document",),
            "row": ("document",),
            "count": ("word",),
            "coefficient": ("word", "output"),
            "bag_accuracy": ("limit", "portion"),
            "bag_strength": ("limit",),
        },
        {"word": "word", "part": "document", "limit": "limit", "portion": "portion"},
    ),
    "settle": Schema(
        {
            "state": ("fixed_point", "unit"),
            "speed": ("fixed_point",),
            "kind": ("fixed_point",),
            "eigenvalue": ("fixed_point", "mode"),
            "unstable": ("fixed_point",),
            "index_sign": ("fixed_point",),
            "kink": ("fixed_point",),
            "outputs": ("fixed_point", "output"),
            "hits": ("fixed_point",),
            "starts": ("network", "outcome"),
            "index_sum": ("network", "still"),
            "invariant_box": ("network",),
            "still_input": ("still", "input"),
            "command": ("still",),
        },
        {
            **_PER_NETWORK,
            "still": "still",
            "owner": "fixed_point",
            "node": "fixed_point",
            "condition": "fixed_point",
            "level": "fixed_point",
            "outcome": "outcome",
        },
    ),
    "descend": Schema(
        {
            "state": ("fixed_point", "unit"),
            "position": ("fixed_point", "axis"),
            "mean_squared_step": ("fixed_point",),
            "speed": ("fixed_point",),
            "displacement": ("fixed_point",),
            "start": ("fixed_point",),
            "kept": ("fixed_point",),
            "eigenvalue": ("fixed_point", "mode"),
            "unstable": ("fixed_point",),
            "outputs": ("fixed_point", "output"),
            "starts": ("network", "still"),
            "below": ("network", "still", "tolerance"),
            "distinct": ("network", "still"),
            "mean_loss": ("network", "still", "iteration"),
            "still_input": ("still", "input"),
            "command": ("still",),
        },
        {
            **_PER_NETWORK,
            "still": "still",
            "owner": "fixed_point",
            "node": "fixed_point",
            "condition": "fixed_point",
            "tolerance": "tolerance",
            "iteration": "iteration",
        },
    ),
    "linearise": Schema(
        {
            "coupling": ("fixed_point", "mode", "output", "input"),
            "marginal": ("fixed_point",),
            "right": ("fixed_point", "unit"),
            "left": ("fixed_point", "unit"),
            "input_gain": ("fixed_point", "input"),
            "readout_angle": ("fixed_point",),
            "condition_number": ("fixed_point",),
            "linear_r2": ("network", "horizon"),
        },
        {
            **_PER_NETWORK,
            "owner": "fixed_point",
            "node": "fixed_point",
            "condition": "fixed_point",
            "level": "fixed_point",
            "horizon": "horizon",
        },
    ),
    "follow": Schema(
        {
            "cycle": ("network", "still"),
            "resting": ("network", "still"),
            "period": ("network", "still"),
            "period_spread": ("network", "still"),
            "radius": ("network", "still"),
            "amplitude": ("network", "still"),
            "attraction": ("network", "still"),
            "command": ("still",),
            "dt": (),
        },
        {**_PER_NETWORK, "still": "still"},
    ),
    "connect": Schema(
        {"weight": ("edge",)},
        {
            **_PER_NETWORK,
            "owner": "edge",
            "origin": "edge",
            "destination": "edge",
            "relation": "edge",
            "condition": "edge",
        },
    ),
    "read": Schema(
        {
            "accuracy": ("network", "checkpoint", "portion"),
            "cross_entropy": ("network", "checkpoint", "portion"),
            "shuffled_accuracy": ("network", "checkpoint"),
            "shuffled_correlation": ("network", "checkpoint"),
            "score_r2": ("network", "checkpoint", "evidence"),
            "explained": ("network", "checkpoint", "component"),
            "squashed_accuracy": ("network", "checkpoint", "retained"),
            "relaxation": ("network", "checkpoint", "lag"),
            "relaxation_path": ("network", "checkpoint"),
            "relaxation_distance": ("network", "checkpoint"),
            "outputs": ("network", "text", "output"),
            "end": ("network", "text", "axis"),
            "answered": ("text",),
            "bag_accuracy": (),
            "predicted_dimension": (),
            "centre": ("network", "unit"),
            "plane": ("network", "unit", "axis"),
            "readout": ("network", "output", "axis"),
            "centre_outputs": ("network", "output"),
            "first_state": ("network", "axis"),
            "position": ("network", "point", "axis"),
            "visits": ("network", "answer", "point"),
            "trajectory": ("network", "trial", "time", "axis"),
            "activity": ("trial", "time", "unit"),
            "shown": ("trial",),
        },
        {**_PER_NETWORK, "checkpoint": "checkpoint", "portion": "portion", "lag": "lag", "retained": "retained", "part": "unit"},
        open_ended=True,
    ),
    "appraise": Schema(
        {
            "position": ("fixed_point", "axis"),
            "outputs": ("fixed_point", "output"),
            "logit": ("fixed_point",),
            "theta": ("fixed_point",),
            "mean_squared_step": ("fixed_point",),
            "eigenvalue": ("fixed_point", "mode"),
            "time_constant": ("fixed_point", "mode"),
            "in_plane": ("fixed_point", "mode"),
            "right": ("fixed_point", "axis"),
            "left": ("fixed_point", "axis"),
            "overlap": ("fixed_point",),
            "projection": ("fixed_point", "valence"),
            "projection_deviation": ("fixed_point", "valence"),
            "separation": ("fixed_point",),
            "null_separation": ("fixed_point",),
            "neutral_ratio": ("fixed_point",),
            "value_correlation": ("fixed_point",),
            "null_overlap": (),
            "mean_length": (),
            "push": ("network", "still", "place", "probe", "axis"),
            "push_point": ("network", "still", "place"),
            "linear_error": ("network", "still"),
            "linear_error_mean": ("network", "still"),
            "linear_error_share": ("network", "still", "bin"),
            "rollout_accuracy": ("network", "still"),
            "rollout_correlation": ("network", "still"),
            "bag_accuracy": ("network", "still"),
            "bag_correlation": ("network", "still"),
            "fading_bag_accuracy": ("network", "still"),
            "fading_bag_correlation": ("network", "still"),
            "own_accuracy": ("network",),
            "readout_angle": ("network",),
            "readout_angle_spread": ("network",),
            "readout_share": ("network",),
            "mean_embedding": ("network",),
            "word_length": ("network",),
            **dict.fromkeys(("begin_excess", "begin_time", "end_excess", "end_time"), ("network",)),
            **{f"{bag}_bag_{number}": ("network", "still") for bag in ("lasting", "ordered") for number in ("accuracy", "correlation")},
            **dict.fromkeys(("traces", "traceless_accuracy", "beside_accuracy"), ("network", "still")),
            "barcode": ("network", "still", "modifier", "probe"),
            "gain": ("network", "still", "modifier", "lag"),
            "strength": ("network", "still", "modifier", "lag"),
            "barcode_correlation": ("network", "still", "modifier"),
            "scope": ("network", "still", "modifier"),
            "decay": ("network", "still", "modifier"),
            "modifier_position": ("network", "still", "modifier", "axis"),
            "modifier_angle": ("network", "still", "modifier"),
            "modifier_participation": ("network", "still"),
        },
        {
            **_PER_NETWORK,
            "still": "still",
            "owner": "fixed_point",
            "node": "fixed_point",
            "condition": "fixed_point",
            "valence": "valence",
            "probe": "probe",
            "probe_valence": "probe",
            "modifier": "modifier",
            "kind": "modifier",
            "lag": "lag",
            "bin": "bin",
        },
        open_ended=True,
    ),
    "portray": Schema(
        {
            "trajectory": ("network", "trial", "time", "axis"),
            "outputs": ("network", "trial", "time", "output"),
            "inputs": ("trial", "time", "input"),
            "targets": ("trial", "time", "output"),
            "explained_variance": ("network", "axis"),
            "position": ("fixed_point", "axis"),
            "unstable": ("fixed_point",),
            "kind": ("fixed_point",),
            "leading_eigenvalue": ("fixed_point",),
            "point_outputs": ("fixed_point", "output"),
        },
        {
            **_PER_NETWORK,
            "batch": "trial",
            "condition": "trial",
            "command": "trial",
            "owner": "fixed_point",
            "node": "fixed_point",
            "still": "fixed_point",
            "level": "fixed_point",
        },
    ),
    "describe": Schema({}, {**_PER_NETWORK, "index": "network"}, open_ended=True),
    "represent": Schema({}, _PER_NETWORK, open_ended=True),
    "compare": Schema({"distance": ("network", "partner")}, {**_PER_NETWORK, "partner": "partner"}, open_ended=True),
    "arrange": Schema(
        {
            "distance": ("network", "partner"),
            "position": ("network", "axis"),
            "stress": (),
            "rank_correlation": (),
        },
        {**_PER_NETWORK, "partner": "partner"},
        open_ended=True,
    ),
    "contrast": Schema(
        {
            "r2": ("measure", "factor"),
            "pseudo_f": ("measure", "factor"),
            "p": ("measure", "factor"),
            "r2_draws": ("measure", "factor", "draw"),
            "r2_configuration_draws": ("measure", "factor", "draw"),
            "knn_accuracy": ("measure", "factor"),
            "knn_chance": ("factor",),
            "knn_p": ("measure", "factor"),
            "tied_fraction": ("measure",),
            "distinct_distances": ("measure",),
            "within_distance": ("measure", "factor"),
            "between_distance": ("measure", "factor"),
            "mantel": ("measure", "other"),
            "mantel_p": ("measure", "other"),
            "linear_accuracy": ("measure", "factor"),
            "linear_p": ("measure", "factor"),
            "dissociation": ("measure", "quantity"),
            "dissociation_p": ("measure", "quantity"),
            "dissociation_draws": ("measure", "quantity", "draw"),
            "noise_floor": ("measure",),
            "median_distance": ("measure",),
        },
        {"measure": "measure", "factor": "factor", "other": "other", "quantity": "quantity"},
    ),
    "characterise": Schema({}, {**_PER_NETWORK, "index": "network"}, open_ended=True),
    "imitate": Schema(
        {
            "eigenvalue": ("network", "fraction", "subset", "timescale"),
            "observed": ("fraction",),
            "line_attractor_score": ("network", "fraction", "subset"),
            "teacher_eigenvalue": ("network", "timescale"),
        },
        {**_PER_NETWORK, "index": "network", "status": "network", "fraction": "fraction", "subset": "subset"},
        open_ended=True,
    ),
    "exhibit": Schema(
        {
            "eigenvalue": ("sight", "mode"),
            "time_constant": ("sight", "timescale"),
            "line_attractor_score": ("sight",),
            "observed": ("sight",),
            "trace": ("sight", "time", "channel"),
            "signal": ("time",),
            "integral": ("time",),
            "readout": ("time",),
            "visited": ("sight", "visit", "axis"),
            "plane_explained": ("sight", "axis"),
            "position": ("sight", "point", "axis"),
            "flow": ("sight", "point", "axis"),
            "run": ("sight", "start", "moment", "axis"),
            "limit_set": ("sight",),
            "scheme": ("target", "source"),
        },
        {"sight": "sight", "fraction": "sight", "time": "time", "moment": "moment"},
    ),
    "summarise": Schema({}, {**_PER_NETWORK, "index": "network"}, open_ended=True),
}


def check(dataset: xr.Dataset, stage: str) -> None:
    """Raise `SchemaError` unless `dataset` is what `stage` promises: names, dimensions, coordinates, units, long names."""
    schema = SCHEMAS[stage]
    for name, dims in schema.variables.items():
        if name not in dataset.data_vars:
            raise SchemaError(f"{stage}: variable '{name}' is missing")
        if dataset[name].dims != dims:
            raise SchemaError(f"{stage}: '{name}' has dimensions {dataset[name].dims}, expected {dims}")
    for name, dim in schema.coordinates.items():
        if name not in dataset.coords or dataset[name].dims != (dim,):
            raise SchemaError(f"{stage}: coordinate '{name}' on '{dim}' is missing")
    for strange in set(dataset.dims) - set(DIMENSIONS):
        raise SchemaError(f"{stage}: '{strange}' is not a dimension of the vocabulary")
    for held, item in dataset.data_vars.items():
        if not schema.open_ended and held not in schema.variables:
            raise SchemaError(f"{stage}: variable '{held}' is not in the schema")
        if "units" not in item.attrs or "long_name" not in item.attrs:
            raise SchemaError(f"{stage}: variable '{held}' lacks units or long_name")


def variable(dims: tuple[str, ...], values: object, long_name: str, units: str = "1") -> xr.Variable:
    """A labelled variable with the two attributes that every stored variable must carry."""
    return xr.Variable(dims, values, {"long_name": long_name, "units": units})


def identity(dataset: xr.Dataset) -> dict[str, xr.Variable]:
    """Coordinates that say which networks these are: name, index, status, design factors."""
    return {str(name): item.variable for name, item in dataset.coords.items() if item.dims == ("network",)}


def join(datasets: Sequence[xr.Dataset]) -> xr.Dataset:
    """Networks of several datasets one after another; units and long names are those of the first, the same for all."""
    return xr.concat(
        datasets, dim="network", data_vars="minimal", coords="minimal", compat="override", join="exact", combine_attrs="override"
    )
