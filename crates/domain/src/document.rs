//! 文书: notices and certificates as data. `documents` prints them, the public check page verifies them.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Which paper.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DocumentKind {
    /// 项目代码证 (办法第十、十三条).
    CodeCertificate,
    /// 收件凭证.
    ReceiptSlip,
    /// 受理通知书 (许可法第三十二条).
    AcceptanceNotice,
    /// 视为受理通知书 (许可法第三十二条第一款第四项), issued by the platform when the organ kept silent.
    DeemedAcceptanceNotice,
    /// 补正材料通知书 (许可法第三十二条第一款第四项).
    CorrectionNotice,
    /// 不予受理通知书.
    NonAcceptanceNotice,
    /// 办结告知书 (办法第十四条第五项).
    CompletionNotice,
    /// 联合收件凭证: one slip for all items of a parallel group (许可法第二十六条第二款).
    JointReceipt,
    /// 联合办结告知书: one notice with all results of a parallel group.
    JointCompletionNotice,
    /// 延长办理期限通知书 (许可法第四十二条).
    ExtensionNotice,
    /// 转送告知书 (673号令第八条).
    TransferNotice,
    /// 撤销、撤回、注销告知书 (许可法第六十九、七十条).
    RevocationNotice,
    /// 变更、延续告知书 (许可法第四十九、五十条).
    AmendmentNotice,
    /// 告知承诺书 (国办发〔2020〕42号).
    CommitmentLetter,
    /// 告知承诺核查告知书.
    CommitmentCheckNotice,
}

impl DocumentKind {
    /// Every kind, in the order of a project's life.
    pub const ALL: [Self; 15] = [
        Self::CodeCertificate,
        Self::ReceiptSlip,
        Self::AcceptanceNotice,
        Self::DeemedAcceptanceNotice,
        Self::CorrectionNotice,
        Self::NonAcceptanceNotice,
        Self::CompletionNotice,
        Self::JointReceipt,
        Self::JointCompletionNotice,
        Self::ExtensionNotice,
        Self::TransferNotice,
        Self::RevocationNotice,
        Self::AmendmentNotice,
        Self::CommitmentLetter,
        Self::CommitmentCheckNotice,
    ];

    /// The title printed in red.
    pub fn title(self) -> &'static str {
        match self {
            Self::CodeCertificate => "投资项目代码证",
            Self::ReceiptSlip => "申请材料收件凭证",
            Self::AcceptanceNotice => "受理通知书",
            Self::DeemedAcceptanceNotice => "视为受理通知书",
            Self::CorrectionNotice => "补正材料通知书",
            Self::NonAcceptanceNotice => "不予受理通知书",
            Self::CompletionNotice => "办结告知书",
            Self::JointReceipt => "并联审批联合收件凭证",
            Self::JointCompletionNotice => "并联审批联合办结告知书",
            Self::ExtensionNotice => "延长办理期限通知书",
            Self::TransferNotice => "转送告知书",
            Self::RevocationNotice => "行政许可撤销、撤回、注销告知书",
            Self::AmendmentNotice => "变更、延续决定告知书",
            Self::CommitmentLetter => "告知承诺书",
            Self::CommitmentCheckNotice => "告知承诺核查告知书",
        }
    }

    /// The character that stands for it in a document number, as in 内投审〔2026〕受150402000123号.
    pub fn number_word(self) -> &'static str {
        match self {
            Self::CodeCertificate => "码",
            Self::ReceiptSlip => "收",
            Self::AcceptanceNotice => "受",
            Self::DeemedAcceptanceNotice => "视受",
            Self::CorrectionNotice => "补",
            Self::NonAcceptanceNotice => "不受",
            Self::CompletionNotice => "结",
            Self::JointReceipt => "联收",
            Self::JointCompletionNotice => "联结",
            Self::ExtensionNotice => "延",
            Self::TransferNotice => "转",
            Self::RevocationNotice => "销",
            Self::AmendmentNotice => "变",
            Self::CommitmentLetter => "诺",
            Self::CommitmentCheckNotice => "核",
        }
    }
}

/// One paper, complete: whoever holds it can print it again, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Document {
    /// Which paper.
    pub kind: DocumentKind,
    /// 文号, unique on the platform.
    pub number: String,
    /// The organ that issues it, by its full name.
    pub issuer: String,
    /// The addressee (项目单位).
    pub addressee: String,
    /// Day of issue.
    pub issued_on: Date,
    /// Project name.
    pub project_name: String,
    /// Project code, as 24 characters.
    pub project_code: String,
    /// Body paragraphs, in order, before the table and the points.
    pub paragraphs: Vec<String>,
    /// Rows of the table: label and value.
    pub rows: Vec<(String, String)>,
    /// Numbered points (matters to correct, materials received).
    pub points: Vec<String>,
    /// Paragraphs after the points: remedy, next step.
    pub closing: Vec<String>,
    /// First 16 hex digits of the SM3 over the rest; printed, and compared by the check page.
    pub check_value: String,
    /// Address behind the QR code: the public check page for this paper (or for the code).
    pub verify_url: String,
}

impl Document {
    /// What the paper says, byte for byte: its canonical JSON without check value and address. Digest and seal are made over it.
    pub fn text(&self) -> Vec<u8> {
        let bare = Self { check_value: String::new(), verify_url: String::new(), ..self.clone() };
        serde_json::to_vec(&bare).unwrap_or_default()
    }

    /// The check value of what the paper says: the beginning of an SM3 digest.
    pub fn computed_check_value(&self) -> String {
        use sm3::{Digest, Sm3};
        hex::encode(Sm3::digest(self.text()).as_slice()).chars().take(16).collect()
    }

    /// The same paper with its check value filled in.
    #[must_use]
    pub fn sealed_with_check_value(mut self) -> Self {
        self.check_value = self.computed_check_value();
        self
    }

    /// Whether nothing of the paper was changed since it was issued.
    pub fn is_intact(&self) -> bool {
        self.check_value == self.computed_check_value()
    }
}
