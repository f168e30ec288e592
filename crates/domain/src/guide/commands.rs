//! What may be done to a guide. Each command takes the state and gives events, or refusals.

use super::{
    Contact, Draft, DraftStage, Element, Faq, Guide, GuideEvent, GuideMaterial, Sample, ServiceGuide, Version,
    is_complete,
};
use crate::{
    Refusal,
    department::Agency,
    ids::AttachmentId,
    item::{Certainty, Limit},
};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// Most statements of one list.
const MAX_LIST: usize = 50;
/// Most sample files of one guide.
const MAX_SAMPLES: usize = 30;
/// Longest statement.
const MAX_TEXT: usize = 1000;
/// Longest time ahead a version may be published, in days.
const MAX_AHEAD: i32 = 366;

const ARTICLE: &str = "办法第八条";

/// A page of the editing form: the statements that are written together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Page {
    /// 依据、内容、受理条件.
    Basics {
        /// 审批依据.
        basis: String,
        /// 审批内容.
        content: String,
        /// 受理条件.
        conditions: Vec<String>,
    },
    /// 申报材料: which of the unified list are demanded, and what each should show.
    Materials {
        /// In order.
        materials: Vec<GuideMaterial>,
    },
    /// 流程、时限、收费.
    Process {
        /// 办理流程.
        process: Vec<String>,
        /// 承诺时限.
        committed: Option<Limit>,
        /// Steps outside the limit.
        excluded: Vec<String>,
        /// 收费标准.
        fee: String,
    },
    /// 监管要求、联系方式.
    Oversight {
        /// 监管要求.
        supervision: Vec<String>,
        /// 联系方式.
        contacts: Vec<Contact>,
    },
    /// 常见问题、常见错误.
    Help {
        /// 常见问题.
        faqs: Vec<Faq>,
        /// 常见错误.
        mistakes: Vec<String>,
    },
}

impl Page {
    /// Puts it in the place of what stood there.
    pub(super) fn write_into(self, guide: &mut ServiceGuide) {
        match self {
            Self::Basics { basis, content, conditions } => {
                guide.basis = basis;
                guide.content = content;
                guide.conditions = conditions;
            }
            Self::Materials { materials } => {
                guide.samples.retain(|sample| materials.iter().any(|m| m.id == sample.material));
                guide.materials = materials;
            }
            Self::Process { process, committed, excluded, fee } => {
                guide.fee.text = fee;
                guide.process = process;
                guide.committed = committed;
                guide.excluded = excluded;
            }
            Self::Oversight { supervision, contacts } => {
                guide.supervision = supervision;
                guide.contacts = contacts;
            }
            Self::Help { faqs, mistakes } => {
                guide.faqs = faqs;
                guide.mistakes = mistakes;
            }
        }
    }

    /// Cuts blanks, leaves out what is empty or said twice, and finds what is too long, too much or not allowed.
    fn check(self, guide: &ServiceGuide, unified: &[GuideMaterial]) -> Result<Self, Vec<Refusal>> {
        let mut check = Check::default();
        let page = match self {
            Self::Basics { basis, content, conditions } => Self::Basics {
                basis: check.text("basis", &basis, "审批依据"),
                content: check.text("content", &content, "审批内容"),
                conditions: check.list("conditions", conditions, "受理条件"),
            },
            Self::Materials { materials } => Self::Materials { materials: check.materials(materials, unified) },
            Self::Process { process, committed, excluded, fee } => Self::Process {
                process: check.list("process", process, "办理流程"),
                committed: check.committed(committed, &guide.limit),
                excluded: check.list("excluded", excluded, "不计入时限的环节"),
                fee: check.text("fee", &fee, "收费标准"),
            },
            Self::Oversight { supervision, contacts } => Self::Oversight {
                supervision: check.list("supervision", supervision, "监管要求"),
                contacts: check.contacts(contacts),
            },
            Self::Help { faqs, mistakes } => {
                Self::Help { faqs: check.faqs(faqs), mistakes: check.list("mistakes", mistakes, "常见错误") }
            }
        };
        if check.0.is_empty() { Ok(page) } else { Err(check.0) }
    }
}

/// What was found wrong so far.
#[derive(Default)]
struct Check(Vec<Refusal>);

impl Check {
    fn fault(&mut self, field: impl Into<String>, code: &'static str, message: impl Into<String>) {
        self.0.push(Refusal::field(field, code, message).article(ARTICLE));
    }

