//! JSON text written anew: sorted keys, one form for each string and number.
//!
//! It is written while it is read. Members are sorted where they have been written, because what a member looks like
//! does not depend on where in its object it stands.

use std::borrow::Cow;
use std::cmp::Ordering;
use std::ops::Range;

use super::json::{self, Fault, Raw, Scalar, Sink};
use super::text::{Escapes, write_string};
use super::{canonical, number};

/// How JSON is written.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// As the vendor's command line writes a file: indented by two spaces, keys sorted by their bytes, Go's escapes and
    /// numbers, a newline at the end.
    File,
    /// One text for each value, see [`canonical`].
    Canonical,
}

/// Writes the JSON of `text` in the form.
pub(super) fn rewrite(text: &[u8], form: Form) -> Result<Vec<u8>, Fault> {
    let room = if form == Form::File { text.len() * 2 } else { text.len() };
    let mut writer =
        Writer { form, out: Vec::with_capacity(room), open: Vec::new(), members: Vec::new(), spare: Vec::new() };
    json::walk(text, &mut writer)?;
    if form == Form::File {
        writer.out.push(b'\n');
    }
    Ok(writer.out)
}

struct Writer<'a> {
    form: Form,
    out: Vec<u8>,
    open: Vec<Open>,
    /// The members written so far of all open objects.
    members: Vec<Member<'a>>,
    spare: Vec<u8>,
}

/// An object or array that is being written.
struct Open {
    /// Where the first of its members is in `members`.
    first: usize,
    /// How many parts it has.
    count: usize,
}

/// A member that was written: its text, without the comma before it.
struct Member<'a> {
    key: Cow<'a, [u8]>,
    place: Range<usize>,
}

impl<'a> Writer<'a> {
    /// Before a member or an item: the comma, and the line.
    fn part(&mut self) -> usize {
        let depth = self.open.len();
        if let Some(open) = self.open.last_mut() {
            if open.count > 0 {
                self.out.push(b',');
            }
            open.count += 1;
        }
        let start = self.out.len();
        self.line(depth);
        start
    }

    fn line(&mut self, depth: usize) {
        const SPACES: [u8; 2 * super::limits::NESTING + 1] = {
            let mut line = [b' '; 2 * super::limits::NESTING + 1];
            line[0] = b'\n';
            line
        };
        if self.form == Form::File {
            self.out.extend_from_slice(&SPACES[..=2 * depth]);
        }
    }

    fn begin(&mut self, bracket: u8) {
        self.out.push(bracket);
        self.open.push(Open { first: self.members.len(), count: 0 });
    }

    fn end(&mut self, bracket: u8) {
        if let Some(open) = self.open.pop()
            && open.count > 0
        {
            self.sort(open.first);
            self.members.truncate(open.first);
            self.line(self.open.len());
        }
        self.out.push(bracket);
    }

    /// Puts the members of the object that ends here into order; the last one stays where a key is there twice.
    fn sort(&mut self, first: usize) {
        let form = self.form;
        let members = &mut self.members[first..];
        let compare = |left: &Member<'_>, right: &Member<'_>| order(form, &left.key, &right.key);
        if members.is_sorted_by(|left, right| compare(left, right) == Ordering::Less) {
            return;
        }
        let Some(start) = members.first().map(|member| member.place.start) else { return };
        // Stable, so that of equal keys the last one received is the last.
        members.sort_by(compare);
        self.spare.clear();
        self.spare.extend_from_slice(&self.out[start..]);
        self.out.truncate(start);
        for (at, member) in members.iter().enumerate() {
            if members.get(at + 1).is_some_and(|next| next.key == member.key) {
                continue;
            }
            if self.out.len() > start {
                self.out.push(b',');
            }
            self.out.extend_from_slice(&self.spare[member.place.start - start..member.place.end - start]);
        }
    }

    fn text(&mut self, text: Raw<'a>) {
        let escapes = if self.form == Form::File { Escapes::Html } else { Escapes::Needed };
        match text.plain() {
            Some(plain) if !escapes.concern(plain) => {
                self.out.push(b'"');
                self.out.extend_from_slice(plain);
                self.out.push(b'"');
            }
            _ => write_string(&text.decoded(), &mut self.out, escapes),
        }
    }
}

fn order(form: Form, left: &[u8], right: &[u8]) -> Ordering {
    match form {
        Form::File => left.cmp(right),
        Form::Canonical => canonical::by_utf16(left, right),
    }
}

impl<'a> Sink<'a> for Writer<'a> {
    fn begin_object(&mut self) {
        self.begin(b'{');
    }

    fn key(&mut self, text: Raw<'a>) {
        let start = self.part();
        self.members.push(Member { key: text.decoded(), place: start..start });
        self.text(text);
        self.out.extend_from_slice(if self.form == Form::File { b": " } else { b":" });
    }

    fn end_member(&mut self) {
        // Members of inner objects are gone by now: the last one is the one that ends.
        if let Some(member) = self.members.last_mut() {
            member.place.end = self.out.len();
        }
    }

    fn end_object(&mut self) {
        self.end(b'}');
    }

    fn begin_array(&mut self) {
        self.begin(b'[');
    }

    fn item(&mut self) {
        self.part();
    }

    fn end_array(&mut self) {
        self.end(b']');
    }

    fn string(&mut self, text: Raw<'a>) {
        self.text(text);
    }

    fn scalar(&mut self, value: Scalar<'a>) {
        match value {
            Scalar::Number(text) => {
                let text = if self.form == Form::File { number::in_file(text) } else { number::canonical(text) };
                self.out.extend_from_slice(text.as_bytes());
            }
            Scalar::True => self.out.extend_from_slice(b"true"),
            Scalar::False => self.out.extend_from_slice(b"false"),
            Scalar::Null => self.out.extend_from_slice(b"null"),
        }
    }
}
