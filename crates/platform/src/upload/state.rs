//! Where a file stands (U-10).

use super::Verdict;
use serde::{Deserialize, Serialize};

/// 文件状态. Only the uploader may know of a file that is not clean.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FileState {
    /// Bytes are here.
    Received,
    /// The scanner has not answered for certain.
    Scanning,
    /// May be used.
    Clean,
    /// Not taken; the content is gone.
    Refused,
    /// 封存: carries a classified marking, only the security officer decides.
    Sealed,
}

impl FileState {
    /// Every state.
    pub const ALL: [Self; 5] = [Self::Received, Self::Scanning, Self::Clean, Self::Refused, Self::Sealed];

    /// Stable word.
    pub fn slug(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Scanning => "scanning",
            Self::Clean => "clean",
            Self::Refused => "refused",
            Self::Sealed => "sealed",
        }
    }

    /// Reads the stable word.
    pub fn parse(slug: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.slug() == slug)
    }

    /// Whether it may be downloaded, handed in or shown to anybody but its uploader.
    pub fn is_usable(self) -> bool {
        self == Self::Clean
    }

    /// The state a scanner's word leads to. A sealed or refused file stays so, whatever the scanner says.
    #[must_use]
    pub fn after(self, verdict: &Verdict) -> Self {
        match (self, verdict) {
            (Self::Refused | Self::Sealed, _) => self,
            (_, Verdict::Clean | Verdict::Skipped) => Self::Clean,
            (_, Verdict::Infected(_)) => Self::Refused,
            (_, Verdict::Unsure(_)) => Self::Scanning,
        }
    }
}
