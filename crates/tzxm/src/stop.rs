//! Why the program stops: one Chinese sentence for the administrator, with the chain of causes behind it.

use std::{error::Error, fmt};

/// Ends a command with status 1 and a sentence on standard error.
#[derive(Debug)]
pub struct Stop(String);

impl Stop {
    /// A sentence that says what to do.
    pub fn new(words: impl Into<String>) -> Self {
        Self(words.into())
    }

    /// What was being done, and the whole chain of why it did not work.
    pub fn because(what: impl fmt::Display, cause: &(dyn Error + 'static)) -> Self {
        let mut words = format!("{what}：{cause}");
        let mut inner = cause.source();
        while let Some(cause) = inner {
            words += &format!("：{cause}");
            inner = cause.source();
        }
        Self(words)
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<platform::Failure> for Stop {
    fn from(failure: platform::Failure) -> Self {
        match failure {
            platform::Failure::Refused(refusals) => Self(
                refusals
                    .iter()
                    .map(|refusal| format!("{} ", refusal.message))
                    .collect::<String>()
                    .trim_end()
                    .to_owned(),
            ),
            other => Self::because("操作没有完成", &other),
        }
    }
}

impl From<ledger::LedgerError> for Stop {
    fn from(error: ledger::LedgerError) -> Self {
        Self::because("数据库出错", &error)
    }
}

impl From<ledger::Refused> for Stop {
    fn from(refused: ledger::Refused) -> Self {
        Self::because("写入数据库未成功", &refused)
    }
}

impl From<std::io::Error> for Stop {
    fn from(error: std::io::Error) -> Self {
        Self::because("输入输出出错", &error)
    }
}
