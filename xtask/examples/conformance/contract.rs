//! What press.yaml says of the answers.

use anyhow::{Context as _, Result, anyhow};
use serde_json::{Map, Value};

/// The words of a schema that [`compare`](crate::compare) looks at, and those that say nothing about a value.
const WORDS: [&str; 16] = [
    "additionalProperties",
    "allOf",
    "description",
    "enum",
    "example",
    "externalDocs",
    "format",
    "items",
    "minimum",
    "nullable",
    "properties",
    "required",
    "title",
    "type",
    "x-enumDescriptions",
    "$ref",
];

/// press.yaml.
pub(crate) struct Contract {
    document: Value,
}

/// What is said of a value at one place.
pub(crate) struct Schema {
    /// Where it is written: `#/components/schemas/SpecSummary/properties/kind`.
    pub(crate) at: String,
    /// Where its references lead to: `#/components/schemas/SpecKind`.
    pub(crate) definition: String,
    words: Map<String, Value>,
}

impl Contract {
    /// Parses press.yaml.
    pub(crate) fn parse(text: &str) -> Result<Self> {
        let document = serde_saphyr::from_str(text).context("openapi/press.yaml")?;
        Ok(Self { document })
    }

    #[cfg(test)]
    pub(crate) fn document(&self) -> &Value {
        &self.document
    }

    /// The path and the place of the GET operation with this id.
    pub(crate) fn operation(&self, id: &str) -> Result<(&str, String)> {
        let paths = self.document["paths"].as_object().into_iter().flatten();
        let path = paths
            .into_iter()
            .find(|(_, methods)| methods["get"]["operationId"] == id)
            .map(|(path, _)| path.as_str())
            .ok_or_else(|| anyhow!("openapi/press.yaml has no GET operation {id}"))?;
        Ok((path, format!("{}/get", below("#/paths", path))))
    }

    /// Where the response of an operation is described; nothing when it is not.
    pub(crate) fn response(&self, operation: &str, status: u16) -> Option<String> {
        let at = format!("{operation}/responses/{status}");
        self.get(&at)?;
        Some(self.follow(at))
    }

    /// Where the schema of a response is.
    pub(crate) fn body(&self, response: &str) -> Option<String> {
        let at = format!("{response}/content/application~1json/schema");
        self.get(&at).map(|_| at)
    }

    /// The schema at a place, with what its references say.
    pub(crate) fn schema(&self, at: &str) -> Schema {
        let definition = self.follow(at.to_owned());
        let words = self.get(&definition).and_then(Value::as_object).cloned();
        let mut schema = Schema {
            at: at.to_owned(),
            definition,
            words: words.unwrap_or_default(),
        };
        // `allOf` with one reference is the way to say something beside it.
        if schema.words.contains_key("allOf") {
            let referred = self.schema(&format!("{}/allOf/0", schema.definition));
            schema.definition = referred.definition;
            for (word, value) in referred.words {
                schema.words.entry(word).or_insert(value);
            }
        }
        schema
    }

    /// Whether there is something at a place.
    pub(crate) fn has(&self, at: &str) -> bool {
        self.get(at).is_some()
    }

    pub(crate) fn get(&self, at: &str) -> Option<&Value> {
        self.document.pointer(at.strip_prefix('#')?)
    }

    fn follow(&self, mut at: String) -> String {
        while let Some(target) = self.get(&at).and_then(|node| node.get("$ref")?.as_str()) {
            at = target.to_owned();
        }
        at
    }
}

impl Schema {
    /// A schema that says nothing yet.
    pub(crate) fn empty(at: &str) -> Self {
        Self {
            at: at.to_owned(),
            definition: at.to_owned(),
            words: Map::new(),
        }
    }

    /// The type of the value; nothing when it can be any.
    pub(crate) fn of(&self) -> Option<&str> {
        self.words.get("type")?.as_str()
    }

    pub(crate) fn is_nullable(&self) -> bool {
        // Without a type it can be anything.
        self.of().is_none() || self.words.get("nullable") == Some(&Value::Bool(true))
    }

    pub(crate) fn is_time(&self) -> bool {
        self.words.get("format").is_some_and(|format| format == "date-time")
    }

    pub(crate) fn minimum(&self) -> Option<f64> {
        self.words.get("minimum")?.as_f64()
    }

    /// The values of the enumeration, if it is one.
    pub(crate) fn values(&self) -> Option<Vec<&str>> {
        let values = self.words.get("enum")?.as_array()?;
        Some(values.iter().filter_map(Value::as_str).collect())
    }

    /// The fields with the places of their schemas.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, String)> {
        let properties = format!("{}/properties", self.definition);
        let names = self.words.get("properties").and_then(Value::as_object);
        names
            .into_iter()
            .flat_map(Map::keys)
            .map(move |name| (name.as_str(), below(&properties, name)))
    }

    pub(crate) fn has_field(&self, name: &str) -> bool {
        self.words
            .get("properties")
            .is_some_and(|fields| fields.get(name).is_some())
    }

    pub(crate) fn is_required(&self, name: &str) -> bool {
        let required = self.words.get("required").and_then(Value::as_array);
        required.is_some_and(|required| required.iter().any(|required| required == name))
    }

    /// Where the schema of the entries is, if it is a list.
    pub(crate) fn entries(&self) -> Option<String> {
        self.words.get("items")?;
        Some(format!("{}/items", self.definition))
    }

    /// The words that nothing here looks at.
    pub(crate) fn words_not_looked_at(&self) -> impl Iterator<Item = &str> {
        self.words
            .keys()
            .map(String::as_str)
            .filter(|word| !WORDS.contains(word))
    }
}

/// The place of an entry.
pub(crate) fn below(at: &str, key: &str) -> String {
    format!("{at}/{}", key.replace('~', "~0").replace('/', "~1"))
}
