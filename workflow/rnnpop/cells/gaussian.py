"""Gaussian circuits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from rnnpop.cells import Circuit, Wiring
from rnnpop.numerics import ensembles
from rnnpop.numerics.recurrences import by_real_part
from rnnpop.variants import NonNegative


@final
@dataclass(frozen=True)
class Gaussian(Circuit):
    """B_ij ~ N(0, g² / D): eigenvalues fill a disc of radius g.

    Its construction says nothing more of them: they are computed, which is safe here, as each has a condition of order √D.

    Attributes:
        gain: g.

    Source: Sompolinsky, Crisanti & Sommers 1988.
    """

    gain: NonNegative = 0.8

    def wiring(self, rng: np.random.Generator) -> Wiring:
        weights = ensembles.gaussian(rng, self.units, self.gain)
        return Wiring(weights, by_real_part(np.linalg.eigvals(weights)), *ensembles.signal_path(rng, self.units))
