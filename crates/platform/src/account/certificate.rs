//! What a person hands in as the public side of an SM2 key: a public key or a certificate, as PEM, base 64 or DER.

use base64::{Engine, prelude::BASE64_STANDARD};
use domain::{Moment, Refusal};
use sm2::pkcs8::{DecodePublicKey, EncodePublicKey, LineEnding};
use sm3::{Digest, Sm3};
use x509_cert::{
    Certificate,
    der::{Decode, Encode},
};

/// Longest text that is looked at: a certificate with a long chain of extensions is far below.
const LONGEST: usize = 16 * 1024;
const ARTICLE: &str = "GB/T 39786-2021";

/// A public key that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicSm2 {
    /// PEM (SubjectPublicKeyInfo).
    pub pem: String,
    /// Fingerprint: the beginning of the SM3 digest of the key, in hexadecimal.
    pub mark: String,
    /// When the certificate ends; `None` for a bare key.
    pub until: Option<Moment>,
}

fn refuse(code: &'static str, words: impl Into<String>) -> Refusal {
    Refusal::field("public_key", code, words).article(ARTICLE)
}

/// The bytes of one armoured block with that label.
fn block(text: &str, label: &str) -> Option<Vec<u8>> {
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    base64(body)
}

/// Base 64 with line breaks and blanks.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let text: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    BASE64_STANDARD.decode(text).ok()
}

fn moment(time: &x509_cert::time::Time) -> Moment {
    Moment(i64::try_from(time.to_unix_duration().as_millis()).unwrap_or(i64::MAX))
}

/// Reads what was handed in, as it is valid at that moment.
pub fn read_public_key(text: &str, now: Moment) -> Result<PublicSm2, Refusal> {
    let text = text.trim();
    if text.is_empty() {
        return Err(refuse("key.missing", "请粘贴公钥或者证书，或者选择它的文件。"));
    }
    if text.contains("PRIVATE KEY-----") {
        let words = "这是私钥，不能交给任何人，也不要上传到任何网站；平台没有保存。这把密钥请作废重做，然后提交它的公钥或者证书。";
        return Err(refuse("key.private", words));
    }
    let unreadable = || {
        let words = "不能识别。请提交 PEM 格式（以“-----BEGIN PUBLIC KEY-----”或“-----BEGIN CERTIFICATE-----”开头）或者 DER 格式的 SM2 公钥、证书。";
        refuse("key.unreadable", words)
    };
    if text.len() > LONGEST {
        return Err(unreadable());
    }
    let (certificate, key) = match (block(text, "CERTIFICATE"), block(text, "PUBLIC KEY")) {
        (Some(der), _) => (Some(der), None),
        (None, Some(der)) => (None, Some(der)),
        (None, None) => {
            let der = base64(text).ok_or_else(unreadable)?;
            if Certificate::from_der(&der).is_ok() { (Some(der), None) } else { (None, Some(der)) }
        }
    };
    let (der, until) = match certificate {
        Some(der) => {
            let certificate = Certificate::from_der(&der).map_err(|_| unreadable())?;
            let body = certificate.tbs_certificate();
            let (from, until) = (moment(&body.validity().not_before), moment(&body.validity().not_after));
            if now < from || until <= now {
                let words = format!("这张证书只在 {} 至 {} 有效，请换发后再登记。", from.display(), until.display());
                return Err(refuse("key.not_valid", words));
            }
            (body.subject_public_key_info().to_der().map_err(|_| unreadable())?, Some(until))
        }
        None => (key.unwrap_or_default(), None),
    };
    let key = sm2::PublicKey::from_public_key_der(&der).map_err(|_| {
        let words = "里面不是 SM2 密钥（国密 SM2 椭圆曲线）。RSA、国际标准椭圆曲线的证书不能用于这里，请向证书发放机构申领 SM2 证书。";
        refuse("key.not_sm2", words)
    })?;
    let pem = key.to_public_key_pem(LineEnding::LF).map_err(|_| unreadable())?;
    let mark = hex::encode(Sm3::digest(pem.as_bytes()).as_slice()).chars().take(16).collect();
    Ok(PublicSm2 { pem, mark, until })
}

/// The SM2 key a certificate (PEM) is for, as PEM; whether the certificate is valid today does not matter here.
pub(crate) fn certified_key(certificate: &str) -> Result<String, &'static str> {
    let der = block(certificate, "CERTIFICATE").ok_or("no certificate in PEM")?;
    let certificate = Certificate::from_der(&der).map_err(|_| "the certificate cannot be read")?;
    let key = certificate.tbs_certificate().subject_public_key_info().to_der().map_err(|_| "the key cannot be read")?;
    let key = sm2::PublicKey::from_public_key_der(&key).map_err(|_| "the certificate is for no SM2 key")?;
    key.to_public_key_pem(LineEnding::LF).map_err(|_| "the key cannot be written")
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Made by OpenSSL 3.0: `genpkey -algorithm SM2`, `pkey -pubout`.
    const KEY: &str = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoEcz1UBgi0DQgAEVqbHQeGyvaMfM0UE0dsHTok4E+xs\nZvvHwoELgiJLlGN2+kp2ZmByZYsQSu+jE4xhWywCJBbnq7WHQYGIllaqvA==\n-----END PUBLIC KEY-----\n";
    const NOW: Moment = Moment(1_800_000_000_000);

    #[test]
    fn p01_a_public_key_is_read_as_pem_and_as_base64_of_der_and_is_the_same_key() {
        let key = read_public_key(KEY, NOW).unwrap();
        assert_eq!((key.pem.as_str(), key.until, key.mark.len()), (KEY, None, 16));
        let bare: String = KEY.lines().filter(|line| !line.starts_with('-')).collect();
        assert_eq!(read_public_key(&bare, NOW).unwrap(), key);
        assert_eq!(read_public_key(&format!("Bag Attributes\r\n{}", KEY.replace('\n', "\r\n")), NOW).unwrap(), key);
    }

    #[test]
    fn p01_what_is_no_sm2_public_key_is_refused_with_what_to_do() {
        let p256 = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==";
        let off_the_curve = KEY.replace("VqbH", "VqbI");
        let private = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
        let long = "A".repeat(LONGEST + 1);
        for (text, code) in [
            ("", "key.missing"),
            (" \n ", "key.missing"),
            ("no key", "key.unreadable"),
            ("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----", "key.unreadable"),
            (long.as_str(), "key.unreadable"),
            (private, "key.private"),
            (p256, "key.not_sm2"),
            (off_the_curve.as_str(), "key.not_sm2"),
        ] {
            assert_eq!(read_public_key(text, NOW).unwrap_err().code, code, "{}", &text[..text.len().min(60)]);
        }
    }
}
