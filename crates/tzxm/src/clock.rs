//! `tzxm clock`: the due date of a period, and its working day by day, with the engine of the real clock.

use crate::lines::{BAD, GOOD, for_each};
use domain::calendar::{Calendar, default_calendar};
use domain::clock::{ClockFacts, DeadlineKind, Due, Ground, LONGEST_LIMIT, Sheet, Suspension, Thresholds, Unit};
use jiff::civil::Date;
use serde_json::{Value, json};
use std::io::{BufRead, Result, Write};

/// Arguments of `tzxm clock`.
#[derive(Debug, clap::Args)]
pub struct ClockArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    #[command(about = "计算届满日，输出：日期、final 或 provisional（当年放假安排未公布）")]
    Due(DueArgs),
}

#[derive(Debug, clap::Args)]
struct DueArgs {
    #[arg(value_parser = ["-"], help = "“-”表示从标准输入逐行读取：起始日<TAB>天数")]
    stdin: Option<String>,
    #[arg(long, value_parser = date, required_unless_present = "stdin", conflicts_with = "stdin", help = "起始日（当日不计入）")]
    from: Option<Date>,
    #[arg(long, value_parser = days, required_unless_present = "stdin", conflicts_with = "stdin", help = "期限天数")]
    days: Option<u32>,
    #[arg(long, default_value = "working", value_parser = unit, help = "计算单位：working 工作日，calendar 自然日")]
    unit: Unit,
    #[arg(long, help = "自然日期限末日为休息日时不顺延")]
    no_roll: bool,
    #[arg(long, value_name = "FROM..TO", value_parser = suspension, help = "不计入的期间，首尾两日均含，可重复；省略 TO 表示尚未恢复")]
    suspend: Vec<Suspension>,
    #[arg(long, help = "逐日列出")]
    sheet: bool,
    #[arg(long, help = "每行输出一个 JSON 对象")]
    json: bool,
}

/// Runs `tzxm clock`; the result is the exit status: 0 all good, 1 something is not.
pub fn run(args: &ClockArgs, out: &mut dyn Write, input: &mut dyn BufRead) -> Result<u8> {
    let Command::Due(args) = &args.command;
    let calendar = default_calendar();
    if let (Some(from), Some(days)) = (args.from, args.days) {
        return answer(args, calendar, from, days, out);
    }
    let mut status = GOOD;
    for_each(&["-".to_owned()], input, |line| {
        let asked =
            line.split_once('\t').and_then(|(from, limit)| Some((date(from.trim()).ok()?, days(limit.trim()).ok()?)));
        status |= match asked {
            Some((from, days)) => answer(args, calendar, from, days, out)?,
            None if args.json => writeln!(out, "{}", json!({"input": line, "fault": "invalid"})).map(|()| BAD)?,
            None => writeln!(out, "-\tinvalid").map(|()| BAD)?,
        };
        Ok(())
    })?;
    Ok(status)
}

fn answer(args: &DueArgs, calendar: &Calendar, from: Date, days: u32, out: &mut dyn Write) -> Result<u8> {
    let facts = facts(args, from, days);
    let due = facts.due(calendar);
    let sheet = args.sheet.then(|| facts.sheet(calendar, from, Thresholds::default()));
    if args.json {
        writeln!(out, "{}", as_json(&facts, due, sheet.as_ref(), calendar))?;
    } else {
        match due {
            Some(Due { date, provisional: false }) => writeln!(out, "{date}\tfinal")?,
            Some(Due { date, provisional: true }) => writeln!(out, "{date}\tprovisional")?,
            None => writeln!(out, "-\tsuspended")?,
        }
        for row in sheet.iter().flat_map(|s| &s.rows) {
            let holder = row.holder.map_or("-", |h| h.name());
            writeln!(out, "{}\t{}\t{holder}", row.date, row.status.describe())?;
        }
    }
    Ok(if due.is_some() { GOOD } else { BAD })
}

fn facts(args: &DueArgs, from: Date, days: u32) -> ClockFacts {
    let mut kind = DeadlineKind::item(args.unit, days);
    kind.roll &= !args.no_roll;
    ClockFacts { suspensions: args.suspend.clone(), ..ClockFacts::new(kind, from) }
}

fn as_json(facts: &ClockFacts, due: Option<Due>, sheet: Option<&Sheet>, calendar: &Calendar) -> Value {
    json!({
        "from": facts.start,
        "days": facts.days,
        "unit": facts.kind.unit,
        "due": due.map(|d| d.date),
        "provisional": due.map(|d| d.provisional),
        "calendar": calendar.version(),
        "rows": sheet.map(|s| &s.rows),
    })
}

