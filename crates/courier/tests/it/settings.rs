use courier::{Couriers, GatewaySettings, MailSettings, NotificationSettings, Security};
use platform::ports::{Clock, SystemClock};
use std::sync::Arc;

fn mail(host: &str, security: Security) -> MailSettings {
    MailSettings {
        host: host.into(),
        port: 465,
        security,
        from: "tzxm@example.gov.cn".into(),
        user: String::new(),
        password_file: Default::default(),
        timeout: 10,
    }
}

fn gateway(channel: &str, url: &str) -> GatewaySettings {
    GatewaySettings { channel: channel.into(), url: url.into(), key_file: "/nowhere/key".into(), timeout: 10 }
}

#[test]
fn s27_unsafe_channels_are_named() {
    let faults = |mail, gateway| NotificationSettings { mail, gateway }.validate(&["mail", "sms", "im"]);
    assert!(faults(None, vec![]).is_empty(), "no channel is a good setting");
    assert!(
        faults(
            Some(mail("smtp.example.gov.cn", Security::Tls)),
            vec![gateway("sms", "https://sms.example.gov.cn/send")]
        )
        .is_empty()
    );
    assert!(faults(Some(mail("127.0.0.1", Security::Plain)), vec![gateway("im", "http://127.0.0.1:9000/")]).is_empty());
    let wrong = MailSettings { from: "not an address".into(), ..mail("smtp.example.gov.cn", Security::Plain) };
    assert_eq!(faults(Some(wrong), vec![]).len(), 2);
    for (channel, url) in [
        ("mail", "https://a.example/"),
        ("pigeon", "https://a.example/"),
        ("sms", "http://a.example/"),
        ("sms", "ftp://a.example/"),
        ("sms", "https://user@a.example/"),
        ("sms", "nonsense"),
    ] {
        assert_eq!(faults(None, vec![gateway(channel, url)]).len(), 1, "{channel} {url}");
    }
    let twice = vec![gateway("sms", "https://a.example/"), gateway("sms", "https://b.example/")];
    assert_eq!(faults(None, twice).len(), 1);
}

#[test]
fn s27_a_missing_or_short_key_opens_nothing() {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let open = |gateway| Couriers::open(&NotificationSettings { mail: None, gateway: vec![gateway] }, &clock).err();
    let missing = open(gateway("sms", "https://a.example/")).unwrap();
    assert!(missing.to_string().contains("key_file"), "{missing}");
    let folder = tempfile::tempdir().unwrap();
    let key_file = folder.path().join("key");
    std::fs::write(&key_file, "short").unwrap();
    assert!(open(GatewaySettings { key_file, ..gateway("sms", "https://a.example/") }).is_some());
}
