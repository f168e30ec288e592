//! `tzxm code`: verify and issue project codes 项目代码.

use crate::lines::{BAD, GOOD, cell, for_each};
use domain::Refusal;
use domain::department::default_departments;
use domain::project_code::{Fault, Issue, Parsed, ProjectCode, Warning};
use domain::region::{RegionCode, default_regions};
use jiff::civil::Date;
use serde_json::{Value, json};
use std::io::{BufRead, Result, Write};

/// Arguments of `tzxm code`.
#[derive(Debug, clap::Args)]
pub struct CodeArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    #[command(about = "校验项目代码，每行输出：代码、ok 或错误名、代次")]
    Check(CheckArgs),
    #[command(about = "按现行编码规则生成一个项目代码")]
    Issue(IssueArgs),
}

#[derive(Debug, clap::Args)]
struct CheckArgs {
    #[arg(required = true, value_name = "CODE", help = "项目代码；“-”表示从标准输入逐行读取")]
    codes: Vec<String>,
    #[arg(long, help = "每行输出一个 JSON 对象")]
    json: bool,
}

#[derive(Debug, clap::Args)]
struct IssueArgs {
    #[arg(long, value_parser = region, help = "地区代码，六位数字")]
    region: RegionCode,
    #[arg(long, value_parser = department, help = "业务指导部门：两位编号，或部门名如 development_reform")]
    department: u8,
    #[arg(long = "type", value_name = "TYPE", help = "项目类型，01至05")]
    project_type: u8,
    #[arg(long, value_name = "YYMM", value_parser = month, help = "赋码年月，缺省为本月")]
    month: Option<(i16, i8)>,
}

/// What the world gives to an act of issuing; `main` passes the clock's today and the system's randomness.
#[derive(Debug, Clone, Copy)]
pub struct Given {
    /// Today in UTC+8.
    pub today: Date,
    /// Any random number.
    pub random: u64,
}

/// Runs `tzxm code`; the result is the exit status: 0 all good, 1 something is not.
pub fn run(args: &CodeArgs, given: Given, out: &mut dyn Write, input: &mut dyn BufRead) -> Result<u8> {
    match &args.command {
        Command::Check(args) => check(args, out, input),
        Command::Issue(args) => issue(args, given, out),
    }
}

fn check(args: &CheckArgs, out: &mut dyn Write, input: &mut dyn BufRead) -> Result<u8> {
    let mut status = GOOD;
    for_each(&args.codes, input, |text| {
        let found = ProjectCode::parse(text);
        if found.is_err() {
            status = BAD;
        }
        if args.json {
            return writeln!(out, "{}", as_json(text, &found));
        }
        match found {
            Ok(parsed) => writeln!(out, "{}\tok\t{}", cell(text), parsed.code.generation().number()),
            Err(fault) => writeln!(out, "{}\t{}\t-", cell(text), fault.name()),
        }
    })?;
    Ok(status)
}

fn as_json(text: &str, found: &std::result::Result<Parsed, Fault>) -> Value {
    match found {
        Err(fault) => {
            json!({"input": text, "ok": false, "fault": fault.name(), "message": fault.to_string()})
        }
        Ok(Parsed { code, suffix, warnings }) => json!({
            "input": text,
            "ok": true,
            "code": code,
            "suffix": suffix,
            "generation": code.generation().number(),
            "year": code.year(),
            "month": code.month(),
            "region": code.region(),
            "region_name": default_regions().name(code.region()),
            "department": code.department(),
            "industry": code.industry(),
            "type": code.type_number(),
            "type_name": code.type_name(),
            "warnings": warnings.iter().map(|w: &Warning| w.name()).collect::<Vec<_>>(),
        }),
    }
}

fn issue(args: &IssueArgs, given: Given, out: &mut dyn Write) -> Result<u8> {
    let (year, month) = args.month.unwrap_or((given.today.year(), given.today.month()));
    let issue = Issue {
        region: args.region,
        department: args.department,
        project_type: args.project_type,
        year,
        month,
        random: u32::try_from(given.random % u64::from(Issue::RANDOM)).unwrap_or(0),
    };
    let code = listed(issue.region).and_then(|()| issue.code());
    match code {
        Ok(code) => writeln!(out, "{code}").map(|()| GOOD),
        Err(refusal) => writeln!(std::io::stderr(), "{refusal}").map(|()| BAD),
    }
}

/// A typing error must not become a code that nobody can place.
fn listed(region: RegionCode) -> std::result::Result<(), Refusal> {
    match default_regions().exists(region) || region.is_central() {
        true => Ok(()),
        false => Err(Refusal::field("region", "region.unknown", "地区代码不在区划表中，请核对。")),
    }
}

