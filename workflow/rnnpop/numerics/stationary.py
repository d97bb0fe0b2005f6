"""What a linear circuit in white noise does in the long run: its covariance, at any lag, whole or as seen through some of its units."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from jaxtyping import Complex, Float, Inexact, Int
from scipy.linalg import expm, schur
from scipy.linalg.lapack import dtrsyl

from rnnpop.numerics.recurrences import by_real_part

Time = Literal["continuous", "discrete"]

#: Terms of a Taylor series of e^X with |X| ≤ 1: the first that is left out is 1 / 21! < 1e-19.
_TERMS = 20
#: Doublings of the quantum of time after which a response that has not decayed never will.
_DOUBLINGS = 40


@dataclass(frozen=True)
class Propagator:
    """What a linear circuit without noise does to a state in time t: K(t) = e^{(B − I) t}, or its map (1 − a) I + a B to the power t / a.

    Kept in the core at a quantum of time and its doublings, each squared when it is first asked for.

    Attributes:
        generator: J = core − I; of a discrete circuit its map, instead.
        leak: a.
        time: which of the two.
        basis: U with B = U core Uᵀ; what lies outside decays by itself.
    """

    generator: Float[np.ndarray, "direction direction"]
    leak: float
    time: Time
    basis: Float[np.ndarray, "unit direction"]
    _powers: list[Float[np.ndarray, "direction direction"]] = field(default_factory=list, repr=False, compare=False)

    @classmethod
    def of(
        cls,
        weights: Float[np.ndarray, "unit unit"],
        leak: float,
        *,
        time: Time = "continuous",
        basis: Float[np.ndarray, "unit direction"] | None = None,
        core: Float[np.ndarray, "direction direction"] | None = None,
    ) -> Propagator:
        """That of a circuit B; by its core where it has one. Any circuit, unstable ones too."""
        if basis is None or core is None:
            basis, core = np.eye(len(weights)), weights
        identity = np.eye(len(core))
        return cls(core - identity if time == "continuous" else (1 - leak) * identity + leak * core, leak, time, basis)

    @property
    def spectrum(self) -> Complex[np.ndarray, "mode"]:
        """Eigenvalues of B by falling real part, from its core: exact for a triangular one, where those of B itself are rounding."""
        identity = np.eye(len(self.generator))
        generator = self.generator if self.time == "continuous" else (self.generator - identity) / self.leak
        return by_real_part(np.concatenate([1 + np.linalg.eigvals(generator), np.zeros(len(self.basis) - len(identity))]))

    @property
    def quantum(self) -> float:
        """Time of the first power, in τ: a, or the power of two with |J| · quantum ≤ 1."""
        if self.time == "discrete":
            return self.leak
        return 2.0 ** -math.ceil(math.log2(max(float(np.linalg.norm(self.generator, 1)), 1.0)))

    def power(self, doubling: int) -> Float[np.ndarray, "direction direction"]:
        """K(quantum · 2^doubling)."""
        if not self._powers:
            self._powers.append(self.generator if self.time == "discrete" else expm(self.quantum * self.generator))
        while len(self._powers) <= doubling:
            self._powers.append(self._powers[-1] @ self._powers[-1])
        return self._powers[doubling]

    def along(
        self, vectors: Inexact[np.ndarray, "direction column"], times: Float[np.ndarray, "column"]
    ) -> Inexact[np.ndarray, "direction column"]:
        """K(t) of each column at its own time; of a discrete circuit at the nearest step."""
        if self.time == "discrete":
            whole, states = np.rint(times / self.quantum), vectors.copy()
        else:
            whole = np.floor(times / self.quantum)
            states = self._series(vectors, times - whole * self.quantum)
        counts = whole.astype(np.int64)
        for doubling in range(int(counts.max(initial=0)).bit_length()):
            moved = (counts >> doubling) & 1 == 1
            if moved.any():
                states[:, moved] = self.power(doubling) @ states[:, moved]
        return states

    def rest(self, times: Float[np.ndarray, "*time"] | float) -> Float[np.ndarray, "*time"]:
        """What remains of a state that no direction of the core sees: e^{−t}, or (1 − a)^{t / a}."""
        if self.time == "continuous":
            return np.asarray(np.exp(-times))
        return np.asarray((1 - self.leak) ** np.rint(times / self.leak))

    def response(
        self, rows: Float[np.ndarray, "observed direction"], vector: Inexact[np.ndarray, "observed"], times: Float[np.ndarray, "lag"]
    ) -> Inexact[np.ndarray, "lag"]:
        """What is left along v of a displacement of the watched units by v: vᴴ P K(t) Pᵀ v / vᴴ v at times in τ.

        Args:
            rows: P U, those of the basis for the units that are watched.
        """
        inside, outside = _split(rows, vector)
        return inside.conj() @ self.along(np.repeat(inside[:, None], len(times), axis=1), times) + outside * self.rest(times)

    def recovery(self, rows: Float[np.ndarray, "observed direction"], vector: Inexact[np.ndarray, "observed"]) -> float:
        """t, in τ, at which |response| falls to 1 / e: looked for at doublings of the quantum of time, then by bisection.

        Infinity where it never does, as in unstable circuits. Of a response that rises again, a later fall may be found.
        """
        inside, outside = _split(rows, vector)

        def left(state: np.ndarray, steps: int) -> float:
            return abs(complex(inside.conj() @ state + outside * self.rest(steps * self.quantum)))

        before, after = inside, inside
        for doubling in range(_DOUBLINGS):
            with np.errstate(over="ignore", invalid="ignore"):
                after = self.power(doubling) @ inside
            if (now := left(after, 2**doubling)) <= 1 / math.e:
                break
            if not math.isfinite(now):
                return np.inf
            before = after
        else:
            return np.inf
        steps = 2 ** (doubling - 1) if doubling else 0
        for finer in reversed(range(doubling - 1)):
            trial = self.power(finer) @ before
            if left(trial, steps + 2**finer) > 1 / math.e:
                before, steps = trial, steps + 2**finer
            else:
                after = trial
        high, low = left(before, steps), left(after, steps + 1)
        # the logarithm is linear in between, up to the square of the quantum
        share = (1 + math.log(high)) / (math.log(high) - math.log(low)) if low > 0 else 1.0
        return (steps + share) * self.quantum

    def _series(self, vectors: np.ndarray, times: np.ndarray) -> np.ndarray:
        term = vectors
        total = vectors.copy()
        for order in range(1, _TERMS + 1):
            term = (self.generator @ term) * (times / order)
            total = total + term
        return total


@dataclass(frozen=True)
class Stationary:
    """Covariance of the stationary state of a linear circuit B, s = 1; one Lyapunov equation solved, for all sets of units watched.

    - continuous: J = B − I, J S + S Jᵀ = −2 I.
    - discrete: M = (1 − a) I + a B, S = M S Mᵀ + a² I; here divided by a / 2, so that it tends to the continuous one as a → 0.

    Attributes:
        covariance: S.
        flow: B S.
        leak: a.
        time: which of the two.
        core_covariance: Uᵀ S U, U the basis in which the equation was solved.
        alone: variance of a direction outside it.
        propagator: of the circuit.
    """

    covariance: Float[np.ndarray, "unit unit"]
    flow: Float[np.ndarray, "unit unit"]
    leak: float
    time: Time
    core_covariance: Float[np.ndarray, "direction direction"]
    alone: float
    propagator: Propagator

    @classmethod
    def of(
        cls,
        weights: Float[np.ndarray, "unit unit"],
        leak: float,
        *,
        time: Time = "continuous",
        basis: Float[np.ndarray, "unit direction"] | None = None,
        core: Float[np.ndarray, "direction direction"] | None = None,
    ) -> Stationary:
        """Solve for S, in the basis where there is one: a nilpotent matrix keeps its zeros there, and a low rank is a small equation.

        Raises:
            ValueError: the circuit is unstable.
        """
        propagator = Propagator.of(weights, leak, time=time, basis=basis, core=core)
        generator, basis = propagator.generator, propagator.basis
        identity = np.eye(len(generator))
        if time == "continuous":
            alone = 1.0
            small = _lyapunov(generator, 2 * identity)
        else:
            # Cayley: with G = (M − I)(M + I)⁻¹ the equation S = M S Mᵀ + Q is G S + S Gᵀ = −2 (M + I)⁻¹ Q (M + I)⁻ᵀ
            alone = 2 / (2 - leak)
            inverse = np.linalg.inv(generator + identity)
            small = _lyapunov((generator - identity) @ inverse, 4 * leak * inverse @ inverse.T)
        covariance = alone * np.eye(len(weights)) + basis @ (small - alone * identity) @ basis.T
        flow = basis @ ((weights if core is None else core) @ small) @ basis.T
        return cls((covariance + covariance.T) / 2, flow, leak, time, small, alone, propagator)

    def observed(self, units: Int[np.ndarray, "observed"]) -> Seen:
        """What is seen of it by watching these units only."""
        chosen = np.ix_(units, units)
        return Seen(self.covariance[chosen], self.flow[chosen], self.leak, self.time, self.propagator.basis[units], self)


@dataclass(frozen=True)
class Seen:
    """A stationary circuit as seen through some of its units, P the rows that choose them.

    Attributes:
        covariance: P S Pᵀ.
        flow: P B S Pᵀ.
        leak: a.
        time: continuous or discrete.
        rows: P U.
        whole: the circuit.
    """

    covariance: Float[np.ndarray, "observed observed"]
    flow: Float[np.ndarray, "observed observed"]
    leak: float
    time: Time
    rows: Float[np.ndarray, "observed direction"]
    whole: Stationary

    @property
    def complete(self) -> bool:
        """Whether all units of the circuit are watched."""
        return len(self.rows) == len(self.whole.covariance)

    def observed(self, units: Int[np.ndarray, "fewer"]) -> Seen:
        """Fewer of the units that are seen."""
        chosen = np.ix_(units, units)
        return replace(self, covariance=self.covariance[chosen], flow=self.flow[chosen], rows=self.rows[units])

    def lagged(self, time: float) -> Float[np.ndarray, "observed observed"]:
        """C(t) = P e^{J t} S Pᵀ = E[x(s + t) x(s)ᵀ], t ≥ 0 in τ."""
        entering = self.whole.core_covariance @ self.rows.T
        moved = self.whole.propagator.along(entering, np.full(entering.shape[1], float(time)))
        outside = np.eye(len(self.rows)) - self.rows @ self.rows.T
        return self.rows @ moved + self.whole.alone * self.whole.propagator.rest(time) * outside

    def correlation(self, vector: Inexact[np.ndarray, "observed"], times: Float[np.ndarray, "lag"]) -> Inexact[np.ndarray, "lag"]:
        """Autocorrelation of vᴴ x: vᴴ C(t) v / vᴴ C(0) v at times in τ."""
        inside = self.rows.T @ vector
        moved = self.whole.propagator.along(np.repeat((self.whole.core_covariance @ inside)[:, None], len(times), axis=1), times)
        outside = (np.vdot(vector, vector) - np.vdot(inside, inside)).real * self.whole.alone
        lagged = inside.conj() @ moved + outside * self.whole.propagator.rest(times)
        return lagged / np.vdot(vector, self.covariance @ vector).real

    def recovery(self, vector: Inexact[np.ndarray, "observed"]) -> float:
        """`Propagator.recovery` of these units."""
        return self.whole.propagator.recovery(self.rows, vector)


def _split(
    rows: Float[np.ndarray, "observed direction"], vector: Inexact[np.ndarray, "observed"]
) -> tuple[Inexact[np.ndarray, "direction"], float]:
    """A unit vector along v in the core, and how much of its square lies outside."""
    unit = vector / np.linalg.norm(vector)
    inside = rows.T @ unit
    return inside, 1 - float(np.vdot(inside, inside).real)


def _lyapunov(
    generator: Float[np.ndarray, "direction direction"], source: Float[np.ndarray, "direction direction"]
) -> Float[np.ndarray, "direction direction"]:
    """S with G S + S Gᵀ = −Q (Bartels and Stewart 1972).

    Raises:
        ValueError: an eigenvalue of G has a real part of at least 0.
    """
    form, vectors = schur(generator, output="real")
    # LAPACK's 2 × 2 blocks have the real part of their pair twice on the diagonal
    leading = float(np.diag(form).max())
    if leading >= 0:
        raise ValueError(f"the circuit is unstable: it has an eigenvalue with a real part of 1 or more (by {leading:.3g} in its own scale)")
    solution, scale, _ = dtrsyl(form, form, -(vectors.T @ source @ vectors), tranb="T")
    covariance = vectors @ (solution / scale) @ vectors.T
    return (covariance + covariance.T) / 2
