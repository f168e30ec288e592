//! 电子邮件 by SMTP. One connection per letter: what a crashed conversation left behind cannot harm the next.

use crate::{MailSettings, NotOpened, Security, for_a_while, for_good};
use lettre::{
    Address, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor,
    message::{Mailbox, SinglePart, header::ContentType},
    transport::smtp::{
        authentication::Credentials,
        client::{Tls, TlsParameters},
        extension::ClientId,
    },
};
use platform::ports::{Clock, Courier, Letter, Receipt, Undelivered};
use std::{sync::Arc, time::Duration};

/// Mail through one server.
pub struct Mail {
    transport: AsyncSmtpTransport<Tokio1Executor>,
    from: Mailbox,
    clock: Arc<dyn Clock>,
}

impl Mail {
    /// From the settings; nothing is connected yet.
    pub fn open(settings: &MailSettings, clock: Arc<dyn Clock>) -> Result<Self, NotOpened> {
        let fault = |what: &str, why: &dyn std::fmt::Display| NotOpened(format!("[notification.mail] {what}：{why}"));
        let address: Address = settings.from.parse().map_err(|e| fault("from 不是电子邮件地址", &e))?;
        let tls = TlsParameters::new(settings.host.clone());
        let security = match settings.security {
            Security::Tls => Tls::Wrapper(tls.map_err(|e| fault("host 不能用于 TLS", &e))?),
            Security::Starttls => Tls::Required(tls.map_err(|e| fault("host 不能用于 TLS", &e))?),
            Security::Plain => Tls::None,
        };
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&settings.host)
            .port(settings.port)
            .tls(security)
            .hello_name(ClientId::Domain(address.domain().to_owned()))
            .timeout(Some(Duration::from_secs(settings.timeout)));
        if !settings.user.is_empty() {
            let password =
                std::fs::read_to_string(&settings.password_file).map_err(|e| fault("password_file 不能读取", &e))?;
            builder = builder.credentials(Credentials::new(settings.user.clone(), password.trim_end().to_owned()));
        }
        let from = Mailbox::new(Some("内蒙古投资项目在线审批监管平台".into()), address);
        Ok(Self { transport: builder.build(), from, clock })
    }

    /// A plain text with UTF-8; the library encodes every header, and one line is all a subject ever is.
    fn message(&self, letter: &Letter) -> Result<Message, Undelivered> {
        let bad = || for_good("收件人的电子邮件地址不正确，请在通知设置中更正。");
        let to: Address = letter.address.parse().map_err(|_| bad())?;
        let subject: String = letter.subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let id: String = letter.id.chars().filter(|c| c.is_ascii_alphanumeric() || "-_.".contains(*c)).collect();
        Message::builder()
            .from(self.from.clone())
            .to(Mailbox::new(None, to))
            .subject(subject)
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .singlepart(SinglePart::builder().header(ContentType::TEXT_PLAIN).body(letter.text.clone()))
            .map_err(|_| for_good("邮件的内容不能编码。"))
    }
}

/// What a failure of the conversation means to people. The server's own words follow only as their code: they may name the address.
fn undelivered(error: &lettre::transport::smtp::Error) -> Undelivered {
    let code = error.status().map(|code| code.to_string()).unwrap_or_default();
    match code.as_str() {
        "" if error.is_timeout() => for_a_while("邮件服务器没有在规定时间内答复。"),
        "" if error.is_tls() => for_a_while("与邮件服务器不能建立加密连接。"),
        "" => for_a_while("连接不上邮件服务器。"),
        // Of the installation, not of the recipient: an administrator can mend it before the last attempt.
        "530" | "534" | "535" | "538" => for_a_while(format!("邮件服务器拒绝平台登录（{code}）。")),
        "550" | "551" | "553" => {
            for_good(format!("邮件服务器拒收：收件人地址不存在或者不可用（{code}）。请在通知设置中更正。"))
        }
        "552" => for_good(format!("邮件服务器拒收：收件人邮箱已满或者邮件过大（{code}）。")),
        _ if error.is_permanent() => for_good(format!("邮件服务器拒收（{code}）。")),
        _ => for_a_while(format!("邮件服务器暂时不能接收（{code}）。")),
    }
}

#[async_trait::async_trait]
impl Courier for Mail {
    fn serves(&self, channel: &str) -> bool {
        channel == "mail"
    }

    async fn deliver(&self, letter: &Letter) -> Result<Receipt, Undelivered> {
        let message = self.message(letter)?;
        match self.transport.send(message).await {
            Ok(answer) => Ok(Receipt {
                reference: answer.first_line().unwrap_or_default().chars().take(200).collect(),
                happened_at: self.clock.now(),
            }),
            Err(error) => {
                let why = undelivered(&error);
                tracing::warn!(letter.id = %letter.id, permanent = why.permanent, reason = %why.reason, "mail not delivered");
                Err(why)
            }
        }
    }
}
