"""A signal that a circuit integrates, in noise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

import numpy as np
from jaxtyping import Float

from rnnpop.tasks import DrivenTask
from rnnpop.variants import NonNegative

#: Levels of the signal: from, to (steps), level.
_PULSES: Final = (
    (1000, 1200, 1.0),
    (1250, 1450, -1.0),
    (800, 950, -2.0),
    (1600, 1800, 3.0),
    (2200, 2400, 0.5),
    (3500, 4500, 0.1),
)
_RAMP: Final = (2600, 3000, -3.0)
#: Over which a signal of 1 enters.
GAIN: Final = 0.1


@final
@dataclass(frozen=True)
class Integration(DrivenTask):
    """A scalar signal s(t) over 5000 steps enters as 0.1 s(t) b, b the circuit's drive; noise of every unit on top.

    s is 0 but for pulses (1 in 1000–1199, −1 in 1250–1449, −2 in 800–949, 3 in 1600–1799, 0.5 in 2200–2399, 0.1 in 3500–4499) and a ramp
    from 0 to −3 in 2600–2999, with Gaussian noise of `signal_noise` at every step. Longer runs go on with noise alone. The first state has
    no component along b, so that the readout begins at 0.

    Attributes:
        signal_noise: standard deviation of the noise of s.

    Source: the public code of Qian et al. 2024.
    """

    signal_noise: NonNegative = 0.05

    def signal(self, rng: np.random.Generator, steps: int) -> Float[np.ndarray, "time"] | None:
        clean = np.zeros(max(steps, 5000))
        for first, last, level in _PULSES:
            clean[first:last] = level
        first, last, end = _RAMP
        clean[first:last] = np.linspace(0, end, last - first)
        return GAIN * (clean[:steps] + self.signal_noise * rng.standard_normal(steps))

    def first_state(self, rng: np.random.Generator, drive: Float[np.ndarray, "unit"]) -> Float[np.ndarray, "unit"]:
        state = self.initial * rng.standard_normal(len(drive))
        return state - drive * (drive @ state) / (drive @ drive)
