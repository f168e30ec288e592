//! The papers of a case, as data. Numbers and dates come from outside; the words are here.

use super::{
    AmendmentDecision, AmendmentRequest, Application, CommitmentCheck, CommitmentRule, Decision, ExtensionOrder,
    ExtensionRule, Finding, NotAcceptedGround, Outcome, Point, Revocation, commitment,
};
use crate::{
    clock::Due,
    department::Agency,
    document::{Document, DocumentKind},
    time::chinese_date,
};
use jiff::civil::Date;

/// What every paper needs from outside the rule: the day, and a number nobody else has.
#[derive(Debug, Clone)]
pub struct Papers {
    /// Day of issue.
    pub date: Date,
    /// Serial part of the document number.
    pub serial: String,
}

/// Remedy clause of every refusal (许可法第三十八条).
pub(crate) const REMEDY: &str =
    "如不服本决定，可以自收到本通知书之日起六十日内依法申请行政复议，或者在六个月内依法向人民法院提起行政诉讼。";

/// Issuer of what the platform hands out by itself.
const PLATFORM: &str = "内蒙古自治区投资项目在线审批监管平台";

impl Papers {
    /// `内投审〔2026〕受150402482913号`.
    pub fn number(&self, kind: DocumentKind, region: &str) -> String {
        format!("内投审〔{}〕{}{}{}号", self.date.year(), kind.number_word(), region, self.serial)
    }

    fn paper(&self, kind: DocumentKind, a: &Application) -> Document {
        Document {
            kind,
            number: self.number(kind, a.agency.region.as_str()),
            issuer: a.agency_name.clone(),
            addressee: a.unit_name.clone(),
            issued_on: self.date,
            project_name: a.project_name.clone(),
            project_code: a.code.clone(),
            paragraphs: vec![],
            rows: vec![
                ("项目名称".into(), a.project_name.clone()),
                ("项目代码".into(), a.code.clone()),
                ("申请事项".into(), a.item_name.clone()),
            ],
            points: vec![],
            closing: vec![],
            check_value: String::new(),
            verify_url: String::new(),
        }
    }

    /// 收件凭证.
    pub fn receipt_slip(&self, a: &Application) -> Document {
        Document {
            paragraphs: vec![format!(
                "你单位于在线平台提交的“{}”申请材料已收到。本机关将自收件之日起五个工作日内作出是否受理的决定，或者一次性告知需要补正的全部内容；逾期不告知的，自收到申请材料之日起即为受理。",
                a.item_name
            )],
            points: a.materials.iter().map(given_words).collect(),
            closing: vec!["收件凭证不代表申请已被受理。".into()],
            ..self.paper(DocumentKind::ReceiptSlip, a)
        }
        .sealed_with_check_value()
    }

    /// 补正材料通知书.
    pub fn correction_notice(&self, a: &Application, points: &[Point]) -> Document {
        let name = |id: &str| a.materials.iter().find(|g| g.material == id).map_or(id.to_owned(), |g| g.name.clone());
        let point = |p: &Point| match &p.material {
            Some(material) => format!("《{}》:{}", name(material), p.text),
            None => p.text.clone(),
        };
        Document {
            paragraphs: vec![format!(
                "你单位申请的“{}”，经审查，申请材料不齐全或者不符合法定形式。根据《中华人民共和国行政许可法》第三十二条第一款第（四）项的规定，现一次性告知需要补正的全部内容如下：",
                a.item_name
            )],
            points: points.iter().map(point).collect(),
            closing: vec!["请登录在线平台，在“我的项目”中逐条补正。补正期间不计入办理时限；收到补正材料后，本机关重新在五个工作日内审查。".into()],
            ..self.paper(DocumentKind::CorrectionNotice, a)
        }
        .sealed_with_check_value()
    }

    /// 受理通知书. `due` is the last day of the limit and whether it is provisional.
    pub fn acceptance_notice(&self, a: &Application, due: Option<(Date, bool)>) -> Document {
        let mut paper = self.paper(DocumentKind::AcceptanceNotice, a);
        paper.paragraphs = vec![format!(
            "你单位申请的“{}”，申请材料齐全、符合法定形式，项目代码核验通过。根据《中华人民共和国行政许可法》第三十二条第一款第（五）项和《内蒙古自治区投资项目在线审批监管平台运行管理办法》第十四条的规定，本机关决定予以受理。",
            a.item_name
        )];
        paper.rows.push(("办理时限".into(), a.limit.words()));
        if let Some((date, provisional)) = due {
            let mark = if provisional { "（该年度放假安排公布前为暂定）" } else { "" };
            paper.rows.push(("应办结日期".into(), format!("{}{mark}", chinese_date(date))));
        }
        paper.closing = vec![
            "依法需要听证、招标、检验、检测、鉴定和专家评审等的，所需时间不计入办理时限，本机关将另行书面告知。".into(),
        ];
        paper.sealed_with_check_value()
    }

