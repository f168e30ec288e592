//! Why a file is refused: the table of rules with the sentence that says what to do.

use domain::Refusal;

/// A rule's stable name and its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Reason(pub &'static str, pub &'static str);

/// The form field all refusals of this module belong to.
const FIELD: &str = "file";

impl From<Reason> for Refusal {
    fn from(Reason(code, message): Reason) -> Self {
        Self::field(FIELD, code, message)
    }
}

macro_rules! reasons {
    ($($name:ident = $code:literal, $message:literal;)*) => {
        $(pub(super) const $name: Reason = Reason($code, $message);)*
        const ALL: &[Reason] = &[$($name),*];
    };
}

impl Reason {
    /// The rule of that name, as a confined process gives it; another name is a fault of ours.
    pub fn of(code: &str) -> Self {
        ALL.iter().copied().find(|reason| reason.0 == code).unwrap_or(FAULT)
    }
}

reasons! {
    // U-01 type
    NOT_ALLOWED = "file.type_not_allowed", "此项材料不接受这种格式，请按材料要求的格式重新上传。";
    DECLARED = "file.type_declared", "文件扩展名与文件类型不一致，请用原软件另存为正确格式后重新上传。";
    MAGIC = "file.type_content", "文件内容与扩展名不符，请用原软件另存为正确格式后重新上传，不要直接修改扩展名。";
    EMPTY = "file.empty", "文件是空的，请检查后重新上传。";
    BROKEN = "file.broken", "文件不完整或已损坏，请在本机确认能正常打开后重新上传。";
    MIXED = "file.mixed", "文件中夹带了其他内容（如网页代码、动态照片），请用画图等软件打开后另存，再重新上传。";
    // U-02 size and pace
    TOO_LARGE = "file.too_large", "文件超过大小上限，请压缩或拆分后重新上传。";
    QUOTA_DAY = "file.quota_day", "本账号 24 小时内上传的文件总量已达上限，请明天再上传；文件较大的，可以先压缩。";
    QUOTA_ITEM = "file.quota_item", "此项材料的文件合计已达上限，请移除不需要的文件或压缩后再上传。";
    SLOW = "file.slow", "上传超时，请检查网络后重新上传。";
    INTERRUPTED = "file.interrupted", "上传中断，请检查网络后重新上传。";
    BUSY = "file.busy", "正在检查的文件较多，请稍后重新上传。";
    TIME = "file.time", "文件过于复杂，无法在规定的时间和内存内完成检查，请用“打印为 PDF”另存，或者缩小、拆分后重新上传。";
    FAULT = "file.fault", "系统暂时无法保存文件，请稍后重新上传；多次失败请联系平台客服。";
    // U-03 archives
    ENTRIES = "file.archive_entries", "压缩包内文件过多（上限 1000 个），请拆分后重新上传。";
    OUTPUT = "file.archive_size", "压缩包展开后过大，请拆分后重新上传。";
    RATIO = "file.archive_ratio", "压缩包的压缩比异常，请重新压缩或直接上传其中的文件。";
    ENTRY_NAME = "file.archive_path", "压缩包内的文件路径不规范，请重新压缩后上传。";
    ENTRY_TWICE = "file.archive_duplicate", "压缩包内有重名或重叠的文件，请重新压缩后上传。";
    ENTRY_LINK = "file.archive_link", "压缩包内有快捷方式或链接，请换成文件本身后重新压缩上传。";
    ENTRY_TYPE = "file.archive_type", "压缩包内含有不接受的文件（压缩包不能再含压缩包、程序或网页），请去掉后重新上传。";
    ENCRYPTED = "file.encrypted", "文件设有密码或已加密，请去除密码后重新上传。";
    // U-04 pictures
    PIXELS = "file.pixels", "图片尺寸过大（上限 4000 万像素），请缩小后重新上传。";
    // U-05 PDF
    PDF_ACTIVE = "file.pdf_active", "PDF 含有脚本、附件、多媒体或动态表单，请用“打印为 PDF”另存后重新上传。";
    PDF_OPAQUE = "file.pdf_opaque", "PDF 的内部结构无法检查，请用“打印为 PDF”另存后重新上传。";
    NO_PAGE = "file.no_page", "文件没有这一页，或者不能按页查看，请下载后查看。";
    // U-06 office files
    MACRO = "file.macro", "文件含有宏，请将文件另存为不含宏的 .docx 或 .xlsx 后重新上传。";
    EMBEDDED = "file.embedded", "文件中嵌入了其他对象或程序，请删除嵌入对象，或将其转为图片后重新上传。";
    EXTERNAL = "file.external", "文件引用了外部文件、图片、数据或模板，请断开全部外部链接并改用默认模板后重新上传。";
    FIELD_CODE = "file.field_code", "文件含有会调用外部内容的域，请全选后按 Ctrl+Shift+F9 转为文字，再重新上传。";
    DTD = "file.dtd", "文件内部含有不允许的定义（DTD），请用办公软件打开后另存，再重新上传。";
    // U-08 names
    NAME_EMPTY = "file.name_empty", "文件名不能为空，请改名后重新上传。";
    NAME_LONG = "file.name_long", "文件名超过 200 个字，请缩短后重新上传。";
    NAME_SIGNS = "file.name_signs", "文件名含有不可见字符或 / \\ ： * ？ \" < > | 等符号，请改名后重新上传。";
}

/// Logs what the machine did wrong; the person only learns that it was not their fault.
pub(super) fn fault(error: impl std::fmt::Display) -> Refusal {
    tracing::error!(%error, "upload: the machine failed");
    FAULT.into()
}
