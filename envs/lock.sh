#!/usr/bin/env bash
# envs/lock.sh [words for uv, such as --upgrade]: writes requirements.lock from requirements.in, and environment.yaml from both.
set -euo pipefail
cd "$(dirname "$0")/.."
.venv/bin/uv pip compile envs/requirements.in --universal --python-version 3.11 --generate-hashes --no-annotate --custom-compile-command envs/lock.sh \
  --output-file envs/requirements.lock "$@"
{
  echo "# For \`snakemake --sdm conda\`, where conda is the custom of the house. Written by envs/lock.sh; not tested here."
  echo "channels: [conda-forge, bioconda, nodefaults]"
  echo "dependencies:"
  echo "  - python 3.11.*"
  cat envs/requirements.lock envs/torch.txt | sed -n 's/^\([a-z0-9_.-]*\)==\([^ ;\\]*\).*/\1 \2/p' | sort -V | awk '!seen[$1]++' | while read -r name version; do
    # what the project itself asks for; conda finds what follows from it
    if grep -qiE "^$name([=<>]|\$)" envs/requirements.in envs/torch.txt && ! sed -n '/^# the checks/,$p' envs/requirements.in | grep -qx "$name"; then
      [ "$name" = torch ] && name=pytorch
      echo "  - $name ==$version"
    fi
  done
} > envs/environment.yaml
