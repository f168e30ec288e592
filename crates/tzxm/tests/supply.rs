//! 供应链 (A-29, S-20): the reviewed list of what the product is built from is that of the lock files, every package comes from the
//! registry with its hash, under a licence that was allowed, and no known flaw is left without a dated waiver.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

use jiff::civil::Date;
use semver::Version;
use serde::Deserialize;
use std::{collections::BTreeSet, path::Path};

/// Licences whose terms the product can keep, by SPDX name.
const ALLOWED: [&str; 12] = [
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MPL-2.0",
    "Unicode-3.0",
    "Zlib",
];

#[derive(Deserialize)]
struct Lock {
    package: Vec<Package>,
}

#[derive(Deserialize)]
struct Package {
    name: String,
    version: String,
    source: Option<String>,
    checksum: Option<String>,
}

fn read(path: &str) -> String {
    std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(path)).unwrap()
}

fn crates() -> Vec<Package> {
    toml::from_str::<Lock>(&read("Cargo.lock")).unwrap().package
}

/// Name and entry of every locked npm package.
fn npm(folder: &str) -> Vec<(String, serde_json::Value)> {
    let lock: serde_json::Value = serde_json::from_str(&read(&format!("{folder}/package-lock.json"))).unwrap();
    let packages = lock["packages"].as_object().unwrap().iter().filter(|(place, _)| !place.is_empty());
    packages
        .map(|(place, package)| (place.rsplit("node_modules/").next().unwrap().to_owned(), package.clone()))
        .collect()
}

/// Rows of the reviewed list: ecosystem, name, version, licence.
fn reviewed() -> Vec<[String; 4]> {
    let text = read("docs/security/sbom.txt");
    let rows = text.lines().filter(|line| !line.starts_with('#'));
    rows.map(|line| {
        let mut cells = line.split('\t').map(str::to_owned);
        std::array::from_fn(|_| cells.next().unwrap_or_default())
    })
    .collect()
}

#[test]
fn a29_the_reviewed_list_is_that_of_the_lock_files() {
    let mut locked = BTreeSet::new();
    for package in crates().into_iter().filter(|package| package.source.is_some()) {
        locked.insert(format!("cargo {} {}", package.name, package.version));
    }
    for (name, package) in ["web", "e2e"].into_iter().flat_map(npm) {
        locked.insert(format!("npm {name} {}", package["version"].as_str().unwrap()));
    }
    let listed: BTreeSet<_> =
        reviewed().iter().map(|[kind, name, version, _]| format!("{kind} {name} {version}")).collect();
    let new: Vec<_> = locked.difference(&listed).collect();
    let gone: Vec<_> = listed.difference(&locked).collect();
    assert!(
        new.is_empty() && gone.is_empty(),
        "new: {new:?}\ngone: {gone:?}\nlook at them, then: python3 scripts/sbom.py text"
    );
}

#[test]
fn a29_every_package_comes_from_the_registry_with_its_hash() {
    let mut sources = BTreeSet::new();
    for package in crates() {
        match package.source {
            // Ours: a path in this tree.
            None => assert!(package.checksum.is_none(), "{}", package.name),
            Some(source) => {
                assert!(source.starts_with("registry+"), "{} comes from {source}", package.name);
                assert_eq!(package.checksum.map(|sum| sum.len()), Some(64), "{}", package.name);
                sources.insert(source);
            }
        }
    }
    assert_eq!(sources.len(), 1, "one registry and no other");
    let ours = std::fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("..")).unwrap().count();
    assert_eq!(crates().iter().filter(|package| package.source.is_none()).count(), ours, "no crate from another path");
    let mut hosts = BTreeSet::new();
    for (name, package) in ["web", "e2e"].into_iter().flat_map(npm) {
        assert!(package["integrity"].as_str().is_some_and(|hash| hash.starts_with("sha512-")), "{name}");
        assert!(package.get("link").is_none(), "{name} is a link");
        if let Some(resolved) = package["resolved"].as_str() {
            let host = resolved.strip_prefix("https://").and_then(|rest| rest.split('/').next());
            hosts.insert(host.unwrap_or_else(|| panic!("{name} comes from {resolved}")).to_owned());
        }
    }
    assert!(hosts.len() <= 1, "one registry and no other: {hosts:?}");
}

