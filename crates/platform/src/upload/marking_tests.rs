//! G-17 on whole files: marks are found wherever a document may carry them, and running text is not one.

use super::{FileType, Marking, inspect};
use samples::Marked;

const LEVELS: [&str; 3] = ["绝密", "机密", "秘密"];

fn marking(place: Marked, text: &str) -> Marking {
    let file_type = FileType::parse(place.extension()).unwrap();
    let budget = inspect::Budget::default();
    let (found, _) =
        inspect::look(place.document(text), file_type, &budget).unwrap_or_else(|e| panic!("{place:?} {text:?}: {e:?}"));
    found.marking
}

#[test]
fn g17_every_mark_in_a_file_is_blocked() {
    let mut tried = 0;
    for place in Marked::ALL {
        for level in LEVELS {
            for mark in [
                "★",
                "★长期",
                "☆10年",
                "⭐启用前",
                "★6个月",
                "级★三十年",
                " 20年",
                "·长期",
                "★\u{fe0f}1年",
                "级 启用前",
            ] {
                let mark = format!("{level}{mark}");
                let text = match place {
                    _ if place.is_named() => mark.clone(),
                    _ => format!("000012\n{mark}\n关于下达投资计划的通知"),
                };
                let found = marking(place, &text);
                assert!(matches!(found, Marking::Blocked(_)), "{mark} in {place:?}: {found:?}");
                tried += 1;
            }
        }
    }
    assert!(tried >= 300, "{tried}");
}

#[test]
fn g17_traces_in_a_file_are_held() {
    let mut tried = 0;
    for place in Marked::ALL {
        for level in LEVELS {
            for trace in ["件", "", "资料"] {
                let text = format!("{level}{trace}");
                let text = if place.is_named() {
                    text
                } else {
                    format!("{text}\n关于报送材料的请示\n正文第一段。")
                };
                let found = marking(place, &text);
                assert!(matches!(found, Marking::Held(_)), "{text:?} in {place:?}: {found:?}");
                tried += 1;
            }
        }
        for phrase in ["涉密", "工作秘密", "内部资料 注意保存"] {
            let found = marking(place, phrase);
            assert!(matches!(found, Marking::Held(_)), "{phrase:?} in {place:?}: {found:?}");
            tried += 1;
        }
    }
    assert!(tried >= 100, "{tried}");
}

/// Sentences of plans, contracts and regulations; `{}` takes whoever acts.
const SENTENCES: [&str; 14] = [
    "{}应当依法保护项目单位的商业秘密。",
    "{}工作人员应当保守国家秘密，不得泄露工作中知悉的商业秘密。",
    "{}应当确保数据的机密性、完整性和可用性。",
    "国家秘密的密级分为绝密、机密、秘密三级，{}按规定确定。",
    "秘密级事项的保密期限不超过十年，{}另有规定的除外。",
    "{}签订商业秘密保护协议，期限10年。",
    "本申报材料不涉及国家秘密，{}。",
    "{}为非涉密项目，通过在线平台办理。",
    "是否涉密：否。{}",
    "{}建立保密制度，配备保密柜2台。",
    "{}评级：★★★★★，服务优秀。",
    "依据《中华人民共和国保守国家秘密法》，{}制定本制度。",
    "涉及商业秘密的，{}应当书面征求第三方意见，15日内答复。",
    "年产3万吨负极材料，建设期2年，由{}实施。",
];
const WHO: [&str; 10] = [
    "项目单位",
    "审批机关",
    "受托机构",
    "建设单位",
    "包头市某公司",
    "设计单位",
    "招标代理机构",
    "旗县主管部门",
    "监理单位",
    "评估专家",
];

#[test]
fn g17_running_text_of_a_file_is_no_hit() {
    let places = Marked::ALL.into_iter().filter(|place| !place.is_named());
    let (mut tried, mut hit) = (0, Vec::new());
    for place in places {
        for sentence in SENTENCES {
            for who in WHO {
                let text = format!("{who}管理制度\n{}", sentence.replace("{}", who));
                match marking(place, &text) {
                    Marking::Clean => {}
                    found => hit.push((place, text, found)),
                }
                tried += 1;
            }
        }
    }
    assert!(tried >= 1_000, "{tried}");
    assert!(hit.len() * 1_000 <= tried, "{} of {tried}: {:?}", hit.len(), hit.first());
}

#[test]
fn k06_what_no_rule_can_read_is_known_as_such() {
    let unread =
        |bytes: Vec<u8>, file_type| inspect::look(bytes, file_type, &inspect::Budget::default()).unwrap().0.unread;
    assert!(unread(samples::jpg(), FileType::Jpg));
    assert!(unread(samples::zip(&[samples::entry("a.png", samples::png())]), FileType::Zip));
    assert!(!unread(samples::pdf_text("一、项目概况"), FileType::Pdf));
    assert!(!unread(samples::pdf(), FileType::Pdf), "an empty page shows nothing");
    assert!(!unread(samples::zip(&samples::docx_parts()), FileType::Docx));
    let image = b"q 500 0 0 700 40 40 cm BI /W 1 /H 1 /BPC 8 /CS /G ID \x00 EI Q".as_slice();
    assert!(unread(samples::pdf_with_text("扫描件", image), FileType::Pdf), "a page that is a picture");
    let outline = b"100 100 m 200 200 l 300 100 l h f".as_slice();
    assert!(unread(samples::pdf_with_text("轮廓", outline), FileType::Pdf), "letters as outlines");
}
