"""C sources beside the library, compiled on first use and kept in the user's cache."""

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

#: Tried in turn: the vectors of this processor, and what every compiler takes. Without start files: those that gcc adds for -ffast-math
#: would change the arithmetic of the whole process. What is not finite has to be seen: a network has come apart.
_FAST = ("-O3", "-march=native", "-ffast-math", "-fno-finite-math-only", "-shared", "-fPIC", "-nostartfiles")
_PLAIN = ("-O3", "-shared", "-fPIC")


@cache
def library(source: Path, defined: str = "", preferred: str = "") -> ctypes.CDLL | None:
    """What a source was compiled to; None where there is no compiler, or RNNPOP_NATIVE is 0.

    Args:
        defined: a macro that it is compiled with, NAME=VALUE.
        preferred: a further flag, where the compiler knows it.
    """
    compiler = os.environ.get("CC") or next((name for name in ("cc", "gcc", "clang") if shutil.which(name)), None)
    if compiler is None or os.environ.get("RNNPOP_NATIVE") == "0":
        return None
    macro = [f"-D{defined}"] if defined else []
    attempts = [[*flags, *macro] for flags in ([(*_FAST, preferred)] if preferred else []) + [_FAST, _PLAIN]]
    made_of = "\n".join([source.read_text(), repr(attempts), compiler, _processor(), platform.platform()])
    folder = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "rnnpop"
    built = folder / f"{source.stem}-{hashlib.sha256(made_of.encode()).hexdigest()[:16]}.so"
    try:
        if not built.exists():
            folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=folder) as work:
                if not any(_compiled(compiler, flags, source, Path(work, "built.so")) for flags in attempts):
                    return None
                os.replace(Path(work, "built.so"), built)  # whole or absent: many jobs start at once
        return ctypes.CDLL(str(built))
    except OSError:
        return None


def _compiled(compiler: str, flags: list[str], source: Path, target: Path) -> bool:
    command = [*compiler.split(), *flags, str(source), "-o", str(target), "-lm"]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _processor() -> str:
    """What the processor is and can do, as far as the system tells."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    return "; ".join(next((line for line in lines if line.startswith(key)), "") for key in ("vendor_id", "model name", "flags"))
