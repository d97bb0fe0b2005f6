"""A study of perceptual decisions, made up: networks that sum the evidence along a line, slow points all along it, and a summary."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy.special import erf

import synthetic_population as synthetic
from rnnpop.names import variable
from rnnpop.stages.portray import portray

ARCHITECTURES = ("leaky", "leaky_half", "leaky_fifth", *synthetic.ARCHITECTURES)
SIGNED = np.array([-51.2, -25.6, -12.8, -6.4, 0, 6.4, 12.8, 25.6, 51.2])
SLOW = 12


def identity(architecture: str, count: int) -> dict[str, Any]:
    """Coordinates of networks of a population."""
    return dict(synthetic.identity(architecture, "tanh", count, task="perceptual_decision"))


def study(per_population: int) -> dict[str, Any]:
    """Stores that figures of decisions read."""
    stores: dict[str, Any] = {"portraits": [], "slow_points": [], "networks": []}
    for population, architecture in enumerate(ARCHITECTURES):
        coords = identity(architecture, 2)
        trajectories, points, _ = synthetic.decision_stores(coords, seed=population)
        portrait = portray(trajectories, points)
        stores["portraits"].append(portrait)
        stores["slow_points"].append(slow_points(coords, portrait, points))
        stores["networks"].append(synthetic.networks(coords, population))
    return stores | {"summary": summary(per_population)}


def slow_points(coords: dict[str, Any], portrait: xr.Dataset, points: xr.Dataset) -> xr.Dataset:
    """Points along the line between the two stable points without evidence, those at its ends alone not kept."""
    names, units, rng = coords["network"][1], points.sizes["unit"], np.random.default_rng(0)
    owned = portrait["still"].values == "no evidence"
    ends = [portrait["position"].values[owned & (portrait["owner"].values == name)][-2:] for name in names]
    along = np.linspace(0, 1, SLOW)[:, None]
    rows, networks = SLOW * len(names), len(names)
    node = np.tile(np.arange(SLOW), networks)
    eigenvalue = np.sort(rng.random((rows, units)), axis=1)[:, ::-1] * np.exp(1j * rng.choice([0, 2.5], (rows, units)))
    eigenvalue[:, 0] = 0.99
    eigenvalue[node % 2 == 0] = np.nan
    columns: dict[str, tuple[tuple[str, ...], np.ndarray]] = {
        "state": (("fixed_point", "unit"), np.zeros((rows, units))),
        "position": (("fixed_point", "axis"), np.concatenate([first + along * (last - first) for first, last in ends])),
        **{name: (("fixed_point",), np.full(rows, 1e-3)) for name in ("mean_squared_step", "speed", "displacement")},
        "start": (("fixed_point",), node),
        "kept": (("fixed_point",), (node > 0) & (node < SLOW - 1)),
        "eigenvalue": (("fixed_point", "mode"), eigenvalue),
        "unstable": (("fixed_point",), np.where(node % 2 == 0, np.nan, 0)),
        "outputs": (("fixed_point", "output"), np.zeros((rows, 3))),
        "starts": (("network", "still"), np.full((networks, 1), 100)),
        "below": (("network", "still", "tolerance"), np.full((networks, 1, 1), SLOW)),
        "distinct": (("network", "still"), np.full((networks, 1), SLOW)),
        "mean_loss": (("network", "still", "iteration"), np.ones((networks, 1, 1))),
        "still_input": (("still", "input"), np.array([[1, 0.5, 0.5]])),
        "command": (("still",), np.zeros(1)),
    }
    owner = np.repeat(names, SLOW)
    return xr.Dataset(
        {name: variable(dims, values, name) for name, (dims, values) in columns.items()},
        {
            **coords,
            "owner": ("fixed_point", owner),
            "node": ("fixed_point", node),
            "condition": ("fixed_point", np.full(rows, "no evidence", dtype=object)),
            "still": np.array(["no evidence"], dtype=object),
            "tolerance": [1e-4],
            "iteration": [1],
        },
    )


def summary(per_population: int) -> xr.Dataset:
    """Columns of the statistics `decisions`, `choice_points` and `slow_points`, with some spread."""
    rng = np.random.default_rng(8)
    parts = [identity(architecture, per_population) for architecture in ARCHITECTURES]
    coords = {name: ("network", np.concatenate([part[name][1] for part in parts])) for name in parts[0]}
    total = len(coords["index"][1])
    strength = np.unique(np.abs(SIGNED))

    def curve(width: np.ndarray | float) -> np.ndarray:
        return np.asarray((1 + erf(SIGNED / np.asarray(width)[..., None])) / 2)

    def column(values: np.ndarray, *dims: str) -> xr.Variable:
        return variable(("network", *dims), values, "a column")

    threshold = 4.5 * rng.uniform(1, 1.8, total)
    chosen, ideal = curve(threshold), np.tile(curve(4.47), (total, 1))
    positive = SIGNED >= 0
    exact = rng.integers(0, 4, (total, 2))
    slow = rng.integers(0, 2, total) * rng.integers(1, 150, total)
    columns = {
        "first_choice": column(chosen, "signed_strength"),
        "ideal_first_choice": column(ideal, "signed_strength"),
        "decision_accuracy_by_strength": column(chosen[:, positive], "strength"),
        "ideal_accuracy_by_strength": column(ideal[:, positive], "strength"),
        "integration_kernel": column(1 + rng.uniform(-0.5, 0.5, (total, 1)) * np.linspace(1, -1, 20), "observation"),
        "decision_accuracy": column(chosen[:, positive].mean(axis=1)),
        "ideal_accuracy": column(ideal[:, positive].mean(axis=1)),
        "relative_efficiency": column((4.47 / threshold) ** 2),
        "decision_threshold": column(threshold),
        "decision_lapse": column(rng.exponential(0.003, total)),
        "kernel_primacy": column(rng.uniform(-0.3, 0.3, total)),
        "choice_along_pc1": column(rng.uniform(0.6, 1, total)),
        "neutral_stable": column(exact[:, 0].astype(float)),
        "neutral_saddles": column(exact[:, 1].astype(float)),
        "exact_points": column(exact.sum(axis=1).astype(float)),
        "slow_starts": column(np.full(total, 2200.0)),
        "slow_kept": column(slow.astype(float)),
        "slow_displacement": column(rng.lognormal(-0.5, 0.3, total)),
        "slow_range": column(rng.uniform(0, 1, total)),
        "slow_modulus": column(1 + rng.normal(0, 0.02, total)),
        "slow_time_constant_1": column(rng.lognormal(4, 0.7, total)),
        "neutral_pc1_angle": column(rng.uniform(10, 90, total)),
        "neutral_evidence_angle": column(rng.uniform(40, 90, total)),
    }
    axes = {"signed_strength": SIGNED, "strength": strength, "observation": np.arange(1, 21)}
    return xr.Dataset(columns, coords | axes)
