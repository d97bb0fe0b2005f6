"""What words do at a network's slow points: time constants, the direction in which it sums, linear readers, modifiers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float
from scipy.stats import spearmanr

from rnnpop.names import identity, variable
from rnnpop.numerics.eigenvalues import UNSTABLE
from rnnpop.statistics import Statistic

_MODES = (1, 2, 3, 4)
#: Imaginary parts below this are rounding.
_REAL = 1e-9
#: Columns of points -> variable of the store, of which they are the median.
_MEDIANS = {
    "integration_overlap": ("overlap", "median |r m| of the slowest mode and the line of the points"),
    "word_separation": ("separation", "median d' of positive and negative words along the slowest mode"),
    "word_separation_null": ("null_separation", "median |d'| of positive and negative words along random directions"),
    "neutral_ratio": ("neutral_ratio", "median size of neutral words over that of valenced ones, along the slowest mode"),
    "value_correlation": ("value_correlation", "median correlation of words' input projections with their values"),
}
#: Numbers of a network under a still input, as they stand in the store.
_NUMBERS = (
    "linear_error",
    "rollout_accuracy",
    "rollout_correlation",
    "bag_accuracy",
    "bag_correlation",
    "fading_bag_accuracy",
    "fading_bag_correlation",
    "lasting_bag_accuracy",
    "lasting_bag_correlation",
    "ordered_bag_accuracy",
    "ordered_bag_correlation",
    "traces",
    "traceless_accuracy",
    "beside_accuracy",
    "modifier_participation",
)
_OF_MODIFIERS = ("barcode_correlation", "scope", "decay", "modifier_angle")
_OF_NETWORKS = (
    *("readout_angle", "readout_angle_spread", "readout_share", "mean_embedding", "word_length"),
    *("begin_excess", "begin_time", "end_excess", "end_time"),
)
#: Accuracy that order must win for shares of it to be told.
_GAIN = 0.02


@final
@dataclass(frozen=True)
class Words(Statistic):
    """Medians over the slow points used under each still input. Reads `appraisals`.

    Columns of the first still input bear no suffix, those of others its name.

    - `tau_k`: the k-th longest time constant |1 / ln |λ||, steps; `tau_k_iqr`, its interquartile range over points. `slow_modes` and
      `slow_modes_half`: modes slower than a mean document, and than half of one, mean over points. `unstable_share`: points with a modulus
      above 1 + 1e-6. `complex_modes`: complex ones among the four of largest modulus, mean over points.
    - `positive_projection`, …: mean over points of what words of the class add along the slowest mode, and its deviation over words.
    - `in_plane_k`: median share of the k-th mode (by modulus) within the space of the points.
    - `theta_rank_correlation`: |Spearman| of the place along the line and the logit.
    - `lasting_bag_…`, `ordered_bag_…`: sums of what words add lastingly, plain and by order; `ordered_bag_gain` and `traceless_gain`: share
      of the network's gain in accuracy over the plain sums (told above 0.02) that the ordered ones recover, and that the network keeps when
      held along the directions of modifiers. Definitions are ours; see the stage `appraise`.
    - `{word}_gain`, `{word}_strength`: of a modifier right before a probe; beside them `{word}_barcode_correlation`, `{word}_scope`,
      `{word}_decay`, `{word}_modifier_angle`.

    Columns of a network without points are NaN, but for `appraised_points`, 0, and those of weights alone; all are of one whose states are
    not finite.

    Sources: Maheswaranathan et al. 2019, figures 3 to 5, and 2020; Aitken et al. 2021.
    """

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        appraisals = stores["appraisals"]
        columns = {
            name: variable(("network",), appraisals[name].values, appraisals[name].attrs["long_name"], appraisals[name].attrs["units"])
            for name in _OF_NETWORKS
        }
        sound = np.isfinite(appraisals["own_accuracy"].values)
        for place, still in enumerate(appraisals["still"].values):
            suffix, under = ("", "") if place == 0 else (f"_{still.replace(' ', '_')}", f", under {still}")
            described = {**_of_points(appraisals, still, sound), **_of_still(appraisals.isel(still=place))}
            for name, (values, long_name, *unit) in described.items():
                columns[name + suffix] = variable(("network",), np.asarray(values, dtype=float), long_name + under, *unit)
        return xr.Dataset(columns, identity(appraisals))


def _of_points(appraisals: xr.Dataset, still: str, sound: Bool[np.ndarray, "network"]) -> dict[str, tuple[np.ndarray, *tuple[str, ...]]]:
    """Column -> values, long name and, where it has one, unit; what is said of points."""
    owner, condition = appraisals["owner"].values, appraisals["condition"].values
    rows = []
    for name, finite in zip(appraisals["network"].values, sound, strict=True):
        own = appraisals.isel(fixed_point=np.flatnonzero((owner == name) & (condition == still)))
        described = _of_cloud(own) if own.sizes["fixed_point"] else dict.fromkeys(_LONG_NAMES, np.nan)
        rows.append(described | {"appraised_points": own.sizes["fixed_point"] if finite else np.nan})
    return {key: (np.array([row[key] for row in rows]), *labels) for key, labels in _LONG_NAMES.items()}


_LONG_NAMES: dict[str, tuple[str, ...]] = {
    "appraised_points": ("slow points used",),
    **{f"tau_{mode}": (f"median of the time constants of rank {mode}", "step") for mode in _MODES},
    **{f"tau_{mode}_iqr": (f"interquartile range of the time constants of rank {mode}", "step") for mode in _MODES},
    "slow_modes": ("modes slower than a mean document, mean over points",),
    "slow_modes_half": ("modes slower than half a mean document, mean over points",),
    "unstable_share": ("share of points with an unstable direction",),
    "complex_modes": ("complex modes among the four of largest modulus, mean over points",),
    **{f"in_plane_{mode}": (f"median share of mode {mode} within the space of the points",) for mode in _MODES[:3]},
    "theta_rank_correlation": ("|Spearman's rank correlation| of the place along the line and the logit",),
    **{key: (long_name,) for key, (_, long_name) in _MEDIANS.items()},
    "integration_overlap_null": ("mean |cos| of a random direction with the line of the points",),
    **{
        f"{valence}_projection": (f"mean of what {valence} words add along the slowest mode",)
        for valence in ("positive", "negative", "neutral")
    },
    **{
        f"{valence}_projection_deviation": (f"deviation over words of what {valence} ones add along the slowest mode, mean over points",)
        for valence in ("positive", "negative", "neutral")
    },
}


def _of_cloud(points: xr.Dataset) -> dict[str, float]:
    """The columns of one network's points."""
    times, values = points["time_constant"].values, points["eigenvalue"].values
    quarters = np.percentile(times, (25, 50, 75), axis=0)
    length = float(points["mean_length"])
    found = {}
    for mode in _MODES:
        there = mode <= times.shape[1]
        found[f"tau_{mode}"] = quarters[1, mode - 1] if there else np.nan
        found[f"tau_{mode}_iqr"] = quarters[2, mode - 1] - quarters[0, mode - 1] if there else np.nan
    for mode in _MODES[:3]:
        found[f"in_plane_{mode}"] = float(np.median(points["in_plane"].values[:, mode - 1])) if mode <= times.shape[1] else np.nan
    for name, (source, _) in _MEDIANS.items():
        found[name] = float(np.median(points[source].values))
    for place, valence in enumerate(points["valence"].values):
        found[f"{valence}_projection"] = float(points["projection"].values[:, place].mean())
        found[f"{valence}_projection_deviation"] = float(points["projection_deviation"].values[:, place].mean())
    return found | {
        "slow_modes": float((times > length).sum(axis=1).mean()),
        "slow_modes_half": float((times > length / 2).sum(axis=1).mean()),
        "unstable_share": float((np.abs(values[:, 0]) > UNSTABLE).mean()),
        "complex_modes": float((np.abs(values[:, :4].imag) > _REAL).sum(axis=1).mean()),
        "theta_rank_correlation": _rank_correlation(points["theta"].values, points["logit"].values),
        "integration_overlap_null": float(points["null_overlap"]),
    }


