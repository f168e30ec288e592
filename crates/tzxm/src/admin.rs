//! `tzxm admin create`: an officer's account with its posts and a one-time secret, printed once.

use crate::{lines::GOOD, serve::Place, stop::Stop, world};
use domain::{
    account::{Post, Role},
    region::RegionCode,
};
use jiff::civil::Date;
use platform::{
    Call,
    account::OpenOfficer,
    ports::{Clock, SystemClock},
};
use std::io::Write;

/// Arguments of `tzxm admin`.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    #[command(about = "开设工作人员账号，打印一次性口令（24 小时内首次登录时设置密码）")]
    Create(Create),
}

#[derive(Debug, clap::Args)]
struct Create {
    #[arg(long, help = "登录名")]
    login: String,
    #[arg(long, help = "姓名")]
    name: String,
    #[arg(
        long = "post",
        required = true,
        value_name = "DEPARTMENT@REGION:ROLE",
        value_parser = post,
        help = "岗位，可重复，例如 development_reform@150000:system_administrator"
    )]
    posts: Vec<(String, RegionCode, Role)>,
    #[arg(long, default_value = "命令行开设", help = "任职文件或其他依据")]
    reason: String,
    #[command(flatten)]
    place: Place,
}

fn post(text: &str) -> Result<(String, RegionCode, Role), String> {
    let parts = text.split_once('@').and_then(|(department, rest)| Some((department, rest.split_once(':')?)));
    let (department, (region, role)) = parts.ok_or("岗位的写法为 部门@地区：角色，例如 ecology@150400:approver")?;
    let region = RegionCode::parse(region).ok_or_else(|| format!("“{region}”不是六位地区代码"))?;
    let roles = || Role::ALL.map(slug).join("、");
    let role = Role::parse(role).ok_or_else(|| format!("没有角色“{role}”；可用的角色：{}", roles()))?;
    Ok((department.to_owned(), region, role))
}

/// Machine name of a role.
pub fn slug(role: Role) -> String {
    serde_json::to_value(role).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}

/// A post that begins on that day and has no end.
pub fn from_day((department, region, role): (String, RegionCode, Role), from: Date) -> Post {
    Post { department, region, role, from, to: None }
}

/// Runs `tzxm admin`.
pub async fn run(args: Args, out: &mut (dyn Write + Send)) -> Result<u8, Stop> {
    let Command::Create(args) = args.command;
    let config = crate::config::Config::read(&args.place.config)?;
    let store = world::store(&args.place.database).await?;
    let platform = world::platform(&config, store).await?;
    let today = SystemClock.now().date();
    let form = OpenOfficer {
        login: args.login,
        name: args.name,
        posts: args.posts.into_iter().map(|post| from_day(post, today)).collect(),
        reason: args.reason,
        password: None,
    };
    let (id, secret) = platform.open_officer(&Call::system("cli:admin"), &form).await?;
    platform.store.close().await?;
    writeln!(out, "账号 {}（{id}）已开设。", form.login)?;
    if let Some(secret) = secret {
        writeln!(out, "一次性口令（只显示这一次，24 小时内有效）：{secret}")?;
    }
    Ok(GOOD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s06_a_post_is_read_or_refused_with_a_hint() {
        let (department, region, role) = post("ecology@150400:approver").unwrap();
        assert_eq!((department.as_str(), region.as_str(), role), ("ecology", "150400", Role::Approver));
        for (text, hint) in
            [("ecology", "写法"), ("ecology@1504:approver", "地区"), ("ecology@150400:king", "approver")]
        {
            assert!(post(text).unwrap_err().contains(hint), "{text}");
        }
    }
}
