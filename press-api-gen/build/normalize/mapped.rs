//! Checks that the entries of the mapping exist in the document.

use super::Normalizer;

impl Normalizer<'_> {
    /// Checks the operations in the mapping against the `known` ones of the document.
    pub(super) fn check_operations(&mut self, known: &[String]) {
        for (key, place) in self.mapping.operations() {
            if known.iter().any(|known| known == key) {
                continue;
            }
            let remedy = match nearest(key, known).as_slice() {
                [] => "write the method and the path as in the document, such as \
                       `GET /v1/specs`"
                    .to_owned(),
                near => format!("write `{}`", near.join("`, or `")),
            };
            self.diagnostics.reject(&place, format!("there is no operation `{key}`; {remedy}"));
        }
    }

    /// Checks that the types in the mapping are generated.
    pub(super) fn check_types(&mut self) {
        for (key, name) in &self.mapping.types {
            if !self.names.used.contains(key) {
                let why = format!(
                    "`{key}`, for `{name}`, is not a type of the generated operations; remove it, \
                     or correct it"
                );
                self.diagnostics.reject(&self.mapping.place(&["types", key]), why);
            }
        }
    }

    /// Checks that the required fields in the mapping are generated.
    pub(super) fn check_required(&mut self) {
        for (name, fields) in &self.mapping.required {
            let object = self.api.objects.get(name);
            for field in fields {
                if object.is_none_or(|object| !object.properties.contains_key(field)) {
                    let why = format!(
                        "there is no field `{field}` in a type `{name}`; remove it, or correct the \
                         names"
                    );
                    self.diagnostics.reject(&self.mapping.place(&["required", name]), why);
                }
            }
        }
    }
}

/// Returns up to three of `known` that are similar to `text`, the most similar first.
fn nearest<'a>(text: &str, known: &'a [String]) -> Vec<&'a str> {
    let mut near = Vec::new();
    for known in known {
        let distance = distance(&bare(text), &bare(known));
        if distance <= text.chars().count() / 4 {
            near.push((distance, known.as_str()));
        }
    }
    near.sort();
    near.into_iter().take(3).map(|(_, known)| known).collect()
}

/// Returns `text` in lower case, without the names of path parameters.
fn bare(text: &str) -> String {
    let mut parts = text.split('{');
    let mut bare = parts.next().unwrap_or_default().to_lowercase();
    for part in parts {
        let rest = part.split_once('}').map_or(part, |(_, rest)| rest);
        bare += "{}";
        bare += &rest.to_lowercase();
    }
    bare
}

/// Returns the Levenshtein distance.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut above: Vec<usize> = (0..=other.len()).collect();
    for (row, of_one) in one.chars().enumerate() {
        let mut current = vec![row + 1];
        for (column, of_other) in other.iter().enumerate() {
            let replaced = above[column] + usize::from(of_one != *of_other);
            let inserted = current[column] + 1;
            let deleted = above[column + 1] + 1;
            current.push(replaced.min(inserted).min(deleted));
        }
        above = current;
    }
    above.last().copied().unwrap_or_default()
}
