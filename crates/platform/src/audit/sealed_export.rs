//! The export of the audit with a detached signature: whoever gets it can prove with OpenSSL that the platform made it (S-14).

use crate::{Failure, ports::Signer, seal::USER_ID};
use std::io::{Cursor, Write};
use zip::{ZipWriter, write::SimpleFileOptions};

/// Puts a spreadsheet, its signature, the public key and how to verify it together.
pub(crate) fn signed(signer: &dyn Signer, sheet: &[u8]) -> Result<Vec<u8>, Failure> {
    let signature = signer.sign(sheet).map_err(Failure::Fault)?;
    let key = signer.public_key();
    let note = format!(
        "audit.xlsx      审计记录\r\naudit.xlsx.sig  对 audit.xlsx 的 SM2 签名（DER）\r\npublic-key.pem  公钥，编号 {id}\r\n\r\n核验：\r\n\
         openssl dgst -sm3 -verify public-key.pem -signature audit.xlsx.sig -sigopt distid:{USER_ID} audit.xlsx\r\n\
         输出 Verified OK 即为平台导出的原件，没有改动。请把公钥与存证目录中的 key-{id}.pem 比对。\r\n",
        id = key.id
    );
    let files: [(&str, &[u8]); 4] = [
        ("audit.xlsx", sheet),
        ("audit.xlsx.sig", &signature),
        ("public-key.pem", key.pem.as_bytes()),
        ("readme.txt", note.as_bytes()),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(name, SimpleFileOptions::default()).map_err(Failure::fault)?;
        zip.write_all(bytes).map_err(Failure::fault)?;
    }
    Ok(zip.finish().map_err(Failure::fault)?.into_inner())
}
