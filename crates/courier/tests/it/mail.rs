use crate::smtp::{SmtpServer, free_port};
use courier::{Couriers, MailSettings, NotificationSettings, Security};
use domain::{Moment, notification::Form};
use platform::{
    Call, Parts, Platform,
    notification::Delivered,
    ports::{Clock, Courier, Letter, ManualClock},
};
use std::{collections::BTreeMap, sync::Arc};
use testkit::World;

fn settings(port: u16) -> NotificationSettings {
    let mail = MailSettings {
        host: "127.0.0.1".into(),
        port,
        security: Security::Plain,
        from: "tzxm@example.gov.cn".into(),
        user: String::new(),
        password_file: Default::default(),
        timeout: 5,
    };
    NotificationSettings { mail: Some(mail), gateway: vec![] }
}

fn couriers(port: u16) -> Couriers {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(Moment(1_767_225_600_000)));
    Couriers::open(&settings(port), &clock).unwrap()
}

fn letter(to: &str) -> Letter {
    Letter {
        id: "case-c1-2-mail-a1".into(),
        channel: "mail".into(),
        address: to.into(),
        subject: "申请已受理".into(),
        text: "赤峰市水利局已受理“供水工程”。\n.\n查看详情：https://tzxm.example/cases/c1".into(),
    }
}

/// Headers without their folds.
fn headers(mail: &str) -> Vec<String> {
    let head = mail.split("\r\n\r\n").next().unwrap().replace("\r\n ", " ");
    head.split("\r\n").map(str::to_owned).collect()
}

fn decoded(mail: &str) -> String {
    let script = "import sys,email,email.policy;m=email.message_from_string(sys.stdin.read(),policy=email.policy.default);\
                  sys.stdout.write(m['subject']+'\\n'+m.get_content())";
    let mut child = std::process::Command::new("/usr/bin/python3")
        .args(["-c", script])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    std::io::Write::write_all(&mut child.stdin.take().unwrap(), mail.as_bytes()).unwrap();
    String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap()
}

#[tokio::test]
async fn art14_a_mail_arrives_whole_with_the_delivery_as_its_message_id() {
    let server = SmtpServer::start(free_port());
    let receipt = couriers(server.port).deliver(&letter("li.si@example.com")).await.unwrap();
    assert!(receipt.reference.contains("queued as 1"), "{}", receipt.reference);
    assert_eq!(receipt.happened_at, Moment(1_767_225_600_000));
    let mails = server.mails();
    let headers = headers(&mails[0]);
    for wanted in [
        "Envelope-To: li.si@example.com",
        "Message-ID: <case-c1-2-mail-a1@example.gov.cn>",
        "To: li.si@example.com",
        "Content-Type: text/plain; charset=utf-8",
    ] {
        assert!(headers.iter().any(|header| header == wanted), "{wanted}: {headers:#?}");
    }
    let text = decoded(&mails[0]).replace("\r\n", "\n");
    assert!(text.starts_with("申请已受理\n赤峰市水利局已受理“供水工程”。\n.\n查看详情：https://"), "{text}");
}

#[tokio::test]
async fn s20_nothing_typed_becomes_a_header_or_a_recipient() {
    let server = SmtpServer::start(free_port());
    let evil = Letter {
        subject: "甲项目\r\nBcc: thief@example.com\r\n\r\nbody".into(),
        id: "x>\r\nX-Evil: 1".into(),
        text: "正文\r\n.\r\nMAIL FROM:<a@example.com>\r\n".into(),
        ..letter("li.si@example.com")
    };
    couriers(server.port).deliver(&evil).await.unwrap();
    let mails = server.mails();
    let headers = headers(&mails[0]);
    assert_eq!(mails.len(), 1);
    assert!(!headers.iter().any(|h| h.starts_with("Bcc") || h.starts_with("X-Evil")), "{headers:#?}");
    assert_eq!(headers.iter().filter(|h| h.starts_with("Envelope-To")).count(), 1);
    let bad = couriers(server.port).deliver(&letter("li.si@example.com\r\nBcc: thief@example.com")).await;
    let why = bad.unwrap_err();
    assert!(why.permanent && why.reason.contains("地址不正确"), "{}", why.reason);
    assert_eq!(server.mails().len(), 1);
}

