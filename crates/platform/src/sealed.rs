//! Values that lie sealed in a column of a table of ours, outside of the ledger's events (decision 0004, S-27).

use crate::{Failure, Platform};
use ledger::Sealed;

/// A sealed value as it lies in its column.
#[derive(serde::Serialize, serde::Deserialize)]
struct Column {
    key: String,
    nonce: String,
    sealed: String,
    commitment: String,
}

fn bytes<const N: usize>(text: &str) -> Result<[u8; N], Failure> {
    let bytes = hex::decode(text).map_err(Failure::fault)?;
    bytes.try_into().map_err(|_| Failure::fault("a sealed value is cut off"))
}

impl Platform {
    /// Seals a value for its place; moved to another place or version it does not open.
    pub(crate) fn seal_column(&self, place: &str, version: i64, name: &str, value: String) -> Result<String, Failure> {
        let secret = self.secret(name.to_owned(), value);
        let sealed = self.sealer.seal(place, version, &secret).map_err(Failure::fault)?;
        serde_json::to_string(&Column {
            key: sealed.key_id,
            nonce: hex::encode(sealed.nonce),
            sealed: hex::encode(sealed.sealed.unwrap_or_default()),
            commitment: hex::encode(sealed.commitment),
        })
        .map_err(Failure::fault)
    }

    /// Opens it again.
    pub(crate) fn open_column(&self, place: &str, version: i64, name: &str, column: &str) -> Result<Vec<u8>, Failure> {
        let column: Column = serde_json::from_str(column).map_err(Failure::fault)?;
        let sealed = Sealed {
            name: name.to_owned(),
            key_id: column.key,
            nonce: bytes(&column.nonce)?,
            sealed: Some(hex::decode(&column.sealed).map_err(Failure::fault)?),
            commitment: bytes(&column.commitment)?,
        };
        Ok(self.sealer.open(place, version, &sealed).map_err(Failure::fault)?.unwrap_or_default())
    }
}

// S-31: keys, seeds, passwords and tokens can be neither printed nor serialised, nor can what holds them.
domain::never_shown!(
    ledger::DataKey,
    ledger::Sealer,
    crate::seal::Sm2Signer,
    crate::account::OpenOfficer,
    crate::account::Enrolling,
    crate::unit::RegisterUnit,
);
