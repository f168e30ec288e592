use super::*;
use proptest::prelude::*;

const SECOND: [&str; 5] = [
    "2311-330109-04-01-789813",
    "2012-150102-04-01-000007",
    "2401-150000-04-01-123456",
    "2501-150102-89-01-000010",
    "2601-152500-04-02-999993",
];

fn code(text: &str) -> ProjectCode {
    ProjectCode::parse(text).unwrap().code
}

fn fault(text: &str) -> &'static str {
    ProjectCode::parse(text).unwrap_err().name()
}

#[test]
fn art11_vectors_of_the_second_generation_verify() {
    for text in SECOND {
        let parsed = ProjectCode::parse(text).unwrap();
        assert_eq!(parsed.code.generation(), Generation::Second);
        assert_eq!((parsed.code.to_string().as_str(), parsed.suffix), (text, None));
    }
    assert_eq!(fault("2605-440100-04-01-000001"), "check_digit");
    assert_eq!(fault("2608-110000-04-01-000001"), "check_digit");
    assert!(ProjectCode::parse("2605-440100-04-01-000004").is_ok());
    assert!(ProjectCode::parse("2608-110000-04-01-000008").is_ok());
}

#[test]
fn art11_the_parts_of_a_second_generation_code() {
    let code = code("2311-330109-04-01-789813");
    assert_eq!((code.year(), code.month()), (2023, Some(11)));
    assert_eq!(code.region().as_str(), "330109");
    assert_eq!((code.department(), code.industry()), (Some(4), None));
    assert_eq!((code.type_number(), code.type_name()), (1, Some("基本建设")));
}

#[test]
fn art11_the_first_generation_verifies_whatever_its_industry() {
    for industry in 0..=99 {
        let code = code(&format!("2018-330000-{industry:02}-01-041350"));
        assert_eq!(code.generation(), Generation::First);
        assert_eq!((code.year(), code.month()), (2018, None));
        assert_eq!((code.industry(), code.department()), (Some(industry), None));
        assert_eq!(code.type_name(), Some("审批"));
    }
    let central = ProjectCode::parse("2017-000052-46-02-001234").unwrap();
    assert_eq!(central.warnings, []);
    assert!(central.code.region().is_central());
}

#[test]
fn art11_the_first_group_tells_the_generation() {
    assert_eq!(code("2012-150102-04-01-000007").year(), 2020);
    for year in 2013..=2020 {
        let text = format!("{year}-150102-44-03-000001");
        assert_eq!(code(&text).generation(), Generation::First);
    }
    for first in ["2000", "2021", "2099", "1915", "2118", "2313"] {
        assert_eq!(fault(&format!("{first}-150102-44-03-000001")), "generation");
    }
}

#[test]
fn art11_codes_are_read_as_people_write_them() {
    let plain = code(SECOND[0]);
    for text in [
        "  2311-330109-04-01-789813\r\n",
        "\u{ff12}\u{ff13}\u{ff11}\u{ff11}\u{ff0d}330109-04-\u{ff10}\u{ff11}-789813",
        "2311–330109—04−01‑789813",
        "2311——330109——04——01——789813",
        "\u{feff}2311-330109-04-01-789813\u{200b}",
        "\u{3000}2311-330109-04-01-789813\u{3000}",
    ] {
        assert_eq!(code(text), plain, "{text}");
    }
}

#[test]
fn art12_wild_suffixes_become_a_label() {
    for (suffix, label) in [("-000", "000"), ("-2001", "2001"), ("-FGQB", "FGQB"), ("—001", "001")] {
        let parsed = ProjectCode::parse(&format!("{}{suffix}", SECOND[0])).unwrap();
        assert_eq!(parsed.suffix.as_deref(), Some(label));
        assert_eq!(parsed.code, code(SECOND[0]));
    }
    for bad in ["-", "--1", "-项目", "-01234567890123456", "-1-"] {
        assert_eq!(fault(&format!("{}{bad}", SECOND[0])), "suffix", "{bad}");
    }
}

#[test]
fn art14_2_every_fault_has_its_name() {
    for (text, name) in [
        ("", "length"),
        ("2311", "length"),
        ("2311-330109-04-01-78981", "length"),
        ("2311-330109-04-01-7898130", "length"),
        ("2311-330109-04-01-78981X", "character"),
        ("2311 330109 04 01 789813", "character"),
        ("二三一一-330109-04-01-789813", "character"),
        ("23113301090401789813", "grouping"),
        ("2311-33010-904-01-789813", "grouping"),
        ("2311--330109-04-01-789813", "grouping"),
        ("2313-330109-04-01-789813", "generation"),
        ("2311-990109-04-01-789813", "province"),
        ("2311-330109-04-01-789814", "check_digit"),
    ] {
        assert_eq!(fault(text), name, "{text}");
    }
    assert_eq!(fault(&"1".repeat(1_000_000)), "length");
}

