//! The paths of operations.

/// Returns the names in the braces of `path`, or why no requests can be sent to it.
pub(super) fn names_in(path: &str) -> Result<Vec<&str>, String> {
    let names = enclosed(path);
    let problem = if !path.starts_with('/') {
        format!("does not begin with a slash; write `/{path}`")
    } else if names.is_none() {
        "has braces that do not enclose names; write each parameter as `{name}`".to_owned()
    } else if path.contains(['?', '#']) {
        "has a query or a fragment; describe it as query parameters".to_owned()
    } else if names.as_deref().is_some_and(has_duplicates) {
        "has a name in braces twice; name each place differently".to_owned()
    } else {
        return Ok(names.unwrap_or_default());
    };
    Err(format!("the path `{path}` {problem}"))
}

/// Returns the names in the braces of `path`, or `None` if the braces are unbalanced or nested.
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
