//! `oneOf` and `anyOf`: what all members have in common, or else any value. A closed choice would fail a whole page on
//! the first new member.

use serde_json::{Value, json};

use super::{Normalizer, flat::Flat};

impl<'a> Normalizer<'a> {
    pub(super) fn choice(&mut self, at: &str, flat: &Flat<'a>, name: &str) -> Value {
        let mut members = self.flats(&flat.choices);
        // Choices of choices.
        while let Some(index) = members.iter().position(|member| !member.choices.is_empty() && members.len() < 64) {
            let member = members.swap_remove(index);
            if member.properties.is_empty() {
                members.extend(self.flats(&member.choices));
            } else {
                return self.any(at);
            }
        }
        let is = |member: &Flat<'_>, of: &str| {
            let (types, values) = (&member.types, &member.values);
            types.len() == 1 && types.contains(of)
                || types.is_empty()
                    && of == "string"
                    && !values.is_empty()
                    && values.iter().all(|value| value.is_string())
        };
        let all = |of: &[&str]| members.iter().all(|member| of.iter().any(|of| is(member, of)));
        if all(&["string"]) {
            let values: Vec<_> = members.iter().flat_map(|member| member.values.iter().copied()).collect();
            if !values.is_empty() {
                let flat = Flat {
                    description: flat.description,
                    title: flat.title,
                    types: ["string"].into(),
                    value_docs: flat.value_docs,
                    values,
                    ..Flat::default()
                };
                return self.enumeration(at, &flat, name);
            }
            let timestamp = members.iter().all(|member| member.timestamp);
            return if timestamp {
                json!({ "type": "string", "format": "date-time" })
            } else {
                json!({ "type": "string" })
            };
        }
        match ["integer", "boolean"].iter().find(|of| all(&[of])) {
            Some(of) => json!({ "type": of }),
            None if all(&["integer", "number"]) => json!({ "type": "number" }),
            None => self.any(at),
        }
    }

    fn any(&mut self, at: &str) -> Value {
        self.findings.note(at, "a choice between several shapes is kept as any value");
        json!({})
    }
}
