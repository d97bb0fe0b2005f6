"""What a network's states know about the stimulus and the block while it plays, set beside what ideal observers of its sessions know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float, Int

from rnnpop.names import identity, variable
from rnnpop.numerics import decoding
from rnnpop.numerics.directions import angle, extended, unit_vector
from rnnpop.numerics.eigenvalues import participation
from rnnpop.numerics.psychometrics import LONGEST, grouped
from rnnpop.statistics import Statistic
from rnnpop.variants import Count, Positive

_COLUMNS = {
    "state_pc1": ("variance of played states along the first principal component, all steps", "1"),
    "state_pcs_2": ("variance of played states in the first two principal components, all steps", "1"),
    "state_pcs_5": ("variance of played states in the first five principal components, all steps", "1"),
    "state_participation": ("participation ratio of played states, all steps", "1"),
    "state_participation_blank": ("participation ratio of played states, blank steps", "1"),
    "state_participation_observation": ("participation ratio of played states, observation steps", "1"),
    "block_decoder_accuracy": ("accuracy of the block's side decoded from the whole state, held-out blocks, all steps", "1"),
    "block_decoder_accuracy_plane": ("accuracy of the block's side decoded from two principal components, held-out blocks, all steps", "1"),
    "block_decoder_accuracy_ends": ("accuracy of the block's side decoded from the whole state, held-out blocks, trial ends", "1"),
    "block_decoder_accuracy_plane_ends": ("accuracy of the block's side decoded from two components, held-out blocks, trial ends", "1"),
    "block_decoder_ceiling_soft": ("accuracy of the exact filter without feedback, the same steps", "1"),
    "block_decoder_ceiling_exact": ("accuracy of the exact filter with feedback, the same steps", "1"),
    "block_decoder_ceiling_soft_ends": ("accuracy of the exact filter without feedback, trial ends", "1"),
    "block_decoder_ceiling_exact_ends": ("accuracy of the exact filter with feedback, trial ends", "1"),
    "stimulus_block_angle": ("angle of the stimulus and the block direction, whole state", "degree"),
    "stimulus_block_angle_plane": ("angle of the stimulus and the block direction in the plane of two principal components", "degree"),
    "belief_r2_soft": ("R² of the soft filter's block log-odds read linearly from held-out trial ends", "1"),
    "belief_r2_exact": ("R² of the exact filter's block log-odds read linearly from held-out trial ends", "1"),
    "stimulus_belief_r2": ("squared correlation of the outputs' log-odds with the exact observer's, observation steps", "1"),
    "stimulus_belief_r2_soft": ("squared correlation of the outputs' log-odds with the soft observer's, observation steps", "1"),
    "stimulus_belief_slope": ("slope of the outputs' log-odds on the exact observer's, observation steps", "1"),
    "stimulus_belief_slope_soft": ("slope of the outputs' log-odds on the soft observer's, observation steps", "1"),
    "observation_effect_stimulus": ("change of the projection on the stimulus direction per unit of right less left", "1"),
    "observation_effect_stimulus_r": ("correlation behind observation_effect_stimulus", "1"),
    "observation_effect_block": ("change of the projection on the block direction per unit of right less left", "1"),
    "observation_effect_block_r": ("correlation behind observation_effect_block", "1"),
    "observation_effect_ratio": ("effect of an observation on the stimulus projection over that on the block projection", "1"),
    "observation_coordinate_stimulus": ("change of the stimulus coordinate (dual basis) per unit of right less left", "1"),
    "observation_coordinate_block": ("change of the block coordinate (dual basis) per unit of right less left", "1"),
    "observation_coordinate_ratio": ("effect of an observation on the stimulus coordinate over that on the block coordinate", "1"),
    "observation_belief_ratio": ("effect of an observation on the outputs' log-odds over that on the block's, in the filter's units", "1"),
    "observation_belief_ratio_soft": ("effect of an observation on the soft filter's stimulus log-odds over that on its block's", "1"),
    "feedback_slope_stimulus": ("change of the stimulus projection per unit of feedback, all actions together", "1"),
    "feedback_slope_block": ("change of the block projection per unit of feedback, all actions together", "1"),
    "feedback_effect_left": ("change of the decoded block log-odds per unit of feedback after action left, state held", "1"),
    "feedback_effect_right": ("change of the decoded block log-odds per unit of feedback after action right, state held", "1"),
    "feedback_effect": ("change of the decoded block log-odds, revealed right less revealed left, state held, in its s.d.", "1"),
    "feedback_effect_later": ("as feedback_effect, until the last blank", "1"),
    "feedback_effect_exact": ("change of the exact block log-odds, revealed right less revealed left, belief held, in its s.d.", "1"),
    "feedback_variance_stimulus": ("variance of the change of the outputs' log-odds at feedback that feedback explains", "1"),
    "feedback_variance_block": ("variance of the change of the decoded block log-odds at feedback that feedback explains", "1"),
    "feedback_ignored": ("whether feedback_effect and feedback_effect_later are negligible", "1"),
    "block_belief_scale": ("decoded block log-odds per unit of the soft filter's, no intercept, trial ends", "1"),
    "block_belief_scale_exact": ("decoded block log-odds per unit of the exact filter's, no intercept, trial ends", "1"),
    "block_belief_scale_paper": ("block projection per unit of 2 P − 1 of the exact filter, no intercept, trial ends", "1"),
    "block_belief_fit_soft": ("squared correlation of decoded block log-odds with the soft filter's, trial ends", "1"),
    "block_belief_fit_exact": ("squared correlation of decoded block log-odds with the exact filter's, trial ends", "1"),
    "block_fluctuation_ratio": ("the smaller of block_fluctuation_ratio_soft and block_fluctuation_ratio_exact", "1"),
    "block_fluctuation_ratio_soft": ("variance of increments over variance, block log-odds read as the soft filter's, over its own", "1"),
    "block_fluctuation_ratio_exact": ("variance of increments over variance, block log-odds read as the exact filter's, over its own", "1"),
    "block_fluctuation_ratio_decoder": ("as block_fluctuation_ratio_soft, for the decoded block log-odds", "1"),
    "block_fluctuation_ratio_paper": ("variance of increments of the decoded block log-odds over the scaled soft filter's", "1"),
    "block_increment_r": ("correlation of increments of the read block log-odds with the trial's evidence", "1"),
    "block_increment_r_soft": ("correlation of increments of the soft filter's block log-odds with the trial's evidence", "1"),
    "block_increment_slope": ("increment of the read block log-odds per unit of the trial's evidence", "1"),
    "block_increment_slope_soft": ("increment of the soft filter's block log-odds per unit of the trial's evidence", "1"),
}

#: Principal components in the curve; those whose variance is counted in columns.
_COMPONENTS = 5

#: Edges of the histogram's bins of log-odds; what lies beyond counts in the outermost.
_EDGES = np.linspace(-8, 8, 33)

_CURVES = {
    "state_variance": (("component",), "share of the variance of played states along a principal component", "1"),
    "block_belief_by_trial": (("block_trial",), "mean decoded log-odds of the block's own side at trial ends", "1"),
    "block_belief_soft_by_trial": (("block_trial",), "mean log-odds of the block's own side at trial ends, soft filter", "1"),
    "block_belief_exact_by_trial": (("block_trial",), "mean log-odds of the block's own side at trial ends, exact filter", "1"),
    "block_belief_blocks": (("block_trial",), "blocks behind each trial of a block", "1"),
    "block_belief_histogram": (("log_odds",), "share of trial ends by decoded block log-odds", "1"),
    "block_belief_soft_histogram": (("log_odds",), "share of trial ends by block log-odds of the soft filter", "1"),
    "block_belief_exact_histogram": (("log_odds",), "share of trial ends by block log-odds of the exact filter", "1"),
    "example_position": (("trial", "axis"), "state at trial ends of session 0 in the plane of two principal components", "1"),
    "example_belief": (("trial",), "decoded block log-odds at trial ends of session 0", "1"),
    "example_soft": (("trial",), "block log-odds at trial ends of session 0, soft filter", "1"),
    "example_exact": (("trial",), "block log-odds at trial ends of session 0, exact filter", "1"),
    "example_block_side": (("trial",), "side of the block of trials of session 0", "1"),
    "plane_stimulus": (("axis",), "stimulus direction in the plane, of length 1", "1"),
    "plane_block": (("axis",), "block direction in the plane, of length 1", "1"),
    "plane_boundaries": (("axis",), "projections on the stimulus and block direction at which outputs and decoder are undecided", "1"),
}

#: Session whose trials are kept as an example.
_EXAMPLE = 0


@dataclass(frozen=True)
class _Played:
    """One network's sessions: all steps, and what is known of the trial that each belongs to; float64.

    Attributes:
        state: whole states (LSTM: hidden, cell).
        evidence: o_right − o_left; 0 on a blank.
        feedback: the third input: reward of the step before.
        output_log_odds: right over left.
        stimulus, block: log-odds of right by observer, "exact" and "soft".
        readout: stimulus direction in state space: readout of right less that of left, length 1, no part in cells.
        readout_offset: bias of right less that of left, over the length that the direction had.
    """

    state: Float[np.ndarray, "session time unit"]
    evidence: Float[np.ndarray, "session time"]
    feedback: Float[np.ndarray, "session time"]
    output_log_odds: Float[np.ndarray, "session time"]
    number: Int[np.ndarray, "session time"]
    step: Int[np.ndarray, "session time"]
    action: Int[np.ndarray, "session time"]
    ended: Bool[np.ndarray, "session time"]
    block_side: Int[np.ndarray, "session time"]
    block_number: Int[np.ndarray, "session time"]
    block_trial: Int[np.ndarray, "session time"]
    stimulus: dict[str, Float[np.ndarray, "session time"]]
    block: dict[str, Float[np.ndarray, "session time"]]
    readout: Float[np.ndarray, "unit"]
    readout_offset: float

    @property
    def fold(self) -> Int[np.ndarray, "session time"]:
        return decoding.folds(np.indices(self.number.shape)[0], self.block_number)


@dataclass(frozen=True)
class _Reading:
    """How a network's states are read.

    Attributes:
        mean: of all steps.
        axes: of the plane: the first two principal components, turned so that stimulus and block grow to the right and up.
        directions: stimulus and block direction in the plane, length 1 each.
        boundaries: projections on the two directions at which outputs (of states in the plane) and the plane's decoder are undecided.
        block: decoder of the block's side from whole states, fitted to all blocks: its direction is the block direction.
        halves: the two decoders that are each fitted to half the blocks: whole states, and the plane.
    """

    mean: Float[np.ndarray, "unit"]
    axes: Float[np.ndarray, "unit plane"]
    directions: Float[np.ndarray, "plane direction"]
    boundaries: Float[np.ndarray, "direction"]
    block: decoding.Decoder
    halves: tuple[decoding.Decoder, decoding.Decoder]
    plane_halves: tuple[decoding.Decoder, decoding.Decoder]

    def position(self, states: Float[np.ndarray, "*samples unit"]) -> Float[np.ndarray, "*samples plane"]:
        return (states - self.mean) @ self.axes


@final
@dataclass(frozen=True)
class Beliefs(Statistic):
    """Decoders, directions, effects of observations and feedback on them, and their fluctuations; reads `networks` and `sessions`.

    *Stimulus direction*: readout of right less that of left. *Block direction*: weights of a logistic decoder (intercept, standardised
    units, ridge 1) of the block's side from the states of all steps. Decoders are judged on blocks that they were not fitted to
    (`numerics.decoding.folds`), beside the share of the same steps at which an exact filter of the network's own inputs has the right
    sign: `exact` with feedback, a ceiling of all networks; `soft` without, of those that ignore it. Directions are projected into the
    plane of the first two principal components without the mean of the states.

    *Effect of an observation*: over observation steps, the change of z in the plane regressed on d = o_right − o_left; z are projections
    on the two directions, as published, or coordinates (dual basis), or log-odds, which the soft filter has too. Outputs trained on −p
    overstate what is believed, and a decoder understates it, so both are taken per unit of the filter's (`stimulus_belief_slope_soft`,
    `block_belief_scale`): no scale changes `observation_belief_ratio`. A ratio of projections hangs on the angle θ of the directions: of
    what moves along the stimulus direction alone it is 1 / cos θ.

    *Effect of feedback*: the change in the step whose input is the feedback: the first blank of the next trial, after trials with an
    action. `feedback_slope_…` is of the projections, as published but for a misaligned step. After an action a, feedback r reveals the
    side a·r, so the rest is regressed for each side of action, on log-odds (outputs, decoded block), with the leading `controls`
    principal components of the state before as controls: what was believed decides both how the state relaxes and whether the action
    was right. `feedback_effect` is slope(right) − slope(left) over the standard deviation of the decoded log-odds after the step: from
    "left revealed" to "right revealed"; the exact filter's is about 0.4. What feedback does whatever it reveals is not in it. Of trained
    networks whose weights of the feedback were set to 0 it is found within 0.02 with 50 controls, within 0.15 with 10.

    *Block belief*, at trial ends: log-odds of the held-out decoder ("decoded"). Its direction is known as well as some hundred blocks tell
    it, and a few degrees let the stimulus in, which fluctuates more; so fluctuation is told of other readings too: either filter's
    log-odds, regressed on states of held-out blocks, over that filter's own ("read" is the soft one's). The smaller ratio counts: an ideal
    filter is at 1 read as itself, but the exact one at about 2 where it is read as the soft one. *Evidence* of a trial: Σ d.

    Unbiased blocks are left out, but for `example_…`. Per-step decoders see every n-th trial, as many steps as `steps` at most. NaN
    without finite states, or without blocks to tell apart.

    Attributes:
        steps: that decoders are fitted to and judged on, about.
        controls: principal components held in the regression on feedback.
        negligible: |feedback_effect| below which feedback counts as ignored, standard deviations.
        fewest: blocks behind a trial of a block in the curves.
        shown: trials of session 0 that are kept as an example.

    Source: Schaeffer et al. 2020, figures 4 to 6.
    """

    steps: Count = 8000
    controls: Count = 50
    negligible: Positive = 0.1
    fewest: Count = 10
    shown: Count = 150

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        networks, sessions = stores["networks"], stores["sessions"]
        rows = [self._describe_network(networks.isel(network=i), sessions.isel(network=i)) for i in range(sessions.sizes["network"])]
        indexes = {
            "component": np.arange(_COMPONENTS),
            "block_trial": np.arange(1, LONGEST + 1),
            "log_odds": (_EDGES[1:] + _EDGES[:-1]) / 2,
            "trial": np.arange(self.shown),
            "axis": np.arange(2),
        }
        columns = {
            name: variable(("network",), np.array([row.get(name, np.nan) for row in rows], dtype=float), *told)
            for name, told in _COLUMNS.items()
        }
        for name, (dims, *told) in _CURVES.items():
            nothing = np.full([len(indexes[dim]) for dim in dims], np.nan)
            columns[name] = variable(("network", *dims), np.array([row.get(name, nothing) for row in rows], dtype=float), *told)
        return xr.Dataset(columns, identity(sessions) | indexes)

    def _describe_network(self, network: xr.Dataset, sessions: xr.Dataset) -> dict[str, Any]:
        played = _played(network, sessions)
        blanks = played.step < int(sessions.attrs["blanks"])
        if not np.isfinite(played.state).all() or not np.isfinite(played.output_log_odds).all():
            return {}
        told = _variance(played, blanks) | _stimulus_belief(played, ~blanks)
        sampled = self._sampled(played)
        reading = _reading(played, sampled)
        if reading is None:
            return told
        told |= _decoders(played, sampled, reading) | _observation_effect(played, reading, ~blanks)
        told |= self._feedback_effect(played, reading, max(int(sessions.attrs["blanks"]), 1))
        told |= self._block_belief(played, reading)
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = np.divide(told.get("block_belief_scale", np.nan), told["stimulus_belief_slope_soft"])
        return told | {"observation_belief_ratio": told["observation_belief_ratio"] * scale}

    def _sampled(self, played: _Played) -> Bool[np.ndarray, "session time"]:
        """Steps of every n-th trial in biased blocks: whole trials, so that every step of a trial is among them alike."""
        biased = played.block_side != 0
        return biased & (played.number % max(1, -(-int(biased.sum()) // self.steps)) == 0)

    def _feedback_effect(self, played: _Played, reading: _Reading, blanks: int) -> dict[str, float]:
        """The columns `feedback_…`."""
        paid = (played.step[:, 1:] == 0) & (played.action[:, :-1] != 0) & (played.block_side[:, 1:] != 0)
        session, time = np.nonzero(paid[:, : paid.shape[1] + 1 - blanks])
        before, after, last = ((session, time + later) for later in (0, 1, blanks))
        if len(session) < 3:
            return {}
        feedback, action = played.feedback[after], played.action[before]
        sides = [action == side for side in (-1, 1)]
        held = played.state[before] @ decoding.spectrum(played.state[before])[1][:, : self.controls]
        believed = np.stack([played.output_log_odds, played.state @ reading.block.direction], axis=-1)
        placed = [reading.position(played.state[when]) @ reading.directions for when in (before, after)]
        (left, right), (left_later, right_later) = (
            [decoding.partial_effect(feedback[own], (believed[when] - believed[before])[own], held[own]) for own in sides]
            for when in (after, last)
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            effect = (right.slope[1] - left.slope[1]) / believed[after][:, 1].std()
            later = (right_later.slope[1] - left_later.slope[1]) / believed[last][:, 1].std()
            explained = (left.explained + right.explained) / (left.total + right.total)
        most = max(abs(effect), abs(later))
        return {
            "feedback_slope_stimulus": decoding.line(feedback, placed[1][:, 0] - placed[0][:, 0])[0],
            "feedback_slope_block": decoding.line(feedback, placed[1][:, 1] - placed[0][:, 1])[0],
            "feedback_effect_left": left.slope[1],
            "feedback_effect_right": right.slope[1],
            "feedback_effect": effect,
            "feedback_effect_later": later,
            "feedback_effect_exact": _exact_feedback_effect(played, before, after, sides),
            "feedback_variance_stimulus": explained[0],
            "feedback_variance_block": explained[1],
            "feedback_ignored": float(most < self.negligible) if np.isfinite(most) else np.nan,
        }

    def _block_belief(self, played: _Played, reading: _Reading) -> dict[str, Any]:
        """The columns `belief_…`, `block_belief_…`, `block_fluctuation_…`, `block_increment_…` and `example_…`: all at trial ends."""
        ends = played.ended & (played.block_side != 0)
        session, fold, side = np.nonzero(ends)[0], played.fold[ends], played.block_side[ends]
        beliefs = {
            "": decoding.cross_read(reading.halves, played.state[ends], fold),
            "soft_": played.block["soft"][ends],
            "exact_": played.block["exact"][ends],
        }
        told: dict[str, Any] = {}
        read = {}
        for name in ("soft", "exact"):
            observer = beliefs[f"{name}_"]
            halves = decoding.cross_fit(decoding.least_squares, played.state[ends], observer, fold)
            if halves is None:
                return {}
            read[name] = decoding.cross_read(halves, played.state[ends], fold)
            told[f"belief_r2_{name}"] = decoding.determination(observer, read[name])
        switched = played.block_number[ends] > (played.block_side == 0).any(axis=1)[session]
        for prefix, series in beliefs.items():
            mean, blocks = grouped(series * side, (played.block_trial[ends] - 1,), (LONGEST,), switched)
            told[f"block_belief_{prefix}by_trial"] = np.where(blocks < self.fewest, np.nan, mean)
            told["block_belief_blocks"] = blocks
            counts = np.histogram(np.clip(series, _EDGES[0], _EDGES[-1]), _EDGES)[0]
            told[f"block_belief_{prefix}histogram"] = counts / counts.sum()
        projected = reading.position(played.state[ends]) @ reading.directions[:, 1]
        told |= _scales(beliefs[""], projected, beliefs["soft_"], beliefs["exact_"])
        total = played.evidence.cumsum(axis=1)
        begun = np.nonzero(ends)[1] - played.step[ends]  # a blank, or the first step of the session
        evidence = total[ends] - total[session, begun] + played.evidence[session, begun]
        told |= _fluctuation(session, evidence, read, beliefs)
        return told | self._example(played, reading)

    def _example(self, played: _Played, reading: _Reading) -> dict[str, Any]:
        """The first trials of one session."""
        time = np.flatnonzero(played.ended[_EXAMPLE])[: self.shown]
        at = _EXAMPLE, time
        short = self.shown - len(time)
        series = {
            "position": reading.position(played.state[at]),
            "belief": decoding.cross_read(reading.halves, played.state[at], played.fold[at]),
            "soft": played.block["soft"][at],
            "exact": played.block["exact"][at],
            "block_side": played.block_side[at].astype(float),
        }
        padded = {
            f"example_{name}": np.pad(values, [(0, short)] + [(0, 0)] * (values.ndim - 1), constant_values=np.nan)
            for name, values in series.items()
        }
        directions = {"plane_stimulus": reading.directions[:, 0], "plane_block": reading.directions[:, 1]}
        return padded | directions | {"plane_boundaries": reading.boundaries}


def _played(network: xr.Dataset, sessions: xr.Dataset) -> _Played:
    """One network's sessions as arrays."""
    number = sessions["trial_number"].values.astype(int)
    row = np.arange(len(number))[:, None]
    inputs, outputs = sessions["inputs"].values.astype(float), sessions["outputs"].values.astype(float)
    state = sessions["state"].values.astype(float)
    weights = network["readout_weights"].isel(checkpoint=-1).values.astype(float)
    left, right = extended(weights, state.shape[-1])
    readout = right - left
    bias, length = network["readout_bias"].isel(checkpoint=-1).values.astype(float), float(np.linalg.norm(readout))
    observers = [str(name) for name in sessions["observer"].values]

    def of_trial(name: str) -> np.ndarray:
        course = sessions[name].values
        return course[row, np.minimum(number, course.shape[1] - 1)].astype(int)

    return _Played(
        state=state,
        evidence=inputs[..., 1] - inputs[..., 0],
        feedback=inputs[..., 2],
        output_log_odds=outputs[..., 1] - outputs[..., 0],
        number=number,
        step=sessions["trial_step"].values.astype(int),
        action=sessions["action"].values.astype(int),
        ended=sessions["ended"].values.astype(bool),
        block_side=of_trial("block_side"),
        block_number=of_trial("block"),
        block_trial=of_trial("block_trial"),
        stimulus={name: sessions["stimulus_log_odds"].values[observers.index(name)].astype(float) for name in ("exact", "soft")},
        block={name: sessions["block_log_odds"].values[observers.index(name)].astype(float) for name in ("exact", "soft")},
        readout=unit_vector(readout),
        readout_offset=float(bias[1] - bias[0]) / length if length > 0 else np.nan,
    )


