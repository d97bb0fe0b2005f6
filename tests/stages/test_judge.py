"""Which networks, and which of their numbers, a claim is judged on."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr

from rnnpop.names import SchemaError, variable
from rnnpop.stages.judge import judge
from rnnpop.variants import load

#: A median of two networks under each of two learners, at two fractions: 1 and 2, 3 and 4 (own); 10 times that (other).
SCORES = np.array([[1.0, 3], [2, 4], [10, 30], [20, 40]])
LEARNERS = ["own", "own", "other", "other"]


def judged(places: int = 2, **among: object) -> float:
    summary = xr.Dataset(
        {"score": variable(("network", "fraction"), SCORES[:, :places], "score")},
        {
            "network": [f"noise/chain/{learner}/{place:05d}" for place, learner in enumerate(LEARNERS)],
            "index": ("network", [0, 1, 0, 1]),
            "status": ("network", np.array(["ok"] * 4, dtype=object)),
            "learner": ("network", np.array(LEARNERS, dtype=object)),
            "architecture": ("network", np.array(["chain"] * 4, dtype=object)),
            "fraction": [0.05, 0.5][:places],
        },
    )
    claim = load("claims", {"kind": "median", "statement": "a score", "statistic": "score", "at_least": 0})
    table = judge(summary, {}, {"noise": {"it": claim}}, among={"it": among}, study="s", group="own", seed=1)
    return float(table["estimate"][0])


@pytest.mark.parametrize(
    ("among", "median"),
    [
        ({"fraction": 0.05}, 1.5),
        ({"fraction": 0.5}, 3.5),
        ({"fraction": 0.5, "learner": "other"}, 35.0),
        ({"fraction": 0.05, "architecture": "chain"}, 1.5),
    ],
)
def test_a_claim_is_judged_on_the_learner_and_the_place_that_it_names(among: dict[str, object], median: float) -> None:
    assert judged(**among) == median


@pytest.mark.parametrize("among", [{"fraction": 0.2}, {"fraction": 0.05, "learner": "nobody"}, {"fraction": 0.05, "architecture": "line"}])
def test_where_nothing_is_there_to_judge_on_it_is_undecided(among: dict[str, object]) -> None:
    assert np.isnan(judged(**among))


def test_a_statistic_of_several_numbers_a_network_is_one_line_that_names_them() -> None:
    with pytest.raises(SchemaError, match=r"^claims\.it\.among: a place on 'fraction' is expected, .* 'score' has several: 0\.05, 0\.5$"):
        judged(architecture="chain")


def test_where_there_is_one_place_nobody_has_to_name_it() -> None:
    assert judged(places=1) == 1.5
