//! `tzxm credit-code`: verify unified social credit codes 统一社会信用代码.

use crate::lines::{BAD, GOOD, cell, for_each};
use domain::credit_code::CreditCode;
use serde_json::json;
use std::io::{BufRead, Result, Write};

/// Arguments of `tzxm credit-code`.
#[derive(Debug, clap::Args)]
pub struct CreditCodeArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    #[command(about = "校验统一社会信用代码，每行输出：代码、ok 或错误名")]
    Check {
        #[arg(required = true, value_name = "CODE", help = "信用代码；“-”表示从标准输入逐行读取")]
        codes: Vec<String>,
        #[arg(long, help = "每行输出一个 JSON 对象")]
        json: bool,
    },
}

/// Runs `tzxm credit-code`; the result is the exit status: 0 all good, 1 something is not.
pub fn run(args: &CreditCodeArgs, out: &mut dyn Write, input: &mut dyn BufRead) -> Result<u8> {
    let Command::Check { codes, json } = &args.command;
    let mut status = GOOD;
    for_each(codes, input, |text| {
        let found = CreditCode::parse(text);
        if found.is_err() {
            status = BAD;
        }
        match found {
            Ok(code) if *json => {
                writeln!(out, "{}", json!({"input": text, "ok": true, "code": code}))
            }
            Err(fault) if *json => {
                let message = fault.to_string();
                writeln!(out, "{}", json!({"input": text, "ok": false, "fault": fault.name(), "message": message}))
            }
            Ok(_) => writeln!(out, "{}\tok", cell(text)),
            Err(fault) => writeln!(out, "{}\t{}", cell(text), fault.name()),
        }
    })?;
    Ok(status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        args: CreditCodeArgs,
    }

    fn tzxm(words: &str, stdin: &str) -> (u8, String) {
        let line = Line::try_parse_from(std::iter::once("credit-code").chain(words.split_whitespace()));
        let Ok(Line { args }) = line else {
            return (2, String::new());
        };
        let mut out = Vec::new();
        let status = run(&args, &mut out, &mut stdin.as_bytes()).unwrap();
        (status, String::from_utf8(out).unwrap())
    }

    #[test]
    fn gb32100_check_answers_a_line_for_a_line() {
        let good = (0, "91350100M000100Y43\tok\n".to_owned());
        assert_eq!(tzxm("check 91350100M000100Y43", ""), good);
        let (status, out) = tzxm("check -", "91350100M000100Y44\n123\n");
        let expected = "91350100M000100Y44\tcheck_character\n123\tlength\n";
        assert_eq!((status, out.as_str()), (1, expected));
        assert_eq!(tzxm("check", "").0, 2);
    }

    #[test]
    fn gb32100_check_speaks_json() {
        let (_, out) = tzxm("check --json 91350100m000100y43 1", "");
        let lines: Vec<serde_json::Value> = out.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
        assert_eq!(lines[0]["code"], "91350100M000100Y43");
        assert_eq!(lines[1]["fault"], "length");
    }
}
