"""Claims: every verdict from evidence made to bring it about, and a contract over the room."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import numpy as np
import pytest
import xarray as xr
import yaml
from scipy.stats import kruskal, mannwhitneyu

import session_study
import synthetic_population as synthetic
from rnnpop import design, variants
from rnnpop.claims import Claim, Verdict
from rnnpop.claims.dissociation import Dissociation
from rnnpop.claims.factor_difference import FactorDifference
from rnnpop.claims.factor_effect import FactorEffect
from rnnpop.claims.fraction import Fraction
from rnnpop.claims.level_effect import LevelEffect
from rnnpop.claims.level_order import LevelOrder, _holm
from rnnpop.claims.median import Median
from rnnpop.stages.contrast import contrast as contrast_atlases
from rooms.test_statistics import shard

CONFIG = yaml.safe_load((Path(__file__).parents[2] / "config.yaml").read_text())
ENTRIES = CONFIG["claims"]
STUDIES = design.studies(CONFIG)

#: Study, task and name of every claim that is made.
MADE = [(study, task, name) for study in STUDIES for task in STUDIES[study].tasks for name in STUDIES[study].named("claims", task)]


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def networks(architecture: np.ndarray, **columns: np.ndarray) -> xr.Dataset:
    """Networks of status ok, each of its own seed."""
    names = np.array([f"task/{level}-tanh/adam/{place:05d}" for place, level in enumerate(architecture)], dtype=object)
    return xr.Dataset(
        {name: ("network", np.asarray(values, dtype=float)) for name, values in columns.items()},
        coords={
            "network": names,
            "architecture": ("network", np.asarray(architecture, dtype=object)),
            "status": ("network", np.full(len(names), "ok", dtype=object)),
        },
    )


def summary(reached: dict[str, tuple[int, int]]) -> xr.Dataset:
    """Networks by architecture: how many have 8 corners, of how many."""
    corners = np.concatenate([np.repeat([8.0, 5.0], [some, of - some]) for some, of in reached.values()])
    return networks(np.repeat(list(reached), [of for _, of in reached.values()]), stable_labels=corners)


def contrast(
    draws: dict[str, np.ndarray], p: float = 0.001, factors: tuple[str, ...] = ("architecture",), quantity: str = "beyond_loss"
) -> xr.Dataset:
    """These draws of R^2 by measure, the same for each factor, and of the correlation with the quantity."""
    values = np.stack(list(draws.values()))
    crossed = np.repeat(values[:, None], len(factors), axis=1)
    return xr.Dataset(
        {
            "r2": (("measure", "factor"), crossed.mean(axis=2)),
            "p": (("measure", "factor"), np.full(crossed.shape[:2], p)),
            "r2_draws": (("measure", "factor", "draw"), crossed),
            "r2_configuration_draws": (("measure", "factor", "draw"), np.full_like(crossed, np.nan)),
            "knn_chance": ("factor", np.full(len(factors), 0.25)),
            "dissociation": (("measure", "quantity"), values.mean(axis=1)[:, None]),
            "dissociation_p": (("measure", "quantity"), np.full((len(values), 1), p)),
            "dissociation_draws": (("measure", "quantity", "draw"), values[:, None]),
        },
        coords={"measure": list(draws), "factor": list(factors), "quantity": [quantity]},
        attrs={"kept": 64, "total": 70},
    )


@pytest.mark.parametrize("name", ENTRIES)
def test_every_claim_of_the_config_decides(name: str) -> None:
    entry = ENTRIES[name]
    claim = variants.load("claims", entry)
    measures = {entry.get("measure", "svcca"), entry.get("against", "topology")}
    factors = tuple(sorted({"architecture", "activation", entry.get("factor", "units"), entry.get("against_factor", "units")}))
    draws = {measure: np.linspace(0.4, 0.5, 50) for measure in sorted(measures)}
    evidence = contrast(draws, factors=factors, quantity=entry.get("quantity", "beyond_loss"))
    architecture = np.repeat(["vanilla", "ugrnn", "gru", "lstm"], 6)
    columns = {entry["statistic"]: rng().uniform(0.5, 1.5, 24)} if "statistic" in entry else {}
    for held in (evidence, None):
        decision = claim.decide(networks(architecture, **columns), held, rng())
        assert decision.verdict in get_args(Verdict)
        assert decision.detail
        assert np.isnan(decision.estimate) == (held is None and not columns)
        assert np.isnan(decision.estimate) or decision.low <= decision.estimate <= decision.high
        assert claim.decide(networks(architecture, **columns), held, rng()) == decision or np.isnan(decision.estimate)
        assert claim.decide(networks(architecture[:0]), None, rng()).verdict == "undecided"


@pytest.fixture(scope="module")
def described() -> dict[tuple[str, str], xr.Dataset]:
    """By study and task, the columns of all statistics that are asked for there."""
    found = {}
    for name, study in STUDIES.items():
        for task in study.tasks:
            asked = study.named("statistics", task).values()
            played = name if name in session_study.STUDIES else "distilled" if name == "distillation" else None
            stores = (
                session_study.shard(played, next(iter(session_study.STUDIES[played])))
                if played
                else shard(1, task=CONFIG["tasks"][task]["kind"])
            )
            found[name, task] = xr.merge([variants.load("statistics", entry).describe(stores) for entry in asked], compat="override")
    return found


@pytest.fixture(scope="module")
def studied(described: dict[tuple[str, str], xr.Dataset]) -> dict[tuple[str, str], tuple[xr.Dataset, xr.Dataset | None]]:
    """By study and task, a population with numbers in those columns, and what stage `contrast` makes of made-up atlases."""
    found = {}
    settings = CONFIG["contrast"] | {"permutations": 19, "draws": 20}
    for (name, task), columns in described.items():
        people = xr.Dataset(coords=synthetic.everyone(4, task))
        # what a claim is told of students is at one fraction
        single = [str(column) for column, values in columns.data_vars.items() if values.dims in (("network",), ("network", "fraction"))]
        people = people.assign({column: ("network", rng().lognormal(size=people.sizes["network"])) for column in single})
        measures = STUDIES[name].named("measures", task)
        if not measures:
            found[name, task] = people, None
            continue
        atlases = {measure: synthetic.atlas(4, 1.0, 0.7, seed, task) for seed, measure in enumerate(measures)}
        found[name, task] = people, contrast_atlases(atlases, people, STUDIES[name].factors, settings, 1, name, task, "adam")
    return found


@pytest.mark.parametrize(("study", "task", "name"), MADE)
def test_every_claim_has_what_it_speaks_of_and_decides_on_a_made_up_study(
    study: str, task: str, name: str, studied: dict[tuple[str, str], tuple[xr.Dataset, xr.Dataset | None]]
) -> None:
    entry, (people, compared) = ENTRIES[name], studied[study, task]
    assert {entry.get("statistic"), entry.get("quantity")} <= {None, *people.data_vars}
    assert {entry.get("measure"), entry.get("against")} <= {None, *(compared["measure"].values if compared else ())}
    assert {entry.get("quantity")} <= {None, *(compared["quantity"].values if compared else ())}
    assert set(entry.get("among", {})) <= {*STUDIES[study].factors, "learner", "fraction"}
    assert entry.get("among", {}).get("learner", STUDIES[study].groups[0]) in STUDIES[study].groups
    assert entry.get("among", {}).get("fraction", 1.0) in STUDIES[study].settings("imitate", task)["fractions"]
    assert {entry.get("low"), *entry.get("high", ())} <= {None, *STUDIES[study].entry["cells"]}
    decision = variants.load("claims", entry).decide(people, compared, rng())
    assert decision.verdict in get_args(Verdict)
    factors = {entry.get("factor"), entry.get("against_factor")} - {None}
    if factors <= set(STUDIES[study].factors):  # those of other scales have one level here
        assert decision.n > 0
        assert decision.low <= decision.high
    else:
        assert decision.verdict == "undecided"


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
    decision = Fraction("corners", "stable_labels", 0.9, at_least=8).decide(evidence, None, rng())
    assert decision.verdict == verdict
    assert all(f"{level} {some}/{of}" in decision.detail for level, (some, of) in reached.items())


def test_fraction_interval_is_clopper_and_pearson_and_keeps_to_networks_that_met_the_criterion() -> None:
    evidence = summary({"gru": (10, 10), "lstm": (0, 3)})
    evidence["status"][10:] = "not_converged"
    decision = Fraction("corners", "stable_labels", 0.9, at_least=8).decide(evidence, None, rng())
    assert (decision.n, decision.estimate, decision.high) == (10, 1.0, 1.0)
    assert decision.low == pytest.approx(0.025 ** (1 / 10), rel=1e-6)  # all of n: low = (alpha/2)^(1/n)
    evidence["stable_labels"][:2] = np.nan
    assert Fraction("corners", "stable_labels", 0.9, at_least=8).decide(evidence, None, rng()).estimate == 0.8


def test_fraction_of_those_that_the_question_is_asked_of() -> None:
    """Seven of ten circuits rest elsewhere, and no student can invent anything there."""
    evidence = networks(np.repeat(["gru"], 10), invented=np.array([1.0, 1, 0, *[np.nan] * 7]))
    asked = Fraction("invented", "invented", 0.5, at_least=1, known=True).decide(evidence, None, rng())
    assert (asked.n, asked.estimate) == (3, 2 / 3)
    assert Fraction("invented", "invented", 0.5, at_least=1).decide(evidence, None, rng()).estimate == 0.2
    assert Fraction("no", "invented", 0.5, at_least=1, known=True).decide(evidence.isel(network=slice(3, None)), None, rng()).n == 0


def test_fraction_of_an_interval() -> None:
    evidence = networks(np.repeat(["gru"], 100), slope=np.append(np.linspace(0.9, 1.1, 98), [0.5, 1.2]))
    decision = Fraction("slope", "slope", 0.9, at_least=0.9, at_most=1.1).decide(evidence, None, rng())
    assert (decision.estimate, decision.verdict) == (0.98, "holds")
    assert Fraction("slope", "slope", 0.9, at_most=1.1).decide(evidence, None, rng()).estimate == 0.99
    assert Fraction("slope", "no such", 0.9, at_most=1.1).decide(evidence, None, rng()).verdict == "undecided"


@pytest.mark.parametrize(
    ("kind", "entry", "needed"),
    [
        ("fraction", {"statistic": "slope", "fraction": 0.9}, "at_least or at_most"),
        ("median", {"statistic": "slope"}, "at_least or at_most"),
        ("level_effect", {"statistic": "slope", "factor": "architecture"}, "above or below"),
        ("factor_difference", {"measure": "svcca", "factor": "architecture"}, "against or against_factor"),
    ],
)
def test_a_claim_without_a_bound_is_refused_by_name(kind: str, entry: dict, needed: str) -> None:
    with pytest.raises(ValueError, match=f"'my claim' needs {needed}"):
        variants.load("claims", {"kind": kind, "statement": "my claim", **entry})


@pytest.mark.parametrize(
    ("low", "high", "p", "verdict"),
    [(0.2, 0.4, 0.001, "holds"), (0.2, 0.4, 0.2, "undecided"), (0.05, 0.4, 0.001, "undecided"), (0.01, 0.05, 0.001, "does not hold")],
)
def test_factor_effect(low: float, high: float, p: float, verdict: str) -> None:
    claim = FactorEffect("geometry", "svcca", "architecture", 0.1)
    evidence = contrast({"svcca": np.linspace(low, high, 401)}, p)
    decision = claim.decide(summary({"gru": (1, 1)}), evidence, rng())
    assert decision.verdict == verdict
    assert (decision.low, decision.high, decision.n) == (pytest.approx(low, abs=0.01), pytest.approx(high, abs=0.01), 64)
    assert "populations" not in decision.detail
    evidence["r2_configuration_draws"][:] = 0.25
    assert "over populations [0.250, 0.250]" in claim.decide(summary({"gru": (1, 1)}), evidence, rng()).detail


def test_factor_difference_is_paired() -> None:
    claim = FactorDifference("less", "svcca", "architecture", against="topology")
    shared = np.random.default_rng(0).uniform(0.1, 0.9, 400)  # wide, but the same in both
    for gap, verdict in ((0.05, "holds"), (-0.05, "does not hold")):
        decision = claim.decide(summary({"gru": (1, 1)}), contrast({"svcca": shared + gap, "topology": shared}), rng())
        assert decision.verdict == verdict
        adjusted = pytest.approx(gap * 63 / 60)  # N - 1 over N - G
        assert (decision.estimate, decision.low, decision.high) == (adjusted, adjusted, adjusted)
    unpaired = contrast({"svcca": shared + 0.05, "topology": np.random.default_rng(1).permutation(shared)})
    assert claim.decide(summary({"gru": (1, 1)}), unpaired, rng()).verdict == "undecided"


def test_two_factors_are_compared_without_what_levels_alone_explain() -> None:
    """R^2 = (G - 1) / (N - 1) is what G levels explain by chance: no difference, though 8 levels explain more than 2."""
    evidence = contrast({"svcca": np.ones(50)}, factors=("architecture", "units"))
    evidence["knn_chance"][:] = [1 / 8, 1 / 2]
    for place, levels in enumerate((8, 2)):
        evidence["r2"][:, place] = evidence["r2_draws"][:, place] = (levels - 1) / 63
    claim = FactorDifference("more", "svcca", "architecture", against_factor="units")
    decision = claim.decide(summary({"gru": (1, 1)}), evidence, rng())
    assert (decision.estimate, decision.low, decision.high) == (pytest.approx(0, abs=1e-12),) * 3
    evidence["r2"][:, 0] = evidence["r2_draws"][:, 0] = 0.5
    decision = claim.decide(summary({"gru": (1, 1)}), evidence, rng())
    assert decision.verdict == "holds"
    assert "architecture" in decision.detail
    assert "units" in decision.detail


@pytest.mark.parametrize(
    ("low", "high", "verdict"),
    [(-0.1, 0.2, "holds"), (0.2, 0.4, "undecided"), (0.4, 0.6, "does not hold"), (-0.6, -0.4, "does not hold"), (-0.4, 0.4, "undecided")],
)
def test_dissociation(low: float, high: float, verdict: str) -> None:
    claim = Dissociation("apart", "svcca", "beyond_loss", 0.3)
    decision = claim.decide(summary({"gru": (1, 1)}), contrast({"svcca": np.linspace(low, high, 401)}), rng())
    assert (decision.verdict, decision.estimate) == (verdict, pytest.approx((low + high) / 2))


@pytest.mark.parametrize(
    ("medians", "verdict"),
    [
        ((1.0, 3.0, 4.0, 5.0), "holds"),
        ((1.0, 3.0, 4.0, 0.0), "holds in part"),
        ((3.0, 1.0, 1.0, 1.0), "does not hold"),
        ((1.0, 1.0, 1.0, 1.0), "undecided"),
    ],
)
def test_level_order(medians: tuple[float, ...], verdict: str) -> None:
    levels = np.repeat(["vanilla", "ugrnn", "gru", "lstm"], 25)
    evidence = networks(levels, modes=np.repeat(medians, 25) + np.tile(np.linspace(-0.4, 0.4, 25), 4))
    claim = LevelOrder("fewer", "modes", "architecture", "vanilla", ("ugrnn", "gru", "lstm"))
    decision = claim.decide(evidence, None, rng())
    assert decision.verdict == verdict
    effects = [
        mannwhitneyu(evidence["modes"][levels == level], evidence["modes"][levels == "vanilla"]).statistic / 625 for level in levels[25::25]
    ]
    assert decision.estimate == pytest.approx(min(effects), rel=1e-12)
    assert decision.low <= decision.estimate <= decision.high
    assert "vanilla" in decision.detail
    # a level of which nothing is known
    assert claim.decide(evidence.isel(network=slice(75)), None, rng()).detail == "no network of lstm has 'modes'"


def test_level_order_of_equal_numbers_does_not_hold_and_corrects_for_levels() -> None:
    claim = LevelOrder("fewer", "modes", "architecture", "vanilla", ("gru", "lstm"))
    same = networks(np.repeat(["vanilla", "gru", "lstm"], 10), modes=np.ones(30))
    assert claim.decide(same, None, rng())[:3] == (0.5, 0.5, 0.5)
    assert claim.decide(same, None, rng()).verdict == "does not hold"
    np.testing.assert_allclose(_holm(np.array([0.03, 0.01, 0.04, np.nan])), [0.09, 0.04, 0.09, 1.0], rtol=1e-12)


def test_level_effect_is_epsilon_squared_of_ranks() -> None:
    levels = np.repeat(["gru", "lstm", "vanilla"], 20)
    noise = np.random.default_rng(5).standard_normal(60)
    claim = LevelEffect("effect", "slope", "architecture", above=0.05)
    effect = claim.decide(networks(levels, slope=noise + np.repeat([0.0, 1.0, 2.0], 20)), None, rng())
    groups = (noise[:20], noise[20:40] + 1, noise[40:] + 2)
    # Kruskal and Wallis's H is R^2 (N - 1), without ties
    assert effect.estimate == pytest.approx((kruskal(*groups).statistic - 2) / 57, rel=1e-9)
    assert (effect.verdict, effect.detail) == ("holds", "p = 0.001")
    none = networks(levels, slope=noise)
    assert LevelEffect("effect", "slope", "architecture", below=0.3).decide(none, None, rng()).verdict == "holds"
    assert claim.decide(none, None, rng()).verdict == "undecided"
    assert LevelEffect("effect", "slope", "architecture", above=0.5).decide(none, None, rng()).verdict == "does not hold"
    assert claim.decide(none.isel(network=slice(20)), None, rng()).verdict == "undecided"


def test_level_effect_is_centred_on_nothing_and_its_interval_holds_it() -> None:
    """40 populations without an effect: the mean of epsilon^2 is 0 within 5 of its sd, 0.05 / sqrt(40)."""
    levels = np.repeat(["gru", "lstm"], 15)
    claim = LevelEffect("effect", "slope", "architecture", below=0.2)
    drawn = np.random.default_rng(6)
    decisions = [claim.decide(networks(levels, slope=drawn.standard_normal(30)), None, rng()) for _ in range(40)]
    assert abs(np.mean([decision.estimate for decision in decisions])) < 5 * 0.05 / np.sqrt(40)
    assert np.mean([decision.low <= 0 <= decision.high for decision in decisions]) > 0.8


@pytest.mark.parametrize(
    ("gru", "lstm", "verdict"), [(1.1, 1.2, "holds"), (1.1, 3.0, "holds in part"), (3.0, 3.1, "does not hold"), (1.5, 1.5, "undecided")]
)
def test_median(gru: float, lstm: float, verdict: str) -> None:
    noise = np.tile(np.linspace(-0.2, 0.2, 15), 2)
    evidence = networks(np.repeat(["gru", "lstm"], 15), size=np.repeat([gru, lstm], 15) + noise)
    evidence["size"][7] = np.nan
    decision = Median("one dimension", "size", at_most=1.5).decide(evidence, None, rng())
    assert (decision.n, decision.estimate) == (29, np.nanmedian(evidence["size"]))
    assert decision.verdict == verdict
    assert "1 without it" in decision.detail


def test_networks_that_began_alike_are_resampled_together() -> None:
    """Twins with equal numbers are no more evidence than one of them: the same interval."""
    one = networks(np.repeat(["gru"], 20), size=np.random.default_rng(7).standard_normal(20))
    twin = one.assign_coords(network=np.array([str(name).replace("adam", "adam-0.1") for name in one["network"].values], dtype=object))
    claim = Median("size", "size", at_least=-3)
    assert claim.decide(xr.concat([one, twin], "network"), None, rng())[:3] == claim.decide(one, None, rng())[:3]


def test_what_was_not_compared_is_undecided_and_said() -> None:
    effect = FactorEffect("geometry", "cka", "architecture", 0.1).decide(summary({"gru": (1, 1)}), contrast({"svcca": np.ones(50)}), rng())
    assert (effect.verdict, effect.n) == ("undecided", 0)
    assert "cka" in effect.detail


@pytest.mark.parametrize(
    ("measure", "quantity", "factor", "against_factor"),
    [("cka", "beyond_loss", "architecture", "units"), ("svcca", "final_loss", "units", "architecture"), ("svcca", "none", "units", "l2")],
)
def test_whatever_is_missing_from_the_comparison_is_undecided(measure: str, quantity: str, factor: str, against_factor: str) -> None:
    claims: list[Claim] = [
        Dissociation("apart", measure, quantity, 0.3),
        FactorEffect("geometry", measure, factor, 0.1),
        FactorDifference("more", measure, factor, against_factor=against_factor),
        FactorDifference("more", "svcca", "architecture", against="cka"),
    ]
    unknown = contrast({"svcca": np.full(50, np.nan), "cka": np.full(50, np.nan)}, p=np.nan, factors=("architecture", "units", "l2"))
    for claim in claims:
        for compared in (contrast({"svcca": np.ones(50)}), None):
            assert claim.decide(summary({"gru": (1, 1)}), compared, rng())[3:6:2] == (0, "undecided")
        assert claim.decide(summary({"gru": (1, 1)}), unknown, rng()).verdict == "undecided"


@pytest.mark.parametrize(
    "claim",
    [
        Fraction("some", "value", 0.5, at_least=0),
        Median("typical", "value", at_most=1),
        LevelOrder("fewer", "value", "architecture", "gru", ("lstm",)),
        LevelEffect("effect", "value", "architecture", below=0.5),
    ],
    ids=lambda claim: type(claim).__name__,
)
def test_statistics_and_factors_that_are_missing_leave_it_undecided(claim: Claim) -> None:
    levels = np.repeat(["gru", "lstm"], 6)
    known = networks(levels, value=np.arange(12.0))
    failed = known.assign_coords(status=("network", np.full(12, "diverged", dtype=object)))
    missing = [networks(levels), failed, known.isel(network=slice(0))]
    if not isinstance(claim, Fraction):  # of which a network with NaN is one without
        missing.append(networks(levels, value=np.full(12, np.nan)))
    if hasattr(claim, "factor"):
        missing += [known.drop_vars("architecture"), known.isel(network=slice(6))]
    for evidence in missing:
        decision = claim.decide(evidence, None, rng())
        assert (decision.verdict, decision.n) == ("undecided", 0)
        assert decision.detail


def test_nan_lies_within_no_bounds() -> None:
    evidence = networks(np.repeat(["gru"], 4), value=[0.9, 1.1, np.nan, np.nan])
    for bounds in ({"at_least": 0.9}, {"at_most": 1.1}, {"at_least": 0.9, "at_most": 1.1}):
        assert Fraction("some", "value", 0.5, **bounds).decide(evidence, None, rng()).estimate == 0.5


@pytest.mark.parametrize(
    ("centre", "bounds", "verdict"),
    [
        (0.0, {"at_least": -1, "at_most": 1}, "holds"),
        (-3.0, {"at_least": -1, "at_most": 1}, "does not hold"),
        (3.0, {"at_least": -1, "at_most": 1}, "does not hold"),
        (0.0, {"at_least": 0}, "undecided"),
    ],
)
def test_median_between_two_bounds(centre: float, bounds: dict[str, float], verdict: str) -> None:
    evidence = networks(np.repeat(["gru"], 31), value=centre + np.linspace(-0.5, 0.5, 31))
    decision = Median("typical", "value", **bounds).decide(evidence, None, rng())
    assert (decision.verdict, decision.threshold) == (verdict, min(bounds.values(), key=lambda bound: abs(bound - centre)))
    assert decision.low < decision.estimate < decision.high


@pytest.mark.parametrize(
    ("noise", "bounds", "verdict"),
    [
        (0.1, {"below": 0.5}, "does not hold"),
        (0.1, {"above": 0.5}, "holds"),
        (1.2, {"above": 0.3, "below": 0.9}, "holds"),
        (1.2, {"above": 0.6}, "undecided"),
        (1.2, {"below": 0.6}, "undecided"),
        (30.0, {"above": 0.5, "below": 0.9}, "does not hold"),
    ],
)
def test_level_effect_between_bounds(noise: float, bounds: dict[str, float], verdict: str) -> None:
    levels = np.repeat(["vanilla", "gru", "lstm"], 24)
    evidence = networks(levels, value=np.repeat([-2.0, 0.0, 2.0], 24) + noise * np.random.default_rng(3).standard_normal(72))
    decision = LevelEffect("effect", "value", "architecture", **bounds).decide(evidence, None, rng())
    assert decision.verdict == verdict
    assert decision.low <= decision.estimate <= decision.high


def test_level_effect_leaves_aside_what_other_factors_explain() -> None:
    """The numbers go by activation alone, and a factor that follows it is asked for."""
    activation = np.tile(["tanh", "relu"], 20)
    value = 5.0 * (activation == "relu") + np.random.default_rng(5).standard_normal(40)
    follower = np.where(np.arange(40) < 36, activation, "tanh")
    evidence = networks(np.repeat(["gru"], 40), value=value)
    evidence = evidence.assign_coords(activation=("network", activation), follower=("network", follower))
    claim = LevelEffect("effect", "value", "follower", above=0.1)
    assert claim.decide(evidence, None, rng()).verdict == "holds"
    known = claim.decide(evidence, contrast({"svcca": np.ones(9)}, factors=("activation", "follower")), rng())
    assert known.verdict == "undecided"
    assert float(known.detail.removeprefix("p = ")) > 0.05


def test_an_order_is_shown_by_the_test_corrected_for_levels_not_by_the_medians() -> None:
    """One-sided p = 0.03 against each level: shown where there is one, not where there are three (Holm: 0.09)."""
    levels = np.repeat(["vanilla", "ugrnn", "gru", "lstm"], 16)
    value = np.tile(np.linspace(-1, 1, 16), 4) + 0.401 * (levels != "vanilla")
    evidence = networks(levels, value=value)
    p = mannwhitneyu(value[:16], value[16:32], alternative="less", method="asymptotic").pvalue
    assert 0.05 / 3 < p < 0.05
    assert LevelOrder("fewer", "value", "architecture", "vanilla", ("gru",)).decide(evidence, None, rng()).verdict == "holds"
    three = LevelOrder("fewer", "value", "architecture", "vanilla", ("ugrnn", "gru", "lstm"))
    assert three.decide(evidence, None, rng()).verdict == "undecided"