def _reading(played: _Played, sampled: Bool[np.ndarray, "session time"]) -> _Reading | None:
    """Decoders and directions from the sampled steps; None where there are no blocks of both sides to tell apart, or no plane."""
    states, side, fold = played.state[sampled], played.block_side[sampled].astype(float), played.fold[sampled]
    halves = decoding.cross_fit(decoding.logistic, states, side, fold) if len(states) else None
    every = played.state.reshape(-1, played.state.shape[-1])
    variances, axes = decoding.spectrum(every)
    if halves is None or variances[1] <= 0:
        return None
    mean, axes = every.mean(axis=0), axes[:, :2]
    flat = (states - mean) @ axes
    plane = decoding.logistic(flat, side)
    turned = np.where(np.array([played.readout @ axes[:, 0], plane.direction[1]]) < 0, -1.0, 1.0)  # the sign of an axis is arbitrary
    axes, flat, direction = axes * turned, flat * turned, plane.direction * turned
    plane_halves = decoding.cross_fit(decoding.logistic, flat, side, fold)
    assert plane_halves is not None
    directions = np.stack([unit_vector(axes.T @ played.readout), unit_vector(direction)], axis=1)
    if not np.isfinite(directions).all():
        return None
    undecided = -(played.readout @ mean + played.readout_offset) / np.linalg.norm(axes.T @ played.readout)
    boundaries = np.array([undecided, -plane.intercept / np.linalg.norm(direction)])
    return _Reading(mean, axes, directions, boundaries, decoding.logistic(states, side), halves, plane_halves)


