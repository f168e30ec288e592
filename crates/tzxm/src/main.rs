//! tzxm: the one binary of 投资项目在线审批监管平台.

mod clock;
mod code;
mod credit_code;
mod lines;

use clap::Parser;
use std::io::{BufWriter, Read, Write};
use std::process::ExitCode;

#[derive(Parser)]
#[command(name = "tzxm", version, about = "投资项目在线审批监管平台")]
enum Tzxm {
    #[command(about = "项目代码")]
    Code(code::CodeArgs),
    #[command(about = "统一社会信用代码")]
    CreditCode(credit_code::CreditCodeArgs),
    #[command(about = "时限计算")]
    Clock(clock::ClockArgs),
}

fn main() -> ExitCode {
    match run(&Tzxm::parse()) {
        Ok(status) => ExitCode::from(status),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("输入输出出错：{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: &Tzxm) -> std::io::Result<u8> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let mut input = std::io::stdin().lock();
    let status = match command {
        Tzxm::Code(args) => code::run(args, given()?, &mut out, &mut input)?,
        Tzxm::CreditCode(args) => credit_code::run(args, &mut out, &mut input)?,
        Tzxm::Clock(args) => clock::run(args, &mut out, &mut input)?,
    };
    out.flush()?;
    Ok(status)
}

/// Today and chance, taken from the system here and nowhere below.
#[expect(clippy::disallowed_methods, reason = "the roof is where time enters")]
fn given() -> std::io::Result<code::Given> {
    let mut bytes = [0; 8];
    std::fs::File::open("/dev/urandom")?.read_exact(&mut bytes)?;
    let now = domain::Moment(jiff::Timestamp::now().as_millisecond());
    Ok(code::Given {
        today: now.date(),
        random: u64::from_ne_bytes(bytes),
    })
}
