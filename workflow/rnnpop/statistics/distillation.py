"""What the few weights of a distilled network say, and how well it follows its teacher."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import final

import numpy as np
import xarray as xr
from jaxtyping import Bool, Float

from rnnpop.names import identity, variable
from rnnpop.numerics.distillation import fit_tanh_map
from rnnpop.numerics.eigenvalues import time_constant
from rnnpop.statistics import Statistic

#: What a teacher's learner says of its student, kept in `networks` as it stands.
_FOLLOWED = (
    "teacher",
    "one_step_r2",
    "rollout_r2",
    "output_divergence",
    "choice_agreement",
    "teacher_lag_distance",
    "student_lag_distance",
)

_UNITS, _CHANNELS = ("first", "second"), ("left", "right", "feedback")

#: The observer whose beliefs stand beside a student's: it makes no use of feedback.
_OBSERVER = "soft"

#: Weights where there are none.
_NO_FIT = np.full((2, 2), np.nan), np.full((2, 3), np.nan)


@final
@dataclass(frozen=True)
class Distillation(Statistic):
    """Weights and eigenvalues of networks with one recurrent matrix W, and how students follow their teachers; reads `networks`.

    `recurrent_modulus_1`, `_2`: the two largest |λ| of W, and `recurrent_time_constant_1`, `_2` = −1 / ln |λ|, NaN from |λ| = 1 on. They
    are those of a tanh network at the origin, where it is slowest. Of networks of two units: W (`first_from_second` is what the first
    unit gets from the second), the input weights, and `observation_ratio`, the effect (right − left) of an observation on the first unit
    over that on the second. Where units are task directions the first is the stimulus belief, the second the block belief
    (learners/radd.py). `readout_gain` is |W_right − W_left| / 2. The rest was found by the learner (numerics/students.py: FOLLOWED),
    and is there for students alone. NaN for other cells, and for networks that diverged.

    With `sessions` among its `reads`: `ideal_first_from_first` ... and `ideal_observation_ratio`, of any network: the same closed form, on
    what the ideal observer that makes no use of feedback believes, as log-odds of stimulus and block, of the network's own sessions. So
    the weights of an ideal network of two units stand beside those of a distilled one.

    Source: Schaeffer et al. 2020, equation of the distilled network.
    """

    def describe(self, stores: Mapping[str, xr.Dataset]) -> xr.Dataset:
        networks = stores["networks"]
        sound = networks["status"] != "diverged"  # weights that were kept then say nothing
        trained = networks[["recurrent_weights", "input_weights", "readout_weights"]].sel(checkpoint="trained").where(sound)
        recurrent, input, readout = (trained[f"{name}_weights"].values.astype(float) for name in ("recurrent", "input", "readout"))
        modulus = np.array([moduli(gates) for gates in recurrent]).reshape(-1, 2)
        pair = recurrent.shape[1:] == (1, 2, 2) and input.shape[-1] == len(_CHANNELS) and readout.shape[1] == len(_UNITS)
        columns = {}
        for place, ordinal in enumerate(("largest", "second largest")):
            one = modulus[:, place]
            columns[f"recurrent_modulus_{place + 1}"] = variable(("network",), one, f"{ordinal} modulus of an eigenvalue of W")
            text = f"time constant of the {ordinal} eigenvalue of W"
            columns[f"recurrent_time_constant_{place + 1}"] = variable(("network",), time_constant(one), text, "step")
        gain = [np.linalg.norm(rows[-1] - rows[0]) / 2 for rows in readout]
        columns["readout_gain"] = variable(("network",), np.array(gain), "half the length of the difference of readout rows")
        if pair:
            columns |= _weights(recurrent[:, 0], input[:, 0])
        columns |= _ideal(stores["sessions"], sound.values) if "sessions" in stores else {}
        columns |= {name: networks[name].variable for name in _FOLLOWED if name in networks}
        strides = {"stride": networks["stride"].variable} if "stride" in networks.coords else {}
        return xr.Dataset(columns, identity(networks) | strides)


def _weights(recurrent: Float[np.ndarray, "network 2 2"], input: Float[np.ndarray, "network 2 3"]) -> dict[str, xr.Variable]:
    """Single weights of networks of two units."""
    columns = {}
    for target, to in enumerate(_UNITS):
        for source, other in enumerate(_UNITS):
            text = f"recurrent weight to the {to} unit from the {other}"
            columns[f"{to}_from_{other}"] = variable(("network",), recurrent[:, target, source], text)
        for source, channel in enumerate(_CHANNELS):
            columns[f"{to}_from_{channel}"] = variable(
                ("network",), input[:, target, source], f"input weight to the {to} unit from {channel}"
            )
    text = "effect of an observation on the first unit over that on the second"
    return columns | {"observation_ratio": variable(("network",), observation_ratio(input), text)}


def _ideal(sessions: xr.Dataset, sound: Bool[np.ndarray, "network"]) -> dict[str, xr.Variable]:
    """The closed form on beliefs of an ideal observer of each network's sessions."""
    beliefs = [sessions[f"{of}_log_odds"].sel(observer=_OBSERVER).values for of in ("stimulus", "block")]
    finite = [fine and bool(np.isfinite(state).all()) for fine, state in zip(sound, sessions["state"].values, strict=True)]
    fits = [
        _fit(np.stack(own, axis=-1).astype(float), inputs.astype(float)) if fine else _NO_FIT
        for *own, inputs, fine in zip(*beliefs, sessions["inputs"].values, finite, strict=True)
    ]
    recurrent, input = (np.stack([fit[place] for fit in fits]) for place in (0, 1))
    columns = {
        f"ideal_{to}_from_{other}": variable(
            ("network",), recurrent[:, target, source], f"recurrent weight to the {to} unit from the {other}, of ideal beliefs"
        )
        for target, to in enumerate(_UNITS)
        for source, other in enumerate(_UNITS)
    }
    text = "effect of an observation on the first unit over that on the second, of ideal beliefs"
    return columns | {"ideal_observation_ratio": variable(("network",), observation_ratio(input), text)}


def _fit(
    beliefs: Float[np.ndarray, "session time 2"], inputs: Float[np.ndarray, "session time 3"]
) -> tuple[Float[np.ndarray, "2 2"], Float[np.ndarray, "2 3"]]:
    return fit_tanh_map(beliefs / (1.01 * np.abs(beliefs).max()), inputs)[:2]


def observation_ratio(input: Float[np.ndarray, "network 2 input"]) -> Float[np.ndarray, "network"]:
    """(right − left) to the first unit over (right − left) to the second; NaN where the latter is 0."""
    effect = input[:, :, 1] - input[:, :, 0]
    return np.divide(effect[:, 0], effect[:, 1], out=np.full(len(effect), np.nan), where=effect[:, 1] != 0)


def moduli(recurrent: Float[np.ndarray, "gate target source"]) -> Float[np.ndarray, "2"]:
    """The two largest |λ| of the one recurrent matrix; NaN for several gates, or weights that are not finite."""
    if len(recurrent) != 1 or not np.isfinite(recurrent).all():
        return np.full(2, np.nan)
    found = np.sort(np.abs(np.linalg.eigvals(recurrent[0])))[::-1]
    return np.append(found, np.nan)[:2]
