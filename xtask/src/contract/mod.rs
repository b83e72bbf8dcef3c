//! Checks the contract before the generator sees it.
//!
//! The generator answers many a shape with a panic, and some with code that does not compile or sends the wrong
//! request. Each is refused here with its place, what is wrong and what to write instead; all at once, not one per run.

mod checker;
mod operations;
mod parameters;
mod references;
mod responses;
mod schemas;
mod structure;
mod types;
mod yaml;

use std::fmt;

use serde_json::Value;

use crate::pointer::Pointer;
use checker::Checker;
pub(crate) use operations::METHODS;
use yaml::Lines;

/// A contract that can be generated from.
#[derive(Debug)]
pub struct Contract {
    pub(crate) document: Value,
}

/// Why a contract cannot be generated from.
#[derive(Debug)]
pub struct Refusal {
    file: String,
    problems: Vec<Problem>,
}

/// One thing that is wrong with a contract.
#[derive(Debug)]
pub struct Problem {
    /// Line and column, both from 1.
    pub place: Option<(u64, u64)>,
    /// Where in the document, for example `#/components/schemas/Tag`.
    pub pointer: Option<String>,
    /// What is wrong.
    pub what: String,
    /// What to write instead.
    pub instead: String,
}

/// Checks `text`, the contract in the file that is called `file`.
///
/// # Errors
/// When it cannot be generated from.
pub fn check(file: &str, text: &str) -> Result<Contract, Refusal> {
    let refuse = |problems| Refusal {
        file: file.to_owned(),
        problems,
    };
    let document = yaml::parse(text).map_err(|problem| refuse(vec![problem]))?;
    let lines = Lines::of(text);
    let mut checker = Checker::new(&document);
    if checker.version() {
        checker.references();
        checker.operations();
        checker.structure();
    }
    let findings = checker.findings();
    if findings.is_empty() {
        return Ok(Contract { document });
    }
    let mut problems: Vec<_> = findings.into_iter().map(|finding| finding.place(&lines)).collect();
    problems.sort_by(|a, b| (a.place, &a.pointer).cmp(&(b.place, &b.pointer)));
    Err(refuse(problems))
}

/// Something wrong, before its line is looked up.
#[derive(Debug, PartialEq)]
struct Finding {
    at: Pointer,
    what: String,
    instead: String,
}

impl Finding {
    fn place(self, lines: &Lines) -> Problem {
        Problem {
            place: lines.find(&self.at),
            pointer: Some(self.at.to_string()),
            what: self.what,
            instead: self.instead,
        }
    }
}

impl Refusal {
    /// What is wrong, in the order of the file.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.problems.len();
        writeln!(
            f,
            "{} has {count} problem{}\n",
            self.file,
            if count == 1 { "" } else { "s" }
        )?;
        for problem in &self.problems {
            f.write_str(&self.file)?;
            if let Some((line, column)) = problem.place {
                write!(f, ":{line}:{column}")?;
            }
            if let Some(pointer) = &problem.pointer {
                write!(f, " {pointer}")?;
            }
            writeln!(f, "\n    {}", problem.what)?;
            writeln!(f, "    instead: {}\n", problem.instead)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}
