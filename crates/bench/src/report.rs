//! Figures of a run: ratios with their spread, counts, and the aims they are held against.

use std::{fmt, path::Path};

/// One line.
#[derive(Debug, Clone)]
pub struct Line {
    name: String,
    ratio: f64,
    low: f64,
    high: f64,
    aim: f64,
    note: String,
}

/// All lines of a run.
#[derive(Debug, Default)]
pub struct Report {
    lines: Vec<Line>,
    counts: Vec<(String, String)>,
}

/// The middle of some figures; zero of none.
pub fn median(figures: &[f64]) -> f64 {
    let mut sorted = figures.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

impl Report {
    /// A ratio ours ÷ limit per round, and the aim.
    pub fn ratio(&mut self, name: impl Into<String>, rounds: &[f64], aim: f64, note: impl Into<String>) {
        let low = rounds.iter().copied().fold(f64::INFINITY, f64::min);
        let high = rounds.iter().copied().fold(0.0, f64::max);
        self.lines.push(Line { name: name.into(), ratio: median(rounds), low, high, aim, note: note.into() });
    }

    /// A count, without noise.
    pub fn count(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.counts.push((name.into(), value.into()));
    }

    /// Whether a ratio stayed below its aim in every round (a spread that reaches the aim is noise, not a miss).
    pub fn has_missed(&self) -> bool {
        self.lines.iter().any(|line| line.high < line.aim)
    }

    /// Writes the same as JSON and text.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        std::fs::write(folder.join("report.txt"), self.to_string())?;
        let lines: Vec<_> = self
            .lines
            .iter()
            .map(|l| serde_json::json!({"name": l.name, "ratio": l.ratio, "low": l.low, "high": l.high, "aim": l.aim, "note": l.note}))
            .collect();
        let counts: serde_json::Map<_, _> = self.counts.iter().map(|(n, v)| (n.clone(), v.clone().into())).collect();
        std::fs::write(folder.join("report.json"), serde_json::json!({"ratios": lines, "counts": counts}).to_string())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<44}{:>8}{:>16}{:>7}  note", "ours ÷ limit", "median", "min–max", "aim")?;
        for l in &self.lines {
            let spread = format!("{:.2}–{:.2}", l.low, l.high);
            writeln!(f, "{:<44}{:>8.2}{spread:>16}{:>7.2}  {}", l.name, l.ratio, l.aim, l.note)?;
        }
        for (name, value) in &self.counts {
            writeln!(f, "{name:<44}{value:>8}")?;
        }
        Ok(())
    }
}
