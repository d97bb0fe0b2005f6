"""Beliefs read from played states: contracts on networks that play the task, and states that were put together from known beliefs."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
import xarray as xr

import session_stores
from rnnpop import names, variants
from rnnpop.figures import Drawing
from rnnpop.names import variable
from rnnpop.stages.summarise import summarise
from rnnpop.statistics.beliefs import Beliefs
from rooms.test_figures import texts

KINDS = ("published", "hasty", "diverged", "silent")

#: Angle between the readout and the block direction of `known`, degrees.
ANGLE = 65.0


@cache
def played() -> tuple[xr.Dataset, xr.Dataset]:
    return session_stores.networks(KINDS), session_stores.sessions(KINDS)


@cache
def longer() -> tuple[xr.Dataset, xr.Dataset]:
    """One network's sessions, ten thousand steps."""
    task = replace(session_stores.TASK, sessions=10, session_steps=1000)
    return session_stores.networks(("hasty",)), session_stores.sessions(("hasty",), task=task)


def known(kick: float = 0.0, observer: int = 1) -> tuple[xr.Dataset, xr.Dataset]:
    """States a p + b q, of an observer's log-odds of stimulus a and block b, p and q orthonormal; the readout is not along p.

    Args:
        kick: what b is moved by, in the step whose input is the feedback, towards the side that it reveals.
        observer: 0 for the exact one, 1 for the soft one.
    """
    networks, sessions = (store.copy() for store in longer())
    generator = np.random.default_rng(0)
    p, q = np.linalg.qr(generator.standard_normal((6, 2)))[0].T
    stimulus, block = (sessions[name].values[:, observer].astype(float) for name in ("stimulus_log_odds", "block_log_odds"))
    revealed = np.zeros_like(block)
    revealed[..., 1:] = sessions["inputs"].values[..., 1:, 2] * sessions["action"].values[..., :-1]
    block = block + kick * revealed
    noise = 1e-3 * generator.standard_normal((*block.shape, 6))  # a plane alone would leave directions undetermined
    sessions["state"] = variable(("network", "session", "time", "unit"), stimulus[..., None] * p + block[..., None] * q + noise, "state")
    readout = np.sin(np.radians(ANGLE)) * p + np.cos(np.radians(ANGLE)) * q
    weights = networks["readout_weights"].values.copy()
    weights[:, -1] = [-readout, 2 * readout]
    networks["readout_weights"] = networks["readout_weights"].copy(data=weights)
    return networks, sessions


def describe(stores: tuple[xr.Dataset, xr.Dataset], **fields: float) -> xr.Dataset:
    return Beliefs(**fields).describe(dict(zip(("networks", "sessions"), stores, strict=True)))


def test_columns_are_labelled_and_those_of_a_diverged_network_are_nan() -> None:
    described = describe(played())
    names.check(described, "describe")
    for name, column in described.data_vars.items():
        assert np.isnan(column.values[KINDS.index("diverged")]).all(), name
        if column.ndim == 1:
            assert np.isfinite(column.values[:2]).all(), name


def test_a_network_that_never_acts_has_no_effect_of_feedback() -> None:
    described = describe(played()).isel(network=KINDS.index("silent"))
    assert np.isnan(described["feedback_effect"])
    assert np.isnan(described["feedback_ignored"])
    assert described["state_pcs_2"] == pytest.approx(1, abs=1e-6)  # two units copied; float32 states


def test_a_network_does_not_know_its_shard() -> None:
    whole = describe(played())
    for place in range(2):
        alone = describe(tuple(store.isel(network=[place]) for store in played()))
        xr.testing.assert_identical(whole.isel(network=[place]), alone)


def test_stores_are_left_as_they_are() -> None:
    """T11: parameters and states are the same to the bit."""
    kept = tuple(store.copy(deep=True) for store in played())
    describe(played())
    for before, after in zip(kept, played(), strict=True):
        xr.testing.assert_identical(before, after)


def test_known_beliefs_are_read_in_full() -> None:
    described = describe(known()).isel(network=0)
    assert described["belief_r2_soft"] == pytest.approx(1, abs=1e-3)  # noise of 1e-3 beside log-odds of about 1
    assert described["belief_r2_exact"] < 0.9  # it does not know the feedback
    for suffix in ("", "_ends"):
        ceiling = described[f"block_decoder_ceiling_soft{suffix}"]
        # the filter's log-odds tell the block's side as well as can be: a decoder is as good but for its fit, of three numbers
        assert abs(described[f"block_decoder_accuracy{suffix}"] - ceiling) < 0.02
        assert abs(described[f"block_decoder_accuracy_plane{suffix}"] - ceiling) < 0.02
        assert described[f"block_decoder_ceiling_exact{suffix}"] > ceiling
    assert described["block_fluctuation_ratio_soft"] == pytest.approx(1, abs=0.01)
    assert described["block_belief_fit_soft"] > 0.97
    assert described["block_increment_r"] == pytest.approx(float(described["block_increment_r_soft"]), abs=0.01)
    assert described["state_pcs_2"] == pytest.approx(1, abs=1e-4)


