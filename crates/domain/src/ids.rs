//! Every kind of id is a type of its own.

use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident, $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default)]
        #[serde(transparent)]
        pub struct $name(pub String);

        impl $name {
            /// Letter that begins ids of this kind.
            pub const PREFIX: &'static str = $prefix;

            /// An id from sixteen random bytes of the chance port: prefix and 26 characters of Crockford base 32.
            pub fn from_random(bytes: [u8; 16]) -> Self {
                Self(format!("{}{}", $prefix, base32(bytes)))
            }

            /// Reads an id of this kind; `None` for anything that cannot be one.
            pub fn parse(text: &str) -> Option<Self> {
                let rest = text.strip_prefix($prefix)?;
                let fits = rest.len() == 26 && rest.bytes().all(|b| ALPHABET.contains(&b));
                fits.then(|| Self(text.to_owned()))
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

fn base32(bytes: [u8; 16]) -> String {
    let value = u128::from_be_bytes(bytes);
    (0..26).rev().map(|i| ALPHABET[((value >> (5 * i)) & 31) as usize] as char).collect()
}

ids! {
    /// 项目.
    ProjectId, "p";
    /// 办件: one item applied for by one project.
    CaseId, "c";
    /// 并联审批组: cases of one project applied for together.
    GroupId, "g";
    /// 项目单位.
    UnitId, "u";
    /// 账号 of a person, on the portal or in the office.
    AccountId, "a";
    /// 申请材料 file.
    AttachmentId, "f";
    /// 申报草稿.
    DraftId, "d";
    /// 消息.
    MessageId, "m";
    /// 监察卡.
    SupervisionCardId, "k";
    /// 督办件.
    ExpeditingOrderId, "o";
    /// 征求意见.
    ConsultationId, "q";
    /// 安全告警.
    AlarmId, "w";
    /// 封存件.
    HoldId, "h";
    /// 个人信息请求.
    RightsId, "r";
    /// 导出; it is the watermark of the file.
    ExportId, "x";
}
