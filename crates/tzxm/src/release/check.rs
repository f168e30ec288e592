//! The self-check (S-23): the program, what is compiled into it and its configuration against what was signed, at start and while
//! it runs. Keys are read once: a configuration that is changed later cannot switch the check off.

use super::{
    manifest::Manifest,
    parts::{self, CONFIGURATION},
    settings::{ReleaseSettings, is_set},
};
use std::path::{Path, PathBuf};

/// A signed text: where it lies and the key that must have signed it.
#[derive(Debug, Clone)]
struct Signed {
    what: &'static str,
    path: PathBuf,
    key: String,
}

/// What is compared again and again.
#[derive(Debug, Clone)]
pub struct Check {
    program: PathBuf,
    configuration: PathBuf,
    manifest: Signed,
    seal: Option<Signed>,
    /// Seconds between two checks.
    pub every: u64,
}

/// Where a signature lies: beside its text.
pub fn signature_of(path: &Path) -> PathBuf {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".sig");
    beside.into()
}

impl Signed {
    fn open(what: &'static str, path: &Path, key: &Path) -> Result<Self, String> {
        let pem = std::fs::read_to_string(key)
            .map_err(|error| format!("{what}的公钥 {} 无法读取：{error}", key.display()))?;
        Ok(Self { what, path: path.to_owned(), key: pem })
    }

    fn read(&self) -> Result<Manifest, String> {
        let (what, shown) = (self.what, self.path.display());
        let unread = |error| format!("{what} {shown} 或者它的签名（.sig）无法读取：{error}");
        let text = std::fs::read(&self.path).map_err(unread)?;
        let signature = std::fs::read(signature_of(&self.path)).map_err(unread)?;
        if !platform::seal::verifies(&self.key, &text, &signature) {
            return Err(format!("{what} {shown} 的签名与公钥不符"));
        }
        let manifest = std::str::from_utf8(&text).ok().and_then(Manifest::parse);
        manifest.ok_or_else(|| format!("{what} {shown} 不是本程序认识的格式"))
    }
}

impl Check {
    /// Reads the keys. `program` is the file that runs, `configuration` the file it was told to read.
    pub fn open(settings: &ReleaseSettings, program: &Path, configuration: &Path) -> Result<Self, String> {
        let seal = is_set(&settings.seal)
            .then(|| Signed::open("配置封签", &settings.seal, &settings.seal_public_key))
            .transpose()?;
        Ok(Self {
            program: program.to_owned(),
            configuration: configuration.to_owned(),
            manifest: Signed::open("发布清单", &settings.manifest, &settings.public_key)?,
            seal,
            every: settings.check_seconds,
        })
    }

    /// Everything that is not as it was signed, each in a sentence; empty when all is well.
    pub fn faults(&self) -> Vec<String> {
        let program = parts::found(&self.program);
        let mut faults = compare(&self.manifest, program, "程序文件");
        if let Some(seal) = &self.seal {
            let configuration = parts::of_file(&self.configuration).map(|digest| {
                let mut found = Manifest::default();
                found.insert(CONFIGURATION, digest);
                found
            });
            faults.extend(compare(seal, configuration, "配置文件"));
        }
        faults
    }
}

fn compare(signed: &Signed, found: std::io::Result<Manifest>, what: &str) -> Vec<String> {
    let said = match signed.read() {
        Ok(said) => said,
        Err(fault) => return vec![fault],
    };
    match found {
        Err(error) => vec![format!("{what}无法读取：{error}")],
        Ok(found) => match said.differences(&found) {
            names if names.is_empty() => Vec::new(),
            names => vec![format!("{what}与{}不一致：{}", signed.what, names.join("、"))],
        },
    }
}
