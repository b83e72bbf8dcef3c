//! Mistakes in single operations. A bad operation among good ones is left out with a note, unless
//! the mapping selects it.

use std::{collections::BTreeMap, mem};

use super::{Normalizer, Place};

/// A mistake and its place.
#[derive(Clone, PartialEq)]
pub(super) struct OperationProblem {
    pub(super) at: String,
    pub(super) why: String,
}

/// The bad operations, such as `GET /v1/specs`, and paths, each with its problems.
pub(super) type Problems = BTreeMap<String, Vec<OperationProblem>>;

impl<'a> Normalizer<'a> {
    /// Adds a mistake at `at` to the problems of the operation that is read.
    pub(super) fn problem(&mut self, at: &str, why: impl Into<String>) {
        self.add_problem(OperationProblem { at: at.to_owned(), why: why.into() });
    }

    fn add_problem(&mut self, problem: OperationProblem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Remembers that what is at `at` has the problems that were found after the first `before`.
    pub(super) fn remember_problems(&mut self, at: &str, before: usize) {
        if let Some(found) = self.problems.get(before..).filter(|found| !found.is_empty()) {
            self.broken.insert(at.to_owned(), found.to_vec());
        }
    }

    /// Adds the problems of what is at `at`, which was read before.
    pub(super) fn repeat_problems(&mut self, at: &str) {
        for problem in self.broken.get(at).cloned().unwrap_or_default() {
            self.add_problem(problem);
        }
    }

    /// Returns `true` if the operation or path `key` at `place` is known to be bad, after a note on
    /// its problems. If the mapping selects it, they are mistakes of the document.
    pub(super) fn is_bad(&mut self, key: &str, place: &Place<'a>) -> bool {
        let Some(problems) = self.left_out.get(key) else { return false };
        for OperationProblem { at, why } in problems {
            if self.mapping.selects(key) {
                self.diagnostics.reject(at, why);
            } else if self.mapping.leaves_out(key) {
                continue;
            } else if *at == place.at {
                self.diagnostics.note(at, format!("left out: {why}"));
            } else {
                self.diagnostics.note(&place.at, format!("left out: `{at}`: {why}"));
            }
        }
        true
    }

    /// Makes the problems those of the operation or path `key`, which has been read.
    pub(super) fn take_problems(&mut self, key: &str) {
        let problems = mem::take(&mut self.problems);
        if !problems.is_empty() {
            self.bad.insert(key.to_owned(), problems);
        }
    }

    /// Rejects the document for its bad operations if it has no good ones.
    pub(super) fn check_any_is_good(&mut self) {
        if self.api.operations.is_empty() {
            for OperationProblem { at, why } in self.left_out.values().flatten() {
                self.diagnostics.reject(at, why);
            }
        }
    }
}
