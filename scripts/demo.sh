#!/usr/bin/env bash
# Installs what is missing, builds and starts the platform with made-up data. Further arguments go to `tzxm demo`.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/setup.sh demo
exec cargo run --locked --quiet -p tzxm -- demo "$@"
