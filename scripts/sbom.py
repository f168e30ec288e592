#!/usr/bin/env python3
"""What this product is built from, from its lock files: Python's standard library only.

  sbom.py text            writes docs/security/sbom.txt: ecosystem, name, version, licence, use; reviewed as a diff. Asks
                          `cargo metadata --locked` for the licences of crates
  sbom.py cyclonedx FILE  writes the same as a CycloneDX 1.5 document, with the hashes of the lock files; needs no cargo

No registry is named: where a package comes from is checked by crates/tzxm/tests/supply.rs against the lock files themselves."""

import base64
import json
import pathlib
import subprocess
import sys
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
TEXT = ROOT / "docs/security/sbom.txt"
NPM = {"web": "front end", "e2e": "tests"}


def asked():
    """Licences of crates, as they say themselves."""
    told = subprocess.run(["cargo", "metadata", "--locked", "--format-version", "1"], cwd=ROOT, check=True, stdout=subprocess.PIPE)
    return {(p["name"], p["version"]): p.get("license") or "unknown" for p in json.loads(told.stdout)["packages"]}


def reviewed():
    """The same from the reviewed list."""
    rows = [line.split("\t") for line in TEXT.read_text().splitlines() if not line.startswith("#")]
    return {(name, version): licence for ecosystem, name, version, licence, _ in rows if ecosystem == "cargo"}


def crates(licences):
    """One row for each locked crate from outside of this workspace."""
    lock = tomllib.loads((ROOT / "Cargo.lock").read_text())
    for package in lock["package"]:
        if "source" in package:
            key = (package["name"], package["version"])
            yield ("cargo", *key, licences.get(key, "unknown"), "program or its build and tests", ("SHA-256", package["checksum"]))


def npm():
    """One row for each locked npm package."""
    for folder, use in NPM.items():
        lock = json.loads((ROOT / folder / "package-lock.json").read_text())
        for place, package in lock["packages"].items():
            if place:
                name = place.rpartition("node_modules/")[2]
                yield ("npm", name, package["version"], package.get("license", "unknown"), use, ("SHA-512", package["integrity"]))


def rows(licences):
    """All of them, each once."""
    return sorted(set(crates(licences)) | set(npm()))


def text():
    lines = ["# Regenerate: python3 scripts/sbom.py text. Ecosystem, name, version, licence, use; a test compares it with the lock files."]
    seen = dict.fromkeys("\t".join(row[:5]) for row in rows(asked()))
    TEXT.write_text("\n".join([*lines, *seen]) + "\n")


def component(row):
    ecosystem, name, version, licence, use, (algorithm, value) = row
    if algorithm == "SHA-512":
        value = base64.b64decode(value.removeprefix("sha512-")).hex()
    address = f"pkg:{ecosystem}/{name.replace('@', '%40')}@{version}"
    return {
        "type": "library",
        "bom-ref": address,
        "purl": address,
        "name": name,
        "version": version,
        "hashes": [{"alg": algorithm, "content": value}],
        "licenses": [{"expression": licence.replace("/", " OR ")}],
        "properties": [{"name": "use", "value": use}],
    }


def cyclonedx(file):
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    # The same package in two npm projects is one component.
    components = {}
    for row in rows(reviewed()):
        components.setdefault(row[:3], component(row))
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "tzxm", "version": version}},
        "components": list(components.values()),
    }
    pathlib.Path(file).write_text(json.dumps(document, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["text"]:
            text()
        case ["cyclonedx", file]:
            cyclonedx(file)
        case _:
            sys.exit(__doc__)
