//! The parameters of an operation, those of its path included.

use std::collections::BTreeMap;

use super::{Normalizer, Place, argument, documentation, names::camel, paths};
use crate::codegen::{
    api::{Parameter, Shape},
    document::plain,
};

const LOCATIONS: [&str; 4] = ["path", "query", "header", "cookie"];

/// Headers that OpenAPI does not take as parameters.
const SET_BY_THE_CLIENT: [&str; 3] = ["accept", "authorization", "content-type"];

impl<'a> Normalizer<'a> {
    /// Folds the parameters of a path item into those of its operation, and checks them against the
    /// path.
    pub(super) fn fold(
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
                let (node, name) = (parameter.node, plain(&parameter.node["name"]));
                let is_same = |other: &Place<'a>| {
                    other.node["name"] == node["name"] && other.node["in"] == node["in"]
                };
                let same = folded.iter().position(is_same);
                let why = if parameter.text("name").is_none_or(str::is_empty) {
                    "a parameter without a name; add `name`".to_owned()
                } else if !parameter
                    .text("in")
                    .is_some_and(|location| LOCATIONS.contains(&location))
                {
                    format!(
                        "`{name}` is in `{}`; write `in: query`, `in: path` or `in: header`",
                        plain(&node["in"])
                    )
                } else if node["schema"].is_null() && node["content"].is_null() {
                    format!(
                        "the parameter `{name}` has no schema; add `schema`, for example \
                         `{{type: string}}`"
                    )
                } else if same.is_some_and(|other| other >= shared) {
                    format!("the parameter `{name}` is there twice; leave one of the two out")
                } else {
                    // An operation's own parameter takes the place of its path's.
                    match same {
                        Some(other) => folded[other] = parameter,
                        None => folded.push(parameter),
                    }
                    continue;
                };
                self.findings.reject(&parameter.at, why);
            }
        }
        let of_path: Vec<_> =
            folded.iter().filter(|parameter| parameter.node["in"] == "path").collect();
        let Some(names) = paths::names_in(&mut self.findings, &item.at, path) else {
            return folded;
        };
        for parameter in of_path
            .iter()
            .filter(|parameter| !names.iter().any(|name| parameter.node["name"] == *name))
        {
            let name = plain(&parameter.node["name"]);
            let why = format!(
                "`{name}` is not in the path `{path}`; write `{{{name}}}` there, or leave it out"
            );
            self.findings.reject(&parameter.at, why);
        }
        for name in names
            .iter()
            .filter(|name| !of_path.iter().any(|parameter| parameter.node["name"] == **name))
        {
            let parameter =
                format!("`name: {name}`, `in: path`, `required: true`, `schema: {{type: string}}`");
            let why = format!(
                "the path has a place for `{name}`, and the operation has no such parameter; add \
                 {parameter}"
            );
            self.findings.reject(&operation.at, why);
        }
        folded
    }

    /// The parameters at `places` that can be sent, or why a required one cannot. Their types begin
    /// with `made`.
    pub(super) fn parameters(
        &mut self,
        places: Vec<Place<'a>>,
        made: &str,
    ) -> Result<Vec<Parameter>, String> {
        let mut sent = Vec::new();
        let mut arguments = BTreeMap::from([
            ("body".to_owned(), "the request body"),
            ("header_map".to_owned(), "the headers"),
        ]);
        for place in places {
            let name = place.text("name").unwrap_or_default();
            let taken = arguments
                .get(&argument(name))
                .map(|other| (format!("its name is taken by {other}"), false));
            match self.unsendable(&place).map(|(why, lacks)| (why.to_owned(), lacks)).or(taken) {
                Some((why, true)) if place.node["required"] == true => {
                    return Err(format!("its required parameter `{name}` cannot be sent: {why}"));
                }
                Some((why, _)) => {
                    self.findings
                        .note(&place.at, format!("the parameter `{name}` is left out: {why}"));
                }
                None => {
                    arguments.insert(argument(name), name);
                    sent.push((name, place));
                }
            }
        }
        let made = |name| format!("{made}{}", camel(name));
        Ok(sent
            .into_iter()
            .map(|(name, place)| self.parameter(&place, name, &made(name)))
            .collect())
    }

    /// Why `parameter` cannot be sent, and whether a request lacks it then.
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
                return Some(("no header can be called so", true));
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
            .then_some(("its entries are not single values", true))
    }

    fn parameter(&mut self, place: &Place<'a>, name: &str, made: &str) -> Parameter {
        let location = LOCATIONS
            .into_iter()
            .find(|location| place.node["in"] == *location)
            .unwrap_or_default();
        let mut shape = Shape::Text;
        if place.node["content"].is_null() {
            let schema = self.list_in(place.get("schema"));
            shape = text(self.schema(&schema, made).shape);
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
            name: name.to_owned(),
            location,
            required: place.node["required"] == true || location == "path",
            description: place.text("description").map(documentation),
            shape,
            separator,
        }
    }

    /// The list among the choices of a parameter, or the parameter itself.
    fn list_in(&mut self, schema: Place<'a>) -> Place<'a> {
        let choices = self.flat(&schema).choices;
        choices
            .into_iter()
            .find(|choice| self.flat(choice).types.contains("array"))
            .unwrap_or(schema)
    }
}

/// `shape` where it goes into a path, a query or a header, and any value is text.
fn text(shape: Shape) -> Shape {
    match shape {
        Shape::Any | Shape::Time | Shape::Object(_) | Shape::Map(_) => Shape::Text,
        shape => shape,
    }
}
