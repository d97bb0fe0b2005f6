"""Feed-forward chains."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, final

import numpy as np

from rnnpop.cells import Circuit, Wiring
from rnnpop.numerics import ensembles
from rnnpop.variants import NonNegative


@final
@dataclass(frozen=True)
class Chain(Circuit):
    """B = U T Uᵀ with T_ij = δ_{i+1,j} + β δ_{i1} (1 − δ_{1j}): each link drives the one before it, and all drive the first one.

    Every eigenvalue is 0, and yet a signal that enters all links (b = U 1) is summed up for the time that it takes along the chain. Read by
    0.7 b / D.

    Attributes:
        beta: β.
        rotated: U is orthogonal (Haar), else the identity: then the units are the links, and the first ones are the chain's output.
        first_entry: of the link next to the first one: T_12 = 1 + β (formula), or 1 (code), as the authors' public code has it.

    Source: Goldman 2009; Qian et al. 2024.
    """

    beta: NonNegative = 0.0
    rotated: bool = True
    first_entry: Literal["code", "formula"] = "code"

    def wiring(self, rng: np.random.Generator) -> Wiring:
        links = np.eye(self.units, k=1)
        links[0, 1:] += self.beta
        if self.first_entry == "code":
            links[0, 1:2] = 1.0
        spectrum, every = np.zeros(self.units, dtype=complex), np.ones(self.units)
        if not self.rotated:
            return Wiring(links, spectrum, every, 0.7 * every / self.units)
        basis = ensembles.frame(rng, self.units, self.units)
        drive = basis @ every
        return Wiring(basis @ links @ basis.T, spectrum, drive, 0.7 * drive / self.units, basis, links)
