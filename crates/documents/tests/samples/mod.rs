//! One realistic paper of each kind.

use domain::document::{Document, DocumentKind};
use jiff::civil::date;

const PROJECT: &str = "乌兰察布市四子王旗200兆瓦风力发电及配套储能建设项目";
const CODE: &str = "2611-150929-04-01-482913";
const UNIT: &str = "内蒙古塞上新能源有限公司";
const BUREAU: &str = "四子王旗行政审批和政务服务局";

fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

fn rows<const N: usize>(rows: [(&str, &str); N]) -> Vec<(String, String)> {
    rows.map(|(label, value)| (label.to_owned(), value.to_owned())).to_vec()
}

/// The sample of a kind.
pub fn paper(kind: DocumentKind) -> Document {
    let bare = Document {
        kind,
        number: format!("内投审〔2026〕{}150929000128号", kind.number_word()),
        issuer: BUREAU.to_owned(),
        addressee: UNIT.to_owned(),
        issued_on: date(2026, 11, 24),
        project_name: PROJECT.to_owned(),
        project_code: CODE.to_owned(),
        paragraphs: Vec::new(),
        rows: Vec::new(),
        points: Vec::new(),
        closing: Vec::new(),
        check_value: "9f3ac04e71b85d26".to_owned(),
        verify_url: "https://tzxm.example.gov.cn/check/150929000128?v=9f3ac04e71b85d26".to_owned(),
    };
    match kind {
        DocumentKind::CodeCertificate => Document {
            issuer: "内蒙古自治区发展和改革委员会".to_owned(),
            paragraphs: texts(["经内蒙古自治区投资项目在线审批监管平台登记，该项目已取得项目代码，特发此证。"]),
            rows: rows([
                ("项目单位", UNIT),
                ("统一社会信用代码", "91150929MA0Q3XY47K"),
                ("项目类型", "企业投资备案项目"),
                ("建设地点", "乌兰察布市四子王旗江岸苏木"),
                ("国标行业", "风力发电"),
                ("总投资", "128,600万元"),
                ("建设性质", "新建"),
                ("拟开工时间", "2027年4月"),
                ("赋码日期", "2026年11月24日"),
            ]),
            ..bare
        },
        DocumentKind::ReceiptSlip => Document {
            paragraphs: texts([
                "你单位于2026年11月24日通过内蒙古自治区投资项目在线审批监管平台提交的“企业投资项目备案”申请材料已收到，共5件。",
            ]),
            rows: rows([
                ("办理事项", "企业投资项目备案"),
                ("收件编号", "150929000128"),
                ("收件时间", "2026年11月24日"),
                ("收件人员", "窗口03 其其格"),
            ]),
            points: texts([
                "企业投资项目备案申请表",
                "营业执照",
                "项目建设规模及内容说明",
                "项目符合产业政策的声明",
                "法定代表人授权委托书及受托人身份证明",
            ]),
            closing: texts([
                "本凭证仅证明收到上述材料，不代表申请已被受理。是否受理将于5个工作日内告知，逾期不告知的，自收到申请材料之日起即为受理。",
            ]),
            ..bare
        },
        DocumentKind::AcceptanceNotice => Document {
            paragraphs: texts([
                "你单位提出的“企业投资项目备案”申请，经审查，属于本机关职权范围，申请材料齐全、符合法定形式。根据《中华人民共和国行政许可法》第三十二条第一款第五项的规定，现予受理。",
            ]),
            rows: rows([
                ("办理事项", "企业投资项目备案"),
                ("办件编号", "150929000128"),
                ("受理日期", "2026年11月24日"),
                ("办结期限", "2026年12月3日"),
                ("法定期限", "20个工作日"),
                ("承诺期限", "7个工作日"),
            ]),
            closing: texts([
                "办理期限自受理之日起计算。依法需要听证、招标、检验、检测、鉴定和专家评审的，所需时间不计算在内，本机关将另行书面告知。办理进度可凭项目代码在平台查询。",
            ]),
            ..bare
        },
        DocumentKind::DeemedAcceptanceNotice => Document {
            issuer: "内蒙古自治区投资项目在线审批监管平台".to_owned(),
            paragraphs: texts([
                "你单位申请的“企业投资项目备案”，四子王旗行政审批和政务服务局于2026年11月17日收到申请材料，至2026年11月24日五个工作日届满，未一次性告知需要补正的内容，也未作出是否受理的决定。根据《中华人民共和国行政许可法》第三十二条第一款第（四）项的规定，该申请自收到申请材料之日起即为受理。",
            ]),
            rows: rows([("受理日期", "2026年11月17日"), ("办理时限", "20个工作日"), ("应办结日期", "2026年12月15日")]),
            closing: texts([
                "办理时限自收到申请材料之日的次日起计算。本通知书由在线平台依法自动生成，并已告知办理机关。",
            ]),
            ..bare
        },
        DocumentKind::CorrectionNotice => Document {
            paragraphs: texts([
                "你单位提出的“企业投资项目备案”申请，经审查，申请材料不齐全或者不符合法定形式。根据《中华人民共和国行政许可法》第三十二条第一款第四项的规定，现一次告知需要补正的全部内容：",
            ]),
            rows: rows([
                ("办理事项", "企业投资项目备案"),
                ("办件编号", "150929000128"),
                ("收件日期", "2026年11月20日"),
                ("补正期限", "2026年12月8日"),
            ]),
            points: texts([
                "《企业投资项目备案申请表》未加盖单位公章，请加盖后重新上传。",
                "“总投资”与资金来源合计不一致（相差1,200万元），请核对后更正。",
                "缺少储能系统建设规模及技术路线说明，请补充。",
            ]),
            closing: texts(["请于2026年12月8日前通过平台提交补正材料。补正期间不计入办理期限。"]),
            ..bare
        },
        DocumentKind::NonAcceptanceNotice => Document {
            paragraphs: texts([
                "你单位提出的“企业投资项目备案”申请，经审查，依法不属于本机关职权范围。根据《中华人民共和国行政许可法》第三十二条第一款第二项的规定，决定不予受理。理由如下：",
            ]),
            rows: rows([
                ("申请事项", "企业投资项目备案"),
                ("办件编号", "150929000128"),
                ("申请日期", "2026年11月20日"),
                ("决定日期", "2026年11月24日"),
            ]),
            points: texts([
                "该项目列入《政府核准的投资项目目录》，应当办理核准，不适用备案。",
                "请向乌兰察布市发展和改革委员会提出“企业投资项目核准”申请，原项目代码继续有效。",
            ]),
            closing: texts([
                "如不服本决定，可自收到本通知书之日起六十日内依法申请行政复议，或者自收到之日起六个月内依法向人民法院提起行政诉讼。",
            ]),
            ..bare
        },
        DocumentKind::ExtensionNotice => Document {
            paragraphs: texts([
                "你单位申请的“生产建设项目水土保持方案审批”，因故不能在规定期限内作出决定。根据行政许可法第四十二条第一款的规定，经本机关负责人批准，办理期限延长10个工作日，现将延长期限的理由告知如下：",
            ]),
            rows: rows([
                ("原办理时限", "20个工作日"),
                ("延长期限", "10个工作日"),
                ("延长的理由", "方案涉及两个流域，情况复杂。"),
            ]),
            closing: texts(["办理期限依法只延长一次。"]),
            ..bare
        },
        DocumentKind::TransferNotice => Document {
            paragraphs: texts([
                "你单位申请的“企业投资项目核准”，由其他机关决定。根据企业投资项目核准和备案管理条例第八条的规定，本机关已将申请材料转送该机关。",
            ]),
            rows: rows([("转送至", "内蒙古自治区发展和改革委员会"), ("转送的理由", "由自治区核准。")]),
            ..bare
        },
        DocumentKind::RevocationNotice => Document {
            paragraphs: texts([
                "你单位取得的“建设项目用地预审与选址意见书”，因以欺骗、贿赂等不正当手段取得，根据行政许可法第六十九条第二款的规定，本机关决定予以撤销。",
            ]),
            rows: rows([("处理方式", "撤销"), ("决定日期", "2026年11月24日")]),
            ..bare
        },
        DocumentKind::AmendmentNotice => Document {
            paragraphs: texts(["你单位就“企业投资项目核准”提出的延续申请已经办结，结果为准予延续。"]),
            rows: rows([("决定意见", "同意延期开工建设。"), ("有效期延续至", "2029年3月2日")]),
            ..bare
        },
        DocumentKind::CommitmentLetter => Document {
            paragraphs: texts([
                "根据水利部关于水土保持方案承诺制管理的规定，“生产建设项目水土保持方案审批”可以以告知承诺方式办理。本单位自愿作出如下承诺：",
            ]),
            points: texts(["所填写的信息和提交的材料真实、准确、完整；", "接受监督检查，自愿承担承诺不实的法律责任。"]),
            closing: texts(["办理机关将在作出决定后 60日内核查承诺履行情况。"]),
            ..bare
        },
        DocumentKind::CommitmentCheckNotice => Document {
            paragraphs: texts([
                "你单位以告知承诺方式取得的“生产建设项目水土保持方案审批”，本机关已依法核查承诺履行情况，核查结论为已履行承诺。",
            ]),
            rows: rows([("核查日期", "2026年11月24日"), ("核查的方式和情况", "现场核查，拦挡和排水措施已经落实。")]),
            ..bare
        },
        DocumentKind::CompletionNotice => Document {
            paragraphs: texts([
                "你单位于2026年11月3日提出的“企业投资项目备案”申请，经审查，材料齐全、符合法定条件，现已办理完结。有关事项告知如下：",
            ]),
            rows: rows([
                ("办理事项", "企业投资项目备案"),
                ("办件类型", "承诺件"),
                ("受理日期", "2026年11月3日"),
                ("办结日期", "2026年11月24日"),
                ("总投资", "128,600万元"),
                ("办理结果", "准予备案"),
                (
                    "结果文书",
                    "四发改备〔2026〕57号 关于乌兰察布市四子王旗200兆瓦风力发电及配套储能建设项目备案的告知书",
                ),
                ("有效期", "2年"),
            ]),
            closing: texts([
                "如对办理结果有异议，可自收到本告知书之日起六十日内依法申请行政复议，或者六个月内依法提起行政诉讼。特此告知。",
            ]),
            ..bare
        },
        DocumentKind::JointReceipt => Document {
            paragraphs: texts([
                "你单位于在线平台提交的并联申请材料已由牵头部门统一收件，并已转告各办理部门。各部门将自收件之日起五个工作日内分别作出是否受理的决定，或者一次性告知需要补正的全部内容；逾期不告知的，自收到申请材料之日起即为受理。",
            ]),
            rows: rows([("并联方式", "施工许可阶段并联"), ("牵头部门", BUREAU), ("事项数量", "3 项")]),
            points: texts([
                "建筑工程施工许可证核发（四子王旗住房和城乡建设局）：材料 5 项",
                "雷电防护装置设计审核（四子王旗气象局）：材料 3 项",
                "涉路施工许可（四子王旗交通运输局）：材料 4 项",
            ]),
            closing: texts(["共收到材料 9 项，同一材料只需提交一份，由各部门共享。", "收件凭证不代表申请已被受理。"]),
            ..bare
        },
        DocumentKind::JointCompletionNotice => Document {
            paragraphs: texts(["你单位并联申请的事项已全部办理完毕，现由牵头部门统一告知办理结果。"]),
            rows: rows([("并联方式", "施工许可阶段并联"), ("牵头部门", BUREAU), ("事项数量", "3 项")]),
            points: texts([
                "建筑工程施工许可证核发（四子王旗住房和城乡建设局）：准予，四住建许〔2026〕57号《建筑工程施工许可决定》，2026年11月20日",
                "雷电防护装置设计审核（四子王旗气象局）：不予，四气许〔2026〕9号《不予许可决定》，2026年11月18日",
                "涉路施工许可（四子王旗交通运输局）：已撤回",
            ]),
            closing: texts([
                "如不服本决定，可以自收到本通知书之日起六十日内依法申请行政复议，或者在六个月内依法向人民法院提起行政诉讼。",
            ]),
            ..bare
        },
    }
}
