#!/usr/bin/env bash
# Builds and starts the platform with made-up data. Further arguments go to `tzxm demo`.
set -euo pipefail
cd "$(dirname "$0")/.."

exec cargo run --locked --quiet -p tzxm -- demo "$@"
