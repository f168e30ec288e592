//! Guides that were worked on: one with a second version in force, one under review.

use domain::guide::{Contact, Faq, Page};
use platform::{Actor, Call, Failure, Platform};

/// Who keeps the guides of the department of the autonomous region.
pub struct Keepers {
    /// Writes.
    pub writer: Actor,
    /// Reviews.
    pub reviewer: Actor,
    /// Publishes.
    pub manager: Actor,
}

/// The guide that has a second version.
const REVISED: &str = "ent_file";
/// The guide whose revision waits for its review.
const WAITING: &str = "gov_feasibility";

fn contact(address: &str) -> Page {
    let contact = Contact {
        window: "自治区政务服务中心发展改革窗口（演示）".into(),
        phone: "0471-1234567".into(),
        address: format!("{address}；工作日 9:00 至 12:00、14:30 至 17:30"),
    };
    Page::Oversight {
        supervision: vec![
            "项目单位通过在线平台如实报送开工、建设进度和竣工信息（办法第十四条第五项）。".into(),
            "项目单位对备案信息的真实性负责，有关部门依法核查。".into(),
        ],
        contacts: vec![contact],
    }
}

fn help() -> Page {
    let faq = |question: &str, answer: &str| Faq { question: question.into(), answer: answer.into() };
    Page::Help {
        faqs: vec![
            faq("备案要交纸质材料吗？", "不用。在平台填写项目信息并提交即可，备案证明可以自行打印。"),
            faq(
                "备案以后项目的规模变了怎么办？",
                "在平台及时更改备案信息。建设地点、规模、内容发生重大变化的，应当重新核对是否仍属备案范围。",
            ),
            faq(
                "备案和核准怎样区分？",
                "列入政府核准的投资项目目录的实行核准，目录以外的企业投资项目实行备案。申报时平台会自动判断并说明理由。",
            ),
        ],
        mistakes: vec![
            "总投资按元填写。平台以万元为单位，填写前请换算。".into(),
            "建设地点只填到盟市。应当填到旗县（市、区）。".into(),
            "项目名称没有写明建设性质，例如“新建”“改扩建”。".into(),
        ],
    }
}

async fn revise(
    platform: &Platform,
    keepers: &Keepers,
    item: &str,
    pages: Vec<Page>,
    note: &str,
) -> Result<(), Failure> {
    let call = Call::new(keepers.writer.clone(), "demo");
    platform.begin_guide(&call, item).await?;
    for page in pages {
        let draft = platform.guide_page(&call, item).await?.guide.draft.ok_or(Failure::NotThere)?;
        platform.revise_guide(&call, item, page, draft.revision).await?;
    }
    platform.submit_guide(&call, item, note).await
}

/// Writes, reviews and publishes them, on the day of the clock.
pub async fn write(platform: &Platform, keepers: &Keepers) -> Result<(), Failure> {
    let today = platform.clock.now().date();
    revise(
        platform,
        keepers,
        REVISED,
        vec![contact("呼和浩特市敕勒川大街（演示）"), help()],
        "补充联系方式、常见问题和常见错误。",
    )
    .await?;
    let reviewer = Call::new(keepers.reviewer.clone(), "demo");
    platform.approve_guide(&reviewer, REVISED, "内容完整，同意发布。").await?;
    let manager = Call::new(keepers.manager.clone(), "demo");
    platform.publish_guide(&manager, REVISED, today).await?;
    revise(platform, keepers, WAITING, vec![contact("呼和浩特市敕勒川大街（演示）")], "补充联系方式。").await
}
