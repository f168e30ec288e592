//! `tzxm items explain FACTS.json`: which items a project needs, which not, and why (办法第十四条第一项).

use domain::item::{Catalogue, Derivation, Facts, Needed, NotNeeded, catalogue};
use std::io::{BufRead, Write};
use std::path::PathBuf;

/// Ask the catalogue of items.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, clap::Subcommand)]
enum Action {
    /// Explain which items the facts of a project call for, and what would change each answer.
    Explain(Explain),
}

#[derive(Debug, clap::Args)]
struct Explain {
    /// JSON object of facts, such as {"land": true, "energy_tce": 1200}; `-` reads it from standard input.
    facts: PathBuf,
    /// Print the derivation as JSON.
    #[arg(long)]
    json: bool,
}

/// Exit code: answered.
const ANSWERED: u8 = 0;
/// Exit code: the facts cannot be used.
const BAD_FACTS: u8 = 1;

/// Runs the command and returns the exit code: 0 answered, 1 the facts cannot be used (2, wrong usage, is clap's).
///
/// # Errors
/// Writing to `out` failed.
pub fn run(args: Args, out: &mut dyn Write, input: &mut dyn BufRead) -> std::io::Result<u8> {
    let Action::Explain(explain) = args.action;
    let facts = match read(&explain, input) {
        Ok(facts) => facts,
        Err(message) => {
            writeln!(out, "{message}")?;
            return Ok(BAD_FACTS);
        }
    };
    let faults = catalogue().check_facts(&facts);
    if !faults.is_empty() {
        for fault in faults {
            writeln!(out, "{fault}")?;
        }
        return Ok(BAD_FACTS);
    }
    let derivation = catalogue().derive(&facts);
    if explain.json {
        serde_json::to_writer_pretty(&mut *out, &derivation)?;
        writeln!(out)?;
    } else {
        print(catalogue(), &derivation, out)?;
    }
    Ok(ANSWERED)
}

fn read(explain: &Explain, input: &mut dyn BufRead) -> Result<Facts, String> {
    let mut text = String::new();
    let place = explain.facts.display();
    let result = if explain.facts.as_os_str() == "-" {
        input.read_to_string(&mut text).map(drop)
    } else {
        std::fs::read_to_string(&explain.facts).map(|file| text = file)
    };
    result.map_err(|error| format!("无法读取 {place}：{error}。请核对文件路径。"))?;
    serde_json::from_str(&text).map_err(|error| {
        format!("{place} 不是申报信息的 JSON 对象（{error}）。请写成 {{\"land\": true, \"energy_tce\": 1200}} 的样子。")
    })
}

fn print(catalogue: &Catalogue, derivation: &Derivation, out: &mut dyn Write) -> std::io::Result<()> {
    writeln!(out, "需要办理 {} 项（目录版本 {}）", derivation.needed.len(), derivation.catalogue)?;
    for (number, code) in (1..).zip(catalogue.order(&derivation.codes())) {
        if let Some(needed) = derivation.needed.iter().find(|needed| needed.item == code) {
            print_needed(catalogue, number, needed, out)?;
        }
    }
    writeln!(out, "\n不需要办理 {} 项", derivation.not_needed.len())?;
    derivation.not_needed.iter().try_for_each(|item| print_not_needed(catalogue, item, out))
}

fn print_needed(catalogue: &Catalogue, number: usize, needed: &Needed, out: &mut dyn Write) -> std::io::Result<()> {
    let Some(item) = catalogue.item(&needed.item) else {
        return Ok(());
    };
    writeln!(out, "\n{number}. {} [{}]", item.name, item.code)?;
    let (stage, level, department) = (item.stage.label(), item.level.label(), catalogue.department_name(item));
    writeln!(out, "   {stage} · {level}{department} · {}", item.effective_limit().words())?;
    writeln!(out, "   规则 {} · {}", needed.rule, needed.article)?;
    writeln!(out, "   {}", needed.because)
}

fn print_not_needed(catalogue: &Catalogue, item: &NotNeeded, out: &mut dyn Write) -> std::io::Result<()> {
    let name = catalogue.item(&item.item).map_or("", |item| item.name.as_str());
    writeln!(out, "\n- {name} [{}]", item.item)?;
    writeln!(out, "   规则 {} · {}", item.rule, item.article)?;
    writeln!(out, "   {}{}", item.failed, item.would_change)
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Command {
        #[command(flatten)]
        args: Args,
    }

    fn explain(arguments: &[&str], input: &str) -> (u8, String) {
        let command = Command::try_parse_from(["items", "explain"].iter().chain(arguments)).unwrap();
        let mut out = Vec::new();
        let code = run(command.args, &mut out, &mut input.as_bytes()).unwrap();
        (code, String::from_utf8(out).unwrap())
    }

    #[test]
    fn art14_1_explain_prints_items_with_rule_article_facts_and_change() {
        let (code, text) = explain(&["-"], r#"{"land": true, "regime": "record_filing", "energy_tce": 2000}"#);
        assert_eq!(code, 0);
        let (needed, others) = text.split_once("不需要办理").unwrap();
        assert!(needed.contains("[energy_saving]") && needed.contains("规则 energy_saving@1 · 节约能源法第十五条"));
        assert!(needed.contains("2000吨标准煤") && needed.contains("[land_preexam_site]"));
        assert!(others.contains("[gov_proposal]") && others.contains("如果“项目管理方式”为“审批”"));
    }

    #[test]
    fn art14_1_explain_as_json_is_the_derivation() {
        let (code, text) = explain(&["--json", "-"], r#"{"hazchem": true}"#);
        assert_eq!(code, 0);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(value["needed"][0]["item"], "hazchem_condition");
        assert_eq!(value["needed"][0]["fired"][0]["fact"], "hazchem");
        assert_eq!(text, explain(&["-", "--json"], r#"{"hazchem": true}"#).1);
    }

    #[test]
    fn explain_refuses_facts_it_cannot_use() {
        for input in ["", "[1]", "{\"land\": null}", "{\"land\": \"yes\"}", "{\"weather\": true}"] {
            let (code, text) = explain(&["-"], input);
            assert_eq!(code, 1, "{input}");
            assert!(text.contains("请"), "{text}");
        }
        let (code, text) = explain(&["/nonexistent/facts.json"], "");
        assert_eq!(code, 1);
        assert!(text.contains("无法读取"), "{text}");
    }

    #[test]
    fn explain_needs_its_argument() {
        let error = Command::try_parse_from(["items", "explain"]).map(|_| ()).unwrap_err();
        assert_eq!(error.exit_code(), 2);
    }
}
