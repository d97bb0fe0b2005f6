"""The passes over a trial in C, compiled on first use; where there is no compiler, the kernels in torch do the same work."""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor

from rnnpop.numerics.affine import Parameters
from rnnpop.numerics.kernels import Kernel

_SOURCE = Path(__file__).with_suffix(".c")
#: Tried in turn: the widest vectors of this processor, and what every compiler takes.
_FLAGS = (
    ("-O3", "-march=native", "-mprefer-vector-width=512", "-ffast-math", "-shared", "-fPIC"),
    ("-O3", "-march=native", "-ffast-math", "-shared", "-fPIC"),
    ("-O3", "-shared", "-fPIC"),
)
#: Buffers beside the states: name -> (extra steps, parts of `units` columns; 0 is one for each gate), in the order of the C functions.
_BUFFERS = {
    "vanilla": {},
    "ugrnn": {"a": (0, 0)},
    "gru": {"a": (0, 0), "reset": (0, 1)},
    "lstm": {"a": (0, 0), "c": (1, 1), "shown": (0, 1)},
}


@final
class NativeKernel(Kernel):
    """Any of the four cells, float32 on a CPU: between two matrix products there is one loop, and no Python between two steps.

    Set beside the kernels in torch by benchmarks/training.py. tanh is a rational approximation of relative error below 5e-7.
    """

    def __init__(self, cell: Any, networks: int, steps: int, trials: int, dtype: torch.dtype, device: torch.device) -> None:
        self.cell, self.name, self.trials = cell, cell.kernel.native, trials
        self.shape = (networks, steps, trials)
        gates, n = len(cell.gates), cell.units

        def empty(extra: int, parts: int) -> Tensor:
            return torch.zeros(networks, steps + extra, trials, (parts or gates) * n, dtype=dtype, device=device)

        self.buffers = [empty(1, 1), *(empty(*shape) for shape in _BUFFERS[self.name].values())]
        self.delta = [empty(0, 0)] if self.name != "vanilla" else []  # the vanilla cell's deltas lie in the gradient's own place
        self.work = torch.zeros(2, trials, n)

    def forward(
        self, parameters: Parameters, inputs: Float[Tensor, "network time trial input"]
    ) -> Float[Tensor, "network time trial target"]:
        if inputs.shape[:3] != self.shape:  # C would read past the end
            raise ValueError(f"inputs of shape {tuple(inputs.shape[:3])} given to a kernel of {self.shape} (network, time, trial)")
        self.inputs = inputs.contiguous()
        self.W = parameters["recurrent_weights"].contiguous()
        weights = parameters["input_weights"].flatten(1, 2).mT.contiguous()
        bias, initial = self.biases(self.cell, parameters).contiguous(), parameters["initial_state"].contiguous()
        for k in range(len(inputs)):
            self._call("forward", self.inputs[k], weights[k], self.W[k], bias[k], initial[k], *(buffer[k] for buffer in self.buffers))
        return self.buffers[0][:, 1:]

    def backward(self, gradient: Float[Tensor, "network time trial target"], out: Parameters) -> None:
        names = ("input_weights", "recurrent_weights", "bias", "initial_state")
        found = {name: torch.empty(out[name].shape) for name in names}
        for k in range(len(gradient)):
            state = (buffer[k] for buffer in (*self.buffers, gradient, *self.delta))
            self._call("backward", self.inputs[k], self.W[k], *state, *(found[name][k] for name in names), self.work)
        for name in names:
            out[name].copy_(found[name])

    def _call(self, direction: str, *arrays: Tensor) -> None:
        library, sgemm = _library()  # type: ignore[misc]  # never built where there is none
        steps, size = self.inputs.shape[1], self.inputs.shape[3]
        shape = (int(self.cell.activation == "relu"), steps, self.trials, self.cell.units, size)
        getattr(library, f"{self.name}_{direction}")(sgemm, *shape, *(ctypes.c_void_p(array.data_ptr()) for array in arrays))


def available(cell: Any, dtype: torch.dtype, device: torch.device) -> bool:
    """Whether the C passes can be had for this cell, here."""
    return getattr(cell.kernel, "native", None) in _BUFFERS and dtype == torch.float32 and device.type == "cpu" and _library() is not None


@cache
def _library() -> tuple[ctypes.CDLL, ctypes.c_void_p] | None:
    """The compiled passes and the sgemm they are to call; None where there is no compiler."""
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
        return ctypes.CDLL(str(built)), _sgemm()
    except OSError:
        return None


def _compile(compiler: str, target: Path) -> bool:
    return any(
        subprocess.run([*compiler.split(), *flags, str(_SOURCE), "-o", str(target)], capture_output=True, check=False).returncode == 0
        for flags in _FLAGS
    )


def _processor() -> str:
    """Model and maker of the processor, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return "; ".join(next((line for line in lines if line.startswith(key)), "") for key in ("vendor_id", "model name", "flags"))


def _sgemm() -> ctypes.c_void_p:
    """MKL's, which comes with torch, on a processor of its maker; else SciPy's OpenBLAS: on others it is twice as fast."""
    if "GenuineIntel" in _processor():
        torch_library = ctypes.CDLL(str(Path(torch.__file__).parent / "lib" / "libtorch_cpu.so"))
        if hasattr(torch_library, "SGEMM"):
            return ctypes.cast(torch_library.SGEMM, ctypes.c_void_p)
    from scipy.linalg import cython_blas

    capsule = cython_blas.__pyx_capi__["sgemm"]
    name, pointer = ctypes.pythonapi.PyCapsule_GetName, ctypes.pythonapi.PyCapsule_GetPointer
    name.restype, name.argtypes = ctypes.c_char_p, [ctypes.py_object]
    pointer.restype, pointer.argtypes = ctypes.c_void_p, [ctypes.py_object, ctypes.c_char_p]
    return ctypes.c_void_p(pointer(capsule, name(capsule)))