    fn text(&mut self, field: &str, text: &str, what: &str) -> String {
        let text = text.trim().to_owned();
        let length = text.chars().count();
        if length > MAX_TEXT {
            self.fault(field, "text.too_long", format!("{what}不能超过 {MAX_TEXT} 个字，现为 {length} 个字。"));
        }
        text
    }

    fn list(&mut self, field: &str, texts: Vec<String>, what: &str) -> Vec<String> {
        let mut kept: Vec<String> = Vec::new();
        for text in texts {
            let text = self.text(field, &text, &format!("{what}的每一条"));
            if !text.is_empty() && !kept.contains(&text) {
                kept.push(text);
            }
        }
        if kept.len() > MAX_LIST {
            self.fault(field, "guide.list", format!("{what}不能超过 {MAX_LIST} 条，现为 {} 条。", kept.len()));
        }
        kept
    }

    /// Only what the unified list names, under its unified name (发改投资〔2019〕268号).
    fn materials(&mut self, materials: Vec<GuideMaterial>, unified: &[GuideMaterial]) -> Vec<GuideMaterial> {
        let mut kept: Vec<GuideMaterial> = Vec::new();
        for wanted in materials {
            let hint = self.text(&format!("hint-{}", wanted.id), &wanted.hint, "材料要求");
            match unified.iter().find(|m| m.id == wanted.id) {
                Some(known) if !kept.iter().any(|m| m.id == known.id) => {
                    kept.push(GuideMaterial { hint, ..known.clone() });
                }
                Some(_) => {}
                None => self.0.push(
                    Refusal::field(
                        "materials",
                        "guide.material_outside",
                        format!("“{}”不在本事项的统一材料名录中，不能要求申请人提交。", wanted.name),
                    )
                    .article("发改投资〔2019〕268号"),
                ),
            }
        }
        kept
    }

    /// A promise is shorter than the law, in the same kind of days.
    fn committed(&mut self, committed: Option<Limit>, law: &Limit) -> Option<Limit> {
        let committed = committed?;
        let basis = self.text("committed_basis", &committed.basis, "承诺时限的依据");
        let limit = Limit {
            basis: if basis.is_empty() { "本部门公开承诺".to_owned() } else { basis },
            certainty: Certainty::Seen,
            ..committed
        };
        if limit.unit != law.unit {
            let message =
                format!("法定时限按{}计算，承诺时限也应当同样计算。", law.unit.label().trim_start_matches('个'));
            self.fault("committed_days", "guide.committed_unit", message);
        } else if limit.days > law.days {
            let message = format!("承诺时限不能长于法定时限（{}），请缩短或者留空。", law.words());
            self.fault("committed_days", "guide.committed_longer", message);
        }
        Some(limit)
    }

    fn contacts(&mut self, contacts: Vec<Contact>) -> Vec<Contact> {
        let mut kept: Vec<Contact> = Vec::new();
        for (i, contact) in contacts.into_iter().enumerate() {
            let contact = Contact {
                window: self.text(&format!("window-{i}"), &contact.window, "窗口名称"),
                phone: self.text(&format!("phone-{i}"), &contact.phone, "电话"),
                address: self.text(&format!("address-{i}"), &contact.address, "地址和办公时间"),
            };
            if contact == Contact::default() {
                continue;
            }
            if contact.window.is_empty() {
                self.fault(format!("window-{i}"), "guide.contact", "请写明是哪个窗口。");
            }
            if !is_phone(&contact.phone) {
                self.fault(
                    format!("phone-{i}"),
                    "guide.phone",
                    "请填写办公电话，例如 0471-1234567；多个电话用顿号隔开。",
                );
            }
            kept.push(contact);
        }
        if kept.len() > MAX_LIST {
            self.fault("window-0", "guide.list", format!("联系方式不能超过 {MAX_LIST} 条。"));
        }
        kept
    }

    fn faqs(&mut self, faqs: Vec<Faq>) -> Vec<Faq> {
        let mut kept = Vec::new();
        for (i, faq) in faqs.into_iter().enumerate() {
            let question = self.text(&format!("question-{i}"), &faq.question, "问题");
            let answer = self.text(&format!("answer-{i}"), &faq.answer, "解答");
            match (question.is_empty(), answer.is_empty()) {
                (true, true) => continue,
                (true, false) => self.fault(format!("question-{i}"), "guide.faq", "请填写问题。"),
                (false, true) => self.fault(format!("answer-{i}"), "guide.faq", "请填写解答。"),
                (false, false) => {}
            }
            kept.push(Faq { question, answer });
        }
        if kept.len() > MAX_LIST {
            self.fault("question-0", "guide.list", format!("常见问题不能超过 {MAX_LIST} 个。"));
        }
        kept
    }
}