def _variance(played: _Played, blanks: Bool[np.ndarray, "session time"]) -> dict[str, Any]:
    """The columns `state_…`."""
    variances, _ = decoding.spectrum(played.state.reshape(-1, played.state.shape[-1]))
    if not variances.sum() > 0:
        return {}
    share = np.pad(variances / variances.sum(), (0, _COMPONENTS))[:_COMPONENTS]
    epochs = {"blank": blanks, "observation": ~blanks}
    return {
        "state_pc1": share[0],
        "state_pcs_2": share[:2].sum(),
        "state_pcs_5": share.sum(),
        "state_variance": share,
        "state_participation": participation(variances),
    } | {
        f"state_participation_{name}": participation(decoding.spectrum(played.state[epoch])[0])
        for name, epoch in epochs.items()
        if epoch.sum() > 1
    }


def _stimulus_belief(played: _Played, observed: Bool[np.ndarray, "session time"]) -> dict[str, float]:
    """The columns `stimulus_belief_…`."""
    told: dict[str, float] = {}
    for name, suffix in (("exact", ""), ("soft", "_soft")):
        slope, r = decoding.line(played.stimulus[name][observed], played.output_log_odds[observed])
        told |= {f"stimulus_belief_r2{suffix}": r**2, f"stimulus_belief_slope{suffix}": slope}
    return told


