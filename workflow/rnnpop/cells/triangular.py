"""Feed-forward circuits with connections between all stages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import final

import numpy as np

from rnnpop.cells import Circuit, Wiring
from rnnpop.numerics import ensembles
from rnnpop.variants import NonNegative


@final
@dataclass(frozen=True)
class Triangular(Circuit):
    """B = U T Uᵀ, U orthogonal (Haar), T strictly upper triangular with T_ij ~ N(0, g² / D) above the diagonal: every eigenvalue is 0.

    That is a Gaussian matrix without its spectrum: its Schur form has independent Gaussian entries above the blocks of the diagonal
    (Edelman 1997). Qian et al. 2024 zero the diagonal of a complex Schur form and take the real part, which has eigenvalues up to 0.5.

    Attributes:
        gain: g.
    """

    gain: NonNegative = 2.8

    def wiring(self, rng: np.random.Generator) -> Wiring:
        core = np.triu(ensembles.gaussian(rng, self.units, self.gain), 1)
        basis = ensembles.frame(rng, self.units, self.units)
        spectrum = np.zeros(self.units, dtype=complex)
        return Wiring(basis @ core @ basis.T, spectrum, *ensembles.signal_path(rng, self.units), basis, core)
