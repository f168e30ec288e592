//! Check values over rows of read tables that carry rights: HMAC-SM3 under a key that is not in the database (S-25, P-02).

use hmac::{Hmac, KeyInit, Mac};
use sea_orm::Value;
use sm3::Sm3;

use crate::Sealer;

type HmacSm3 = Hmac<Sm3>;

/// The key of check values, derived from a sealing key; it seals nothing.
pub(crate) fn derive(key: &[u8; 16]) -> [u8; 32] {
    over(key, [b"ledger/row-mac/1".as_slice()])
}

fn over<'a>(key: &[u8], parts: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    // A key of any length is a key of HMAC: this cannot fail.
    let Ok(mut mac) = HmacSm3::new_from_slice(key) else { return [0; 32] };
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// A value as text that no value of another kind has.
fn text(value: &Value) -> String {
    match value {
        Value::String(Some(text)) => format!("s{text}"),
        Value::BigInt(Some(number)) => format!("i{number}"),
        Value::String(None) | Value::BigInt(None) => "n".to_owned(),
        other => format!("?{other:?}"),
    }
}

impl Sealer {
    /// The check value of a row of `table`: the name of the key, a colon, 64 hexadecimal digits.
    pub fn mac(&self, table: &str, values: &[Value]) -> String {
        let key = self.key_id();
        self.mac_with(key, table, values).map(|mac| format!("{key}:{}", hex::encode(mac))).unwrap_or_default()
    }

    /// Whether this sealer, or an older key of it, gave the row that check value.
    pub fn made(&self, table: &str, values: &[Value], mac: &str) -> bool {
        let Some((key, digits)) = mac.split_once(':') else { return false };
        let (Some(right), Ok(given)) = (self.mac_with(key, table, values), hex::decode(digits)) else { return false };
        // No early end at the first byte that differs.
        given.len() == right.len() && given.iter().zip(right).fold(0, |different, (a, b)| different | (a ^ b)) == 0
    }

    fn mac_with(&self, key: &str, table: &str, values: &[Value]) -> Option<[u8; 32]> {
        let texts: Vec<String> = values.iter().map(text).collect();
        let parts = std::iter::once(table).chain(texts.iter().map(String::as_str)).map(str::as_bytes);
        Some(over(self.mac_key(key)?, parts))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row() -> Vec<Value> {
        vec!["a".into(), 7_i64.into(), Value::BigInt(None)]
    }

    #[test]
    fn p02_a_check_value_fits_its_row_table_and_key_only() {
        let sealer = Sealer::new("k1", [1; 16]);
        let mac = sealer.mac("posts", &row());
        assert!(sealer.made("posts", &row(), &mac));
        assert!(!sealer.made("others", &row(), &mac));
        for changed in [
            vec!["b".into(), 7_i64.into(), Value::BigInt(None)],
            vec!["a".into(), 8_i64.into(), Value::BigInt(None)],
            vec!["a".into(), "7".into(), Value::BigInt(None)],
            vec!["a".into(), 7_i64.into()],
            vec!["a".into(), 7_i64.into(), 0_i64.into()],
            vec!["".into(), "a".into(), 7_i64.into(), Value::BigInt(None)],
        ] {
            assert!(!sealer.made("posts", &changed, &mac), "{changed:?}");
        }
        for forged in ["", "k1:", "k2:00", &mac[..mac.len() - 2], &mac.replace("k1", "k2")] {
            assert!(!sealer.made("posts", &row(), forged), "{forged}");
        }
        assert!(!Sealer::new("k1", [2; 16]).made("posts", &row(), &mac), "another key of that name");
        assert!(Sealer::new("k2", [2; 16]).with_old("k1", [1; 16]).made("posts", &row(), &mac), "after rotation");
    }

    /// HMAC-SM3 of GB/T 15852.2 as `openssl mac -digest SM3 -macopt key:Jefe HMAC` computes it.
    #[test]
    fn p02_the_check_value_is_hmac_sm3() {
        let Ok(mut mac) = HmacSm3::new_from_slice(b"Jefe") else { panic!() };
        mac.update(b"what do ya want for nothing?");
        assert_eq!(hex::encode(mac.finalize().into_bytes()), HMAC_OF_OPENSSL);
    }
    const HMAC_OF_OPENSSL: &str = "2e87f1d16862e6d964b50a5200bf2b10b764faa9680a296a2405f24bec39f882";
}