#[test]
fn art14_2_unknown_tables_only_warn() {
    // Wuhan's Changjiang New Area: genuine, and in no list of divisions.
    let parsed = ProjectCode::parse(&with_check("2301420130770900001")).unwrap();
    assert_eq!(parsed.warnings, [Warning::RegionUnknown, Warning::DepartmentUnknown, Warning::TypeUnknown]);
    let early = ProjectCode::parse(&with_check("2010150102040100001")).unwrap();
    assert_eq!(early.warnings, [Warning::BeforeTheRule]);
}

fn with_check(body: &str) -> String {
    let digits: Vec<u8> = body.bytes().map(|b| b - b'0').collect();
    let all = format!("{body}{}", check_digit(&digits));
    format!("{}-{}-{}-{}-{}", &all[..4], &all[4..10], &all[10..12], &all[12..14], &all[14..])
}

#[test]
fn art11_issued_codes_carry_their_check_digit() {
    let issue = Issue {
        region: RegionCode::parse("150000").unwrap(),
        department: 4,
        project_type: 1,
        year: 2024,
        month: 1,
        random: 12345,
    };
    assert_eq!(issue.code().unwrap().to_string(), "2401-150000-04-01-123456");
    let central = RegionCode::parse("000052").unwrap();
    for (bad, code) in [
        (Issue { region: central, ..issue }, "issue.region"),
        (Issue { department: 100, ..issue }, "issue.department"),
        (Issue { project_type: 0, ..issue }, "issue.type"),
        (Issue { project_type: 6, ..issue }, "issue.type"),
        (Issue { month: 0, ..issue }, "issue.month"),
        (Issue { month: 13, ..issue }, "issue.month"),
        (Issue { year: 2020, month: 10, ..issue }, "issue.year"),
        (Issue { year: 2100, ..issue }, "issue.year"),
        (Issue { random: 100_000, ..issue }, "issue.random"),
    ] {
        assert_eq!(bad.code().unwrap_err().code, code);
    }
}

#[test]
fn art11_every_single_wrong_digit_is_detected() {
    for random in (0..Issue::RANDOM).step_by(997) {
        let text = Issue {
            region: RegionCode::parse("150404").unwrap(),
            department: (random % 100) as u8,
            project_type: 1 + (random % 5) as u8,
            year: 2021 + (random % 70) as i16,
            month: 1 + (random % 12) as i8,
            random,
        }
        .code()
        .unwrap()
        .to_string();
        for at in (0..text.len()).filter(|at| text.as_bytes()[*at] != b'-') {
            for digit in b'0'..=b'9' {
                let mut bytes = text.clone().into_bytes();
                if std::mem::replace(&mut bytes[at], digit) == digit {
                    continue;
                }
                let wrong = String::from_utf8(bytes).unwrap();
                assert!(ProjectCode::parse(&wrong).is_err(), "{wrong}");
            }
        }
    }
}

#[test]
fn art11_codes_of_the_first_two_months_can_only_be_mistaken_for_a_year() {
    // `2011` and `2012` are one digit away from the years 2013 to 2019, which carry no check digit: a limit of the
    // coding rule itself. Every other wrong digit is detected.
    let text = "2012-150102-04-01-000007";
    for at in (0..text.len()).filter(|at| text.as_bytes()[*at] != b'-') {
        for digit in (b'0'..=b'9').filter(|d| *d != text.as_bytes()[at]) {
            let mut bytes = text.to_owned().into_bytes();
            bytes[at] = digit;
            let wrong = ProjectCode::parse(&String::from_utf8(bytes).unwrap());
            let year = at == 3 && digit >= b'3';
            assert_eq!(wrong.is_ok(), year, "{at} {digit}");
        }
    }
}

#[test]
fn codes_travel_as_their_canonical_text() {
    let code = code(SECOND[1]);
    let json = serde_json::to_string(&code).unwrap();
    assert_eq!(json, "\"2012-150102-04-01-000007\"");
    assert_eq!(serde_json::from_str::<ProjectCode>(&json).unwrap(), code);
    assert!(serde_json::from_str::<ProjectCode>("\"2012-150102-04-01-000008\"").is_err());
}

proptest! {
    #[test]
    fn parsing_is_total(text in any::<String>()) {
        let _ = ProjectCode::parse(&text);
    }

    #[test]
    fn parsing_is_total_near_real_codes(text in "[0-90-9\\-—–A-Z \u{200b}]{15,30}") {
        if let Ok(parsed) = ProjectCode::parse(&text) {
            prop_assert_eq!(ProjectCode::parse(&parsed.code.to_string()).unwrap().code, parsed.code);
        }
    }

    #[test]
    fn issued_codes_are_read_back(random in 0..100_000u32, month in 1..=12i8, year in 2021..=2099i16, kind in 1..=5u8, department in 0..=99u8) {
        let region = RegionCode::parse("152502").unwrap();
        let code = Issue { region, department, project_type: kind, year, month, random }.code().unwrap();
        let parsed = ProjectCode::parse(&code.to_string()).unwrap();
        prop_assert_eq!(parsed.code, code);
        prop_assert_eq!((code.year(), code.month(), code.department(), code.type_number()), (year, Some(month), Some(department), kind));
    }
}
