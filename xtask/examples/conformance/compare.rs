//! The answers beside the contract.

use std::collections::BTreeSet;

use press_specs::types::Timestamp;

use crate::{
    contract::{Contract, Schema, below},
    patch::Patch,
    report::{Finding, Kind, WITHHELD, showable},
    shape::{Shape, Type},
};

/// The unknown values of one enumeration that are worth showing. Above that it is something else than an enumeration,
/// perhaps something private.
const MAX_UNKNOWN_VALUES: usize = 20;

/// Compares the answers with one status of one operation.
pub(crate) struct Comparison<'a> {
    pub(crate) contract: &'a Contract,
    pub(crate) operation: &'static str,
    pub(crate) status: u16,
    /// What the contract does not say.
    pub(crate) deviations: Vec<Finding>,
    /// What it allows, and is good to know.
    pub(crate) information: Vec<Finding>,
    /// The places of words that were not looked at.
    pub(crate) not_looked_at: BTreeSet<String>,
    pub(crate) patch: &'a mut Patch,
}

impl Comparison<'_> {
    /// Compares the whole bodies.
    pub(crate) fn bodies(&mut self, schema: &str, shape: &Shape) {
        let schema = self.contract.schema(schema);
        self.values(&schema, "", shape);
    }

    /// Compares the values at a place of the answers with their schema.
    fn values(&mut self, schema: &Schema, at: &str, shape: &Shape) {
        let words = schema.words_not_looked_at();
        self.not_looked_at
            .extend(words.map(|word| below(&schema.definition, word)));
        let (operation, status) = (self.operation, self.status);
        let finding = |kind| Finding::new(kind, operation, status, at, &schema.at).of(shape.count());

        let nulls = shape.count_of(Type::Null);
        if nulls > 0 {
            let finding = finding(Kind::Null).count(nulls);
            if schema.is_nullable() {
                self.information.push(finding);
            } else {
                self.patch.make_nullable(self.contract, schema);
                self.deviations.push(finding);
            }
        }
        if let Some(expected) = schema.of() {
            let accepts = |of: Type| of.name() == expected || (of == Type::Integer && expected == "number");
            let wrong: Vec<_> = shape.types_but_null().into_iter().filter(|of| !accepts(*of)).collect();
            if !wrong.is_empty() {
                let count = wrong.iter().map(|of| shape.count_of(*of)).sum();
                let finding = finding(Kind::Type).count(count).seen(&wrong).expected(expected);
                self.deviations.push(finding);
                self.patch.change_type(self.contract, schema, shape);
            }
        }
        if schema.is_time() {
            let odd = shape.strings_but(|text| Timestamp::from(text).to_system_time().is_some());
            self.deviation(finding(Kind::Time).count(odd).expected("RFC 3339"));
        }
        if let Some(minimum) = schema.minimum() {
            let below = shape.numbers.iter().filter(|number| **number < minimum).count();
            self.deviation(finding(Kind::Minimum).count(below).expected(minimum.to_string()));
        }
        if let Some(known) = schema.values() {
            let unknown = shape.strings.keys().filter(|text| !known.contains(&text.as_str()));
            let unknown: Vec<_> = unknown.map(String::as_str).collect();
            let few = unknown.len() <= MAX_UNKNOWN_VALUES;
            let (mut shown, withheld): (Vec<_>, Vec<_>) = unknown.into_iter().partition(|value| few && showable(value));
            self.patch.add_values(self.contract, schema, &shown);
            shown.extend((!withheld.is_empty()).then_some(WITHHELD));
            let count = shape.strings_but(|text| known.contains(&text));
            self.deviation(finding(Kind::UnknownValue).count(count).seen(&shown));
        }

        let objects = shape.count_of(Type::Object);
        if objects > 0 && schema.of().is_none_or(|of| of == "object") {
            self.fields(schema, at, shape, objects);
        }
        if let (Some(entries), Some(schema)) = (&shape.entries, schema.entries()) {
            self.values(&self.contract.schema(&schema), &format!("{at}/*"), entries);
        }
    }

    /// Compares the fields of so many objects.
    fn fields(&mut self, schema: &Schema, at: &str, shape: &Shape, objects: usize) {
        let nothing = Shape::default();
        for (name, field) in schema.fields() {
            let (at, shape) = (below(at, name), shape.fields.get(name).unwrap_or(&nothing));
            let absent = objects - shape.count();
            if absent > 0 {
                let finding = self.finding(Kind::Absent, &at, &field).count(absent).of(objects);
                if schema.is_required(name) {
                    self.patch.make_optional(self.contract, schema, name);
                    self.deviations.push(finding);
                } else {
                    self.information.push(finding);
                }
            }
            self.values(&self.contract.schema(&field), &at, shape);
        }
        for (name, field) in &shape.fields {
            if !schema.has_field(name) {
                // A name can be as private as a value where an object is used as a map.
                let known = showable(name);
                let at = below(at, if known { name } else { WITHHELD });
                let finding = self.finding(Kind::UnnamedField, &at, &schema.definition);
                let types = field.types.keys().copied().collect::<Vec<_>>();
                self.deviations
                    .push(finding.count(field.count()).of(objects).seen(&types));
                if known {
                    self.patch.name_field(self.contract, schema, name, field);
                }
            }
        }
    }

    /// Notes a deviation, if it came up at all.
    fn deviation(&mut self, finding: Finding) {
        if finding.count > 0 {
            self.deviations.push(finding);
        }
    }

    fn finding(&self, kind: Kind, at: &str, schema: &str) -> Finding {
        Finding::new(kind, self.operation, self.status, at, schema)
    }
}