/// Empty, or digits and what stands between them.
fn is_phone(text: &str) -> bool {
    let digits = text.chars().filter(char::is_ascii_digit).count();
    text.is_empty() || (digits >= 5 && text.chars().all(|c| c.is_ascii_digit() || "-+() 、，（）转".contains(c)))
}

fn words(field: &str, text: &str, what: &str, most: usize) -> Result<String, Refusal> {
    crate::refusal::words(field, text, what, most).map_err(|refusal| refusal.article(ARTICLE))
}

fn wrong_state(what: &str) -> Refusal {
    Refusal::new("guide.wrong_state", format!("{what}请刷新页面查看最新状态。")).article(ARTICLE)
}

/// The draft, if it stands at one of these stages.
fn draft<'a>(guide: &'a Guide, stages: &[DraftStage], act: &str) -> Result<&'a Draft, Refusal> {
    match &guide.draft {
        Some(draft) if stages.contains(&draft.stage) => Ok(draft),
        Some(draft) => Err(wrong_state(&format!("修订稿当前为“{}”，不能{act}。", draft.stage.name()))),
        None => Err(wrong_state(&format!("没有正在编写的修订稿，不能{act}。"))),
    }
}

const OPEN: &[DraftStage] = &[DraftStage::Writing, DraftStage::Returned];

/// The first version, from the catalogue; nothing when there is one already.
pub fn load(state: &Guide, guide: ServiceGuide, agency: Agency, from: Date, rulebook: String) -> Vec<GuideEvent> {
    if !state.versions.is_empty() {
        return Vec::new();
    }
    vec![GuideEvent::GuideLoaded { guide: Box::new(guide), agency, from, rulebook }]
}

/// Begins a draft from the newest version. Nothing when one is open already.
pub fn begin(guide: &Guide) -> Result<Vec<GuideEvent>, Refusal> {
    match (&guide.draft, guide.versions.last()) {
        (Some(_), _) => Ok(Vec::new()),
        (None, Some(version)) => Ok(vec![GuideEvent::GuideDraftBegun { base: version.number }]),
        (None, None) => Err(Refusal::new("guide.not_there", "没有这个事项的办事指南。")),
    }
}

/// Writes one page of the draft. `seen` is the revision the writer began from.
pub fn revise(
    guide: &Guide,
    page: Page,
    seen: u32,
    unified: &[GuideMaterial],
) -> Result<Vec<GuideEvent>, Vec<Refusal>> {
    let draft = draft(guide, OPEN, "修改").map_err(|r| vec![r])?;
    if draft.revision != seen {
        let message = "修订稿在您填写期间已被他人修改。您填写的内容仍在下面，请与最新内容核对后再次保存。";
        return Err(vec![Refusal::new("guide.changed", message)]);
    }
    let page = page.check(&draft.guide, unified)?;
    Ok(vec![GuideEvent::GuideRevised { page }])
}

/// Adds a sample file to a material the draft lists.
pub fn add_sample(guide: &Guide, sample: Sample) -> Result<Vec<GuideEvent>, Refusal> {
    let draft = draft(guide, OPEN, "添加样表")?;
    if !draft.guide.lists(&sample.material) {
        return Err(Refusal::field("file", "guide.sample_material", "指南没有列入这种材料，不能添加样表。"));
    }
    if draft.guide.samples.len() >= MAX_SAMPLES {
        let message = format!("一份指南的样表不能超过 {MAX_SAMPLES} 个，请先移除不用的。");
        return Err(Refusal::field("file", "guide.samples", message));
    }
    Ok(vec![GuideEvent::GuideSampleAdded { sample }])
}

/// Takes a sample file out of the draft; versions that show it keep it.
pub fn remove_sample(guide: &Guide, id: &AttachmentId) -> Result<Vec<GuideEvent>, Refusal> {
    let draft = draft(guide, OPEN, "移除样表")?;
    if !draft.guide.samples.iter().any(|sample| sample.id == *id) {
        return Err(wrong_state("修订稿里没有这个样表。"));
    }
    Ok(vec![GuideEvent::GuideSampleRemoved { id: id.clone() }])
}

/// Gives the draft up, wherever it stands.
pub fn drop_draft(guide: &Guide) -> Result<Vec<GuideEvent>, Refusal> {
    use DraftStage::{Approved, InReview, Returned, Writing};
    draft(guide, &[Writing, InReview, Returned, Approved], "放弃修订")?;
    Ok(vec![GuideEvent::GuideDraftDropped])
}