def _decoders(played: _Played, sampled: Bool[np.ndarray, "session time"], reading: _Reading) -> dict[str, float]:
    """The columns `block_decoder_…` and the angles."""
    told = {
        "stimulus_block_angle": angle(played.readout, reading.block.direction),
        "stimulus_block_angle_plane": angle(*reading.directions.T),
    }
    for suffix, rows in (("", sampled), ("_ends", played.ended & (played.block_side != 0))):
        states, side, fold = played.state[rows], played.block_side[rows], played.fold[rows]
        told |= {
            f"block_decoder_accuracy{suffix}": decoding.agreement(decoding.cross_read(reading.halves, states, fold), side),
            f"block_decoder_accuracy_plane{suffix}": decoding.agreement(
                decoding.cross_read(reading.plane_halves, reading.position(states), fold), side
            ),
            f"block_decoder_ceiling_soft{suffix}": decoding.agreement(played.block["soft"][rows], side),
            f"block_decoder_ceiling_exact{suffix}": decoding.agreement(played.block["exact"][rows], side),
        }
    return told


def _observation_effect(played: _Played, reading: _Reading, observed: Bool[np.ndarray, "session time"]) -> dict[str, float]:
    """The columns `observation_…`."""
    rows = observed[:, 1:]
    evidence = played.evidence[:, 1:][rows]

    def effect(series: Float[np.ndarray, "session time"]) -> tuple[float, float]:
        return decoding.line(evidence, np.diff(series, axis=1)[rows])

    place = reading.position(played.state)
    (stimulus, stimulus_r), (block, block_r) = (effect(series) for series in np.moveaxis(place @ reading.directions, -1, 0))
    dual = decoding.coordinates(place.reshape(-1, 2), reading.directions).reshape(place.shape)
    (stimulus_dual, _), (block_dual, _) = (effect(series) for series in np.moveaxis(dual, -1, 0))
    decoded = played.state @ reading.block.direction
    with np.errstate(divide="ignore", invalid="ignore"):
        return {
            "observation_effect_stimulus": stimulus,
            "observation_effect_stimulus_r": stimulus_r,
            "observation_effect_block": block,
            "observation_effect_block_r": block_r,
            "observation_effect_ratio": float(np.divide(stimulus, block)),
            "observation_coordinate_stimulus": stimulus_dual,
            "observation_coordinate_block": block_dual,
            "observation_coordinate_ratio": float(np.divide(stimulus_dual, block_dual)),
            "observation_belief_ratio": float(np.divide(effect(played.output_log_odds)[0], effect(decoded)[0])),
            "observation_belief_ratio_soft": float(np.divide(effect(played.stimulus["soft"])[0], effect(played.block["soft"])[0])),
        }


