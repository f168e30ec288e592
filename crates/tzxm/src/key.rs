//! Key files of the sealer: 16 bytes as hexadecimal text, for the owner's eyes only.

use crate::{config::Keys, stop::Stop};
use ledger::Sealer;
use platform::ports::Chance;
use sm3::{Digest, Sm3};
use std::{
    fs::OpenOptions,
    io::Write,
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

/// Reads all key files. Refuses to go on without a master key, or with one that others can read.
pub fn sealer(keys: &Keys) -> Result<Sealer, Stop> {
    let master = read(&keys.master)?;
    keys.old.iter().try_fold(Sealer::new(name(&master), master), |sealer, path| {
        let key = read(path)?;
        Ok(sealer.with_old(name(&key), key))
    })
}

/// A key is known by the beginning of a digest of it, so that a file may move and no number has to be kept.
fn name(key: &[u8; 16]) -> String {
    let digest = Sm3::new().chain_update(b"tzxm key name").chain_update(key).finalize();
    hex::encode(digest.as_slice()).chars().take(8).collect()
}

fn read(path: &Path) -> Result<[u8; 16], Stop> {
    let shown = path.display();
    let open = std::fs::metadata(path).and_then(|data| Ok((data.permissions().mode(), std::fs::read_to_string(path)?)));
    let (mode, text) = open.map_err(|error| {
        Stop::because(
            format!("无法读取主密钥文件 {shown}。首次安装请用 tzxm key create {shown} 生成，并离线备份"),
            &error,
        )
    })?;
    if mode & 0o077 != 0 {
        return Err(Stop::new(format!("主密钥文件 {shown} 可被其他用户读取，请执行 chmod 600 {shown}")));
    }
    let mut key = [0; 16];
    hex::decode_to_slice(text.trim(), &mut key)
        .map_err(|_| Stop::new(format!("主密钥文件 {shown} 的内容应为 32 位十六进制数字")))?;
    Ok(key)
}

/// Writes a new key; an existing file is never touched.
pub fn create(path: &Path, chance: &dyn Chance) -> Result<(), Stop> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(|error| Stop::because(format!("无法写入密钥文件 {}", path.display()), &error))?;
    writeln!(file, "{}", hex::encode(chance.id()))?;
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
        let keys = Keys { master: path.clone(), old: vec![] };
        assert!(sealer(&keys).unwrap_err().to_string().contains("tzxm key create"));
        create(&path, &ChaChaChance::seeded(1)).unwrap();
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let first = sealer(&keys).unwrap().key_id().to_owned();
        assert!(create(&path, &ChaChaChance::seeded(2)).is_err());
        assert_eq!(sealer(&keys).unwrap().key_id(), first);
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).unwrap();
        assert!(sealer(&keys).unwrap_err().to_string().contains("chmod 600"));
    }
}