    /// 视为受理通知书: `received` is the day of receipt, `ran_out` the last day of the check, `due` the last day of the limit.
    pub fn deemed_acceptance_notice(
        &self,
        a: &Application,
        received: Date,
        ran_out: Date,
        due: Option<Due>,
    ) -> Document {
        let mut paper = self.paper(DocumentKind::DeemedAcceptanceNotice, a);
        PLATFORM.clone_into(&mut paper.issuer);
        paper.paragraphs = vec![format!(
            "你单位申请的“{}”，{}于{}收到申请材料，至{}五个工作日届满，未一次性告知需要补正的内容，也未作出是否受理的决定。根据《中华人民共和国行政许可法》第三十二条第一款第（四）项的规定，该申请自收到申请材料之日起即为受理。",
            a.item_name,
            a.agency_name,
            chinese_date(received),
            chinese_date(ran_out)
        )];
        paper.rows.push(("受理日期".into(), chinese_date(received)));
        paper.rows.push(("办理时限".into(), a.limit.words()));
        if let Some(due) = due {
            let mark = if due.provisional { "（该年度放假安排公布前为暂定）" } else { "" };
            paper.rows.push(("应办结日期".into(), format!("{}{mark}", chinese_date(due.date))));
        }
        paper.closing =
            vec!["办理时限自收到申请材料之日的次日起计算。本通知书由在线平台依法自动生成，并已告知办理机关。".into()];
        paper.sealed_with_check_value()
    }

    /// 不予受理通知书.
    pub fn non_acceptance_notice(
        &self,
        a: &Application,
        ground: NotAcceptedGround,
        reason: &str,
        right: Option<&str>,
    ) -> Document {
        let mut paper = self.paper(DocumentKind::NonAcceptanceNotice, a);
        paper.paragraphs = vec![format!(
            "你单位申请的“{}”，经审查，{}。根据{}的规定，本机关决定不予受理。",
            a.item_name,
            ground.name(),
            ground.article()
        )];
        paper.rows.push(("具体理由".into(), reason.to_owned()));
        if let Some(right) = right {
            paper.rows.push(("应向以下机关申请".into(), right.to_owned()));
        }
        paper.closing = vec![REMEDY.into()];
        paper.sealed_with_check_value()
    }

    /// 办结告知书.
    pub fn completion_notice(&self, a: &Application, decision: &Decision) -> Document {
        let mut paper = self.paper(DocumentKind::CompletionNotice, a);
        paper.paragraphs = vec![format!(
            "你单位申请的“{}”已办结，办理结果为{}。现根据《内蒙古自治区投资项目在线审批监管平台运行管理办法》第十四条第（五）项的规定告知如下：",
            a.item_name,
            decision.outcome.name()
        )];
        paper.rows.extend([
            ("办理结果".into(), decision.outcome.name().to_owned()),
            ("办结意见".into(), decision.opinion.clone()),
            ("审批文件文号".into(), decision.document_number.clone()),
            ("审批文件标题".into(), decision.title.clone()),
            ("决定日期".into(), chinese_date(decision.decided_on)),
        ]);
        if let Some(until) = decision.valid_until {
            paper.rows.push(("有效期至".into(), chinese_date(until)));
        }
        paper.closing = match decision.outcome {
            Outcome::Granted => vec!["请及时通过在线平台报送项目开工建设、建设进度和竣工的基本信息。".into()],
            Outcome::Refused => vec![REMEDY.into()],
        };
        paper.sealed_with_check_value()
    }

    /// 延长办理期限通知书: the reason is told to the applicant (许可法第四十二条).
    pub fn extension_notice(&self, a: &Application, order: &ExtensionOrder, rule: &ExtensionRule) -> Document {
        let mut paper = self.paper(DocumentKind::ExtensionNotice, a);
        let added = format!("{}{}", order.days, a.limit.unit.label());
        paper.paragraphs = vec![format!(
            "你单位申请的“{}”，因故不能在规定期限内作出决定。根据{}的规定，经{}批准，办理期限延长{added}，现将延长期限的理由告知如下：",
            a.item_name,
            rule.article,
            rule.by.name()
        )];
        paper.rows.extend([
            ("原办理时限".into(), a.limit.words()),
            ("延长期限".into(), added),
            ("延长的理由".into(), order.reason.clone()),
            ("批准人".into(), order.approved_by.clone()),
            ("批准文书".into(), order.approval.clone()),
        ]);
        paper.closing = vec!["办理期限依法只延长一次。延长后的届满日可在在线平台的计时单上查看。".into()];
        paper.sealed_with_check_value()
    }

    /// 转送告知书.
    pub fn transfer_notice(&self, a: &Application, to: &Agency, reason: &str, article: &str) -> Document {
        let mut paper = self.paper(DocumentKind::TransferNotice, a);
        paper.paragraphs = vec![format!(
            "你单位申请的“{}”，由其他机关决定。根据{article}的规定，本机关已将申请材料转送该机关，不需要你单位另行提交。",
            a.item_name
        )];
        paper.rows.extend([("转送至".into(), to.name()), ("转送的理由".into(), reason.to_owned())]);
        paper.closing = vec!["该机关收件后另行出具收件凭证，并重新计算受理审查期限。".into()];
        paper.sealed_with_check_value()
    }

