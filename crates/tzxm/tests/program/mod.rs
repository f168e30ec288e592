//! The binary as a process, for tests that meet it from outside.
#![allow(dead_code, reason = "each test program takes what it needs")]

use serde_json::Value;
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::Path,
    process::{Child, ChildStdout, Command, Output, Stdio},
};

/// The binary with these arguments.
pub fn tzxm(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tzxm"));
    command.args(args).env_remove("TZXM_DATABASE").env_remove("TZXM_CONFIG");
    command
}

/// Runs it to its end: status, standard output, standard error.
pub fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = tzxm(args).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

/// A running program, asked to stop when dropped.
pub struct Running {
    child: Child,
    words: BufReader<ChildStdout>,
}

impl Running {
    pub fn start(args: &[&str]) -> Self {
        Self::spawn(tzxm(args))
    }

    /// A program that was prepared otherwise.
    pub fn spawn(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let words = BufReader::new(child.stdout.take().unwrap());
        Self { child, words }
    }

    /// The number of the process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// The next line that is JSON.
    pub fn json(&mut self) -> Value {
        let mut line = String::new();
        while self.words.read_line(&mut line).unwrap() > 0 {
            if let Ok(value) = serde_json::from_str(&line) {
                return value;
            }
            line.clear();
        }
        panic!("it ended without a line of JSON");
    }

    /// SIGTERM, then the exit status.
    pub fn stop(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
        self.child.wait().unwrap().code()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Status and body of a GET.
pub fn get(address: &str, path: &str) -> (u16, String) {
    let host = address.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    write!(stream, "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), body.to_owned())
}

/// A path as text.
pub fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}
