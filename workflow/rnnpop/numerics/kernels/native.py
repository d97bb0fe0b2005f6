"""The passes over a trial in C, compiled on first use; where there is no compiler, the kernels in torch do the same work."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor

from rnnpop.numerics.affine import DIMENSIONS, Parameters
from rnnpop.numerics.kernels import Kernel

_SOURCE = Path(__file__).with_suffix(".c")
#: Tried in turn: the widest vectors of this processor, and what every compiler takes. Without start files: those that gcc adds for
#: -ffast-math would change the arithmetic of the whole process. What is not finite has to be seen: a network has come apart.
_FLAGS = (
    ("-O3", "-march=native", "-mprefer-vector-width=512", "-ffast-math", "-fno-finite-math-only", "-shared", "-fPIC", "-nostartfiles"),
    ("-O3", "-march=native", "-ffast-math", "-fno-finite-math-only", "-shared", "-fPIC", "-nostartfiles"),
    ("-O3", "-shared", "-fPIC"),
)
#: Numbers of the cells in native.c.
_CELLS = {"vanilla": 0, "ugrnn": 1, "gru": 2, "lstm": 3}


@final
class NativeKernel(Kernel):
    """Any of the four cells, float32 on a CPU: the whole batch in one call, one network after the other in the same working space.

    What it does and why is said in native.c; set beside the kernels in torch by benchmarks/training.py. tanh is a rational
    approximation of relative error below 5e-7.
    """

    def __init__(self, cell: Any, networks: int, steps: int, trials: int, dtype: torch.dtype, device: torch.device) -> None:
        self.cell, self.shape, self.number = cell, (networks, steps, trials), _CELLS[cell.kernel.native]
        self.constant_value = 0.0 if cell.kernel.constant is None else getattr(cell, cell.kernel.constant)
        self.room = torch.empty(0)

    def gradient(
        self,
        parameters: Parameters,
        inputs: Float[Tensor, "network time trial input"],
        targets: Float[Tensor, "network time trial output"],
        out: Parameters,
    ) -> Float[Tensor, "network"]:
        pairs = zip(inputs.contiguous(), targets.contiguous(), strict=True)
        return torch.tensor([self._passes(k, parameters, *pair, out) for k, pair in enumerate(pairs)])

    def error(
        self, parameters: Parameters, inputs: Float[Tensor, "time trial input"], targets: Float[Tensor, "time trial output"]
    ) -> Float[Tensor, "network"]:
        pair = inputs.contiguous(), targets.contiguous()
        return torch.tensor([self._passes(k, parameters, *pair, None) for k in range(self.shape[0])], dtype=torch.float64)

    def _passes(self, network: int, parameters: Parameters, inputs: Tensor, targets: Tensor, out: Parameters | None) -> float:
        if inputs.shape[:2] != self.shape[1:] or targets.shape[:2] != self.shape[1:]:  # C would read past the end
            raise ValueError(f"a batch of shape {tuple(inputs.shape[:2])} given to a kernel of {self.shape[1:]} (time, trial)")
        if inputs.dtype != torch.float32 or targets.dtype != torch.float32:
            raise ValueError(f"a batch of type {inputs.dtype} and {targets.dtype} given to a kernel of type float32")
        library, units = _library(), self.cell.units
        assert library is not None  # no kernel is built where there is none
        channels = inputs.shape[-1], targets.shape[-1]
        size = library.room_size(self.number, self.shape[1], units, *channels)
        if len(self.room) != size:
            self.room = torch.zeros(size)  # laid out once: the first touch of fresh memory costs more than the work on it
        relu = int(self.cell.activation == "relu")
        return library.passes(
            *(self.number, relu, *self.shape[1:], units, *channels, self.constant_value),
            *(array.data_ptr() for array in (self.room, inputs, targets)),
            _addresses(parameters, network),
            out and _addresses(out, network),
        )


def _addresses(named: Parameters, network: int) -> ctypes.Array[ctypes.c_void_p]:
    """Where one network's parameters lie, as native.c's `parameters`."""
    rows = [named[name][network] for name in DIMENSIONS]
    if any(row.dtype != torch.float32 or not row.is_contiguous() for row in rows):
        raise ValueError("parameters of a native kernel must be contiguous and of type float32")
    return (ctypes.c_void_p * len(rows))(*(row.data_ptr() for row in rows))


def adam(
    flat: Float[Tensor, "network parameter"],
    gradient: Float[Tensor, "network parameter"],
    first_moment: Float[Tensor, "network parameter"],
    second_moment: Float[Tensor, "network parameter"],
    penalised: Float[Tensor, "parameter"],
    step: int,
    settings: Sequence[Sequence[float]],
    *,
    beta1: float,
    beta2: float,
    epsilon: float,
) -> None:
    """One step of Adam in place, as `Lane.adam` says; `settings` are (learning rate, l2, clip) of each network."""
    library = _library()
    assert library is not None
    for row, (rate, l2, clip) in enumerate(settings):
        arrays = (array.data_ptr() for array in (flat[row], gradient[row], first_moment[row], second_moment[row], penalised))
        library.adam(len(penalised), *arrays, rate / (1 - beta1**step), l2, clip, beta1, beta2, 1 / (1 - beta2**step), epsilon)


def available(cell: Any, dtype: torch.dtype, device: torch.device) -> bool:
    """Whether the C passes can be had for this cell, here."""
    return getattr(cell.kernel, "native", None) in _CELLS and dtype == torch.float32 and device.type == "cpu" and _library() is not None


@cache
def _library() -> ctypes.CDLL | None:
    """What native.c was compiled to; None where there is no compiler."""
    compiler = os.environ.get("CC") or next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), None)
    if compiler is None or os.environ.get("RNNPOP_NATIVE") == "0":
        return None
    made_of = "\n".join([_SOURCE.read_text(), repr(_FLAGS), compiler, _processor(), platform.platform()])
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rnnpop"
    built = folder / f"native-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}.so"
    try:
        if not built.exists():
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder) as work:
                if not _compile(compiler, Path(work, "native.so")):
                    return None
                os.replace(Path(work, "native.so"), built)  # whole or absent: many jobs start at once
        library = ctypes.CDLL(str(built))
    except OSError:
        return None
    integer, real, address = ctypes.c_int, ctypes.c_float, ctypes.c_void_p
    library.room_size.argtypes, library.room_size.restype = [integer] * 5, ctypes.c_size_t
    library.passes.argtypes, library.passes.restype = [*[integer] * 7, real, *[address] * 5], ctypes.c_double
    library.adam.argtypes, library.adam.restype = [ctypes.c_size_t, *[address] * 5, *[real] * 7], None
    return library


def _compile(compiler: str, target: Path) -> bool:
    return any(
        subprocess.run([*compiler.split(), *flags, str(_SOURCE), "-o", str(target), "-lm"], capture_output=True, check=False).returncode
        == 0
        for flags in _FLAGS
    )


def _processor() -> str:
    """Model and maker of the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return "; ".join(next((line for line in lines if line.startswith(key)), "") for key in ("vendor_id", "model name", "flags"))
