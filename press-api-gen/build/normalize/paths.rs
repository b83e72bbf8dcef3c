//! Validation of paths.

/// Returns the parameter names in `path`, or why the path is invalid.
pub(super) fn names_in(path: &str) -> Result<Vec<&str>, String> {
    let names = enclosed(path);
    let problem = if !path.starts_with('/') {
        format!("does not start with a slash; write `/{path}`")
    } else if names.is_none() {
        "has unbalanced or empty braces; write each parameter as `{name}`".to_owned()
    } else if path.contains(['?', '#']) {
        "has a query or a fragment; describe it as query parameters".to_owned()
    } else if names.as_deref().is_some_and(has_duplicates) {
        "contains a parameter twice; use different names".to_owned()
    } else {
        return Ok(names.unwrap_or_default());
    };
    Err(format!("the path `{path}` {problem}"))
}

/// Returns the names in braces, or `None` if the braces are unbalanced or nested.
fn enclosed(path: &str) -> Option<Vec<&str>> {
    let mut parts = path.split('{');
    let mut names = Vec::new();
    if parts.next()?.contains('}') {
        return None;
    }
    for part in parts {
        let (name, rest) = part.split_once('}')?;
        if name.is_empty() || name.contains('/') || rest.contains('}') {
            return None;
        }
        names.push(name);
    }
    Some(names)
}

fn has_duplicates(names: &[&str]) -> bool {
    names.iter().enumerate().any(|(index, name)| names[..index].contains(name))
}
