"""The passes over a trial in C, compiled on first use; where there is no compiler, the kernels in torch do the same work."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any, final

import torch
from jaxtyping import Float
from torch import Tensor

from rnnpop.numerics.affine import DIMENSIONS, Parameters
from rnnpop.numerics.kernels import Kernel, compiled

_SOURCE = Path(__file__).with_suffix(".c")
#: Numbers of the cells in native.c.
_CELLS = {"vanilla": 0, "ugrnn": 1, "gru": 2, "lstm": 3}
#: Trials that pass through together, in the lanes of vectors: a batch of few would leave most of the many empty.
_FEW, _MANY = 16, 64
#: Numbers of the scores in native.c.
_LOSSES = {"squared": 0, "log": 1, "linear": 2, "logistic": 3}


@final
class NativeKernel(Kernel):
    """Any of the four cells, float32 on a CPU: the whole batch in one call, one network after the other in the same working space.

    What it does and why is said in native.c; set beside the kernels in torch by benchmarks/training.py. tanh is a rational
    approximation of relative error below 5e-7.
    """

    def __init__(self, cell: Any, networks: int, steps: int, trials: int, dtype: torch.dtype, device: torch.device) -> None:
        self.cell, self.networks, self.trials, self.number = cell, networks, trials, _CELLS[cell.kernel.native]
        self.constant_value = 0.0 if cell.kernel.constant is None else getattr(cell, cell.kernel.constant)
        self.room = torch.empty(0)
        self.stepped: tuple[Parameters, ctypes.Array[ctypes.c_void_p]] | None = None

    def gradient(
        self,
        parameters: Parameters,
        inputs: Float[Tensor, "network time trial input"] | Sequence[Float[Tensor, "_ trial input"]],
        targets: Float[Tensor, "network time trial output"] | Sequence[Float[Tensor, "_ trial output"]],
        out: Parameters,
        states: Float[Tensor, "network trial unit"] | None = None,
        pulled: Sequence[Float[Tensor, "_ trial input"]] | None = None,
    ) -> Float[Tensor, "network"]:
        """As every kernel; each network may have as many steps as it likes."""
        begun = None if states is None else states.clone()  # the passes leave there where the trials end
        errors = [
            self._passes(
                *(k, parameters, x.contiguous(), y.contiguous()),
                out=out,
                states=None if begun is None else begun[k],
                pulled=None if pulled is None else pulled[k],
            )
            for k, (x, y) in enumerate(zip(inputs, targets, strict=True))
        ]
        return torch.tensor(errors)

    def error(
        self,
        parameters: Parameters,
        inputs: Float[Tensor, "time trial input"] | Sequence[Float[Tensor, "time trial input"]],
        targets: Float[Tensor, "time trial output"],
    ) -> Float[Tensor, "network"]:
        each = [inputs.contiguous()] * self.networks if isinstance(inputs, Tensor) else inputs
        wanted = targets.contiguous()
        return torch.tensor([self._passes(k, parameters, x, wanted) for k, x in enumerate(each)], dtype=torch.float64)

    def advance(
        self, parameters: Parameters, inputs: Float[Tensor, "network trial input"], states: Float[Tensor, "network trial unit"]
    ) -> Float[Tensor, "network trial output"]:
        """Outputs after one step of every network, whose states go on by it, in place."""
        channels = inputs.shape[2], *parameters["readout_weights"].shape[1:]
        shape = self.networks, self.trials
        _check(inputs, (*shape, channels[0]))
        _check(states, (*shape, _size(parameters)))
        if self.stepped is None or self.stepped[0] is not parameters:  # where they lie is asked for once, not at each of many steps
            self.stepped = parameters, _addresses(parameters, range(self.networks))
        outputs = torch.empty(*shape, channels[1])
        library, room = self._room(1, *channels)
        library.advance(
            *(self.number, int(self.cell.activation == "relu"), *shape, self.cell.units, *channels, self.constant_value),
            *(array.data_ptr() for array in (room, inputs, states, outputs)),
            self.stepped[1],
        )
        return outputs

    def _passes(
        self,
        network: int,
        parameters: Parameters,
        inputs: Float[Tensor, "time trial input"],
        targets: Float[Tensor, "time trial output"] | None = None,
        *,
        out: Parameters | None = None,
        states: Float[Tensor, "trial unit"] | None = None,
        pulled: Float[Tensor, "time trial input"] | None = None,
    ) -> float:
        channels = inputs.shape[2], *parameters["readout_weights"].shape[1:]
        shape = inputs.shape[0], self.trials
        for array, wanted in (
            (inputs, (*shape, channels[0])),
            (targets, (*shape, channels[1])),
            (states, (self.trials, _size(parameters))),
            (pulled, (*shape, channels[0])),
        ):
            if array is not None:
                _check(array, wanted)
        library, room = self._room(shape[0], *channels)
        return library.passes(
            *(
                self.number,
                int(self.cell.activation == "relu"),
                _LOSSES[self.loss],
                *shape,
                self.cell.units,
                *channels,
                self.constant_value,
            ),
            *(array if array is None else array.data_ptr() for array in (room, inputs, targets, states)),
            None,
            _addresses(parameters, [network]),
            out and _addresses(out, [network]),
            None if pulled is None else pulled.data_ptr(),
        )

    def _room(self, steps: int, inputs: int, outputs: int, read: int) -> tuple[ctypes.CDLL, Tensor]:
        """The passes, and what they work in: laid out once, because the first touch of fresh memory costs more than the work on it."""
        library = _library(_FEW if self.trials <= _FEW else _MANY)
        assert library is not None  # no kernel is built where there is none
        size = library.room_size(self.number, steps, self.cell.units, inputs, outputs, read)
        if len(self.room) < size:
            self.room = torch.zeros(size)
        return library, self.room


def _check(array: Tensor, shape: tuple[int, ...]) -> None:
    """Raise ValueError unless C can read the array: it would read past the end of another one."""
    if array.shape != shape:
        raise ValueError(f"a batch of shape {tuple(array.shape)} given to a kernel that wants {shape}")
    if array.dtype != torch.float32 or not array.is_contiguous():
        raise ValueError(f"a batch of type {array.dtype} given to a kernel of contiguous arrays of type float32")


def _size(parameters: Parameters) -> int:
    return parameters["initial_state"].shape[1]


def _addresses(named: Parameters, networks: Sequence[int]) -> ctypes.Array[ctypes.c_void_p]:
    """Where the parameters of some networks lie, as native.c's `parameters`, one after another."""
    rows = [named[name][network] for network in networks for name in DIMENSIONS]
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
def _library(block: int = _MANY) -> ctypes.CDLL | None:
    """What native.c was compiled to, for so many trials at a time; None where there is no compiler."""
    library = compiled.library(_SOURCE, f"BLOCK={block}", "-mprefer-vector-width=512")
    if library is None:
        return None
    integer, real, address = ctypes.c_int, ctypes.c_float, ctypes.c_void_p
    library.room_size.argtypes, library.room_size.restype = [integer] * 6, ctypes.c_size_t
    library.passes.argtypes, library.passes.restype = [*[integer] * 9, real, *[address] * 8], ctypes.c_double
    library.advance.argtypes, library.advance.restype = [*[integer] * 8, real, *[address] * 5], None
    library.adam.argtypes, library.adam.restype = [ctypes.c_size_t, *[address] * 5, *[real] * 7], None
    return library