def test_known_directions_and_effects_are_found() -> None:
    """Given the filter's belief b, nothing else tells the block: the decoder's direction is q."""
    described = describe(known()).isel(network=0)
    # 70 blocks: the direction of a decoder of autocorrelated samples is known to some degrees
    assert described["stimulus_block_angle_plane"] == pytest.approx(ANGLE, abs=6)
    _, sessions = known()
    stimulus, block = (sessions[name].values[0, 1].astype(float) for name in ("stimulus_log_odds", "block_log_odds"))
    d = np.diff(sessions["inputs"].values[0, ..., :2].astype(float))[:, 1:, 0]
    seen = sessions["trial_step"].values[0, :, 1:] >= 2
    slope_stimulus, slope_block = (np.polyfit(d[seen], np.diff(of, axis=1)[seen], 1)[0] for of in (stimulus, block))
    expected = np.sin(np.radians(ANGLE)) * slope_stimulus + np.cos(np.radians(ANGLE)) * slope_block
    assert described["observation_effect_stimulus"] == pytest.approx(expected, rel=1e-3)  # the readout is known, but for the noise
    assert described["observation_effect_block"] == pytest.approx(slope_block, abs=0.1 * slope_stimulus)  # 6 degrees are 0.1
    assert described["observation_belief_ratio_soft"] == pytest.approx(slope_stimulus / slope_block, rel=1e-6)


def test_the_ratio_of_log_odds_is_the_filters_whatever_their_scale() -> None:
    """Outputs that overstate the filter's belief threefold, as those trained on −p do, change nothing."""
    networks, sessions = known()
    belief = sessions["stimulus_log_odds"].values[:, 1, ..., None] * np.array([-0.5, 0.5])
    ratios = []
    for gain in (1.0, 3.0):
        sessions["outputs"] = variable(sessions["outputs"].dims, gain * belief, "outputs")
        described = describe((networks, sessions)).isel(network=0)
        assert described["stimulus_belief_slope_soft"] == pytest.approx(gain, rel=1e-6)  # float32 log-odds
        ratios.append(float(described["observation_belief_ratio"]))
    assert ratios[1] == pytest.approx(ratios[0], rel=1e-6)
    # the block direction is known to some degrees, and what it holds of the stimulus moves three times as much
    assert ratios[0] == pytest.approx(float(described["observation_belief_ratio_soft"]), rel=0.3)


@pytest.mark.parametrize("observer", ["exact", "soft"])
def test_neither_filter_fluctuates_more_than_itself(observer: str) -> None:
    """Read as what it is not, the exact one would seem to: it knows what the soft one has to guess."""
    described = describe(known(observer=["exact", "soft"].index(observer))).isel(network=0)
    assert described[f"block_fluctuation_ratio_{observer}"] == pytest.approx(1, abs=0.01)
    assert described["block_fluctuation_ratio"] <= described[f"block_fluctuation_ratio_{observer}"]
    if observer == "exact":
        assert described["block_fluctuation_ratio_soft"] > 1.2


@pytest.mark.parametrize("kick", [0.0, 0.5])
def test_feedback_counts_in_the_step_that_sees_it(kick: float) -> None:
    """D-05: one step earlier there is nothing to be found, and none would be."""
    described = describe(known(kick)).isel(network=0)
    scale = float(described["block_belief_scale"])  # the decoder's units, about those of the filter
    # what is left of the filter's own change, beyond a linear part, is about 0.1 a step, on some thousand trials with few errors
    assert described["feedback_effect_right"] / scale == pytest.approx(kick, abs=0.06)
    assert described["feedback_effect_left"] / scale == pytest.approx(-kick, abs=0.06)
    assert described["feedback_ignored"] == (kick == 0)
    assert described["feedback_effect_exact"] > 0.2
    assert (described["feedback_variance_block"] > 0.05) == (kick > 0)
    assert abs(described["feedback_effect_later"]) < 0.1  # the kick is of one step


def test_without_feedback_among_the_inputs_its_effect_is_unknown() -> None:
    networks, sessions = (store.copy(deep=True) for store in played())
    sessions["inputs"][..., 2] = 0
    described = describe((networks, sessions)).isel(network=0)
    assert np.isnan([described[name].item() for name in described.data_vars if name.startswith("feedback_")]).all()
    assert np.isfinite(described["block_decoder_accuracy"])


def test_units_that_are_silent_change_nothing() -> None:
    """As the cells of an LSTM would be that the outputs do not read: the readout is of the first units."""
    networks, sessions = longer()
    state = sessions["state"].values
    more = sessions.drop_vars(["state", "part"])
    more["state"] = variable(sessions["state"].dims, np.concatenate([state, np.zeros_like(state)], axis=-1), "state")
    first, second = describe((networks, sessions)), describe((networks, more))
    for name in first.data_vars:
        np.testing.assert_allclose(second[name], first[name], rtol=1e-6, atol=1e-6, err_msg=str(name))  # states are float32