#[tokio::test]
async fn a_refused_recipient_is_for_good_and_said_in_chinese_without_the_address() {
    let server = SmtpServer::start(free_port());
    let couriers = couriers(server.port);
    for (mailbox, permanent, words) in [
        ("nobody", true, "收件人地址不存在或者不可用（550）"),
        ("full", true, "收件人邮箱已满或者邮件过大（552）"),
        ("greylisted", false, "邮件服务器暂时不能接收（451）"),
    ] {
        let why = couriers.deliver(&letter(&format!("{mailbox}@example.com"))).await.unwrap_err();
        assert_eq!(why.permanent, permanent, "{mailbox}");
        assert!(why.reason.contains(words) && !why.reason.contains("example.com"), "{}", why.reason);
    }
    assert!(server.mails().is_empty());
}

#[tokio::test]
async fn s27_a_server_without_tls_gets_nothing_when_tls_is_set() {
    let server = SmtpServer::start(free_port());
    for security in [Security::Tls, Security::Starttls] {
        let mut settings = settings(server.port);
        settings.mail.as_mut().unwrap().security = security;
        let clock: Arc<dyn Clock> = Arc::new(ManualClock::default());
        let why = Couriers::open(&settings, &clock).unwrap().deliver(&letter("a@example.com")).await.unwrap_err();
        assert!(!why.permanent, "{security:?}: {}", why.reason);
    }
    assert!(server.mails().is_empty());
}

/// The whole way: an officer receives, the server is down, comes back, and the agent has the mail once.
async fn art14_the_server_is_down_and_the_mail_arrives_once_it_is_back(world: &World) {
    let port = free_port();
    let couriers = Couriers::open(&settings(port), &world.platform.clock).unwrap();
    let platform = Platform::new(Parts { courier: Arc::new(couriers), ..(*world.platform).clone() });
    let form = Form {
        channels: BTreeMap::from([("mail".to_owned(), ("li.si@example.com".to_owned(), false))]),
        quiet_from: "21".into(),
        quiet_to: "8".into(),
        digest: String::new(),
    };
    platform.choose_notifications(&world.agent.call(), &form).await.unwrap();
    let officer = world.all_hands("water", "150402").await;
    let case = world.received(&officer).await;
    let done = testkit::patiently("the letter is tried", async || {
        let done = platform.deliver_due(&Call::system("test"), 2).await.unwrap();
        (done != Delivered::default() && done.queued == 0 || done.failed > 0).then_some(done)
    });
    let done = done.await;
    assert_eq!((done.sent, done.failed), (0, 1));
    let results = platform.deliveries_of_case(&officer.call(), &case).await.unwrap();
    assert_eq!(results[0].reason, "连接不上邮件服务器。");
    let server = SmtpServer::start(port);
    world.later(1);
    assert_eq!(platform.deliver_due(&Call::system("test"), 2).await.unwrap().sent, 1);
    assert_eq!(platform.deliver_due(&Call::system("test"), 2).await.unwrap().sent, 0);
    let mails = server.mails();
    assert_eq!(mails.len(), 1);
    let text = decoded(&mails[0]);
    assert!(text.starts_with("申请已收件\n") && text.contains(&format!("https://tzxm.example/cases/{case}")), "{text}");
    let results = platform.deliveries_of_case(&officer.call(), &case).await.unwrap();
    assert_eq!((results[0].state.slug(), results[0].failures), ("sent", 1));
    assert!(results[0].happened_at.is_some() && results[0].recorded_at.is_some());
}

testkit::both_engines! { art14_the_server_is_down_and_the_mail_arrives_once_it_is_back }