/// Whether an SPDX expression leaves a choice that is allowed. `/` is how crates wrote OR before.
fn allowed(expression: &str) -> bool {
    let expression = expression.replace(" / ", " OR ").replace('/', " OR ").replace("(", "").replace(")", "");
    // AND binds what stands on both of its sides; in the lock files no OR of ANDs is written without brackets.
    expression.split(" AND ").all(|part| part.split(" OR ").any(|one| ALLOWED.contains(&one.trim())))
}

#[test]
fn a29_every_licence_is_an_allowed_one() {
    let refused: Vec<_> = reviewed().into_iter().filter(|[_, _, _, licence]| !allowed(licence)).collect();
    assert!(refused.is_empty(), "{refused:?}");
    for (expression, fits) in [
        ("MIT", true),
        ("GPL-3.0 OR MIT", true),
        ("MIT/GPL-3.0", true),
        ("GPL-3.0", false),
        ("MIT AND GPL-3.0", false),
        ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
        ("unknown", false),
        ("", false),
    ] {
        assert_eq!(allowed(expression), fits, "{expression}");
    }
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Snapshot {
    snapshot: toml::value::Datetime,
    advisory: Vec<Advisory>,
    #[serde(default)]
    waiver: Vec<Waiver>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Advisory {
    id: String,
    package: String,
    severity: String,
    affected: Vec<String>,
    noted: toml::value::Datetime,
    what: String,
    certainty: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Waiver {
    advisory: String,
    versions: Vec<String>,
    reason: String,
    owner: String,
    until: toml::value::Datetime,
}

fn day(date: &toml::value::Datetime) -> Date {
    date.to_string().parse().unwrap()
}

/// Days within which a flaw is to be fixed (S-20).
fn days_to_fix(severity: &str) -> Option<i64> {
    match severity {
        "critical" => Some(2),
        "high" => Some(7),
        "medium" => Some(30),
        "low" => Some(90),
        "notice" => None,
        other => panic!("no such severity: {other}"),
    }
}

fn within(range: &str, version: &Version) -> bool {
    range.split(',').map(str::trim).all(|one| {
        let bound = |sign: &str| one.strip_prefix(sign).map(|text| text.parse::<Version>().unwrap());
        match (bound(">="), one.strip_prefix(">=").is_none().then(|| bound("<")).flatten()) {
            (Some(least), _) => *version >= least,
            (_, Some(above)) => *version < above,
            _ => panic!("a range is written >=a, <b: {range}"),
        }
    })
}

/// What is wrong on that day: flaws without a waiver (with the day by which they are to be fixed), and waivers that do not count.
fn findings(snapshot: &Snapshot, locked: &[(String, Version)], today: Date) -> Vec<String> {
    let mut found = Vec::new();
    for advisory in &snapshot.advisory {
        let hits = locked.iter().filter(|(name, version)| {
            *name == advisory.package && advisory.affected.iter().any(|range| within(range, version))
        });
        for (name, version) in hits {
            let waived = snapshot.waiver.iter().any(|waiver| {
                waiver.advisory == advisory.id
                    && waiver.versions.contains(&version.to_string())
                    && day(&waiver.until) >= today
            });
            if !waived {
                let by = days_to_fix(&advisory.severity).map_or_else(
                    || "a decision".to_owned(),
                    |days| (day(&advisory.noted) + jiff::Span::new().days(days)).to_string(),
                );
                found.push(format!(
                    "{} {name} {version} {}: {}; fix by {by}",
                    advisory.id, advisory.severity, advisory.what
                ));
            }
        }
    }
    for waiver in &snapshot.waiver {
        let until = day(&waiver.until);
        let package =
            snapshot.advisory.iter().find(|advisory| advisory.id == waiver.advisory).map(|a| a.package.as_str());
        let used = |version: &String| {
            locked.iter().any(|(name, v)| Some(name.as_str()) == package && v.to_string() == *version)
        };
        if waiver.reason.len() < 20 || waiver.owner.is_empty() || waiver.versions.is_empty() {
            found.push(format!("the waiver of {} needs versions, a reason and an owner", waiver.advisory));
        } else if until < today {
            found.push(format!("the waiver of {} ended on {until}", waiver.advisory));
        } else if until > today + jiff::Span::new().years(1) {
            found.push(format!("the waiver of {} is for longer than a year", waiver.advisory));
        } else if !waiver.versions.iter().all(used) {
            found.push(format!("the waiver of {} waives a version that is not locked", waiver.advisory));
        }
    }
    found
}

fn snapshot() -> Snapshot {
    toml::from_str(&read("docs/security/advisories.toml")).unwrap()
}

fn locked() -> Vec<(String, Version)> {
    crates().into_iter().map(|package| (package.name, package.version.parse().unwrap())).collect()
}

/// On the day it runs: a waiver ends by itself.
#[test]
fn s20_no_known_flaw_is_left_without_a_dated_waiver() {
    let snapshot = snapshot();
    let today = platform::ports::Clock::now(&platform::ports::SystemClock).date();
    assert!(day(&snapshot.snapshot) <= today);
    for advisory in &snapshot.advisory {
        assert!(["seen", "remembered"].contains(&advisory.certainty.as_str()), "{}", advisory.id);
        let _ = days_to_fix(&advisory.severity);
    }
    let found = findings(&snapshot, &locked(), today);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn s20_a_flaw_without_waiver_an_ended_waiver_and_one_too_long_are_found() {
    let sample = |waiver: &str| -> Snapshot {
        let text = format!(
            "snapshot = 2026-11-01\n[[advisory]]\nid = \"X-1\"\npackage = \"leaky\"\nseverity = \"high\"\naffected = [\">=1.0.0, <1.2.0\"]\n\
             noted = 2026-11-01\nwhat = \"leaks\"\ncertainty = \"seen\"\n{waiver}"
        );
        toml::from_str(&text).unwrap()
    };
    let waiver = |until: &str, version: &str| {
        format!(
            "[[waiver]]\nadvisory = \"X-1\"\nversions = [\"{version}\"]\nreason = \"only used while tests run\"\nowner = \"a\"\nuntil = {until}\n"
        )
    };
    let today = jiff::civil::date(2026, 11, 24);
    let at = |version: &str| {
        vec![("leaky".to_owned(), version.parse().unwrap()), ("other".to_owned(), Version::new(1, 1, 0))]
    };
    assert_eq!(findings(&sample(""), &at("1.2.0"), today), Vec::<String>::new(), "mended");
    assert_eq!(findings(&sample(""), &at("1.1.9"), today), ["X-1 leaky 1.1.9 high: leaks; fix by 2026-11-08"]);
    assert_eq!(findings(&sample(&waiver("2027-11-24", "1.1.9")), &at("1.1.9"), today), Vec::<String>::new());
    let ended = findings(&sample(&waiver("2026-11-23", "1.1.9")), &at("1.1.9"), today);
    assert!(ended.len() == 2 && ended[1].contains("ended"), "{ended:?}");
    assert!(findings(&sample(&waiver("2027-11-25", "1.1.9")), &at("1.1.9"), today)[0].contains("longer"));
    let other = findings(&sample(&waiver("2027-01-01", "1.1.8")), &at("1.1.9"), today);
    assert!(other.len() == 2 && other[1].contains("not locked"), "{other:?}");
    let stale = findings(&sample(&waiver("2027-01-01", "1.1.9")), &at("1.2.0"), today);
    assert!(stale.len() == 1 && stale[0].contains("not locked"), "{stale:?}");
    assert!(within(">=0.0.0", &"0.10.0-rc.19".parse().unwrap()), "a pre-release is a version, too");
}
