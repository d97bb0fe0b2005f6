"""Normal circuits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from rnnpop.cells import Circuit, Wiring
from rnnpop.numerics import ensembles
from rnnpop.numerics.recurrences import by_real_part
from rnnpop.variants import NonNegative, Probability


@final
@dataclass(frozen=True)
class Normal(Circuit):
    """B = U K Uᵀ, U orthogonal (Haar), K of blocks: eigenvalues x, and pairs [[x, −y], [y, x]] with eigenvalues x ± iy.

    Attributes:
        lowest: least real part x.
        highest: largest real part; x is uniform between them.
        frequency: largest y; uniform from 0.
        oscillating: share of the units that are in pairs.
    """

    lowest: float = -1.0
    highest: float = 0.9
    frequency: NonNegative = 1.0
    oscillating: Probability = 0.5

    def wiring(self, rng: np.random.Generator) -> Wiring:
        pairs = int(self.oscillating * self.units / 2)
        x = rng.uniform(self.lowest, self.highest, self.units - pairs)
        y = rng.uniform(0, self.frequency, pairs)
        core = np.diag(np.concatenate([np.repeat(x[:pairs], 2), x[pairs:]]))
        first = 2 * np.arange(pairs)
        core[first, first + 1], core[first + 1, first] = -y, y
        basis = ensembles.frame(rng, self.units, self.units)
        spectrum = by_real_part(np.concatenate([x[:pairs] + 1j * y, x[:pairs] - 1j * y, x[pairs:]]))
        return Wiring(basis @ core @ basis.T, spectrum, *ensembles.signal_path(rng, self.units), basis, core)
