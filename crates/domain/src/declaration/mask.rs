//! 脱敏: how personal answers are shown before somebody asks for them with a reason (S-34).

use super::Kind;

/// The answer with its middle hidden: `138****0000`, `0471-****567`, `张**`, `z***@example.cn`.
pub fn masked(kind: Kind, text: &str) -> String {
    let text = text.trim();
    let letters: Vec<char> = text.chars().collect();
    let first = || letters.iter().take(1).collect::<String>();
    match kind {
        _ if letters.is_empty() => String::new(),
        Kind::Phone => match text.split_once('-') {
            Some((area, number)) => format!("{area}-{}", middle(number, 0, 3)),
            None => middle(text, 3, 4),
        },
        Kind::Email => match text.rsplit_once('@') {
            Some((_, host)) => format!("{}***@{host}", first()),
            None => "***".to_owned(),
        },
        _ => format!("{}**", first()),
    }
}

/// Keeps so many characters at both ends; of a short text fewer, so that a third is hidden always.
fn middle(text: &str, head: usize, tail: usize) -> String {
    let letters: Vec<char> = text.chars().collect();
    let shown = letters.len() * 2 / 3;
    let tail = tail.min(shown.div_ceil(2));
    let head = head.min(shown - tail);
    let begin: String = letters.iter().take(head).collect();
    let end: String = letters.iter().skip(letters.len() - tail).collect();
    format!("{begin}****{end}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn s34_the_middle_of_a_personal_answer_is_hidden() {
        for (kind, text, shown) in [
            (Kind::Phone, "13800000000", "138****0000"),
            (Kind::Phone, "0471-1234567", "0471-****67"),
            (Kind::Phone, "123", "1****3"),
            (Kind::Phone, "1", "****"),
            (Kind::Email, "zhang@example.cn", "z***@example.cn"),
            (Kind::Email, "nothing", "***"),
            (Kind::Person, "王建国", "王**"),
            (Kind::Person, "乌云其木格", "乌**"),
            (Kind::Person, "", ""),
        ] {
            assert_eq!(masked(kind, text), shown, "{text}");
        }
    }
}
