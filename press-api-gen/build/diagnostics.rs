//! Problems, for which a document is rejected, and notes on what the generated code lacks.

use std::fmt;

use super::{
    document::{self, Document},
    mapping,
};

/// The number of problems that are printed.
const MAX_PROBLEMS: usize = 10;

/// Everything that there is to say about a document.
pub(crate) struct Diagnostics<'a> {
    document: &'a Document,
    problems: Vec<Problem>,
    notes: Vec<String>,
}

/// A mistake in a file.
#[derive(PartialEq)]
pub(crate) struct Problem {
    /// The file and the place in it.
    pub(crate) place: String,
    /// What is wrong, and what to write.
    pub(crate) why: String,
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

    /// Adds a problem at `at`, a pointer into the document or a place in the mapping. `why` ends
    /// with what to write.
    pub(crate) fn reject(&mut self, at: &str, why: impl Into<String>) {
        let is_pointer = at.starts_with('#');
        let place = if is_pointer { self.document.place_at(at) } else { at.to_owned() };
        let problem = Problem { place, why: why.into() };
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Adds a note that `what` at `at`, a pointer into the document, is left out or changed.
    pub(crate) fn note(&mut self, at: &str, what: impl AsRef<str>) {
        let note = format!("{at}: {}\n", what.as_ref().replace('\n', " "));
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The comment that follows the key at `pointer` in place of a value.
    pub(crate) fn comment_at(&self, pointer: &str) -> Option<&'a str> {
        self.document.comment_at(pointer)
    }

    /// Returns the problems as one message, if there are any.
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

    /// The files with problems.
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

    /// The notes, one a line.
    pub(crate) fn notes(&self) -> String {
        self.notes.concat()
    }
}
