"""Prediction: areas, ranks and shares against other ways to them, intervals by how often they hold what they should."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binomtest, spearmanr
from sklearn.metrics import roc_auc_score

from rnnpop.numerics import prediction
from rnnpop.seeds import stream


def draws(name: str, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Scores with ties, and whether each is positive."""
    rng = stream(0, name)
    score = rng.integers(0, 12, size).astype(float)
    return score, rng.random(size) < 0.2 + score / 20


@pytest.mark.parametrize("size", [5, 40, 300])
def test_areas_and_ranks_are_those_of_others(size: int) -> None:
    score, positive = draws("area", size)
    assert float(prediction.auc(score, positive)) == pytest.approx(roc_auc_score(positive, score), abs=1e-12)
    false, true = prediction.roc(score, positive).T
    assert np.trapezoid(true, false) == pytest.approx(roc_auc_score(positive, score), abs=1e-12)
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    other = score + stream(1, "area").standard_normal(size)
    assert float(prediction.spearman(score, other)) == pytest.approx(spearmanr(score, other).statistic, abs=1e-12)


def test_many_draws_are_each_on_its_own() -> None:
    scores, positives = np.stack([draws("many", 30)[0], draws("other", 30)[0]]), np.stack([draws("many", 30)[1], draws("other", 30)[1]])
    together = prediction.auc(scores, positives)
    assert together.tolist() == [float(prediction.auc(score, positive)) for score, positive in zip(scores, positives, strict=True)]


def test_without_two_kinds_or_two_ranks_there_is_no_answer() -> None:
    assert np.isnan(prediction.auc(np.arange(4.0), np.ones(4, dtype=bool)))
    assert np.isnan(prediction.spearman(np.ones(4), np.arange(4.0)))
    nothing = prediction.resampled(prediction.auc, np.full(3, np.nan), np.array([True, False, True]), stream(0))
    assert nothing.networks == 0
    assert np.isnan(nothing.value)


@pytest.mark.parametrize(("successes", "trials"), [(0, 8), (3, 8), (8, 8), (41, 200)])
def test_wilson_s_interval_is_that_of_scipy(successes: int, trials: int) -> None:
    bounds = binomtest(successes, trials).proportion_ci(0.95, method="wilson")
    low, high = prediction.wilson(np.array([successes]), np.array([trials]))
    assert (float(low[0]), float(high[0])) == pytest.approx((bounds.low, bounds.high), abs=1e-12)
    assert np.isnan(prediction.wilson(np.array([0]), np.array([0]))).all()


def test_an_interval_of_the_median_holds_it_as_often_as_it_says() -> None:
    """Order statistics of 11: at least 95 % by the binomial distribution, 98.8 % here; 2000 draws have a standard error of 0.3 %."""
    values = stream(0, "median").exponential(size=(2000, 11))
    told = [prediction.median(row) for row in values]
    held = np.mean([one.low <= np.log(2) <= one.high for one in told])
    assert 0.975 < held < 0.998
    few = prediction.median(np.array([3.0, np.nan, 1.0, 2.0]))
    assert (few.value, few.networks) == (2.0, 3)
    assert np.isnan(few.low)
    six = prediction.median(np.arange(6.0))
    assert (six.low, six.high) == (0, 5)


def test_an_interval_of_an_area_is_around_it() -> None:
    score, positive = draws("interval", 200)
    told = prediction.resampled(prediction.auc, score, positive, stream(0))
    assert told.low < told.value < told.high
    # the error of an area of 0.8 of 200, Hanley & McNeil 1982, is about 0.03
    assert 0.06 < told.high - told.low < 0.2
