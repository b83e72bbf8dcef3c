//! The parameters of an operation, including those of its path item.

use serde_json::Value;

use super::{Normalizer, Place, argument, documentation, names::camel, numbered, paths};
use crate::codegen::{
    api::{Parameter, Shape},
    document::plain,
};

const LOCATIONS: [&str; 4] = ["path", "query", "header", "cookie"];

/// The keys of a parameter object.
const KEYS: [&str; 13] = [
    "allowEmptyValue",
    "allowReserved",
    "content",
    "deprecated",
    "description",
    "example",
    "examples",
    "explode",
    "in",
    "name",
    "required",
    "schema",
    "style",
];

/// Names of variables in generated code.
const TAKEN: [&str; 3] = ["body", "encode_path", "header_map"];

/// Header parameters that OpenAPI ignores.
const SET_BY_THE_CLIENT: [&str; 3] = ["accept", "authorization", "content-type"];

impl<'a> Normalizer<'a> {
    /// Merges the parameters of a path item into its operation's, and checks them against the path.
    pub(super) fn merge_parameters(
        &mut self,
        item: &Place<'a>,
        operation: &Place<'a>,
        path: &str,
    ) -> Vec<Place<'a>> {
        let mut folded: Vec<Place<'a>> = Vec::new();
        for owner in [item, operation] {
            let shared = folded.len();
            for parameter in self.list(&owner.get("parameters")) {
                let Some(parameter) = self.follow(parameter) else { continue };
                let node = parameter.node;
                let is_same = |other: &Place<'a>| {
                    other.node["name"] == node["name"] && other.node["in"] == node["in"]
                };
                let same = folded.iter().position(is_same);
                let is_twice = same.is_some_and(|other| other >= shared);
                if let Some(why) = incomplete(&parameter) {
                    self.problem(&parameter.at, why);
                } else if is_twice {
                    let name = plain(&node["name"]);
                    let why =
                        format!("the parameter `{name}` is defined twice; remove one of them");
                    self.problem(&parameter.at, why);
                } else if let Some(other) = same {
                    // An operation's parameter overrides the path item's.
                    folded[other] = parameter;
                } else {
                    folded.push(parameter);
                }
            }
        }
        match paths::names_in(path) {
            Ok(names) => self.compare_with_path(&folded, &names, operation, path),
            Err(why) => self.problem(&item.at, why),
        }
        folded
    }

    /// Checks that `operation` has exactly the path parameters in `names`.
    fn compare_with_path(
        &mut self,
        parameters: &[Place<'a>],
        names: &[&str],
        operation: &Place<'a>,
        path: &str,
    ) {
        let of_path = parameters.iter().filter(|parameter| parameter.node["in"] == "path");
        let of_path: Vec<_> = of_path.collect();
        for parameter in &of_path {
            if !names.iter().any(|name| parameter.node["name"] == *name) {
                let name = plain(&parameter.node["name"]);
                let why = format!(
                    "`{name}` is not in the path `{path}`; write `{{{name}}}` there, or remove it"
                );
                self.problem(&parameter.at, why);
            }
        }
        for name in names {
            if !of_path.iter().any(|parameter| parameter.node["name"] == *name) {
                let why = format!(
                    "the path contains `{name}`, but the operation has no such parameter; \
                     add `name: {name}`, `in: path`, `required: true`, `schema: {{type: string}}`"
                );
                self.problem(&operation.at, why);
            }
        }
    }

    /// Returns the parameters that can be sent, or an error if a required one cannot. The names of
    /// their types begin with `prefix`.
    pub(super) fn parameters(
        &mut self,
        places: Vec<Place<'a>>,
        prefix: &str,
    ) -> Result<Vec<Parameter>, String> {
        let mut sent = Vec::new();
        for place in places {
            let name = place.text("name").unwrap_or_default();
            let is_required = place.node["required"] == true || place.node["in"] == "path";
            match self.unsendable(&place) {
                Some((why, true)) if is_required => {
                    return Err(format!("its required parameter `{name}` cannot be sent: {why}"));
                }
                Some((why, _)) => {
                    let what = format!("the parameter `{name}` is left out: {why}");
                    self.diagnostics.note(&place.at, what);
                }
                None => sent.push(place),
            }
        }
        let arguments = arguments(&sent);
        let sent = sent.iter().zip(arguments);
        Ok(sent.map(|(place, argument)| self.parameter(place, argument, prefix)).collect())
    }

    /// Returns why `parameter` cannot be sent, and whether this matters if it is required.
    fn unsendable(&mut self, parameter: &Place<'a>) -> Option<(&'static str, bool)> {
        let name = parameter.text("name").unwrap_or_default();
        let token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
        match parameter.text("in") {
            Some("cookie") => return Some(("cookies are not sent", false)),
            Some("header")
                if SET_BY_THE_CLIENT.iter().any(|header| name.eq_ignore_ascii_case(header)) =>
            {
                return Some(("the client sets it", false));
            }
            Some("header") if !name.chars().all(token) => {
                return Some(("it is not a valid header name", true));
            }
            _ if !parameter.node["content"].is_null() => return None,
            _ => {}
        }
        let schema = self.list_in(parameter.get("schema"));
        let flat = self.flat(&schema);
        if flat.is_object() {
            return Some(("it is an object", true));
        }
        let items = self.flat(&flat.items?);
        (items.is_object() || items.types.contains("array"))
            .then_some(("its items are not scalars", true))
    }

    fn parameter(&mut self, place: &Place<'a>, argument: String, prefix: &str) -> Parameter {
        self.note_unknown_keys(place, &KEYS, "a parameter");
        let location = LOCATIONS
            .into_iter()
            .find(|location| place.node["in"] == *location)
            .unwrap_or_default();
        let mut shape = Shape::Text;
        if place.node["content"].is_null() {
            let schema = self.list_in(place.get("schema"));
            shape = text(self.schema(&schema, &format!("{prefix}{}", camel(&argument))).shape);
        }
        let mut separator = None;
        if let Shape::List(items) = &mut shape {
            **items = text(items.shape.clone()).into();
            separator = match (location, place.node["explode"] == false, place.text("style")) {
                ("query", true, Some("spaceDelimited")) => Some(" "),
                ("query", true, Some("pipeDelimited")) => Some("|"),
                ("query", false, _) => None,
                _ => Some(","),
            };
        }
        Parameter {
            name: place.text("name").unwrap_or_default().to_owned(),
            argument,
            location,
            required: place.node["required"] == true || location == "path",
            is_deprecated: place.node["deprecated"] == true,
            counts_from_zero: counts_from_zero(place.node),
            description: place.text("description").map(documentation),
            shape,
            separator,
        }
    }

    /// Returns the list among the choices of a parameter's schema, or else the schema.
    fn list_in(&mut self, schema: Place<'a>) -> Place<'a> {
        let choices = self.flat(&schema).choices;
        choices
            .into_iter()
            .find(|choice| self.flat(choice).types.contains("array"))
            .unwrap_or(schema)
    }
}

/// Returns the problem with an incomplete parameter.
fn incomplete(parameter: &Place<'_>) -> Option<String> {
    let node = parameter.node;
    let name = plain(&node["name"]);
    let location = parameter.text("in");
    if parameter.text("name").is_none_or(str::is_empty) {
        return Some("the parameter has no name; add `name`".to_owned());
    }
    if !location.is_some_and(|location| LOCATIONS.contains(&location)) {
        let location = plain(&node["in"]);
        return Some(format!(
            "`{name}` is in `{location}`; write `in: query`, `in: path` or `in: header`"
        ));
    }
    if node["schema"].is_null() && node["content"].is_null() {
        return Some(format!(
            "the parameter `{name}` has no schema; add `schema`, for example `{{type: string}}`"
        ));
    }
    None
}

/// Returns `true` if the service counts from 0, as page numbers do in some frameworks.
fn counts_from_zero(parameter: &Value) -> bool {
    let schema = &parameter["schema"];
    let description = parameter["description"].as_str().unwrap_or_default().to_lowercase();
    let says = |text: &str| description.contains(text);
    let default = &schema["default"];
    *default == 0
        || *default == "0"
        || default.is_null() && schema["minimum"] == 0
        || says("zero-based")
        || says("zero based")
        || says("0-based")
}

/// Returns a unique argument name for each parameter. The location is appended to names that are
/// taken.
fn arguments(parameters: &[Place<'_>]) -> Vec<String> {
    let text = |parameter: &Place<'_>, key| plain(&parameter.node[key]);
    let mut order: Vec<usize> = (0..parameters.len()).collect();
    // Path parameters get their names first, then parameters whose names need no change.
    order.sort_by_key(|index| {
        let name = text(&parameters[*index], "name");
        (text(&parameters[*index], "in") != "path", argument(&name) != name)
    });
    let mut arguments = vec![String::new(); parameters.len()];
    let mut renamed = Vec::new();
    for index in order {
        let argument = argument(&text(&parameters[index], "name"));
        if TAKEN.contains(&argument.as_str()) || arguments.contains(&argument) {
            renamed.push(index);
        }
        arguments[index] = argument;
    }
    for index in renamed {
        let name = format!("{}_{}", arguments[index], text(&parameters[index], "in"));
        let name = argument(&name);
        arguments[index] = numbered(&name, |name| arguments.iter().any(|taken| taken == name));
    }
    arguments
}

/// Converts shapes without a format in a path, query or header to text.
fn text(shape: Shape) -> Shape {
    match shape {
        Shape::Any | Shape::Time | Shape::Object(_) | Shape::Map(_) => Shape::Text,
        shape => shape,
    }
}