fn date(text: &str) -> std::result::Result<Date, String> {
    let shape = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    text.parse::<Date>().ok().filter(|_| shape).ok_or_else(|| "日期应形如 2026-11-24".to_owned())
}

fn days(text: &str) -> std::result::Result<u32, String> {
    let number = text.parse().ok().filter(|n| *n <= LONGEST_LIMIT);
    number.ok_or_else(|| format!("天数应为0至{LONGEST_LIMIT}的整数"))
}

fn unit(text: &str) -> std::result::Result<Unit, String> {
    Unit::parse(text).ok_or_else(|| "应为 working 或 calendar".to_owned())
}

fn suspension(text: &str) -> std::result::Result<Suspension, String> {
    let (from, to) = text.split_once("..").ok_or("应形如 2026-11-02..2026-11-06")?;
    let (from, to) = (date(from)?, if to.is_empty() { None } else { Some(date(to)?) });
    if to.is_some_and(|to| to < from) {
        return Err("期间的末日早于首日".to_owned());
    }
    Ok(Suspension { from, to, ground: Ground::ExpertReview, document: "测算".to_owned(), told_on: None })
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: ClockArgs,
    }

    fn tzxm(words: &str, stdin: &str) -> (u8, String) {
        let line = Line::try_parse_from(std::iter::once("clock").chain(words.split_whitespace()));
        let Ok(Line { args }) = line else {
            return (2, String::new());
        };
        let mut out = Vec::new();
        let status = run(&args, &mut out, &mut stdin.as_bytes()).unwrap();
        (status, String::from_utf8(out).unwrap())
    }

    #[test]
    fn art15_due_prints_the_date_and_how_sure_it_is() {
        for (words, status, out) in [
            ("due --from 2025-09-22 --days 20", 0, "2025-10-24\tfinal\n"),
            ("due --from 2026-12-25 --days 5", 0, "2027-01-01\tprovisional\n"),
            ("due --from 2025-09-01 --days 30 --unit calendar", 0, "2025-10-09\tfinal\n"),
            ("due --from 2025-09-01 --days 30 --unit calendar --no-roll", 0, "2025-10-01\tfinal\n"),
            ("due --from 2025-03-03 --days 20 --suspend 2025-03-07..2025-03-10", 0, "2025-04-02\tfinal\n"),
            ("due --from 2025-03-03 --days 20 --suspend 2025-03-07..", 1, "-\tsuspended\n"),
        ] {
            assert_eq!(tzxm(words, ""), (status, out.to_owned()), "{words}");
        }
    }

    #[test]
    fn art15_due_answers_a_line_for_a_line() {
        let (status, out) = tzxm("due -", "2025-09-22\t20\n2026-12-25\t5\r\n");
        assert_eq!((status, out.as_str()), (0, "2025-10-24\tfinal\n2027-01-01\tprovisional\n"));
        let (status, out) = tzxm("due -", "2025-02-30\t20\n2025-09-22 20\n2025-09-22\t20\n");
        assert_eq!((status, out.as_str()), (1, "-\tinvalid\n-\tinvalid\n2025-10-24\tfinal\n"));
    }

    #[test]
    fn art15_due_shows_its_working() {
        let (_, out) = tzxm("due --from 2025-09-26 --days 1 --sheet", "");
        assert!(out.starts_with("2025-09-28\tfinal\n2025-09-27\t周末，不计入\t-\n2025-09-28\t第1日"), "{out}");
        let (_, out) = tzxm("due --from 2025-09-26 --days 1 --sheet --json", "");
        let value: Value = serde_json::from_str(&out).unwrap();
        assert_eq!((&value["due"], &value["provisional"]), (&json!("2025-09-28"), &json!(false)));
        assert_eq!(value["rows"].as_array().map(Vec::len), Some(2));
    }

    #[test]
    fn art15_due_refuses_what_it_cannot_read() {
        for words in [
            "due",
            "due --from 2025-09-22",
            "due --from 2025-9-22 --days 20",
            "due --from 2025-09-22 --days -1",
            "due --from 2025-09-22 --days 3651",
            "due --from 2025-09-22 --days 20 --unit hours",
            "due --from 2025-09-22 --days 20 --suspend 2025-10-02..2025-10-01",
            "due - --from 2025-09-22 --days 20",
        ] {
            assert_eq!(tzxm(words, ""), (2, String::new()), "{words}");
        }
    }
}
