//! The tables of the emulator's pages in `docs`: each stands between two comments with its name.

use crate::control::{faults, routes};
use crate::{behaviours, modes, switches};

/// Every table by its name, in Markdown.
pub fn tables() -> [(&'static str, String); 6] {
    [
        ("fault actions", faults::actions_markdown()),
        ("fault options", faults::options_markdown()),
        ("switches", switches::markdown()),
        ("modes", modes::markdown()),
        ("control routes", routes::markdown()),
        ("behaviours", behaviours::markdown()),
    ]
}

/// A page with its tables as they are in the code. It has at least one.
pub fn renewed(page: &str) -> Result<String, String> {
    let mut renewed = String::new();
    let mut rest = page;
    for (name, table) in tables() {
        let (begin, end) = (format!("<!-- {name}: from the code -->\n"), format!("\n<!-- end of {name} -->"));
        let Some(start) = page.find(&begin) else { continue };
        let start = start + begin.len();
        let stop = page[start..].find(&end).ok_or_else(|| format!("the table {name:?} has no end"))? + start;
        let done = page.len() - rest.len();
        let before = page.get(done..start).ok_or_else(|| format!("the table {name:?} is not in its turn"))?;
        renewed = format!("{renewed}{before}\n{table}");
        rest = &page[stop..];
    }
    if renewed.is_empty() {
        return Err("there is no table in it".to_owned());
    }
    Ok(renewed + rest)
}
