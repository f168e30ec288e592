#!/usr/bin/env bash
# A release: built from the lock files, listed, signed, scanned.
#   release.sh KEY             builds and packs out/tzxm-VERSION (KEY: made by `tzxm key create-release`, kept off this machine otherwise)
#   release.sh pack BIN KEY DIR   packs a binary that is there into DIR
#   release.sh scan DIR        looks for malware (clamscan); CLAMAV_DATABASE: another folder of signatures
set -euo pipefail
cd "$(dirname "$0")/.."

fail() { printf 'release: %s\n' "$*" >&2; exit 1; }

scan() {
    local dir=$1 options=(--recursive --infected --no-summary) status=0
    if ! command -v clamscan >/dev/null; then
        echo "clamscan is not installed: this folder was NOT scanned for malware"
        return
    fi
    [ -z "${CLAMAV_DATABASE:-}" ] || options+=(--database="$CLAMAV_DATABASE")
    clamscan "${options[@]}" "$dir" || status=$?
    case $status in
        0) echo "clamscan found nothing" ;;
        1) fail "clamscan found malware in $dir: do not hand it out" ;;
        *) fail "clamscan could not scan $dir (status $status): are there signatures?" ;;
    esac
}

# What is handed out: program, example configuration, manual, second verifier, list of parts. Everything is hashed, the list signed.
pack() {
    local bin=$1 key=$2 dir=$3
    [ ! -e "$dir" ] || fail "$dir is there already: a release is never packed twice"
    [ -r "$key.pub" ] || fail "$key.pub is missing: make a key with tzxm key create-release"
    mkdir -p "$dir"
    install -m 755 "$bin" "$dir/tzxm"
    cp tzxm.example.toml LICENSE-* scripts/verify.py docs/security/sbom.txt docs/security/advisories.toml "$dir"
    cp -r docs/使用手册 "$dir"
    python3 scripts/sbom.py cyclonedx "$dir/sbom.json"
    cp "$key.pub" "$dir/release.pub"
    "$dir/tzxm" release manifest --key "$key" --out "$dir/manifest"
    scan "$dir" | tee "$dir/SCAN"
    (cd "$dir" && find . -type f ! -name 'FILES*' -print0 | sort -z | xargs -0 openssl dgst -sm3 -r) >"$dir/FILES"
    "$dir/tzxm" release sign --key "$key" "$dir/FILES"
    echo "packed: $dir"
}

case ${1:-} in
    pack) [ $# -eq 4 ] || fail "usage: release.sh pack BIN KEY DIR"; pack "$2" "$3" "$4" ;;
    scan) [ $# -eq 2 ] || fail "usage: release.sh scan DIR"; scan "$2" ;;
    "") fail "usage: release.sh KEY | pack BIN KEY DIR | scan DIR" ;;
    *)
        [ -z "$(git status --porcelain)" ] || fail "commit first: a release is what is written down"
        cargo fmt --all --check
        cargo clippy --locked --workspace --all-targets -- -D warnings
        cargo build --locked --release -p tzxm
        target=${CARGO_TARGET_DIR:-$(cargo metadata --locked --no-deps --format-version 1 | python3 -c 'import json,sys; print(json.load(sys.stdin)["target_directory"])')}
        version=$("$target/release/tzxm" --version | cut -d' ' -f2)
        pack "$target/release/tzxm" "$1" "out/tzxm-$version"
        ;;
esac
