#!/usr/bin/env bash
# Installs what is missing and nothing else. `setup.sh demo`: what a demonstration needs (Node.js >= 20 with npm, fonts);
# `setup.sh`: also what the tests need (a browser, PostgreSQL, PDF and QR readers, an SMTP server,
# OpenSSL for what others verify, tesseract that reads scans, clamd that finds malware). Rust must be there.
set -euo pipefail
cd "$(dirname "$0")/.."
purpose=${1:-tests}

fail() { printf 'setup: %s\n' "$*" >&2; exit 1; }

# The command that proves a package is there, and the package.
wanted() {
    command -v node >/dev/null || echo nodejs
    command -v npm >/dev/null || echo npm
    dpkg -s fonts-noto-cjk >/dev/null 2>&1 || echo fonts-noto-cjk
    [ "$purpose" = demo ] && return
    command -v "${CHROMIUM:-chromium}" >/dev/null || echo chromium
    dpkg -s chromium-l10n >/dev/null 2>&1 || echo chromium-l10n
    compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || echo postgresql
    command -v pdftotext >/dev/null || echo poppler-utils
    command -v zbarimg >/dev/null || echo zbar-tools
    command -v openssl >/dev/null || echo openssl
    command -v clamscan >/dev/null || echo clamav
    command -v tesseract >/dev/null || echo tesseract-ocr
    dpkg -s tesseract-ocr-chi-sim >/dev/null 2>&1 || echo tesseract-ocr-chi-sim
    command -v clamd >/dev/null || [ -x /usr/sbin/clamd ] || echo clamav-daemon
    /usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null || echo python3-aiosmtpd
}

install_packages() {
    command -v apt-get >/dev/null || fail "please install by hand (this is no Debian system): $*"
    local root=()
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null || fail "root or sudo is needed to install: $*"
        root=(sudo)
    fi
    local attempt
    for attempt in 1 2 3; do
        if "${root[@]}" apt-get -qq update &&
            "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "$@" >/dev/null; then
            return 0
        fi
        echo "setup: apt-get failed (attempt $attempt of 3)" >&2
        sleep $((attempt * 5))
    done
    fail "apt-get could not install: $*"
}

command -v cargo >/dev/null || fail "Rust is missing: install the toolchain named in Cargo.toml (rust-version) with rustup"

mapfile -t missing < <(wanted)
if [ "${#missing[@]}" -gt 0 ]; then
    echo "setup: installing ${missing[*]}"
    install_packages "${missing[@]}"
fi

major=$(node -p 'process.versions.node.split(".")[0]')
[ "$major" -ge 20 ] || fail "Node.js >= 20 is needed, found $(node --version)"

packages=(web e2e)
[ "$purpose" = demo ] && packages=(web)
for package in "${packages[@]}"; do
    if [ ! "$package/node_modules/.package-lock.json" -nt "$package/package-lock.json" ]; then
        (cd "$package" && npm ci --ignore-scripts --no-audit --no-fund --silent)
    fi
done
