//! Problems that reject a document, and notes on omissions from the generated code.

use std::{collections::HashMap, fmt};

use super::{
    document::{self, Document},
    mapping,
};

/// The maximum number of problems shown.
const MAX_PROBLEMS: usize = 10;

/// The maximum number of places shown for each kind of note.
const MAX_EXAMPLES: usize = 10;

/// The problems and notes of a document.
pub(crate) struct Diagnostics<'a> {
    document: &'a Document,
    problems: Vec<Problem>,
    notes: Vec<Note>,
}

/// The formatted notes.
pub(crate) struct Notes {
    /// The notes grouped by kind. Each group lists only its first places.
    pub(crate) groups: String,
    /// All notes, one per line.
    pub(crate) all: String,
}

/// A problem that causes a file to be rejected.
#[derive(PartialEq)]
pub(crate) struct Problem {
    /// The file name, line and path.
    pub(crate) place: String,
    /// The description and the remedy.
    pub(crate) why: String,
}

/// A note on an omission.
#[derive(PartialEq)]
struct Note {
    at: String,
    what: String,
}

impl Note {
    /// Splits the text into a template and the names in backticks.
    fn parts(&self) -> (Vec<&str>, Vec<&str>) {
        let mut texts = Vec::new();
        let mut names = Vec::new();
        for (index, part) in self.what.split('`').enumerate() {
            if index % 2 == 0 { texts.push(part) } else { names.push(part) }
        }
        (texts, names)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(formatter, "{}\n    {}", self.place, self.why)
    }
}

impl<'a> Diagnostics<'a> {
    pub(crate) fn new(document: &'a Document) -> Self {
        Self { document, problems: Vec::new(), notes: Vec::new() }
    }

    /// Adds a problem at `at`, a pointer into the document or a place in the mapping. `why` must
    /// include the remedy.
    pub(crate) fn reject(&mut self, at: &str, why: impl Into<String>) {
        let is_pointer = at.starts_with('#');
        let place = if is_pointer { self.document.place_at(at) } else { at.to_owned() };
        let problem = Problem { place, why: why.into() };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Adds a note on an omission or change at `at`, a pointer into the document.
    pub(crate) fn note(&mut self, at: &str, what: impl AsRef<str>) {
        let note = Note { at: at.to_owned(), what: what.as_ref().replace('\n', " ") };
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Returns the comment after the key at `pointer`, if the key has no value on its line.
    pub(crate) fn comment_at(&self, pointer: &str) -> Option<&'a str> {
        self.document.comment_at(pointer)
    }

    /// Returns an error that lists the first problems, if there are any.
    pub(crate) fn check(&self) -> Result<(), String> {
        let count = self.problems.len();
        if count == 0 {
            return Ok(());
        }
        let problems = if count == 1 { "problem" } else { "problems" };
        let mut lines = vec![format!("{} has {count} {problems}\n", self.files())];
        for problem in self.problems.iter().take(MAX_PROBLEMS) {
            lines.push(problem.to_string());
        }
        if count > MAX_PROBLEMS {
            lines.push(match count - MAX_PROBLEMS {
                1 => "There is 1 more problem.".to_owned(),
                more => format!("There are {more} more problems."),
            });
        }
        Err(lines.join("\n"))
    }

    /// Returns the names of the files with problems.
    fn files(&self) -> String {
        let is_of_mapping = |problem: &Problem| problem.place.starts_with(mapping::FILE);
        if self.problems.iter().all(is_of_mapping) {
            mapping::FILE.to_owned()
        } else if self.problems.iter().any(is_of_mapping) {
            format!("{} with {}", document::FILE, mapping::FILE)
        } else {
            document::FILE.to_owned()
        }
    }

    pub(crate) fn notes(&self) -> Notes {
        let lines = self.notes.iter().map(|note| format!("{}: {}\n", note.at, note.what));
        Notes { groups: self.groups(), all: lines.collect() }
    }

    /// Returns the notes grouped by kind.
    fn groups(&self) -> String {
        let mut groups: Vec<Vec<&Note>> = Vec::new();
        let mut indices = HashMap::new();
        for note in &self.notes {
            let (texts, _) = note.parts();
            let index = *indices.entry(texts).or_insert(groups.len());
            if index == groups.len() {
                groups.push(Vec::new());
            }
            groups[index].push(note);
        }
        groups.iter().map(|group| group_text(group)).collect()
    }
}

/// Formats notes that differ only in names: the common text, followed by the first places.
fn group_text(group: &[&Note]) -> String {
    let Some(first) = group.first() else { return String::new() };
    if group.len() == 1 {
        return format!("{}: {}\n", first.at, first.what);
    }
    let (texts, names) = first.parts();
    let varies =
        |index: usize| group.iter().any(|note| note.parts().1.get(index) != names.get(index));
    let mut common = String::new();
    for (index, text) in texts.iter().enumerate() {
        common += text;
        match names.get(index) {
            Some(_) if varies(index) => common += "`…`",
            Some(name) => common += &format!("`{name}`"),
            None => {}
        }
    }
    let mut lines = vec![format!("{} times: {common}", group.len())];
    for note in group.iter().take(MAX_EXAMPLES) {
        let (_, names) = note.parts();
        let names = names.iter().enumerate().filter(|(index, _)| varies(*index));
        let names: Vec<_> = names.map(|(_, name)| format!("`{name}`")).collect();
        let colon = if names.is_empty() { "" } else { ": " };
        lines.push(format!("    {}{colon}{}", note.at, names.join(", ")));
    }
    if group.len() > MAX_EXAMPLES {
        lines.push(format!("    and {} more", group.len() - MAX_EXAMPLES));
    }
    lines.join("\n") + "\n"
}