def _exact_feedback_effect(
    played: _Played, before: tuple[np.ndarray, np.ndarray], after: tuple[np.ndarray, np.ndarray], sides: list[Bool[np.ndarray, "trial"]]
) -> float:
    """What `feedback_effect` is for the exact filter: what it believed of stimulus and block is held."""
    block, held = played.block["exact"], np.stack([played.block["exact"][before], played.stimulus["exact"][before]], axis=1)
    change, feedback = block[after] - block[before], played.feedback[after]
    left, right = (decoding.partial_effect(feedback[own], change[own, None], held[own]).slope[0] for own in sides)
    with np.errstate(divide="ignore", invalid="ignore"):
        return float((right - left) / block[after].std())


def _scales(
    belief: Float[np.ndarray, "trial"],
    projected: Float[np.ndarray, "trial"],
    soft: Float[np.ndarray, "trial"],
    exact: Float[np.ndarray, "trial"],
) -> dict[str, float]:
    """Least squares without an intercept, as published, and squared correlations."""

    def scale(x: np.ndarray, y: np.ndarray) -> float:
        return float(x @ y / (x @ x)) if x @ x > 0 else np.nan

    return {
        "block_belief_scale": scale(soft, belief),
        "block_belief_scale_exact": scale(exact, belief),
        "block_belief_scale_paper": scale(np.tanh(exact / 2), projected),  # 2P − 1 = tanh(log-odds / 2)
        "block_belief_fit_soft": decoding.line(soft, belief)[1] ** 2,
        "block_belief_fit_exact": decoding.line(exact, belief)[1] ** 2,
    }


