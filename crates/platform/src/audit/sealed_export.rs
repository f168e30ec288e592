//! The export of the audit with a detached signature: whoever gets it can prove with OpenSSL that the platform made it (S-14).

use crate::{Failure, ports::Signer, seal::USER_ID};
use std::io::{Cursor, Write};
use zip::{ZipWriter, write::SimpleFileOptions};

/// What the audit administrator takes away.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AuditExport {
    /// The table alone: no key is configured.
    Table(String),
    /// A zip of the table, its signature, the public key and how to verify it.
    Signed(Vec<u8>),
}

/// Puts a table and its signature together.
pub(super) fn signed(signer: &dyn Signer, table: &str) -> Result<Vec<u8>, Failure> {
    let signature = signer.sign(table.as_bytes()).map_err(Failure::Fault)?;
    let note = format!(
        "audit.csv      审计记录\r\naudit.csv.sig  对 audit.csv 的 SM2 签名（DER）\r\npublic-key.pem 公钥，编号 {}\r\n\r\n核验：\r\n\
         openssl dgst -sm3 -verify public-key.pem -signature audit.csv.sig -sigopt distid:{USER_ID} audit.csv\r\n\
         输出 Verified OK 即为平台导出的原件，没有改动。请把公钥与存证目录中的 key-{}.pem 比对。\r\n",
        signer.public_key().id,
        signer.public_key().id
    );
    let files: [(&str, &[u8]); 4] = [
        ("audit.csv", table.as_bytes()),
        ("audit.csv.sig", &signature),
        ("public-key.pem", signer.public_key().pem.as_bytes()),
        ("readme.txt", note.as_bytes()),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(name, SimpleFileOptions::default()).map_err(Failure::fault)?;
        zip.write_all(bytes).map_err(Failure::fault)?;
    }
    Ok(zip.finish().map_err(Failure::fault)?.into_inner())
}
