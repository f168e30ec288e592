//! Builds the front-end package `web/` and turns each of its files into a typed constant (`crate::assets`).
//!
//! Needs Node.js >= 20 and npm, or `WEB_PREBUILT=1` with a ready `web/dist/`.

use std::{
    collections::BTreeMap,
    env, fs,
    path::{Path, PathBuf},
    process::{Command, exit},
    time::SystemTime,
};

fn main() {
    if let Err(message) = run() {
        eprintln!("{message}");
        exit(1);
    }
}

fn run() -> Result<(), String> {
    println!("cargo:rerun-if-env-changed=WEB_PREBUILT");
    let root = PathBuf::from(variable("CARGO_MANIFEST_DIR")?).join("../../web");
    let dist = root.join("dist");
    if env::var_os("WEB_PREBUILT").is_some() {
        println!("cargo:rerun-if-changed={}", dist.join("manifest.json").display());
    } else {
        // Never watch what this script writes itself (dist/, node_modules/): that would rebuild on every run.
        for watched in ["src", "build.mjs", "package.json", "package-lock.json"] {
            println!("cargo:rerun-if-changed={}", root.join(watched).display());
        }
        install(&root)?;
        // The best brotli costs seconds: only a release pays for it.
        let quality = if variable("PROFILE")? == "release" { "11" } else { "5" };
        npm(&root, &["run", "--silent", "build"], quality)?;
    }
    let code = constants(&dist)?;
    let target = Path::new(&variable("OUT_DIR")?).join("assets.rs");
    fs::write(&target, code).map_err(|error| format!("{}: {error}", target.display()))
}

/// Installs the locked packages when the lock is newer than the last installation.
fn install(root: &Path) -> Result<(), String> {
    let installed = modified(&root.join("node_modules/.package-lock.json"));
    if installed.is_some() && installed >= modified(&root.join("package-lock.json")) {
        return Ok(());
    }
    npm(root, &["ci", "--ignore-scripts", "--no-audit", "--no-fund"], "")
}

fn modified(path: &Path) -> Option<SystemTime> {
    fs::metadata(path).and_then(|data| data.modified()).ok()
}

fn npm(root: &Path, arguments: &[&str], quality: &str) -> Result<(), String> {
    let output =
        Command::new("npm").args(arguments).env("BR_QUALITY", quality).current_dir(root).output().map_err(|error| {
            format!(
                "the web assets need Node.js >= 20 and npm: could not start `npm` ({error}). \
             Install them (Debian: apt-get install nodejs npm), or set WEB_PREBUILT=1 with a ready web/dist/."
            )
        })?;
    if output.status.success() {
        return Ok(());
    }
    Err(format!(
        "`npm {}` failed in web/:\n{}{}",
        arguments.join(" "),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    ))
}

/// One address constant per logical name, and the table that `assets::serve` looks in.
fn constants(dist: &Path) -> Result<String, String> {
    let manifest = dist.join("manifest.json");
    let text = fs::read_to_string(&manifest).map_err(|error| {
        format!("web/dist/manifest.json is missing ({error}): run `npm ci --ignore-scripts && npm run build` in web/")
    })?;
    let files: BTreeMap<String, String> =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", manifest.display()))?;
    let dist = dist.canonicalize().map_err(|error| format!("{}: {error}", dist.display()))?;
    let mut code = String::new();
    let mut table = String::from("pub(super) static FILES: &[super::Asset] = &[\n");
    for (name, file) in files {
        let constant = name.replace(|c: char| !c.is_ascii_alphanumeric(), "_").to_uppercase();
        code += &format!("/// Address of `{name}`.\npub const {constant}: &str = \"/assets/{file}\";\n");
        let kind = match name.rsplit('.').next() {
            Some("css") => "text/css; charset=utf-8",
            Some("js") => "text/javascript; charset=utf-8",
            Some("svg") => "image/svg+xml",
            _ => return Err(format!("web/dist/{file}: no content type is known for it")),
        };
        let path = dist.join(&file);
        let path = path.display();
        table += &format!(
            "    super::Asset {{ file: {file:?}, kind: {kind:?}, raw: include_bytes!(\"{path}\"), \
             gz: include_bytes!(\"{path}.gz\"), br: include_bytes!(\"{path}.br\") }},\n"
        );
    }
    Ok(code + &table + "];\n")
}

#[expect(clippy::disallowed_methods, reason = "Cargo speaks to build scripts through the environment")]
fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}"))
}
