//! Text that came from elsewhere, made safe for a terminal and put in columns.

/// The text without what a terminal would obey: a project's name must not move the cursor or change colours.
pub(crate) fn visible(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let harmful = (character.is_control() && character != '\n')
                // Marks that reverse the order of what is read.
                || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
            let (escaped, plain) =
                if harmful { (Some(character.escape_default()), None) } else { (None, Some(character)) };
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}

/// [`visible`], on one line.
pub(crate) fn visible_line(text: &str) -> String {
    visible(text).replace('\n', "\\n")
}

/// Rows in columns, two spaces apart, a line each; the last column is not padded.
pub(crate) fn columns<const WIDTH: usize>(rows: &[[String; WIDTH]]) -> String {
    let rows: Vec<[String; WIDTH]> =
        rows.iter().map(|row| std::array::from_fn(|column| visible_line(&row[column]))).collect();
    let widths: [usize; WIDTH] =
        std::array::from_fn(|column| rows.iter().map(|row| row[column].chars().count()).max().unwrap_or_default());
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.chars().count() + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{columns, visible, visible_line};

    #[test]
    fn nothing_that_a_terminal_obeys_comes_through() {
        assert_eq!(visible("a\u{1b}[31mb\nc\u{202e}d"), "a\\u{1b}[31mb\nc\\u{202e}d");
        assert_eq!(visible_line("a\nb"), "a\\nb");
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a", "bé", ""], ["ccc", "d", "e"]].map(|row| row.map(str::to_owned));
        assert_eq!(columns(&rows), "a    bé\nccc  d   e\n");
    }
}
