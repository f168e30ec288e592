//! What is left in memory (S-31): after a sign-in and a sign-out over HTTP, the whole memory of the running program is read, and neither
//! password nor token is there, in whatever buffer it went through.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

mod program;

use program::{Running, run, text};
use std::{
    fs::File,
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    os::unix::fs::FileExt,
    time::Duration,
};

/// Nothing in it is encoded on its way through a form.
const PASSWORD: &str = "Canary7Steppe9HorsekVq";
/// Something that does stay in memory: the search finds what is there.
const SETTING: &str = "https://stays-in-memory-zqx.example.gov.cn";

struct Office {
    host: String,
}

impl Office {
    /// Head and body of an answer.
    fn ask(&self, request: &str) -> (String, String) {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        (head.to_owned(), body.to_owned())
    }

    fn get(&self, path: &str, cookie: &str) -> String {
        let host = &self.host;
        self.ask(&format!("GET {path} HTTP/1.1\r\nhost: {host}\r\ncookie: {cookie}\r\nconnection: close\r\n\r\n")).1
    }

    fn post(&self, path: &str, cookie: &str, form: &str) -> String {
        let (host, length) = (&self.host, form.len());
        let (head, body) = self.ask(&format!(
            "POST {path} HTTP/1.1\r\nhost: {host}\r\norigin: http://{host}\r\ncookie: {cookie}\r\nconnection: close\r\n\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {length}\r\n\r\n{form}"
        ));
        assert!(head.starts_with("HTTP/1.1 303"), "{path}: {head}\n{body}");
        head
    }
}

/// How often each text stands in the memory of a process; `None` where this account may not read it.
fn found(process: u32, texts: &[&str]) -> Option<Vec<usize>> {
    let maps = std::fs::read_to_string(format!("/proc/{process}/maps")).ok()?;
    let memory = File::open(format!("/proc/{process}/mem")).ok()?;
    let mut counts = vec![0; texts.len()];
    for line in maps.lines().filter(|line| line.split(' ').nth(1).is_some_and(|rights| rights.starts_with('r'))) {
        let (from, to) = line.split(' ').next().unwrap().split_once('-').unwrap();
        let [from, to] = [from, to].map(|text| u64::from_str_radix(text, 16).unwrap());
        let mut bytes = vec![0; usize::try_from(to - from).unwrap()];
        // What the kernel keeps for itself ([vvar], guard pages) is not there to be read.
        if memory.read_exact_at(&mut bytes, from).is_ok() {
            for (count, text) in counts.iter_mut().zip(texts) {
                *count += memory_hits(&bytes, text.as_bytes());
            }
        }
    }
    Some(counts)
}

/// Occurrences, looked for by the first byte: a debug build compares windows slowly.
fn memory_hits(bytes: &[u8], text: &[u8]) -> usize {
    let (mut rest, mut hits) = (bytes, 0);
    while let Some(at) = rest.iter().position(|byte| *byte == text[0]) {
        hits += usize::from(rest[at..].starts_with(text));
        rest = &rest[at + 1..];
    }
    hits
}

#[test]
fn s31_neither_password_nor_token_is_left_in_memory_after_signing_out() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = format!(
        "[platform]\noffice_url = {SETTING:?}\nfiles = {:?}\ntemp = {:?}\nheld_keys = {:?}\n\
         [platform.sign_in]\nsecond_factor = {{ portal = \"offered\", office = \"offered\" }}\n\
         [keys]\nmaster = {:?}\n[listen]\noffice = \"127.0.0.1:{port}\"\n",
        path("files"),
        path("temp"),
        path("held"),
        path("master.key")
    );
    std::fs::write(path("tzxm.toml"), config).unwrap();
    assert_eq!(run(&["key", "create", text(&path("master.key"))]).0, Some(0));
    let key = std::fs::read_to_string(path("master.key")).unwrap();
    let (database, toml) = (format!("sqlite:{}", text(&path("a.db"))), path("tzxm.toml"));
    let place = ["--database", database.as_str(), "--config", text(&toml)];
    let post = "development_reform@150000:supervisor";
    let create = ["admin", "create", "--login", "memory.officer", "--name", "张三", "--post", post];
    let (status, words, errors) = run(&[&create[..], &place].concat());
    assert_eq!(status, Some(0), "{errors}");
    let secret = words.trim().rsplit('：').next().unwrap().to_owned();

    let serving = Running::start(&[&["serve", "--face", "office"][..], &place].concat());
    let office = Office { host: format!("127.0.0.1:{port}") };
    for _ in 0..600 {
        if TcpStream::connect(&office.host).is_ok() {
            break;
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    office.post("/setup", "", &format!("secret={secret}&password={PASSWORD}&again={PASSWORD}"));
    let head = office.post("/login", "", &format!("login=memory.officer&password={PASSWORD}"));
    let cookie = head.lines().find_map(|line| line.strip_prefix("set-cookie: ")).unwrap().split(';').next().unwrap();
    let token = cookie.split_once('=').unwrap().1;
    let page = office.get("/account", cookie);
    let csrf = page.split("name=\"_csrf\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).unwrap();
    office.post("/logout", cookie, &format!("_csrf={csrf}"));

    let wanted = [PASSWORD, token, secret.as_str(), key.trim(), SETTING];
    assert_eq!(token.len(), 64);
    let mut last = Vec::new();
    // The connections are closed on the other side a moment after they are on ours.
    for _ in 0..50 {
        let Some(counts) = found(serving.id(), &wanted) else {
            // Another account than root: the process is not dumpable, so nobody reads it. That is the other half of the row.
            assert!(File::open(format!("/proc/{}/mem", serving.id())).is_err());
            return;
        };
        last = counts;
        if last[..4] == [0; 4] {
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    assert!(last[4] > 0, "the search finds what does stay");
    assert_eq!(last[..4], [0; 4], "password, token, one-time secret, digits of the key file");
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", serving.id())).unwrap();
    let core = limits.lines().find(|line| line.starts_with("Max core file size")).unwrap();
    assert_eq!(core.split_whitespace().skip(4).take(2).collect::<Vec<_>>(), ["0", "0"]);
    assert_eq!(serving.stop(), Some(0));
}
