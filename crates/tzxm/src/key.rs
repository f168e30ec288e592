//! Key files, for the owner's eyes only: of the sealer (16 bytes as hexadecimal text) and of the seal over papers (PKCS#8 PEM).

use crate::{config::Keys, stop::Stop};
use domain::{department::Agency, hidden::Hidden};
use ledger::Sealer;
use platform::{
    ports::{Chance, Signer},
    seal::{OrganSeals, Sm2Signer},
};
use sm3::{Digest, Sm3};
use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
    sync::Arc,
};

/// Reads the key of the seal; without one configured papers carry no seal.
pub fn signer(keys: &Keys) -> Result<Option<Arc<dyn Signer>>, Stop> {
    sm2(&keys.seal, "签章密钥文件")
}

/// Reads the key that signs what proves the records; without one nothing of it is signed.
pub fn evidence_signer(keys: &Keys) -> Result<Option<Arc<dyn Signer>>, Stop> {
    sm2(&keys.evidence, "存证密钥文件")
}

fn sm2(path: &Path, what: &str) -> Result<Option<Arc<dyn Signer>>, Stop> {
    if path.as_os_str().is_empty() {
        return Ok(None);
    }
    let shown = path.display();
    let hint = format!("无法读取{what} {shown}。首次启用请用 tzxm key create-seal {shown} 生成，并离线备份");
    let pem = private(path, what, &hint)?;
    let signer = Sm2Signer::from_pem(&pem)
        .map_err(|error| Stop::because(format!("{what} {shown} 不是 SM2 私钥（PKCS#8 PEM）"), &error))?;
    Ok(Some(Arc::new(signer)))
}

/// Reads the key that signs releases and seals configurations.
pub fn release_signer(path: &Path) -> Result<Sm2Signer, Stop> {
    let shown = path.display();
    let hint = format!("无法读取发布密钥文件 {shown}。首次使用请用 tzxm key create-release {shown} 生成，并离线保存");
    let pem = private(path, "发布密钥文件", &hint)?;
    Sm2Signer::from_pem(&pem)
        .map_err(|error| Stop::because(format!("发布密钥文件 {shown} 不是 SM2 私钥（PKCS#8 PEM）"), &error))
}

/// Writes a new key that signs releases, and its public key beside it (`.pub`); an existing file is never touched.
pub fn create_release(path: &Path, chance: &dyn Chance) -> Result<(), Stop> {
    create_seal(path, chance)?;
    let mut beside = path.as_os_str().to_owned();
    beside.push(".pub");
    Ok(std::fs::write(beside, &release_signer(path)?.public_key().pem)?)
}

/// Reads the keys and certificates of organs.
pub fn organ_seals(keys: &Keys) -> Result<OrganSeals, Stop> {
    let signers = keys.seals.iter().map(|seal| {
        let shown = seal.key.display();
        let name = Agency::parse(&seal.organ).filter(Agency::is_known).map(|agency| agency.name());
        let name = name.ok_or_else(|| Stop::new(format!("[[keys.seals]] 没有“{}”这个机关", seal.organ)))?;
        let hint =
            format!("无法读取{name}的签章密钥文件 {shown}。首次启用请用 tzxm key create-seal {shown} 生成，并离线备份");
        let pem = private(&seal.key, "签章密钥文件", &hint)?;
        let certificate = match seal.certificate.as_os_str().is_empty() {
            true => String::new(),
            false => std::fs::read_to_string(&seal.certificate).map_err(|error| {
                Stop::because(format!("无法读取{name}的签章证书 {}", seal.certificate.display()), &error)
            })?,
        };
        let signer = Sm2Signer::from_pem(&pem).and_then(|signer| signer.of_organ(&name, &certificate));
        let signer = signer.map_err(|error| {
            Stop::because(format!("{name}的签章密钥 {shown} 不是 SM2 私钥，或者证书与它不符"), &error)
        })?;
        Ok(Arc::new(signer) as Arc<dyn Signer>)
    });
    Ok(OrganSeals::new(signers.collect::<Result<Vec<_>, Stop>>()?))
}

