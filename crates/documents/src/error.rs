//! Why a paper could not be printed. Said to the operator: every cause is a fault of set-up or template, not of a person's form.

use std::path::PathBuf;

/// 打印失败的原因.
#[derive(Debug, thiserror::Error)]
pub enum PrintError {
    /// A font file of the settings cannot be read.
    #[error("无法读取字体文件 {}：{advice}", path.display())]
    FontUnreadable {
        /// The file named in the settings.
        path: PathBuf,
        /// What to install or change.
        advice: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A file of the settings holds no usable font.
    #[error("文件 {} 中没有可用的字体（字体集只取简体中文 SC 字面），请在设置中改用其他字体文件", path.display())]
    NoFontInFile {
        /// The file named in the settings.
        path: PathBuf,
    },
    /// The settings name no font file at all.
    #[error("设置中没有字体文件，请至少写一个；默认使用软件包 fonts-noto-cjk 的字体")]
    NoFonts,
    /// The address behind the QR code does not fit into one.
    #[error("核验地址过长，无法生成二维码（{length} 字节），请缩短对外访问地址")]
    VerifyUrl {
        /// Its length in bytes.
        length: usize,
    },
    /// The paper's data cannot be written as JSON.
    #[error("文书数据无法转换为模板输入")]
    Data(#[source] serde_json::Error),
    /// A template or the PDF/A check raised an error or a warning: a paper is perfect or it is not issued.
    #[error("文书模板 {template} 排版未通过：{diagnostics}")]
    Template {
        /// The template's file name.
        template: &'static str,
        /// What the compiler said, joined.
        diagnostics: String,
    },
}