def test_curves_are_of_switched_blocks_and_say_how_many() -> None:
    described = describe(played(), fewest=5).isel(network=0)
    blocks, belief = (described[name].values for name in ("block_belief_blocks", "block_belief_by_trial"))
    assert (np.diff(blocks) <= 0).all()  # a block that has a trial has all before it
    np.testing.assert_array_equal(np.isfinite(belief), blocks >= 5)
    assert described["block_belief_exact_by_trial"].values[0] < 0 < described["block_belief_exact_by_trial"].values[15]
    for name in ("", "soft_", "exact_"):
        assert described[f"block_belief_{name}histogram"].sum() == pytest.approx(1)


def test_an_unbiased_block_is_left_out() -> None:
    task = replace(session_stores.TASK, unbiased=30)
    stores = session_stores.networks(("published",)), session_stores.sessions(("published",), task=task)
    described = describe(stores, fewest=1).isel(network=0)
    assert (described["example_block_side"][:30] == 0).all()
    sessions = stores[1]
    played_blocks = {
        (session, sessions["block"].values[session, number])
        for session in range(sessions.sizes["session"])
        for number in sessions["trial_number"].values[0, session][sessions["ended"].values[0, session]]
    }
    # block 0 is the unbiased one, block 1 is no switch
    assert described["block_belief_blocks"].values[0] == len([block for _, block in played_blocks if block > 1])


@cache
def study() -> dict[str, Any]:
    """What the figures read: a population for each loss, one network of which has diverged."""
    shards, networks = [], []
    for loss in ("log", "linear"):
        kinds = ("published", "hasty", "diverged", "forgetful")
        networks.append(session_stores.networks(kinds, loss))
        shards.append(Beliefs(fewest=3).describe({"networks": networks[-1], "sessions": session_stores.sessions(kinds, loss)}))
    return {"networks": networks, "summary": summarise(shards)}


def draw(kind: str, datasets: dict[str, Any]) -> Drawing:
    return variants.load("figures", {"kind": kind}).draw(datasets)


@pytest.mark.parametrize("met", ["ok", "not_converged"])
@pytest.mark.parametrize("kind", ["beliefs", "effects"])
@pytest.mark.slow
def test_figures_are_legible(kind: str, met: str) -> None:
    """Text of 7 pt at least, inside the page, none on another (but for the blank line of a glyph's box); with and without networks."""
    datasets = study() | {"summary": study()["summary"].copy(deep=True)}
    if met != "ok":
        datasets["summary"]["status"][:] = met
    drawing = draw(kind, datasets)
    drawn = texts(drawing)
    boxes = [(text.get_text(), text.get_window_extent()) for text in drawn]
    assert min(text.get_fontsize() for text in drawn) >= 7
    page, slack = drawing.figure.bbox, drawing.figure.dpi / 72
    for place, (one, first) in enumerate(boxes):
        assert min(first.x0, first.y0, page.width - first.x1, page.height - first.y1) >= 0, one
        for other, second in boxes[place + 1 :]:
            shared = min(first.x1, second.x1) - max(first.x0, second.x0), min(first.y1, second.y1) - max(first.y0, second.y0)
            assert min(shared) <= slack, f"{one!r} overlaps {other!r}"
    assert any("no network" in text for text, _ in boxes) == (met != "ok")
    assert all(len(table) > 0 for table in drawing.tables.values()) == (met == "ok")


@pytest.mark.parametrize("kind", ["beliefs", "effects"])
@pytest.mark.slow
def test_figures_are_the_same_bytes_again(kind: str) -> None:
    assert draw(kind, study()).render("pdf") == draw(kind, study()).render("pdf")


@pytest.mark.parametrize("kind", ["beliefs", "effects"])
@pytest.mark.slow
def test_figures_need_neither_losses_nor_columns(kind: str) -> None:
    bare = {
        "networks": [store.drop_vars("loss").isel(network=[0]) for store in study()["networks"][:1]],
        "summary": study()["summary"].drop_vars("loss").isel(network=[0]),
    }
    draw(kind, bare).render("pdf")
    draw(kind, bare | {"summary": bare["summary"].drop_vars(list(bare["summary"].data_vars))}).render("pdf")


def test_drawn_numbers_are_the_summary_s_and_published_ones_stand_beside_them() -> None:
    summary = study()["summary"]
    table = draw("effects", study()).tables["b"]
    ratio = table[table["quantity"] == "observation_effect_ratio"].set_index("network")["value"]
    assert sorted(ratio.loc[["published"]]) == [3.75, 4.7, 5.0]
    for network in summary["network"].values[summary["status"].values == "ok"]:
        assert ratio.loc[network] == summary["observation_effect_ratio"].sel(network=network)
    assert not set(summary["network"].values[summary["status"].values == "diverged"]) & set(table["network"])
