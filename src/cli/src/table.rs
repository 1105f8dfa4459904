//! Text that came from elsewhere, made safe for a terminal and laid out to be read: in columns where they fit.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// On a terminal nobody reads more than that of one value; a pipe gets all of it.
const LONGEST_CELL: usize = 400;
/// In less than that a text falls to pieces.
const NARROWEST_COLUMN: usize = 12;

/// The text without what a terminal would obey: a project's name must not move the cursor, change colours, or look like
/// another one.
pub(crate) fn visible(text: &str) -> String {
    text.chars()
        .flat_map(|character| {
            let harmful = (character.is_control() && character != '\n') || is_invisible(character);
            let (escaped, plain) =
                if harmful { (Some(character.escape_unicode()), None) } else { (None, Some(character)) };
            escaped.into_iter().flatten().chain(plain)
        })
        .collect()
}

/// Characters that show nothing, or that change the order in which others are read. The two joiners stay: some scripts
/// and most families of emoji cannot be written without them.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}'
            | '\u{61c}'
            | '\u{180e}'
            | '\u{200b}'
            | '\u{200e}'
            | '\u{200f}'
            | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}'
            | '\u{feff}'
            | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e007f}'
    )
}

/// [`visible`], on one line.
pub(crate) fn visible_line(text: &str) -> String {
    visible(text).replace('\n', "\\n")
}

/// At most this many columns of it, with a mark where it was cut.
pub(crate) fn shortened(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let mut cut = String::new();
    let mut left = most.saturating_sub(1);
    for character in text.chars() {
        let wide = character.width().unwrap_or(0);
        if wide > left {
            break;
        }
        left -= wide;
        cut.push(character);
    }
    cut.push('…');
    cut
}

/// Rows in columns, without a header, whatever the width.
pub(crate) fn columns<const CELLS: usize>(rows: &[[String; CELLS]]) -> String {
    listing(None, rows, None)
}

/// Rows in columns, two spaces apart, a line each; the last column is not padded. `width` is that of the terminal: rows
/// that are wider are shown one below the other, each cell on a line of its own. Without a terminal nothing is cut.
pub(crate) fn listing<const CELLS: usize>(
    header: Option<[&str; CELLS]>,
    rows: &[[String; CELLS]],
    width: Option<usize>,
) -> String {
    let rows: Vec<[String; CELLS]> =
        rows.iter().map(|row| std::array::from_fn(|column| cell(&row[column], width))).collect();
    let all = || header.map(|header| header.map(str::to_owned)).into_iter().chain(rows.iter().cloned());
    let widths: [usize; CELLS] =
        std::array::from_fn(|column| all().map(|row| row[column].width()).max().unwrap_or_default());
    let needed = widths.iter().sum::<usize>() + 2 * CELLS.saturating_sub(1);
    // Where it is wider than the terminal, the last column has what is left of it, if that is enough to be read.
    let last = widths.last().copied().unwrap_or_default();
    let left = width.map_or(last, |width| last.min(width.saturating_sub(needed - last)));
    if left < last && left < NARROWEST_COLUMN {
        return stacked(header, &rows, width.unwrap_or_default());
    }
    let mut text = String::new();
    for row in all() {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(widths).take(CELLS.saturating_sub(1)) {
            line.push_str(cell);
            line.extend(std::iter::repeat_n(' ', width - cell.width() + 2));
        }
        let indent = line.width();
        let cell = row.last().map_or("", String::as_str);
        if cell.width() > left {
            text.push_str(&line);
            text.push_str(wrapped(cell, indent + left, indent).trim_start());
        } else {
            text.push_str(format!("{line}{cell}").trim_end());
            text.push('\n');
        }
    }
    text
}

fn stacked<const CELLS: usize>(header: Option<[&str; CELLS]>, rows: &[[String; CELLS]], width: usize) -> String {
    let mut text = String::new();
    for row in rows {
        let mut cells = row.iter().enumerate().filter(|(_, cell)| !cell.trim().is_empty());
        if let Some((_, first)) = cells.next() {
            text.push_str(&wrapped(first, width, 0));
        }
        for (column, cell) in cells {
            let cell = match header {
                Some(header) => format!("{}: {cell}", header[column].to_lowercase()),
                None => cell.clone(),
            };
            text.push_str(&wrapped(&cell, width, 2));
        }
    }
    text
}

