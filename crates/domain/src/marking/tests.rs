use super::*;
use proptest::prelude::*;

const PLACES: [Place; 5] = [Place::FileName, Place::Field, Place::BodyTop, Place::HeaderFooter, Place::Body];
const LEVELS: [&str; 3] = ["绝密", "机密", "秘密"];
const STARS: [&str; 10] = ["★", "☆", "✭", "⭐", "*", "\u{ff0a}", "🌟", "✪", "★\u{fe0f}", "★★"];
const TERMS: [&str; 13] =
    ["长期", "永久", "启用前", "解密前", "10年", "20年", "30年", "三年", "二十年", "6个月", "六个月", "1年", "三十年"];
/// Terms that only count behind a star.
const STAR_TERMS: [&str; 3] = ["90天", "2027年12月31日", "工程完工"];
/// What stands around a mark in a document.
const FRAMES: [(&str, &str); 6] = [
    ("", ""),
    ("000012\n", "\n关于下达投资计划的通知"),
    ("内蒙古自治区文件    ", "    〔2026〕12号"),
    ("关于某工程的报告(", ").docx"),
    ("第一行\n第二行\n第三行\n第四行\n第五行\n第六行正文\n", "\n正文继续。"),
    ("密级:", " 保存好"),
];

fn traditional(text: &str) -> String {
    text.replace('绝', "絕").replace('机', "機").replace('长', "長").replace('启', "啟")
}

/// Ways the same mark is written: as it is, traditional, spaced, with zero-width characters, in full width.
fn disguises(mark: &str) -> Vec<String> {
    let between = |separator: &str| mark.chars().map(String::from).collect::<Vec<_>>().join(separator);
    let wide = |c: char| {
        if c.is_ascii_digit() { char::from_u32(c as u32 + 0xfee0).unwrap_or(c) } else { c }
    };
    vec![
        mark.to_owned(),
        traditional(mark),
        between(" "),
        between("\u{3000}"),
        between("\u{200b}"),
        between("\u{feff}\u{200d}"),
        between("\n"),
        mark.chars().map(wide).collect(),
    ]
}

fn positives() -> Vec<String> {
    let mut marks = Vec::new();
    for level in LEVELS {
        for star in STARS {
            marks.extend([format!("{level}{star}"), format!("{level}级{star}"), format!("【{level}】{star}")]);
            let terms = TERMS.iter().chain(&STAR_TERMS);
            marks.extend(terms.map(|term| format!("{level}{star}{term}")));
        }
        for term in TERMS {
            marks.extend(["", " ", "·", "-", "级"].map(|gap| format!("{level}{gap}{term}")));
        }
    }
    marks
}

#[test]
fn k03_every_mark_is_blocked_in_every_place_and_disguise() {
    let marks = positives();
    let mut tried = 0;
    for mark in &marks {
        for (before, after) in FRAMES {
            for disguise in disguises(mark) {
                let text = format!("{before}{disguise}{after}");
                // Read character by character, a broken-up mark cannot be told from the words it is glued to.
                if disguise.contains('\n') && (before, after) != ("", "") && !before.ends_with('\n') {
                    continue;
                }
                for place in PLACES {
                    let verdict = check_text(&text, place);
                    assert!(matches!(verdict, Verdict::Block(_)), "{text:?} in {place:?}: {verdict:?}");
                }
                tried += 1;
            }
        }
    }
    assert!(marks.len() >= 300 && tried >= 3_000, "{} {tried}", marks.len());
}

fn holds() -> Vec<(String, Place)> {
    let mut holds = Vec::new();
    for level in LEVELS {
        for name in ["-报告.docx", "文件.pdf", "资料汇编.zip", "_终稿.docx", ".pdf"] {
            holds.push((format!("{level}{name}"), Place::FileName));
            holds.push((format!("附件1({level}){name}"), Place::FileName));
            holds.push((format!("{}{name}", traditional(level)), Place::FileName));
        }
        for line in ["", "件", "级", "文件", "资料"] {
            let lone = format!("{level}{line}");
            holds.push((format!("{lone}\n关于报送材料的请示\n正文"), Place::BodyTop));
            holds.push((format!("某局文件\n[{lone}]\n正文"), Place::BodyTop));
            holds.push((format!("第3页 {lone}"), Place::HeaderFooter));
            holds.push((lone, Place::Field));
        }
        for number in ["份号:000012", "编号 0031", "第12份", "No.000123"] {
            holds.push((format!("{number}    本件{level}等次\n正文"), Place::BodyTop));
            holds.push((format!("{number}\n{level}\n正文"), Place::BodyTop));
        }
        holds
            .push((level.chars().map(|c| format!("{c}\n")).collect::<String>() + "关于报送材料的请示", Place::BodyTop));
    }
    for phrase in ["涉密", "工作秘密", "内部资料 注意保存", "內部資料,注意保存", "内部文件 严禁外传", "涉及国家秘密"]
    {
        for frame in ["{}", "{}\n正文第一行", "({})", "本项目{}"] {
            let text = frame.replace("{}", phrase);
            for place in [Place::FileName, Place::Field, Place::BodyTop, Place::HeaderFooter] {
                holds.push((text.clone(), place));
            }
        }
    }
    holds
}

