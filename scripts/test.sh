#!/usr/bin/env bash
# All checks and tests. `scripts/test.sh browser` runs the browser tests only, `scripts/test.sh pictures` takes pictures.
# The test runners speak last: their closing lines are the result.
set -euo pipefail
cd "$(dirname "$0")/.."

target=${CARGO_TARGET_DIR:-target}
scratch=$(mktemp -d)
chmod 755 "$scratch" # PostgreSQL runs under an account of its own and must get there
cleanup() {
    if [ -d "$scratch/postgres" ]; then scripts/postgres.sh stop "$scratch/postgres" >/dev/null 2>&1 || true; fi
    rm -rf "$scratch"
}
trap cleanup EXIT

step() { printf '\n== %s\n' "$*"; }

browser() {
    step "browser tests"
    cargo build --locked -p tzxm -p web --bins --example kit
    target=$(cd "$target" && pwd)
    (cd e2e && TZXM_BIN="$target/debug/tzxm" TZXM_KIT="$target/debug/examples/kit" node --test --test-concurrency=1 ./*.test.mjs)
}

if [ "${1:-}" = pictures ]; then
    cargo build --locked -p tzxm
    TZXM_BIN="$(cd "$target" && pwd)/debug/tzxm" node e2e/pictures.mjs
    exit
fi
if [ "${1:-}" = browser ]; then
    browser
    exit
fi

step "formatting"
cargo fmt --all --check

step "lints"
cargo clippy --locked --workspace --all-targets -- -D warnings

step "documentation"
RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --quiet

step "front-end package"
(cd web && npm run --silent check)

step "tests"
mkdir "$scratch/postgres"
TZXM_TEST_POSTGRES=$(scripts/postgres.sh start "$scratch/postgres")
export TZXM_TEST_POSTGRES
if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run --locked --workspace
else
    cargo test --locked --workspace --lib --bins --tests
fi
cargo test --locked --workspace --doc --quiet

browser