fn region(text: &str) -> std::result::Result<RegionCode, String> {
    RegionCode::parse(text).ok_or_else(|| "地区代码应为六位数字，且省级编号存在".to_owned())
}

fn department(text: &str) -> std::result::Result<u8, String> {
    let named = default_departments().get(text);
    match (named.and_then(|d| d.central), text.parse::<u8>()) {
        (Some(central), _) => Ok(central.number),
        (None, Ok(number)) if text.len() == 2 => Ok(number),
        _ => Err("应为两位部门编号，或部门表中有编号的部门名".to_owned()),
    }
}

fn month(text: &str) -> std::result::Result<(i16, i8), String> {
    let number = text.parse::<i16>().ok().filter(|_| text.len() == 4 && !text.starts_with('+'));
    let parts = number.and_then(|n| Some((2000 + n / 100, i8::try_from(n % 100).ok()?)));
    parts
        .filter(|(year, month)| *year >= 2000 && (1..=12).contains(month))
        .ok_or_else(|| "赋码年月应形如 2611".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;
    use jiff::civil::date;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: CodeArgs,
    }

    fn tzxm(words: &str, stdin: &[u8]) -> (u8, String) {
        let line = Line::try_parse_from(std::iter::once("code").chain(words.split_whitespace()));
        let Ok(Line { args }) = line else {
            return (2, String::new());
        };
        let given = Given { today: date(2024, 1, 15), random: 7_000_012_345 };
        let mut out = Vec::new();
        let status = run(&args, given, &mut out, &mut &*stdin).unwrap();
        (status, String::from_utf8(out).unwrap())
    }

    #[test]
    fn art14_2_check_answers_a_line_for_a_line() {
        let (status, out) = tzxm("check 2311-330109-04-01-789813 2018-330000-91-01-041350", b"");
        let expected = "2311-330109-04-01-789813\tok\t2\n2018-330000-91-01-041350\tok\t1\n";
        assert_eq!((status, out.as_str()), (0, expected));
        let (status, out) = tzxm("check -", b"2605-440100-04-01-000001\r\n\n\xff\xfe\n2401-150000-04-01-123456-000");
        let expected = "2605-440100-04-01-000001\tcheck_digit\t-\n\tlength\t-\n\u{fffd}\u{fffd}\tcharacter\t-\n\
                        2401-150000-04-01-123456-000\tok\t2\n";
        assert_eq!((status, out.as_str()), (1, expected));
    }

    #[test]
    fn art14_2_check_gives_the_parts_as_json() {
        let (status, out) = tzxm("check --json 2401-150000-04-01-123456-001", b"");
        let value: Value = serde_json::from_str(&out).unwrap();
        assert_eq!(status, 0);
        assert_eq!(value["code"], "2401-150000-04-01-123456");
        assert_eq!((&value["suffix"], &value["region_name"]), (&json!("001"), &json!("内蒙古自治区")));
        let (status, out) = tzxm("check --json 2401", b"");
        let value: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((status, &value["fault"]), (1, &json!("length")));
    }

    #[test]
    fn art11_issue_takes_time_and_chance_from_outside() {
        let plain = "issue --region 150000 --department 04 --type 01";
        assert_eq!(tzxm(plain, b""), (0, "2401-150000-04-01-123456\n".to_owned()));
        let named = "issue --region 150000 --department development_reform --type 1 --month 2611";
        let (status, code) = tzxm(named, b"");
        assert_eq!(status, 0);
        assert!(code.starts_with("2611-150000-04-01-12345"), "{code}");
    }

    #[test]
    fn art11_issue_refuses_what_the_rule_does_not_know() {
        for (words, status) in [
            ("issue --region 150000 --department 04 --type 06", 1),
            ("issue --region 000052 --department 04 --type 01", 1),
            ("issue --region 159999 --department 04 --type 01", 1),
            ("issue --region 150000 --department 04 --type 01 --month 2010", 1),
            ("issue --region 15000 --department 04 --type 01", 2),
            ("issue --region 150000 --department nobody --type 01", 2),
            ("issue --region 150000 --department energy --type 01", 2),
            ("issue --region 150000 --department 04 --type 01 --month 2613", 2),
            ("issue --region 150000 --department 04 --type 01 --month -101", 2),
            ("check", 2),
        ] {
            assert_eq!(tzxm(words, b""), (status, String::new()), "{words}");
        }
    }
}