/// Hands the draft to review: all nine elements must be there.
pub fn submit(guide: &Guide, note: &str) -> Result<Vec<GuideEvent>, Vec<Refusal>> {
    let draft = draft(guide, OPEN, "提交审核").map_err(|r| vec![r])?;
    let missing = Element::ALL.into_iter().filter(|e| e.is_demanded() && !is_complete(&draft.guide, *e));
    let mut faults: Vec<_> = missing
        .map(|element| {
            let message = format!("“{}”还不完整：{}。", element.name(), element.wanted());
            Refusal::new("guide.incomplete", message).article(ARTICLE)
        })
        .collect();
    match words("note", note, "修订说明", 500) {
        Ok(note) if faults.is_empty() => Ok(vec![GuideEvent::GuideSubmitted { note }]),
        Ok(_) => Err(faults),
        Err(refusal) => {
            faults.push(refusal);
            Err(faults)
        }
    }
}

/// Whoever wrote in the draft does not review it.
fn four_eyes(draft: &Draft, reviewer: &str) -> Result<(), Refusal> {
    if draft.authors.iter().any(|author| author == reviewer) {
        let message = "您参与了本修订稿的编写，应当由本部门的其他人员审核。";
        return Err(Refusal::new("guide.four_eyes", message).article(ARTICLE));
    }
    Ok(())
}

/// Sends the draft back with the reason.
pub fn send_back(guide: &Guide, reviewer: &str, reason: &str) -> Result<Vec<GuideEvent>, Refusal> {
    four_eyes(draft(guide, &[DraftStage::InReview], "审核")?, reviewer)?;
    Ok(vec![GuideEvent::GuideReturned { reason: words("opinion", reason, "退回的理由", 500)? }])
}

/// Agrees to the draft.
pub fn approve(guide: &Guide, reviewer: &str, opinion: &str) -> Result<Vec<GuideEvent>, Refusal> {
    four_eyes(draft(guide, &[DraftStage::InReview], "审核")?, reviewer)?;
    let opinion = if opinion.trim().is_empty() { "同意发布。" } else { opinion };
    Ok(vec![GuideEvent::GuideApproved { opinion: words("opinion", opinion, "审核意见", 500)? }])
}

fn in_time(field: &str, what: &str, day: Date, today: Date) -> Result<(), Refusal> {
    if day < today {
        return Err(Refusal::field(field, "guide.past", format!("{what}不能早于今天（{today}）。")).article(ARTICLE));
    }
    if (day - today).get_days() > MAX_AHEAD {
        return Err(Refusal::field(field, "guide.far", format!("{what}不能晚于一年以后。")));
    }
    Ok(())
}

fn nothing_scheduled(guide: &Guide, today: Date) -> Result<(), Refusal> {
    match guide.scheduled(today) {
        Some(Version { number, from, .. }) => Err(Refusal::new(
            "guide.scheduled",
            format!("第 {number} 版将于 {from} 生效。请先撤回该版本，再进行这一操作。"),
        )
        .article(ARTICLE)),
        None => Ok(()),
    }
}

/// Publishes the reviewed draft, in force from that day on.
pub fn publish(guide: &Guide, from: Date, today: Date) -> Result<Vec<GuideEvent>, Refusal> {
    draft(guide, &[DraftStage::Approved], "发布")?;
    in_time("from", "生效日期", from, today)?;
    nothing_scheduled(guide, today)?;
    Ok(vec![GuideEvent::GuidePublished { version: guide.last_number + 1, from }])
}

/// Takes a published version back before its first day; what it said is a draft again.
pub fn unschedule(guide: &Guide, reason: &str, today: Date) -> Result<Vec<GuideEvent>, Refusal> {
    let Some(version) = guide.scheduled(today) else {
        return Err(wrong_state("没有待生效的版本可以撤回。"));
    };
    let reason = words("reason", reason, "撤回的理由", 500)?;
    Ok(vec![GuideEvent::GuideUnscheduled { version: version.number, reason }])
}

/// Retires the guide from that day on.
pub fn retire(guide: &Guide, on: Date, reason: &str, today: Date) -> Result<Vec<GuideEvent>, Refusal> {
    nothing_scheduled(guide, today)?;
    if guide.in_force(today).is_none() || guide.retired_on().is_some() {
        return Err(wrong_state("指南没有在用的版本，或者已经停用。"));
    }
    in_time("on", "停用日期", on, today)?;
    Ok(vec![GuideEvent::GuideRetired { on, reason: words("reason", reason, "停用的理由", 500)? }])
}
