"""How a network reads documents, before training and after it: accuracy, use of order, dimension of its states, what stays in silence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Float

from rnnpop.names import identity, variable
from rnnpop.statistics import Statistic

#: Numbers of principal components whose variance is told, and shares of variance whose components are counted.
_COMPONENTS, _SHARES = (1, 2, 3, 5, 10), (90, 95)
#: Numbers of principal components that final states are cut to.
_SQUASHED = (1, 2, 3)


@final
@dataclass(frozen=True)
class Reading(Statistic):
    """Columns of the trained network, and the same of the untrained one (`untrained_…`), on the same documents. Reads `readings`.

    `shuffled_drop` is accuracy less that on the same words in random order. `reading_…`: states after each word of test documents, share of
    variance in the leading components, participation ratio (Σλ)² / Σλ², components that hold 90 and 95 %. `squashed_accuracy_n`: of the
    readout of final states cut to n components. `relaxation_t`: median |h(t+1) − h(t)| / |h(t)| t steps into silence, from states after any
    word. `score_r2`: running scores read linearly from states; NaN where they are not known. `value_bag_accuracy`: of a bag of
    words that was fitted to a corpus, or of sums of the words' values where those are known, and `predicted_dimension`, the participation
    ratio of classes' mean word counts, are the same for all networks of a task. NaN where states are not finite.

    Sources: Maheswaranathan et al. 2019, figure 2; Aitken et al. 2021 (words shuffled, final states cut).
    """

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        readings = stores["readings"]
        columns: dict[str, xr.Variable] = {}
        for checkpoint, prefix, of in (("trained", "", ""), ("initial", "untrained_", " before training")):
            own = readings.sel(checkpoint=checkpoint)
            for name, (values, long_name, *unit) in _columns(own).items():
                columns[prefix + name] = variable(("network",), np.asarray(values, dtype=float), long_name + of, *unit)
        bag = np.where(np.isfinite(columns["shuffled_accuracy"].values), readings["bag_accuracy"].item(), np.nan)
        columns["value_bag_accuracy"] = variable(("network",), bag, "share of right answers of a bag of words")
        predicted = np.where(np.isfinite(columns["shuffled_accuracy"].values), readings["predicted_dimension"].item(), np.nan)
        columns["predicted_dimension"] = variable(("network",), predicted, readings["predicted_dimension"].attrs["long_name"])
        return xr.Dataset(columns, identity(readings))


def _columns(readings: xr.Dataset) -> dict[str, tuple[np.ndarray, *tuple[str, ...]]]:
    """Column -> values, long name and, where it has one, unit; at one checkpoint."""
    found: dict[str, tuple[np.ndarray, *tuple[str, ...]]] = {}
    for portion in readings["portion"].values:
        own = readings.sel(portion=portion)
        found[f"{portion}_accuracy"] = own["accuracy"].values, f"share of right answers on {portion} documents"
        found[f"{portion}_cross_entropy"] = own["cross_entropy"].values, f"cross-entropy on {portion} documents", "nat"
    shuffled = readings["shuffled_accuracy"].values
    found["shuffled_accuracy"] = shuffled, "share of right answers on shuffled words"
    found["shuffled_drop"] = found["test_accuracy"][0] - shuffled, "accuracy less that on shuffled words"
    found["shuffled_correlation"] = readings["shuffled_correlation"].values, "correlation of answers with those on shuffled words"
    found["score_r2"] = readings["score_r2"].values.mean(axis=1), "R² of running scores read from states, mean over quantities"
    explained = readings["explained"].values
    held = np.cumsum(explained, axis=1)
    for number in _COMPONENTS:
        found[f"reading_variance_{number}"] = held[:, min(number, held.shape[1]) - 1], f"share of variance in {number} components"
    found["reading_participation"] = 1 / (explained**2).sum(axis=1), "participation ratio of states"
    for share in _SHARES:
        found[f"reading_components_{share}"] = _holding(held, share / 100), f"components that hold {share} % of the variance"
    for number in _SQUASHED:
        cut = readings["squashed_accuracy"].sel(retained=number).values
        found[f"squashed_accuracy_{number}"] = cut, f"share of right answers, final states cut to {number} components"
    for lag in readings["lag"].values:
        found[f"relaxation_{lag}"] = readings["relaxation"].sel(lag=lag).values, f"relative speed {lag} steps into silence", "1/step"
    found["relaxation_path"] = readings["relaxation_path"].values, "length of the way in silence over the distance of its ends"
    found["relaxation_distance"] = readings["relaxation_distance"].values, "distance gone in silence over the spread of states"
    return found


def _holding(held: Float[np.ndarray, "network component"], share: float) -> Float[np.ndarray, "network"]:
    """Fewest components that hold a share of the variance; the tolerance keeps exact shares from needing one more by rounding."""
    with np.errstate(invalid="ignore"):
        return np.where(np.isfinite(held[:, 0]), (held < share - 1e-12).sum(axis=1) + 1.0, np.nan)
