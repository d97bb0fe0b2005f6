#!/usr/bin/env bash
# Makes .venv from the lock, once: envs/bootstrap.sh [python]. Does nothing when it is there and of this lock.
# uv installs, because it is some six times faster than pip; it comes into .venv from the index itself.
set -euo pipefail
cd "$(dirname "$0")/.."
uv_version=0.13.9
made_of() { cat envs/requirements.lock envs/torch.txt envs/neurogym.txt envs/bootstrap.sh; }
made_of | cmp -s - .venv/.lock && exit 0

python=${1:-${PYTHON:-python3}}
"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
  { echo "rnnpop needs Python 3.11 or newer; $("$python" --version) found. Name another: PYTHON=python3.12 ./run" >&2; exit 1; }
echo "installing the locked environment into .venv (once; about a minute)" >&2
rm -rf .venv
"$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check "uv==$uv_version"
export VIRTUAL_ENV=$PWD/.venv UV_LINK_MODE=copy
.venv/bin/uv pip install --quiet --require-hashes --compile-bytecode -r envs/requirements.lock
# torch: a folder of wheels that pip is told of comes first; else the CPU build on a Linux machine without an NVIDIA driver
wheels=${PIP_FIND_LINKS:-$(.venv/bin/python -m pip config get global.find-links 2>/dev/null || true)}
if [ -n "$wheels" ]; then
  export UV_FIND_LINKS=$wheels
elif [ "$(uname -s)" = Linux ] && ! command -v nvidia-smi >/dev/null; then
  export UV_TORCH_BACKEND=cpu
fi
.venv/bin/uv pip install --quiet --compile-bytecode -r envs/torch.txt
.venv/bin/uv pip install --quiet --require-hashes --no-deps --compile-bytecode -r envs/neurogym.txt
made_of > .venv/.lock