def _fluctuation(
    session: Int[np.ndarray, "trial"],
    evidence: Float[np.ndarray, "trial"],
    read: Mapping[str, Float[np.ndarray, "trial"]],
    beliefs: Mapping[str, Float[np.ndarray, "trial"]],
) -> dict[str, float]:
    """Increments of beliefs from one trial end to the next one of the session, against the evidence of the later trial.

    Args:
        read: states read as each filter's log-odds.
        beliefs: the filters' own, and the decoded ones, as in `Beliefs._block_belief`.
    """
    follows = session[1:] == session[:-1]
    if follows.sum() < 3:
        return {}

    def increments(series: Float[np.ndarray, "trial"]) -> Float[np.ndarray, "pair"]:
        return np.diff(series)[follows]

    def ratio(series: Float[np.ndarray, "trial"], own: Float[np.ndarray, "trial"]) -> float:
        return float(np.divide(increments(series).var(), series.var()) / np.divide(increments(own).var(), own.var()))

    decoded, soft = beliefs[""], beliefs["soft_"]
    later = evidence[1:][follows]
    slope, r = decoding.line(later, increments(read["soft"]))
    slope_soft, r_soft = decoding.line(later, increments(soft))
    with np.errstate(divide="ignore", invalid="ignore"):
        ratios = {name: ratio(read[name], beliefs[f"{name}_"]) for name in ("soft", "exact")}
        scale = np.divide(soft @ decoded, soft @ soft)
        return {
            "block_fluctuation_ratio": min(ratios.values()),
            **{f"block_fluctuation_ratio_{name}": value for name, value in ratios.items()},
            "block_fluctuation_ratio_decoder": ratio(decoded, soft),
            "block_fluctuation_ratio_paper": float(np.divide(increments(decoded).var(), scale**2 * increments(soft).var())),
            "block_increment_r": r,
            "block_increment_r_soft": r_soft,
            "block_increment_slope": slope,
            "block_increment_slope_soft": slope_soft,
        }
