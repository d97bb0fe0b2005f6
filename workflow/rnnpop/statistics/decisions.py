"""How a network decides between two choices: how well, which evidence it weighs, and where its state holds the choice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, final

import numpy as np
import xarray as xr
from jaxtyping import Float, Int

from rnnpop.names import identity, variable
from rnnpop.numerics import decoding, evidence
from rnnpop.numerics.psychometrics import fit, grouped
from rnnpop.statistics import Statistic
from rnnpop.variants import NonNegative

#: Deviation of samples that have no noise but the rounding of float32.
_NOISELESS = 1e-6

_COLUMNS: dict[str, tuple[tuple[str, ...], str, str]] = {
    "decision_accuracy": ((), "fraction of trials whose choice is right", "1"),
    "ideal_accuracy": ((), "the ideal observer's accuracy on the same trials", "1"),
    "undecided": ((), "fraction of trials that end without a choice", "1"),
    "relative_efficiency": ((), "(threshold of the ideal observer over that of the network)²", "1"),
    "decision_bias": ((), "signed coherence at which both choices are as likely", "%"),
    "decision_threshold": ((), "coherence over which the choice turns, see `psychometrics.psychometric`", "%"),
    "decision_slope": ((), "steepest slope of the psychometric curve", "1/%"),
    "decision_lapse": ((), "mean lapse of the psychometric curve", "1"),
    "kernel_primacy": ((), "weight of early evidence less that of late, over that of all", "1"),
    "decision_pc1": ((), "share of the variance of states along principal component 1", "1"),
    "decision_pc2": ((), "share of the variance of states along principal component 2", "1"),
    "choice_along_pc1": ((), "accuracy of the choice read from principal component 1 at the last step of the stimulus", "1"),
    "decision_accuracy_by_strength": (("strength",), "fraction of trials whose choice is right", "1"),
    "ideal_accuracy_by_strength": (("strength",), "the ideal observer's accuracy on the same trials", "1"),
    "first_choice": (("signed_strength",), "fraction of decided trials with the first choice", "1"),
    "ideal_first_choice": (("signed_strength",), "fraction of trials in which the ideal observer makes the first choice", "1"),
    "integration_kernel": (("observation",), "weight of each sample of evidence in the choice, over their mean size", "1"),
}


@final
@dataclass(frozen=True)
class Decisions(Statistic):
    """Choices of networks of a perceptual decision, beside an ideal observer's on the same trials; reads `trajectories`.

    A choice is the largest output of the last step; none (fixation) is wrong. Behaviour is that of both probe batches. The psychometric
    curve of greatest likelihood has a bias, a threshold and two lapses (`psychometrics.fit`); it is of trials with a choice.
    `relative_efficiency` is the share of the evidence that would do for the network's threshold (Tanner & Birdsall 1958): 1 for the ideal
    observer, 1/2 for who takes every other sample and adds these all alike. A bias costs accuracy, but no evidence, and does not count.
    `integration_kernel` has the weights of a logistic regression of the choice on the samples, in trials with a coherence of at most
    `weak`, where noise decides. Principal components are those of all states of the first probe batch; the choice is read from the first
    one by logistic regression in either half of the trials, fitted to the other half. NaN where states are not finite.

    Attributes:
        weak: largest coherence of the trials behind the kernel, %.
    """

    weak: NonNegative = 6.4

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        trajectories = stores["trajectories"]
        probes = trajectories.isel(trial=np.flatnonzero(trajectories["batch"].values <= 1))
        trials = _Trials.of(probes)
        axes = {"strength": np.unique(np.abs(trials.signed)), "signed_strength": np.unique(trials.signed)}
        axes["observation"] = np.arange(1, trials.samples.shape[1] + 1)
        rows = [
            self._describe_network(trials, state, outputs)
            for state, outputs in zip(probes["state"].values, probes["outputs"].values, strict=True)
        ]
        columns = {}
        for name, (dims, *text) in _COLUMNS.items():
            nothing = np.full([len(axes[dim]) for dim in dims], np.nan)
            values = np.array([row.get(name, nothing) for row in rows], dtype=float).reshape(len(rows), *nothing.shape)
            columns[name] = variable(("network", *dims), values, *text)
        return xr.Dataset(columns, identity(trajectories) | {name: (name, values) for name, values in axes.items()})

    def _describe_network(
        self, trials: _Trials, state: Float[np.ndarray, "trial time unit"], outputs: Float[np.ndarray, "trial time output"]
    ) -> dict[str, Any]:
        if not (np.isfinite(state).all() and np.isfinite(outputs).all()):
            return {}
        chosen = evidence.choices(outputs)
        accuracy, ideal = (trials.by_strength(made == trials.wanted) for made in (chosen, trials.ideal))
        first, decided = trials.by_sign(chosen > 0, chosen != 0)
        bias, threshold, left, right = fit(np.unique(trials.signed), np.nan_to_num(first), decided)
        weak = np.abs(trials.signed) <= self.weak
        kernel = evidence.integration_kernel(trials.samples[weak], chosen[weak])
        return {
            "decision_accuracy": np.mean(chosen == trials.wanted),
            "ideal_accuracy": np.mean(trials.ideal == trials.wanted),
            "undecided": np.mean(chosen == 0),
            "relative_efficiency": (trials.ideal_threshold / threshold) ** 2,
            "decision_bias": bias,
            "decision_threshold": threshold,
            "decision_slope": (1 - left - right) / (threshold * np.sqrt(np.pi)),
            "decision_lapse": (left + right) / 2,
            "kernel_primacy": evidence.primacy(kernel),
            "decision_accuracy_by_strength": accuracy,
            "ideal_accuracy_by_strength": ideal,
            "first_choice": first,
            "ideal_first_choice": trials.by_sign(trials.ideal > 0)[0],
            "integration_kernel": kernel,
            **_along_pc1(state[trials.first_batch].astype(np.float64), trials.stimulus_end, chosen[trials.first_batch]),
        }


@dataclass(frozen=True)
class _Trials:
    """What all networks are shown.

    Attributes:
        signed: coherence, %, positive for the first choice.
        samples: evidence.
        wanted, ideal: choices that are right, and the ideal observer's.
        stimulus_end: last step of the stimulus.
    """

    signed: Float[np.ndarray, "trial"]
    samples: Float[np.ndarray, "trial observation"]
    wanted: Int[np.ndarray, "trial"]
    ideal: Int[np.ndarray, "trial"]
    first_batch: np.ndarray
    stimulus_end: int

    @classmethod
    def of(cls, probes: xr.Dataset) -> _Trials:
        inputs = probes["inputs"].values
        return cls(
            signed=probes["command"].values.astype(np.float64),
            samples=evidence.evidence(inputs),
            wanted=evidence.choices(probes["targets"].values),
            ideal=evidence.ideal_choices(inputs),
            first_batch=probes["batch"].values == 0,
            stimulus_end=int(np.flatnonzero(evidence.stimulus(inputs))[-1]),
        )

    def by_strength(self, values: np.ndarray) -> Float[np.ndarray, "strength"]:
        levels, place = np.unique(np.abs(self.signed), return_inverse=True)
        return grouped(values, (place,), (len(levels),))[0]

    def by_sign(
        self, values: np.ndarray, chosen: np.ndarray | None = None
    ) -> tuple[Float[np.ndarray, "signed_strength"], Float[np.ndarray, "signed_strength"]]:
        """Means, and the numbers of trials behind them."""
        levels, place = np.unique(self.signed, return_inverse=True)
        return grouped(values, (place,), (len(levels),), chosen)

    @property
    def ideal_threshold(self) -> float:
        """That of the ideal observer, %: 100 s √(2/n) of n samples of deviation s about their means. NaN without noise."""
        deviation = float(np.std(self.samples - self.signed[:, None] / 100))
        return 100 * deviation * np.sqrt(2 / self.samples.shape[1]) if deviation > _NOISELESS else np.nan


def _along_pc1(states: Float[np.ndarray, "trial time unit"], end: int, chosen: Int[np.ndarray, "trial"]) -> dict[str, float]:
    """Columns about principal components."""
    variances, axes = decoding.spectrum(states.reshape(-1, states.shape[2]))
    if variances.sum() == 0:
        return {}
    made = chosen != 0
    place = (states[made, end] @ axes[:, :1]).reshape(-1, 1)
    side, half = chosen[made].astype(np.float64), (np.arange(len(chosen)) >= len(chosen) // 2)[made].astype(np.int64)
    decoders = decoding.cross_fit(decoding.logistic, place, side, half)
    return {
        "decision_pc1": float(variances[0] / variances.sum()),
        "decision_pc2": float(variances[1] / variances.sum()),
        "choice_along_pc1": np.nan if decoders is None else decoding.agreement(decoding.cross_read(decoders, place, half), chosen[made]),
    }
