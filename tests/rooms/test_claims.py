"""Claims: every verdict from evidence made to bring it about, and a contract over the room."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import xarray as xr
import yaml

from rnnpop import variants
from rnnpop.claims import Verdict
from rnnpop.claims.factor_difference import FactorDifference
from rnnpop.claims.factor_effect import FactorEffect
from rnnpop.claims.fraction import Fraction

ENTRIES = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text())["claims"]


def summary(reached: dict[str, tuple[int, int]], **columns: np.ndarray) -> xr.Dataset:
    """Networks by architecture: how many have 8 corners, of how many."""
    corners = np.concatenate([np.repeat([8.0, 5.0], [some, of - some]) for some, of in reached.values()])
    architecture = np.repeat(list(reached), [of for _, of in reached.values()])
    names = ("stable_labels", "full_cube", "automaton_accuracy")
    return xr.Dataset(
        {name: ("network", columns.get(name, corners)) for name in names},
        coords={"architecture": ("network", architecture), "status": ("network", np.full(len(corners), "ok"))},
    )


def contrast(draws: dict[str, np.ndarray], p: float = 0.001) -> xr.Dataset:
    """One factor, by measure, with these draws of R^2."""
    values = np.stack(list(draws.values()))[:, None]
    return xr.Dataset(
        {
            "r2": (("measure", "factor"), values.mean(axis=2)),
            "p": (("measure", "factor"), np.full(values.shape[:2], p)),
            "r2_draws": (("measure", "factor", "draw"), values),
        },
        coords={"measure": list(draws), "factor": ["architecture"]},
        attrs={"kept": 64, "total": 70},
    )


@pytest.mark.parametrize("name", ENTRIES)
def test_every_claim_of_the_config_decides(name: str) -> None:
    claim = variants.load("claims", ENTRIES[name])
    evidence = contrast({"svcca": np.full(50, 0.5), "topology": np.full(50, 0.1), "topology_group": np.full(50, 0.1)})
    for given in (evidence, None):
        decision = claim.decide(summary({"gru": (8, 10)}), given)
        assert decision.verdict in get_args(Verdict)
        assert decision.detail
        assert np.isnan(decision.estimate) or decision.low <= decision.estimate <= decision.high


def test_every_kind_is_used() -> None:
    assert {entry["kind"] for entry in ENTRIES.values()} == set(variants.kinds("claims"))


@pytest.mark.parametrize(
    ("reached", "verdict"),
    [
        ({"gru": (40, 40), "lstm": (40, 40)}, "holds"),
        ({"gru": (10, 10)}, "undecided"),  # ten of ten: the interval reaches down to 0.69
        ({"gru": (40, 40), "lstm": (10, 40)}, "holds in part"),
        ({"gru": (10, 40), "lstm": (10, 40)}, "does not hold"),
        ({}, "undecided"),
    ],
)
def test_fraction(reached: dict[str, tuple[int, int]], verdict: str) -> None:
    evidence = summary(reached) if reached else summary({"gru": (1, 1)}).isel(network=slice(0))
    decision = Fraction("corners", "stable_labels", 8, 0.9).decide(evidence, None)
    assert decision.verdict == verdict
    assert all(f"{level} {some}/{of}" in decision.detail for level, (some, of) in reached.items())


def test_fraction_interval_is_clopper_and_pearson_and_keeps_to_networks_that_met_the_criterion() -> None:
    evidence = summary({"gru": (10, 10), "lstm": (0, 3)})
    evidence["status"][10:] = "not_converged"
    decision = Fraction("corners", "stable_labels", 8, 0.9).decide(evidence, None)
    assert (decision.n, decision.estimate, decision.high) == (10, 1.0, 1.0)
    assert decision.low == pytest.approx(0.025 ** (1 / 10), rel=1e-6)  # all of n: low = (alpha/2)^(1/n)
    evidence["stable_labels"][:2] = np.nan
    assert Fraction("corners", "stable_labels", 8, 0.9).decide(evidence, None).estimate == 0.8


@pytest.mark.parametrize(
    ("low", "high", "p", "verdict"),
    [(0.2, 0.4, 0.001, "holds"), (0.2, 0.4, 0.2, "undecided"), (0.05, 0.4, 0.001, "undecided"), (0.01, 0.05, 0.001, "does not hold")],
)
def test_factor_effect(low: float, high: float, p: float, verdict: str) -> None:
    claim = FactorEffect("geometry", "svcca", "architecture", 0.1)
    decision = claim.decide(summary({"gru": (1, 1)}), contrast({"svcca": np.linspace(low, high, 401)}, p))
    assert decision.verdict == verdict
    assert (decision.low, decision.high, decision.n) == (pytest.approx(low, abs=0.01), pytest.approx(high, abs=0.01), 64)


def test_factor_difference_is_paired() -> None:
    claim = FactorDifference("less", "svcca", "topology", "architecture")
    shared = np.random.default_rng(0).uniform(0.1, 0.9, 400)  # wide, but the same in both
    for gap, verdict in ((0.05, "holds"), (-0.05, "does not hold")):
        decision = claim.decide(summary({"gru": (1, 1)}), contrast({"svcca": shared + gap, "topology": shared}))
        assert decision.verdict == verdict
        assert (decision.estimate, decision.low, decision.high) == (pytest.approx(gap), pytest.approx(gap), pytest.approx(gap))
    unpaired = contrast({"svcca": shared + 0.05, "topology": np.random.default_rng(1).permutation(shared)})
    assert claim.decide(summary({"gru": (1, 1)}), unpaired).verdict == "undecided"


def test_what_was_not_compared_is_undecided_and_said() -> None:
    effect = FactorEffect("geometry", "cka", "architecture", 0.1).decide(summary({"gru": (1, 1)}), contrast({"svcca": np.ones(50)}))
    assert (effect.verdict, effect.n) == ("undecided", 0)
    assert "cka" in effect.detail
