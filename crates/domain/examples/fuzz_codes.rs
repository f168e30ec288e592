//! Throws mutated and random texts at the code parsers: `cargo run --release -p domain --example fuzz_codes [COUNT] [SEED]`.
//!
//! Ends with status 0 and a line of counts, or with a panic that names the input that broke a promise.

use domain::credit_code::CreditCode;
use domain::project_code::{Generation, Issue, ProjectCode};
use domain::region::{Region, default_regions};

/// SplitMix64: small, fast, and the same everywhere for a seed.
struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    /// Any character: half of them from what codes are made of, the rest from all of Unicode.
    fn character(&mut self) -> char {
        const NEAR: [char; 32] = [
            '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '-', '-', 'A', 'X', 'Z', 'f', ' ', '\t', '\u{3000}',
            '\u{2014}', '\u{2013}', '\u{2212}', '\u{ff0d}', '\u{ff11}', '\u{ff19}', '\u{200b}', '\u{feff}', '\u{0661}',
            '\u{2460}', '\u{bd}', '\u{0300}', '一',
        ];
        if self.below(2) == 0 {
            return NEAR[self.below(NEAR.len())];
        }
        char::from_u32(self.below(0x11_0000) as u32).unwrap_or('\u{fffd}')
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1).map(|a| a.parse::<u64>());
    let mut argument = |default| arguments.next().and_then(Result::ok).unwrap_or(default);
    let (count, mut chance) = (argument(10_000_000), Chance(argument(861)));
    let regions: Vec<&Region> = default_regions().iter().collect();
    let (mut projects, mut credits, mut substitutions) = (0u64, 0u64, 0u64);
    for _ in 0..count {
        let region = regions[chance.below(regions.len())];
        let text = match chance.below(8) {
            0 => (0..chance.below(40)).map(|_| chance.character()).collect(),
            1 => {
                substitutions += 1;
                let code = issued(&mut chance, region);
                let wrong = one_wrong_digit(&mut chance, &code.to_string());
                assert!(ProjectCode::parse(&wrong).is_err(), "undetected: {wrong}");
                wrong
            }
            2 | 3 => {
                let code = CreditCode::simulated(region.code, chance.next() as u32).to_string();
                mutated(&mut chance, &code)
            }
            4 => {
                let (year, serial) = (2013 + chance.below(8), chance.below(1_000_000));
                let code =
                    format!("{year}-{}-{:02}-{:02}-{serial:06}", region.code, chance.below(100), chance.below(100));
                mutated(&mut chance, &code)
            }
            _ => {
                let code = issued(&mut chance, region).to_string();
                mutated(&mut chance, &code)
            }
        };
        projects += u64::from(project_code_holds(&text));
        credits += u64::from(credit_code_holds(&text));
    }
    println!(
        "{count} inputs through both parsers: {projects} read as project codes, {credits} as credit codes, \
         {substitutions} single wrong digits all detected, no panic, no inconsistency"
    );
}

fn issued(chance: &mut Chance, region: &Region) -> ProjectCode {
    let issue = Issue {
        region: region.code,
        department: chance.below(100) as u8,
        project_type: 1 + chance.below(5) as u8,
        year: 2021 + chance.below(79) as i16,
        month: 1 + chance.below(12) as i8,
        random: chance.below(Issue::RANDOM as usize) as u32,
    };
    issue.code().unwrap_or_else(|refusal| panic!("{issue:?}: {refusal}"))
}

fn one_wrong_digit(chance: &mut Chance, code: &str) -> String {
    let mut bytes = code.as_bytes().to_vec();
    loop {
        let at = chance.below(bytes.len());
        let digit = b'0' + chance.below(10) as u8;
        if bytes[at] != b'-' && bytes[at] != digit {
            bytes[at] = digit;
            return bytes.into_iter().map(char::from).collect();
        }
    }
}

fn mutated(chance: &mut Chance, code: &str) -> String {
    let mut characters: Vec<char> = code.chars().collect();
    for _ in 0..chance.below(4) {
        let at = chance.below(characters.len());
        match chance.below(6) {
            0 => characters[at] = chance.character(),
            1 => characters.insert(at, chance.character()),
            2 if characters.len() > 1 => drop(characters.remove(at)),
            3 if at > 0 => characters.swap(at - 1, at),
            4 => characters.push(chance.character()),
            _ => characters.extend("-000".chars().take(1 + at % 4)),
        }
    }
    characters.into_iter().collect()
}

/// Whether it is a project code; if so, its canonical form must be read as the same code without suffix.
fn project_code_holds(text: &str) -> bool {
    let Ok(parsed) = ProjectCode::parse(text) else {
        return false;
    };
    let shown = parsed.code.to_string();
    assert_eq!(shown.len(), 24, "{text:?}");
    assert_eq!(ProjectCode::parse_exact(&shown), Ok(parsed.code), "{text:?}");
    let again = ProjectCode::parse(&shown).unwrap_or_else(|fault| panic!("{text:?}: {fault}"));
    assert_eq!((again.code, again.suffix), (parsed.code, None), "{text:?}");
    if let Some(label) = parsed.suffix {
        let whole = ProjectCode::parse(&format!("{shown}-{label}")).map(|p| (p.code, p.suffix));
        assert_eq!(whole, Ok((parsed.code, Some(label))), "{text:?}");
    }
    let second = parsed.code.generation() == Generation::Second;
    assert_eq!(parsed.code.month().is_some(), second, "{text:?}");
    true
}

fn credit_code_holds(text: &str) -> bool {
    let Ok(code) = CreditCode::parse(text) else {
        return false;
    };
    assert_eq!(code.as_str().len(), 18, "{text:?}");
    assert_eq!(CreditCode::parse(code.as_str()), Ok(code), "{text:?}");
    true
}
