//! `cargo xtask codegen`: its result for each state of the workspace, and the required edits of
//! hand-written code.

use std::{
    fs::File,
    time::{Duration, SystemTime},
};

use crate::{DOCUMENT, GENERATED, PRESS, bench};

/// A file, a string that occurs once in it, and its replacement.
type Edit<'a> = (&'a str, &'a str, &'a str);

/// Edits of the workspace and the outcome of the command.
struct Case {
    edits: &'static [Edit<'static>],
    outcome: Outcome,
    /// Expected parts of the output.
    says: &'static [&'static str],
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    /// The committed file is up to date.
    UpToDate,
    /// The file is written, and `press-specs` compiles.
    Compiles,
    /// The file is written, and `press-specs` requires edits to compile.
    NeedsHands,
    /// Nothing is written.
    Rejected,
}

use Outcome::{Compiles, NeedsHands, Rejected, UpToDate};

const SCOPES: &str = "enum: [private, public, shared]";
const FEATURED: &str = "          description: If `true`, the spec is featured.
          type: boolean
          nullable: true
";
const NEW_FEATURED: &str = "          description: New.
          type: boolean
          nullable: true
        owner: {type: string, a: 1, b: 1, c: 1, d: 1, e: 1, f: 1, g: 1, h: 1, i: 1, j: 1, k: 1}
";
const TERM: &str = "        - name: term
          in: query
          description: |-
            Limits the list to specs that contain this term in their name, title, description or \
             summary.
          schema:
            type: string
          example: salesforce
";

const CASES: &[Case] = &[
    Case {
        edits: &[],
        outcome: UpToDate,
        says: &["is up to date", "No public item changed since HEAD"],
    },
    // A field and a value are added, and a description changes.
    Case {
        edits: &[
            (DOCUMENT, FEATURED, NEW_FEATURED),
            (DOCUMENT, SCOPES, "enum: [private, public, shared, internal]"),
        ],
        outcome: Compiles,
        says: &[
            "compatible  types::SpecScope::Internal: new value `internal`\n",
            "compatible  types::SpecSummary::owner: new field `Option<String>`\n",
            "0 breaking, 2 compatible; 0 needing edits in",
            "note: 11 times: `…` is ignored: a schema has no such key\n",
            "\n      and 1 more\nnote: all notes are in ",
            "/all_notes.txt\n",
        ],
    },
    // A parameter is removed, and another is added.
    Case {
        edits: &[(
            DOCUMENT,
            TERM,
            "        - {name: createdAfter, in: query, schema: {type: string}}\n",
        )],
        outcome: NeedsHands,
        says: &[
            "remove the setter `ListSpecs::term",
            "add the setter `ListSpecs::created_after",
            "2 needing edits in",
        ],
    },
    Case {
        edits: &[(DOCUMENT, SCOPES, "enum: [private, public, shared")],
        outcome: Rejected,
        says: &[
            "error: failed to generate code\n\nopenapi/press.yaml:",
            "\n\nNothing was written.\n",
        ],
    },
    Case {
        edits: &[("press-api-gen/build.rs", "codegen::run()", "codegen::ran()")],
        outcome: Rejected,
        says: &["error: failed to build the generator\n", "cannot find function `ran`"],
    },
    Case {
        edits: &[(
            "press-api-gen/build/codegen.rs",
            "&api.openapi()?",
            "panic!(\"one type at most\")",
        )],
        outcome: Rejected,
        says: &["\n\nopenapi/press.yaml: the generator failed: one type at most; select other \
             operations in openapi/mapping.yaml\n"],
    },
    // The command replaces a committed file that doesn't compile.
    Case {
        edits: &[(GENERATED, "pub mod types {", "this is not Rust")],
        outcome: Compiles,
        says: &["generated.rs written."],
    },
];

#[test]
fn codegen_handles_each_workspace_state() {
    let bench = bench();
    let committed = bench.copy.read(GENERATED);
    for Case { edits, outcome, says } in CASES {
        bench.copy.reset();
        edits
            .iter()
            .for_each(|(path, anchor, replacement)| bench.copy.edit(path, anchor, replacement));
        let before = bench.copy.read(GENERATED);

        let check = bench.cargo("xtask codegen --check");
        assert_eq!(check.success, *outcome == UpToDate, "{edits:?}: {check:?}");
        let differs =
            check.stdout.starts_with("--- press-api-gen/src/generated.rs\n+++ generated\n@@ ");
        assert_eq!(differs, matches!(outcome, Compiles | NeedsHands), "{edits:?}: {check:?}");
        assert!(bench.copy.read(GENERATED) == before, "{edits:?}: --check wrote");

        let answer = bench.cargo("xtask codegen");
        let said = answer.stdout + &answer.stderr;
        assert_eq!(answer.success, *outcome != Rejected, "{edits:?}: {said}");
        assert!(says.iter().all(|part| said.contains(part)), "{edits:?}: not {says:?} in {said}");
        let written = bench.copy.read(GENERATED) != before;
        assert_eq!(written, matches!(outcome, Compiles | NeedsHands), "{edits:?}: {said}");
        if edits.iter().any(|(path, ..)| *path == GENERATED) {
            assert!(bench.copy.read(GENERATED) == committed, "{edits:?}: {said}");
        }
        if written {
            let compiles = bench.cargo(PRESS_SPECS);
            assert_eq!(compiles.success, *outcome == Compiles, "{edits:?}: {}", compiles.stderr);
        }
    }

    bench.copy.edit(DOCUMENT, "title: Press Specs API", "title: Another API");
    let unknown = bench.passes("xtask codegen --base v9");
    assert!(unknown.contains("Cannot report the changes: git revision `v9` has no "), "{unknown}");
    // The restored document looks older than the last build.
    bench.copy.write(DOCUMENT, PRESS);
    let document = File::options().append(true).open(bench.copy.path(DOCUMENT));
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    document.and_then(|document| document.set_modified(old)).expect("an old document");
    bench.passes("xtask codegen");
    assert!(bench.copy.read(GENERATED) == committed, "the code of the document before");
}

