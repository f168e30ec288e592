//! Tab-separated tables of the catalogue: one header line, no quoting.

use crate::Refusal;

/// The rows below the header, each with exactly `N` cells. Refuses another header or a row of another width.
pub(crate) fn rows<'a, const N: usize>(text: &'a str, header: [&str; N]) -> Result<Vec<[&'a str; N]>, Refusal> {
    let mut lines = text.lines().enumerate();
    let first: Vec<&str> = lines.next().map_or_else(Vec::new, |(_, line)| line.split('\t').collect());
    if first != header {
        return Err(Refusal::new("table.header", format!("数据表表头应为「{}」，请核对文件。", header.join(" "))));
    }
    lines
        .filter(|(_, line)| !line.is_empty())
        .map(|(at, line)| {
            let cells: Vec<&str> = line.split('\t').collect();
            <[&str; N]>::try_from(cells).map_err(|_| fault(at, "列数与表头不一致"))
        })
        .collect()
}

/// A refusal about one row; `at` is the zero-based line of the file.
pub(crate) fn fault(at: usize, what: &str) -> Refusal {
    Refusal::new("table.row", format!("数据表第{}行：{what}，请改正后重新装载。", at + 1))
}
