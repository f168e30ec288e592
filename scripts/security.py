#!/usr/bin/env python3
"""Scanners against a demonstration on loopback: schemathesis, wapiti, sqlmap (G-06). Run by `make security`.

Installs its tools (scripts/security-requirements.txt) into var/security, starts `tzxm demo` with a database of its own, and
ends with one line for each scanner; exit 0 = nothing was found, 1 = something was. Takes about a quarter of an hour.
`security.py portal` runs only the scans with that word in their name.
"""

import json
import os
import re
import subprocess
import sys
import urllib.parse
import urllib.request
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WORK = ROOT / "var" / "security"
TOOLS = WORK / "venv" / "bin"
REQUESTS = 10_000
LOGIN, PASSWORD = "demo-unit", "Caoyuan-2026-Demo"

# Wapiti looks for a token in every form. Before somebody is signed in there is no session a token could belong to: these
# forms are protected by the origin of the request (A-09, `a09_a_change_without_our_origin_or_token_is_refused`).
EXPECTED = {("Cross Site Request Forgery", path) for path in ("/login", "/register", "/setup")}
MODULES = "sql,xss,permanentxss,exec,file,ssrf,crlf,redirect,csrf,cookieflags,csp,http_headers,upload,xxe,backup"


def run(name, *command, limit, **more):
    """Runs a tool with its output in var/security/NAME.log; its exit status and that output."""
    log = WORK / f"{name}.log"
    with log.open("w") as out:
        try:
            status = subprocess.run(command, cwd=WORK, stdout=out, stderr=subprocess.STDOUT, timeout=limit, **more).returncode
        except subprocess.TimeoutExpired:
            status = -1
    return status, log.read_text(errors="replace")


def install():
    if not (TOOLS / "schemathesis").exists():
        venv.create(WORK / "venv", with_pip=True, clear=True)
        needed = ROOT / "scripts" / "security-requirements.txt"
        subprocess.run([TOOLS / "pip", "install", "--quiet", "--requirement", needed], check=True)


def start():
    """The platform with made-up data on free ports; the process and the addresses by face."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    subprocess.run(["cargo", "build", "--locked", "-p", "tzxm"], cwd=ROOT, check=True)
    ports = ["--portal-port", "0", "--office-port", "0", "--api-port", "0"]
    # A scanner asks for many codes that do not exist; what stops it after thirty has a test of its own.
    command = [target / "debug" / "tzxm", "demo", "--fresh", "--json", "--data", WORK / "demo", "--code-misses", "1000000000", *ports]
    log = (WORK / "tzxm.log").open("w")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
    for line in process.stdout:
        if line.startswith("{"):
            return process, json.loads(line)
    sys.exit("tzxm demo did not start: see var/security/tzxm.log")


def sign_in(portal):
    """The cookie of an agent of the demonstration."""
    data = urllib.parse.urlencode({"login": LOGIN, "password": PASSWORD}).encode()
    request = urllib.request.Request(f"{portal}/login", data, {"Sec-Fetch-Site": "same-origin"})

    class Stay(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_):
            return None

    try:
        answer = urllib.request.build_opener(Stay).open(request)
    except urllib.error.HTTPError as redirect:
        answer = redirect
    return answer.headers["set-cookie"].split(";")[0]


def schemathesis(api):
    command = [TOOLS / "schemathesis", "run", f"{api}/api/v1/openapi.json", "--checks", "all", "--max-examples", "4000"]
    more = ["--phases", "examples,coverage,fuzzing", "--workers", "2", "--continue-on-failure", "--seed", "1", "--no-color"]
    status, text = run("schemathesis", *command, *more, limit=900)
    count = re.search(r"([\d,]+) generated", text)
    count = int(count.group(1).replace(",", "")) if count else 0
    return status == 0 and count >= REQUESTS, f"{count} requests, exit {status}"


def wapiti(name, address, seconds, headers=()):
    report = WORK / f"{name}.json"
    report.unlink(missing_ok=True)
    command = [TOOLS / "wapiti", "--url", f"{address}/", "--scope", "folder", "--module", MODULES, "--flush-session", "--no-bugreport"]
    bounds = ["--depth", "5", "--max-files-per-dir", "30", "--max-scan-time", str(seconds), "--max-attack-time", "60", "--exclude", f"{address}/logout"]
    sent = [part for header in headers for part in ("--header", header)]
    run(name, *command, *bounds, *sent, "--store-session", WORK / "wapiti", "--format", "json", "--output", report, limit=1500)
    if not report.exists():
        return False, f"no report: see var/security/{name}.log"
    found = json.loads(report.read_text())
    hits = [(kind, hit["path"]) for part in ("vulnerabilities", "anomalies") for kind, list_ in found[part].items() for hit in list_]
    hits = sorted(set(hits) - EXPECTED)
    return not hits, f"{found['infos'].get('crawled_pages_nbr', 0)} pages, {hits or 'nothing'}"


def sqlmap(name, url, *more):
    command = [TOOLS / "sqlmap", "--batch", "--disable-coloring", "--flush-session", "--level", "3", "--risk", "2", "--threads", "2"]
    status, text = run(name, *command, "--output-dir", WORK / "sqlmap", "--url", url, *more, limit=900)
    asked = len(re.findall(r"testing '", text))
    hit = "is vulnerable" in text or "identified the following injection point" in text
    return status == 0 and not hit and asked > 0, f"{asked} techniques, {'INJECTION' if hit else 'nothing'}"


def main():
    WORK.mkdir(parents=True, exist_ok=True)
    install()
    process, told = start()
    try:
        portal, api = told["portal"], told["api"]
        office = told["office"]
        cookie = f"cookie: {sign_in(portal)}"
        same = "sec-fetch-site: same-origin"
        scans = {
            "schemathesis": lambda: schemathesis(api),
            "wapiti: portal, nobody": lambda: wapiti("wapiti-nobody", portal, 180),
            "wapiti: portal, signed in": lambda: wapiti("wapiti-unit", portal, 240, [cookie, same]),
            "wapiti: office, nobody": lambda: wapiti("wapiti-office", office, 60),
            "wapiti: api": lambda: wapiti("wapiti-api", api, 60),
            "sqlmap: public query": lambda: sqlmap("sqlmap-query", f"{portal}/public?q=a"),
            "sqlmap: items": lambda: sqlmap("sqlmap-items", f"{portal}/items?q=a"),
            "sqlmap: sign-in": lambda: sqlmap("sqlmap-login", f"{portal}/login", "--data", "login=a&password=b&next=/", "--headers", same, "--ignore-code", "422"),
            "sqlmap: own projects": lambda: sqlmap("sqlmap-projects", f"{portal}/projects?q=a&after=1", "--headers", cookie),
            "sqlmap: api code": lambda: sqlmap("sqlmap-code", f"{api}/api/v1/codes/2611-150402-04-01-100000*", "--ignore-code", "*"),
            "sqlmap: api items": lambda: sqlmap("sqlmap-api-items", f"{api}/api/v1/items?q=a"),
        }
        results = {name: scan() for name, scan in scans.items() if all(word in name for word in sys.argv[1:])}
    finally:
        process.terminate()
        process.wait()
    for name, (good, words) in results.items():
        print(f"{'ok  ' if good else 'FAIL'} {name}: {words}")
    sys.exit(0 if results and all(good for good, _ in results.values()) else 1)


if __name__ == "__main__":
    main()
