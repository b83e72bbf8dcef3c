//! Problems with single operations. A bad operation is left out with a note. It rejects the
//! document if the mapping selects it, or if no operation is good.

use std::{collections::BTreeMap, mem};

use super::{Normalizer, Place};

/// A problem and its place.
#[derive(Clone, PartialEq)]
pub(super) struct OperationProblem {
    pub(super) at: String,
    pub(super) why: String,
}

/// The problems by operation, such as `GET /v1/specs`, or by path.
pub(super) type Problems = BTreeMap<String, Vec<OperationProblem>>;

impl<'a> Normalizer<'a> {
    /// Adds a problem with the current operation.
    pub(super) fn problem(&mut self, at: &str, why: impl Into<String>) {
        self.add_problem(OperationProblem { at: at.to_owned(), why: why.into() });
    }

    fn add_problem(&mut self, problem: OperationProblem) {
        if !self.problems.contains(&problem) {
            self.problems.push(problem);
        }
    }

    /// Stores the problems found after the first `before` for the schema at `at`.
    pub(super) fn remember_problems(&mut self, at: &str, before: usize) {
        if let Some(found) = self.problems.get(before..).filter(|found| !found.is_empty()) {
            self.broken.insert(at.to_owned(), found.to_vec());
        }
    }

    /// Adds the stored problems of the schema at `at`, which another operation uses, too.
    pub(super) fn repeat_problems(&mut self, at: &str) {
        for problem in self.broken.get(at).cloned().unwrap_or_default() {
            self.add_problem(problem);
        }
    }

    /// Returns `true` if an earlier pass found problems with the operation or path `key`. Reports
    /// them, as an error if the mapping selects it, otherwise as notes.
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

    /// Assigns the current problems to the operation or path `key`.
    pub(super) fn take_problems(&mut self, key: &str) {
        let problems = mem::take(&mut self.problems);
        if !problems.is_empty() {
            self.bad.insert(key.to_owned(), problems);
        }
    }

    /// Rejects the document if all operations are bad.
    pub(super) fn check_any_is_good(&mut self) {
        if self.api.operations.is_empty() {
            for OperationProblem { at, why } in self.left_out.values().flatten() {
                self.diagnostics.reject(at, why);
            }
        }
    }
}