/// Reads all key files. Refuses to go on without a master key, or with one that others can read.
pub fn sealer(keys: &Keys) -> Result<Sealer, Stop> {
    let master = read(&keys.master)?;
    keys.old.iter().try_fold(Sealer::new(name(&master), *master), |sealer, path| {
        let key = read(path)?;
        Ok(sealer.with_old(name(&key), *key))
    })
}

/// A key is known by the beginning of a digest of it, so that a file may move and no number has to be kept.
fn name(key: &[u8; 16]) -> String {
    let digest = Sm3::new().chain_update(b"tzxm key name").chain_update(key).finalize();
    hex::encode(digest.as_slice()).chars().take(8).collect()
}

fn read(path: &Path) -> Result<Hidden<[u8; 16]>, Stop> {
    let shown = path.display();
    let hint = format!("无法读取主密钥文件 {shown}。首次安装请用 tzxm key create {shown} 生成，并离线备份");
    let text = private(path, "主密钥文件", &hint)?;
    let mut key = [0; 16];
    let read = hex::decode_to_slice(text.trim(), &mut key);
    let key = Hidden::new(key);
    read.map_err(|_| Stop::new(format!("主密钥文件 {shown} 的内容应为 32 位十六进制数字")))?;
    Ok(key)
}

/// The text of a key file that nobody else can read; `hint` says what to do when it cannot be read at all.
fn private(path: &Path, what: &str, hint: &str) -> Result<Hidden<String>, Stop> {
    let read = || std::fs::read_to_string(path).map(Hidden::new);
    let open = std::fs::metadata(path).and_then(|data| Ok((data.permissions().mode(), read()?)));
    let (mode, text) = open.map_err(|error| Stop::because(hint, &error))?;
    let shown = path.display();
    if mode & 0o077 != 0 {
        return Err(Stop::new(format!("{what} {shown} 可被其他用户读取，请执行 chmod 600 {shown}")));
    }
    Ok(text)
}

/// Writes a new key of the sealer; an existing file is never touched.
pub fn create(path: &Path, chance: &dyn Chance) -> Result<(), Stop> {
    write_new(path, &Hidden::new(hex::encode(chance.id())))
}

/// Writes a new key of the seal; an existing file is never touched.
pub fn create_seal(path: &Path, chance: &dyn Chance) -> Result<(), Stop> {
    let pem = Sm2Signer::new_pem(chance).map(Hidden::new).map_err(|error| Stop::because("无法生成签章密钥", &error))?;
    write_new(path, pem.trim_end())
}

fn write_new(path: &Path, text: &str) -> Result<(), Stop> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| Stop::because(format!("无法写入密钥文件 {}", path.display()), &error))?;
    writeln!(file, "{text}")?;
    Ok(file.sync_all()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use platform::ports::ChaChaChance;

    #[test]
    fn s33_a_key_is_made_once_read_back_and_kept_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/master.key");
        let keys = Keys { master: path.clone(), ..Keys::default() };
        assert!(sealer(&keys).err().unwrap().to_string().contains("tzxm key create"));
        create(&path, &ChaChaChance::seeded(1)).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let first = sealer(&keys).unwrap().key_id().to_owned();
        assert!(create(&path, &ChaChaChance::seeded(2)).is_err());
        assert_eq!(sealer(&keys).unwrap().key_id(), first);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(sealer(&keys).err().unwrap().to_string().contains("chmod 600"));
    }

    #[test]
    fn p08_the_key_of_the_seal_is_optional_made_once_and_kept_from_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys/seal.key");
        assert!(signer(&Keys::default()).unwrap().is_none());
        let keys = Keys { seal: path.clone(), ..Keys::default() };
        let told = |keys: &Keys| signer(keys).err().unwrap().to_string();
        assert!(told(&keys).contains("tzxm key create-seal"));
        create_seal(&path, &ChaChaChance::seeded(1)).unwrap();
        let first = signer(&keys).unwrap().unwrap().public_key().clone();
        assert!(first.pem.starts_with("-----BEGIN PUBLIC KEY-----") && first.id.len() == 16);
        assert!(create_seal(&path, &ChaChaChance::seeded(2)).is_err());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(told(&keys).contains("chmod 600"));
        std::fs::write(&path, "not a key").unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        assert!(told(&keys).contains("SM2"));
    }
}
