//! tzxm: the one binary of 投资项目在线审批监管平台.

mod admin;
mod check;
mod clock;
mod code;
mod collect;
mod config;
mod credit_code;
mod deliver;
mod demo;
mod detect;
mod evidence;
mod forward;
mod harden;
mod items;
mod key;
mod ledger;
mod lines;
mod listen;
mod log;
mod printing;
mod prove;
mod release;
mod seal;
mod serve;
mod simulate;
mod stop;
mod supervise;
mod world;

use clap::Parser;
use mimalloc::MiMalloc;
use platform::ports::{Chance, Clock, SystemClock};
use std::{
    io::{BufWriter, Write},
    path::PathBuf,
    process::ExitCode,
};
use stop::Stop;
use zeroizing_alloc::ZeroAlloc;

/// Threads that allocate and free for each other: what the system allocator does worst. Whatever is freed is wiped (S-31): a password
/// goes through buffers of many libraries before it reaches us.
#[global_allocator]
static ALLOCATOR: ZeroAlloc<MiMalloc> = ZeroAlloc(MiMalloc);

/// Exit status: 0 all good, 1 something is not, 2 wrong usage.
#[derive(Parser)]
#[command(
    name = "tzxm",
    version,
    about = "投资项目在线审批监管平台",
    after_help = "退出状态：0 正常，1 有问题，2 用法错误"
)]
enum Tzxm {
    #[command(about = "在本机启动带演示数据的全套服务")]
    Demo(demo::Args),
    #[command(about = "启动服务")]
    Serve(serve::Args),
    #[command(about = "项目代码")]
    Code(code::CodeArgs),
    #[command(about = "统一社会信用代码")]
    CreditCode(credit_code::CreditCodeArgs),
    #[command(about = "时限计算")]
    Clock(clock::ClockArgs),
    #[command(about = "事项清单")]
    Items(items::Args),
    #[command(about = "全程记录（账本）")]
    Ledger(ledger::Args),
    #[command(about = "在虚拟时间里模拟数年的办理（同一种子得到同一账本）")]
    Simulate(simulate::Args),
    #[command(about = "收集审计记录（在另一区域的机器上运行）")]
    Collect(collect::Args),
    #[command(about = "工作人员账号")]
    Admin(admin::Args),
    #[command(name = confined::COMMAND, hide = true, about = "在受限子进程中检查一个文件（由服务自行调用）")]
    InspectFile {
        #[arg(help = "文件类型")]
        file_type: String,
    },
    #[command(about = "发布清单和配置封签")]
    Release(release::Args),
    #[command(about = "主密钥、签章密钥和发布密钥")]
    Key {
        #[command(subcommand)]
        command: Key,
    },
}

#[derive(clap::Subcommand)]
enum Key {
    #[command(about = "生成新的主密钥文件（已存在的文件不会被覆盖）")]
    Create {
        #[arg(help = "文件")]
        file: PathBuf,
    },
    #[command(about = "生成新的电子签章密钥文件（SM2；已存在的文件不会被覆盖）")]
    CreateSeal {
        #[arg(help = "文件")]
        file: PathBuf,
    },
    #[command(about = "生成新的发布密钥文件（SM2）和公钥文件（.pub）；已存在的文件不会被覆盖")]
    CreateRelease {
        #[arg(help = "文件")]
        file: PathBuf,
    },
}

fn main() -> ExitCode {
    let command = Tzxm::parse();
    // Confined before anything else is touched.
    if let Tzxm::InspectFile { file_type } = &command {
        return confined::child(file_type);
    }
    if let Err(error) = harden::no_core_dumps() {
        eprintln!("不能关闭内存转储，程序不启动：{error}");
        return ExitCode::FAILURE;
    }
    let mut out = BufWriter::new(std::io::stdout());
    match run(command, &mut out).and_then(|status| Ok(out.flush().map(|()| status)?)) {
        Ok(status) => ExitCode::from(status),
        Err(stop) => {
            eprintln!("{stop}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Tzxm, out: &mut (dyn Write + Send)) -> Result<u8, Stop> {
    let mut input = std::io::stdin().lock();
    Ok(match command {
        Tzxm::Code(args) => code::run(&args, given()?, out, &mut input)?,
        Tzxm::CreditCode(args) => credit_code::run(&args, out, &mut input)?,
        Tzxm::Clock(args) => clock::run(&args, out, &mut input)?,
        Tzxm::Items(args) => items::run(args, out, &mut input)?,
        Tzxm::Key { command: Key::Create { file } } => key::create(&file, &world::chance()?).map(|()| lines::GOOD)?,
        Tzxm::Key { command: Key::CreateSeal { file } } => {
            key::create_seal(&file, &world::chance()?).map(|()| lines::GOOD)?
        }
        Tzxm::Key { command: Key::CreateRelease { file } } => {
            key::create_release(&file, &world::chance()?).map(|()| lines::GOOD)?
        }
        Tzxm::Release(args) => release::run(&args, out)?,
        Tzxm::InspectFile { .. } => lines::BAD,
        Tzxm::Demo(args) => block_on(demo::run(&args, out))?,
        Tzxm::Serve(args) => block_on(serve::run(&args))?,
        Tzxm::Ledger(args) => block_on(ledger::run(&args, out))?,
        Tzxm::Simulate(args) => block_on(simulate::run(&args, out))?,
        Tzxm::Collect(args) => block_on(collect::run(&args, out))?,
        Tzxm::Admin(args) => block_on(admin::run(args, out))?,
    })
}

fn block_on<T>(work: impl Future<Output = Result<T, Stop>>) -> Result<T, Stop> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

/// Today and chance for an act of issuing.
fn given() -> Result<code::Given, Stop> {
    let mut bytes = [0; 8];
    world::chance()?.fill(&mut bytes);
    Ok(code::Given { today: SystemClock.now().date(), random: u64::from_ne_bytes(bytes) })
}