#[test]
fn k04_traces_near_the_top_are_held() {
    let holds = holds();
    assert!(holds.len() >= 100, "{}", holds.len());
    for (text, place) in &holds {
        let verdict = check_text(text, *place);
        assert!(matches!(verdict, Verdict::Hold(_)), "{text:?} in {place:?}: {verdict:?}");
        let deep = format!("一\n二三四五六七\n二三四五六七\n二三四五六七\n二三四五六七\n二三四五六七\n{text}");
        assert_eq!(check_text(&deep, Place::Body), Verdict::Clean, "{deep:?}");
    }
}

/// Sentences such as plans, contracts and regulations have; `{}` takes a filler.
const SENTENCES: [&str; 46] = [
    "绝密级30年、机密级20年、秘密级10年,{}按此掌握。",
    "国家秘密的最长保密期限:绝密 30年,机密 20年,秘密 10年;{}不得超过。",
    "{}推出秘密一日游产品。",
    "{}发现这处秘密十年了。",
    "{}藏着机密三天三夜。",
    "{}持有的商业机密10年内不得披露。",
    "{}**商业秘密**条款自签字之日起生效。",
    "秘密会议一年召开两次,由{}组织。",
    "{}的机密文件柜20个,保密室1间。",
    "票面印有绝密飞行★★★★☆字样,{}承办。",
    "{}应当依法保护项目单位的商业秘密。",
    "{}工作人员应当保守国家秘密,不得泄露工作中知悉的商业秘密。",
    "{}应当确保数据的机密性、完整性和可用性。",
    "国家秘密的密级分为绝密、机密、秘密三级,{}按规定确定。",
    "{}的秘密级别由定密责任人确定。",
    "秘密级事项的保密期限不超过十年,{}另有规定的除外。",
    "绝密级国家秘密的保密期限不超过三十年,机密级不超过二十年,{}。",
    "{}签订商业秘密保护协议,期限10年。",
    "合同终止后,{}仍应对商业秘密10年内承担保密义务。",
    "{}掌握该项技术秘密 5年以上。",
    "本申报材料不涉及国家秘密,{}。",
    "{}为非涉密项目,通过在线平台办理。",
    "{}采用机密计算和可信执行环境。",
    "{}的核心工艺属于企业技术秘密,持续研发三年。",
    "泄露国家秘密的,{}依法追究责任。",
    "{}不属于涉密信息系统。",
    "是否涉密:否。{}",
    "{}建立保密制度,配备保密柜2台。",
    "他们守着这个秘密三年来从未说出,{}。",
    "{}的成功没有秘密,五年磨一剑。",
    "侵犯商业秘密行为由{}查处。",
    "{}评级:★★★★★,服务优秀。",
    "*注:{}的商业秘密除外。",
    "“机密”一词在{}中指信息的保护等级。",
    "{}与供应商签署保密协议,保密期限3年。",
    "密钥管理由{}负责,密级与权限分离。",
    "{}参观了秘密花园主题乐园,门票30元。",
    "机密性测试20天完成,{}验收。",
    "依据《中华人民共和国保守国家秘密法》,{}制定本制度。",
    "{}机关、单位对所产生的国家秘密事项应当及时确定密级。",
    "{}不得以国家秘密、商业秘密为由拒绝公开。",
    "涉及商业秘密的,{}应当书面征求第三方意见,15日内答复。",
    "机密长期以来被视为{}的核心资产。",
    "{}提出的秘密3年多前已经公开。",
    "年产3万吨负极材料,建设期2年,由{}实施。",
    "{}的空调机密封件10年质保。",
];

