//! The parameters of an operation.

use super::{
    Class, Diff,
    documents::{Operation, Parameter},
    schemas::Place,
    types::type_text,
};

impl Diff<'_> {
    /// Compares the parameters of an operation, by name.
    pub(super) fn parameters(&mut self, old: &Operation<'_>, new: &Operation<'_>) {
        let (before, after) = (old.parameters(self.old), new.parameters(self.new));
        let method = new.name();
        for parameter in &after {
            match before.iter().find(|other| other.key() == parameter.key()) {
                Some(other) => self.parameter(other, parameter, &method),
                None => self.parameter_added(parameter, &method),
            }
        }
        for parameter in before
            .iter()
            .filter(|parameter| !after.iter().any(|other| other.key() == parameter.key()))
        {
            let name = parameter.name();
            let message = format!(
                "`{method}`: the {} parameter `{}` is gone",
                parameter.location(),
                parameter.key().1
            );
            let surface = format!("remove the {} `{name}` of `{method}`", call(parameter));
            self.add(
                Class::Breaking,
                "parameter-removed",
                &parameter.site,
                message,
                Some(surface),
            );
        }
    }

    fn parameter_added(&mut self, parameter: &Parameter<'_>, method: &str) {
        let (name, original) = (parameter.name(), parameter.key().1);
        let of = type_text(&parameter.node["schema"]);
        let (class, what) = if parameter.required() {
            (Class::Breaking, "required")
        } else {
            (Class::Compatible, "optional")
        };
        let message = format!(
            "`{method}`: the new {what} {} parameter `{original}`, `{of}`",
            parameter.location()
        );
        let surface = format!("add the {} `{name}` to `{method}`", call(parameter));
        self.add(class, "parameter-added", &parameter.site, message, Some(surface));
    }

    fn parameter(&mut self, old: &Parameter<'_>, new: &Parameter<'_>, method: &str) {
        let (name, original, at) = (new.name(), new.key().1, &new.at);
        let message = |what: &str| format!("the parameter `{original}` {what}");
        match (old.required(), new.required()) {
            (false, true) => {
                let surface = format!("the setter `{name}` of `{method}` becomes an argument");
                self.add(
                    Class::Breaking,
                    "parameter-required",
                    at,
                    message("is required now"),
                    Some(surface),
                );
            }
            (true, false) => {
                let surface = format!("the argument `{name}` of `{method}` can become a setter");
                self.add(
                    Class::Compatible,
                    "parameter-optional",
                    at,
                    message("is optional now"),
                    Some(surface),
                );
            }
            _ => {}
        }
        let (before, after) = (&old.node["schema"], &new.node["schema"]);
        let schema_at = at.at("schema");
        if type_text(before) == type_text(after) {
            self.schema(&schema_at, before, after, Place::Parameter { name: &name, method });
        } else {
            let message = message(&format!("is `{}` instead of `{}`", type_text(after), type_text(before)));
            let surface = format!("the {} `{name}` of `{method}` takes another type", call(new));
            self.add(Class::Breaking, "type-changed", &schema_at, message, Some(surface));
        }
        let known = ["name", "in", "required", "schema"];
        self.other_entries(at, old.node, new.node, &known, &format!("the parameter `{original}`"));
    }
}

/// What a parameter is in the crate.
fn call(parameter: &Parameter<'_>) -> &'static str {
    if parameter.required() { "argument" } else { "setter" }
}