def _rank_correlation(first: Float[np.ndarray, "point"], second: Float[np.ndarray, "point"]) -> float:
    """NaN where either does not vary."""
    varies = len(first) > 2 and np.ptp(first) > 0 and np.ptp(second) > 0
    return float(abs(spearmanr(first, second).statistic)) if varies else np.nan


def _of_still(appraisals: xr.Dataset) -> dict[str, tuple[np.ndarray, *tuple[str, ...]]]:
    """Column -> values, long name and unit; what is said of networks under one still input."""
    found: dict[str, tuple[np.ndarray, *tuple[str, ...]]] = {
        name: (appraisals[name].values, appraisals[name].attrs["long_name"], appraisals[name].attrs["units"]) for name in _NUMBERS
    }
    plain = appraisals["lasting_bag_accuracy"].values
    gain = appraisals["own_accuracy"].values - plain
    gain = np.where(gain > _GAIN, gain, np.nan)
    for name, reader in (
        ("ordered_bag", "sums with weights by position and behind modifiers"),
        ("traceless", "the network without traces"),
    ):
        won = (appraisals[f"{name}_accuracy"].values - plain) / gain
        found[f"{name}_gain"] = won, f"share of what the network wins over plain sums that is left to {reader}"
    found["mean_linear_error"] = appraisals["linear_error_mean"].values, appraisals["linear_error_mean"].attrs["long_name"]
    for place, word in enumerate(appraisals["modifier"].values):
        own = appraisals.isel(modifier=place)
        for name in ("gain", "strength"):
            found[f"{word}_{name}"] = own[name].values[:, 0], f"{own[name].attrs['long_name']} (of '{word}', right before the probe)"
        for name in _OF_MODIFIERS:
            item = own[name]
            found[f"{word}_{name}"] = item.values, f"{item.attrs['long_name']} (of '{word}')", item.attrs["units"]
    return found