const FILLERS: [&str; 10] = [
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
fn k05_running_text_is_not_a_hit() {
    let mut tried = 0;
    let mut blocked = Vec::new();
    let mut held = Vec::new();
    for sentence in SENTENCES {
        for filler in FILLERS {
            let line = sentence.replace("{}", filler);
            for text in [line.clone(), format!("第十条 {line}"), format!("{filler}管理制度\n{line}\n{line}")] {
                for place in [Place::Body, Place::BodyTop, Place::Field] {
                    match check_text(&text, place) {
                        Verdict::Clean => {}
                        Verdict::Hold(rule) => held.push((text.clone(), place, rule)),
                        Verdict::Block(rule) => blocked.push((text.clone(), place, rule)),
                    }
                    tried += 1;
                }
            }
        }
    }
    assert!(tried >= 1_000, "{tried}");
    assert!(blocked.len() * 1_000 <= tried, "{} of {tried}: {:?}", blocked.len(), blocked.first());
    assert_eq!(held.first(), None, "{} of {tried}", held.len());
}

#[test]
fn k05_regulations_may_be_named_in_file_names() {
    for name in [
        "商业秘密保护协议.docx",
        "保守国家秘密承诺书.pdf",
        "数据机密性评估报告.pdf",
        "非涉密承诺书.pdf",
        "保密协议.doc",
        "不涉密说明.docx",
        "项目申请书.pdf",
        "技术秘密许可合同.pdf",
    ] {
        assert_eq!(check_text(name, Place::FileName), Verdict::Clean, "{name}");
    }
}

#[test]
fn k01_a_closed_gate_tells_the_offline_channel_and_nothing_else() {
    assert_eq!(gate("no"), Ok(Gate::Open));
    let Ok(Gate::Closed(notice)) = gate(" yes ") else { panic!("must close") };
    assert_eq!(notice.article, "办法第三条");
    assert!(notice.paragraphs.concat().contains("投资主管部门"));
    assert!(notice.paragraphs.concat().contains("没有保存"));
    for odd in ["", "maybe", "是"] {
        assert_eq!(gate(odd).unwrap_err().field.as_deref(), Some("touches_secrets"));
    }
}

#[test]
fn k08_words_to_the_person_are_neutral() {
    for verdict in [Verdict::Hold("marking.phrase"), Verdict::Block("marking.level_star")] {
        let message = verdict.refusal().unwrap().message;
        assert!(["密", "标志", "星"].iter().all(|word| !message.contains(word)), "{message}");
    }
    assert_eq!(Verdict::Clean.refusal(), None);
}

#[test]
fn k03_answers_are_checked_before_anything_is_stored() {
    let form = Form::shipped();
    let answers = |text: &str| {
        Answers::from([
            ("catalogue_item".to_owned(), "none".to_owned()),
            ("project_name".to_owned(), "某项目".to_owned()),
            ("content".to_owned(), text.to_owned()),
        ])
    };
    assert_eq!(check_answers(form, &answers("建设厂房2座,不涉及国家秘密。")), Verdict::Clean);
    assert_eq!(check_answers(form, &answers("机密★长期")), Verdict::Block("marking.level_star"));
    assert_eq!(check_answers(form, &answers("涉密会议室")), Verdict::Hold("marking.phrase"));
    assert_eq!(check_answers(form, &Answers::new()), Verdict::Clean);
}

#[test]
fn k03_the_shipped_form_and_catalogue_are_clean() {
    for field in Form::shipped().fields() {
        for text in [Some(&field.help), Some(&field.measure), field.example.as_ref()].into_iter().flatten() {
            assert!(!matches!(check_text(text, Place::Body), Verdict::Block(_)), "{text}");
        }
    }
}

proptest! {
    #[test]
    fn checking_never_panics(text in "[\\s\\S绝机秘密级★*长期年个月0-9一十份号()、]{0,80}") {
        for place in PLACES {
            check_text(&text, place);
        }
    }

    #[test]
    fn k03_a_mark_is_found_wherever_it_stands(before in "[a-zA-Z0-9 。\n]{0,40}", after in "[a-zA-Z。\n ]{0,40}", i in 0usize..3, j in 0usize..10) {
        let text = format!("{before}{}{}{after}", LEVELS[i], STARS[j]);
        prop_assert!(matches!(check_text(&text, Place::Body), Verdict::Block(_)));
    }
}

#[test]
fn k06_what_a_reader_makes_of_a_mark_is_a_trace() {
    for read in [
        "机密女10年",
        "绝稼支30年",
        "秘 党",
        "机柳大启用前",
        "宙密级大20年",
        "机蜜",
        "机侍女20年",
        "编号1\n机 宙",
        "绝密妇",
        "涉党文件 注意保存",
    ] {
        assert!(matches!(check_scan(read), Verdict::Hold(_) | Verdict::Block(_)), "{read}");
    }
    let clean = [
        "内蒙古自治区文件",
        "机关事务管理局",
        "关于商业秘密保护的通知",
        "秘书处",
        "绝缘材料10年质保",
        "周密部署",
        "机器设备",
        "编号20年",
    ];
    for read in clean {
        assert_eq!(check_scan(read), Verdict::Clean, "{read}");
    }
}