/// Names and values, a pair on each line; on a narrow terminal the value is below its name.
pub(crate) fn pairs(rows: &[(&str, String)], width: Option<usize>) -> String {
    let rows: Vec<(&str, String)> = rows.iter().map(|(name, value)| (*name, cell(value, width))).collect();
    let names = rows.iter().map(|(name, _)| name.width()).max().unwrap_or_default() + 2;
    let fits = width.is_none_or(|width| rows.iter().all(|(_, value)| names + value.width() <= width));
    let mut text = String::new();
    for (name, value) in rows {
        if fits {
            text.push_str(format!("{name:<names$}{value}").trim_end());
            text.push('\n');
        } else {
            text.push_str(name);
            text.push('\n');
            if !value.is_empty() {
                text.push_str(&wrapped(&value, width.unwrap_or(usize::MAX), 2));
            }
        }
    }
    text
}

/// One value on one line; cut on a terminal, whole elsewhere.
pub(crate) fn cell(text: &str, width: Option<usize>) -> String {
    let line = visible_line(text);
    if width.is_some() { shortened(&line, LONGEST_CELL) } else { line }
}

/// The text in lines of this width, each indented. Breaks at spaces; a word that is wider by itself is broken, too.
pub(crate) fn wrapped(text: &str, width: usize, indent: usize) -> String {
    let room = width.saturating_sub(indent).max(8);
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().map_or(0, |line| line.width());
        let space = usize::from(line > 0);
        if line + space + word.width() <= room {
            if let Some(last) = lines.last_mut() {
                last.extend(std::iter::repeat_n(' ', space));
                last.push_str(word);
            }
            continue;
        }
        if line > 0 {
            lines.push(String::new());
        }
        for character in word.chars() {
            let full = lines.last().is_some_and(|line| line.width() + character.width().unwrap_or(0) > room);
            if full {
                lines.push(String::new());
            }
            if let Some(last) = lines.last_mut() {
                last.push(character);
            }
        }
    }
    let margin = " ".repeat(indent);
    lines.iter().flat_map(|line| [margin.as_str(), line.as_str(), "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use unicode_width::UnicodeWidthStr as _;

    use super::{columns, listing, pairs, shortened, visible, visible_line, wrapped};

    #[test]
    fn nothing_that_a_terminal_obeys_comes_through() {
        assert_eq!(visible("a\u{1b}[31mb\nc\u{202e}d\u{9b}e"), "a\\u{1b}[31mb\nc\\u{202e}d\\u{9b}e");
        assert_eq!(visible_line("a\nb"), "a\\nb");
        assert_eq!(visible("\u{2028}\u{200b}\u{feff}"), "\\u{2028}\\u{200b}\\u{feff}");
        assert_eq!(
            visible("👩\u{200d}💻 می\u{200c}خواهم"),
            "👩\u{200d}💻 می\u{200c}خواهم",
            "joiners are part of words"
        );
    }

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [["a", "bé", ""], ["漢字", "d", "e"]].map(|row| row.map(str::to_owned));
        assert_eq!(columns(&rows), "a     bé\n漢字  d   e\n");
        assert_eq!(listing(Some(["ID", "NAME", "X"]), &rows, Some(14)), "ID    NAME  X\na     bé\n漢字  d     e\n");
    }

    #[test]
    fn the_last_column_is_wrapped_where_it_has_room() {
        let rows = [["P2a", "several words that are a tag"], ["P2b", ""]].map(|row| row.map(str::to_owned));
        let text = listing(Some(["ID", "TAGS"]), &rows, Some(20));
        assert_eq!(text, "ID   TAGS\nP2a  several words\n     that are a tag\nP2b\n");
    }

    #[test]
    fn rows_that_do_not_fit_are_stacked_and_no_line_is_wider_than_the_terminal() {
        let rows = [["P2AcmeStaging", "a name of several words", "acme"], ["P2x", "", "漢字漢字漢字漢字漢字漢字漢字"]];
        let rows = rows.map(|row| row.map(str::to_owned));
        let text = listing(Some(["ID", "NAME", "TAGS"]), &rows, Some(20));
        assert_eq!(
            text,
            "P2AcmeStaging\n  name: a name of\n  several words\n  tags: acme\nP2x\n  tags:\n  漢字漢字漢字漢字漢\n  字漢字漢字\n"
        );
        assert!(text.lines().all(|line| line.width() <= 20), "{text}");
    }

    #[test]
    fn a_value_that_does_not_fit_is_below_its_name() {
        let rows = [("id", "P2AcmeStagingNotReal".to_owned()), ("tags", String::new())];
        assert_eq!(pairs(&rows, Some(30)), "id    P2AcmeStagingNotReal\ntags\n");
        assert_eq!(pairs(&rows, Some(24)), "id\n  P2AcmeStagingNotReal\ntags\n");
    }

    #[test]
    fn what_is_too_long_is_cut_with_a_mark() {
        assert_eq!(shortened("漢字漢字", 5), "漢字…");
        assert_eq!(shortened("abc", 3), "abc");
        assert!(wrapped(&"x".repeat(100), 20, 2).lines().all(|line| line.len() <= 20));
    }
}