/// Without TLS, which takes long to build and doesn't depend on the document.
const PRESS_SPECS: &str =
    "check --package press-specs --no-default-features --features blocking,mock";

/// The methods and setters of new operations, in the order of CONTRIBUTING.
const BY_HAND: &[(&str, &str)] = &[
    (
        "press-specs/src/client.rs",
        "
impl<M> SpecClient<M> {
    /// Lists the tags.
    pub fn list_tags(&self) -> crate::request::ListTags<M> {
        ListRequest::new(&self.session, operations::ListTags::default())
    }
}

impl SpecClient<Async> {
    /// Creates a tag.
    pub async fn create_tag(&self, body: crate::types::NewTag) -> Result<crate::types::Tag, Error> {
        let mut operation = operations::CreateTag::default();
        operation.body = body;
        let options = crate::options::RequestOptions::new(&self.session);
        crate::call::call(&options, &operation).await.map(crate::Response::into_inner)
    }

    /// Deletes a tag.
    pub async fn delete_tag(&self, tag_id: impl Into<String>) -> Result<(), Error> {
        let mut operation = operations::DeleteTag::default();
        operation.tag_id = tag_id.into();
        let options = crate::options::RequestOptions::new(&self.session);
        crate::call::call(&options, &operation).await.map(crate::Response::into_inner)
    }
}
",
    ),
    (
        "press-specs/src/request.rs",
        "
/// A request for tags.
pub type ListTags<M = Async> = ListRequest<operations::ListTags, M>;

impl<M> ListTags<M> {
    /// Returns only tags whose name begins with this text.
    pub fn name_begin(mut self, name: impl Into<String>) -> Self {
        self.operation.name_begin = Some(name.into());
        self
    }
}
",
    ),
    (
        "press-specs/src/lib.rs",
        r##"
#[cfg(test)]
mod by_hand {
    use crate::{ErrorKind, blocking, get_client, mock::{Fault, MockPress}, types::NewTag};

    #[tokio::test]
    async fn new_operations() -> Result<(), Box<dyn std::error::Error>> {
        let mock = MockPress::start()?;
        let page = || Fault::raw_body(r#"{"pageCount": 1, "tags": [{"name": "sales"}]}"#);
        let tag = Fault::status(201).body("application/json", r#"{"name": "new"}"#);
        mock.faults([page(), page(), tag, Fault::status(204).empty()]);

        let session = mock.session()?;
        let client = blocking::get_client(session.clone())?;
        let list = move || client.list_tags().name_begin("s").iter().collect::<Result<Vec<_>, _>>();
        let tags = std::thread::spawn(list).join().unwrap()?;
        assert_eq!(tags[0].name.as_deref(), Some("sales"));
        let client = get_client(session)?;
        let page = client.list_tags().page_size(5).page(2).await?;
        assert_eq!((page.page_count, page.tags.len()), (1, 1));
        let mut new = NewTag::default();
        new.name = "hello".into();
        assert_eq!(client.create_tag(new).await?.name.as_deref(), Some("new"));
        client.delete_tag("x y").await?;
        assert_eq!(client.delete_tag("..").await.unwrap_err().kind(), ErrorKind::InvalidParameter);

        let requests = mock.requests();
        let mut sent = Vec::new();
        for request in &requests {
            sent.push((request.method(), request.path(), request.raw_query()));
        }
        assert_eq!(sent, [
            ("GET", "/v1/tags/", Some("nameBegin=s&pageNumber=1")),
            ("GET", "/v1/tags/", Some("pageNumber=2&pageSize=5")),
            ("POST", "/v1/tags/", None),
            ("DELETE", "/v1/tags/x%20y", None),
        ]);
        let length = r#"{"name":"hello"}"#.len().to_string();
        assert_eq!(requests[2].header("content-length"), Some(length.as_str()));
        Ok(())
    }
}
"##,
    ),
];

#[test]
fn new_operations_need_only_methods_and_setters() {
    let bench = bench();
    let tags = include_str!("documents/tags.yaml");
    bench.copy.edit(DOCUMENT, "\ncomponents:\n", &format!("\n{tags}\ncomponents:\n"));
    let answer = bench.cargo("xtask codegen");
    assert!(answer.success, "{answer:?}");
    for part in [
        "the alias `ListTags` with the setters `name_begin`",
        "`create_tag(body)`, implemented with `call`",
        "`delete_tag(tag_id)`",
        "compatible  types::NewTag: new type",
        "0 breaking",
    ] {
        assert!(answer.stdout.contains(part), "{part}: {}", answer.stdout);
    }
    let note =
        "note: #/paths/~1v1~1logos/post: left out: the request body is `multipart/form-data`";
    assert!(answer.stderr.contains(note), "{}", answer.stderr);
    bench.passes(PRESS_SPECS);
    for (path, code) in BY_HAND {
        bench.copy.write(path, bench.copy.read(path) + code);
    }
    let tests = bench.passes("test --package press-specs --features blocking,mock --lib by_hand");
    assert!(tests.contains("1 passed"), "{tests}");
}