    /// 告知承诺书: what the organ tells, what the unit promises.
    pub fn commitment_letter(&self, a: &Application, rule: &CommitmentRule) -> Document {
        let paper = self.paper(DocumentKind::CommitmentLetter, a);
        let by = ("承诺单位".to_owned(), a.unit_name.clone());
        Document {
            issuer: PLATFORM.into(),
            addressee: a.agency_name.clone(),
            rows: paper.rows.iter().cloned().chain([by]).collect(),
            paragraphs: vec![format!(
                "根据{}，“{}”可以以告知承诺方式办理。本单位已经知晓办理条件、标准、需要提交的材料和承诺不实的法律后果，自愿作出如下承诺：",
                rule.article, a.item_name
            )],
            points: rule.promises.clone(),
            closing: vec![
                format!("办理机关将在作出决定后 {}内核查承诺履行情况。", rule.check.words()),
                format!(
                    "承诺不实或者未履行承诺的，依法责令限期整改；拒不整改或者整改后仍不符合条件的，依法撤销决定，并在 {} 个月内不再适用告知承诺方式。",
                    rule.barred_months
                ),
            ],
            ..paper
        }
        .sealed_with_check_value()
    }

    /// 告知承诺核查告知书.
    pub fn commitment_check_notice(&self, a: &Application, check: &CommitmentCheck) -> Document {
        let mut paper = self.paper(DocumentKind::CommitmentCheckNotice, a);
        paper.paragraphs = vec![format!(
            "你单位以告知承诺方式取得的“{}”，本机关已依法核查承诺履行情况，核查结论为{}。",
            a.item_name,
            check.finding.name()
        )];
        paper.rows.extend([
            ("核查日期".into(), chinese_date(check.on)),
            ("核查结论".into(), check.finding.name().to_owned()),
            ("核查的方式和情况".into(), check.facts.clone()),
        ]);
        if let Some(day) = check.rectify_by {
            paper.rows.push(("整改期限".into(), format!("至{}（含当日）", chinese_date(day))));
        }
        paper.closing = match check.finding {
            Finding::Kept => vec![],
            Finding::Rectify => vec![format!(
                "请在整改期限内改正并保存证明材料，期满后本机关再次核查；逾期不改正或者仍不符合条件的，依法撤销决定（{}）。",
                commitment::ARTICLE
            )],
            Finding::Broken => vec![
                format!("未履行承诺的，本机关将依法处理，包括撤销决定；处理决定另行告知（{}）。", commitment::ARTICLE),
                REMEDY.into(),
            ],
        };
        paper.sealed_with_check_value()
    }

    /// 撤销、撤回、注销决定告知书.
    pub fn revocation_notice(&self, a: &Application, revocation: &Revocation) -> Document {
        let mut paper = self.paper(DocumentKind::RevocationNotice, a);
        let how = revocation.ground.revoking().name();
        paper.paragraphs = vec![format!(
            "你单位取得的“{}”，因{}，根据{}的规定，本机关决定予以{how}。",
            a.item_name,
            revocation.ground.name(),
            revocation.ground.article()
        )];
        paper.rows.extend([
            ("处理方式".into(), how.to_owned()),
            ("事实和理由".into(), revocation.reason.clone()),
            ("决定文书文号".into(), revocation.document_number.clone()),
            ("决定日期".into(), chinese_date(revocation.on)),
        ]);
        paper.closing = vec![REMEDY.into()];
        paper.sealed_with_check_value()
    }

    /// 变更、延续决定告知书.
    pub fn amendment_notice(
        &self,
        a: &Application,
        request: &AmendmentRequest,
        decision: &AmendmentDecision,
    ) -> Document {
        let mut paper = self.paper(DocumentKind::AmendmentNotice, a);
        let kind = request.kind.name();
        paper.paragraphs = vec![format!(
            "你单位就“{}”提出的{kind}申请已经办结，结果为{}{kind}。",
            a.item_name,
            decision.outcome.name()
        )];
        paper.rows.extend([
            ("申请内容".into(), request.reason.clone()),
            ("决定意见".into(), decision.opinion.clone()),
            ("决定文书文号".into(), decision.document_number.clone()),
            ("决定日期".into(), chinese_date(decision.on)),
        ]);
        if let Some(until) = request.until.filter(|_| decision.outcome == Outcome::Granted) {
            paper.rows.push(("有效期延续至".into(), chinese_date(until)));
        }
        if decision.outcome == Outcome::Refused {
            paper.closing = vec![REMEDY.into()];
        }
        paper.sealed_with_check_value()
    }
}

fn given_words(given: &super::Given) -> String {
    match given.result_of {
        Some(_) => format!("{}（平台共享，免于提交）", given.name),
        None => format!("{}（{} 份文件）", given.name, given.files.len()),
    }
}
