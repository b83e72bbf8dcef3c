//! Changes of the API's document, on a copy of the workspace and with the real generator.
//!
//! It builds the generator, which takes a minute or two, and so is not among the ordinary tests:
//! `cargo test -p xtask --test scenarios`.

mod copy;
mod foreign;
mod generator;
mod mistakes;
mod shapes;

use std::{
    sync::{LazyLock, Mutex, MutexGuard, PoisonError},
    time::{Duration, SystemTime},
};

use copy::{Answer, Copy};
use generator::Generator;
use serde_json::Value;

const CONTRACT: &str = "openapi/press.yaml";
const GENERATED: &str = "press-api-gen/src/generated.rs";

/// The copy of the workspace and its generator, which one scenario at a time may use.
struct Bench {
    copy: Copy,
    generator: Generator,
}

fn bench() -> MutexGuard<'static, Bench> {
    static BENCH: LazyLock<Mutex<Bench>> = LazyLock::new(|| {
        let copy = Copy::new();
        let generator = Generator::build(&copy);
        Mutex::new(Bench { copy, generator })
    });
    let bench = BENCH.lock().unwrap_or_else(PoisonError::into_inner);
    bench.copy.reset();
    bench
}

/// A change of the document, and its consequences.
struct Scenario {
    name: &'static str,
    /// Each a text that is in the document once, and its replacement.
    edits: &'static [(&'static str, &'static str)],
    /// Class, kind and path of each change in the report, in its order.
    report: &'static [[&'static str; 3]],
    /// Parts of the output.
    says: &'static [&'static str],
    outcome: Outcome,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Outcome {
    /// Exit status 0, and press-specs compiles.
    Compiles,
    /// Exit status 0, and press-specs has to follow before it compiles.
    NeedsHands,
    /// Exit status 1, and nothing was written.
    Refused,
}

use Outcome::{Compiles, NeedsHands, Refused};

const FEATURED: &str =
    "          description: If `true`, the spec is featured.\n          type: boolean\n          nullable: true\n";
const TERM: &str = "        - name: term
          in: query
          description: |-
            Limits the list to specs that contain this term in their name, title, description or summary.
          schema:
            type: string
          example: salesforce
";

/// A list, and two operations that are none.
const TAGS: &[(&str, &str)] = &[(
    "\ncomponents:\n",
    "
  /v1/tags/:
    get:
      operationId: list_tags
      parameters:
        - name: nameBegin
          in: query
          schema:
            type: string
        - $ref: '#/components/parameters/PageSize'
        - $ref: '#/components/parameters/PageNumber'
      responses:
        '200':
          description: One page of tags.
          content:
            application/json:
              schema:
                title: TagPage
                type: object
                required: [pageCount, tags]
                properties:
                  pageCount:
                    type: integer
                  tags:
                    type: array
                    items:
                      $ref: '#/components/schemas/Tag'
    post:
      operationId: create_tag
      requestBody:
        required: true
        content:
          application/json:
            schema:
              title: NewTag
              type: object
              required: [name]
              properties:
                name:
                  type: string
      responses:
        '201':
          description: The tag.
          content:
            application/json:
              schema:
                $ref: '#/components/schemas/Tag'
  /v1/tags/{tagId}:
    delete:
      operationId: delete_tag
      parameters:
        - name: tagId
          in: path
          required: true
          schema:
            type: string
      responses:
        '204':
          description: Deleted.

components:
",
)];

/// The methods that these operations need, in the order in which CONTRIBUTING names their files.
const BY_HAND: &[(&str, &str)] = &[
    (
        "press-specs/src/client.rs",
        "
impl<M> SpecClient<M> {
    /// Lists the tags.
    pub fn list_tags(&self) -> crate::specs::ListTags<M> {
        ListRequest::new(&self.session, operations::ListTags::default())
    }
}

impl SpecClient<Async> {
    /// Creates a tag.
    pub async fn create_tag(&self, body: crate::types::NewTag) -> Result<crate::types::Tag, Error> {
        let mut operation = operations::CreateTag::default();
        operation.body = body;
        let context = crate::call::Context::new(&self.session);
        crate::call::call(&context, &operation).await.map(crate::Response::into_inner)
    }

    /// Deletes a tag.
    pub async fn delete_tag(&self, tag_id: impl Into<String>) -> Result<(), Error> {
        let mut operation = operations::DeleteTag::default();
        operation.tag_id = tag_id.into();
        let context = crate::call::Context::new(&self.session);
        crate::call::call(&context, &operation).await.map(crate::Response::into_inner)
    }
}
",
    ),
    (
        "press-specs/src/specs.rs",
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
        "press-specs/src/blocking.rs",
        "
/// Uses the operations in all their ways.
pub async fn use_tags() -> Result<(), Error> {
    let client = get_client(None)?;
    let page = client.list_tags().name_begin(\"sales\").page_size(5).page(2)?;
    assert!(page.page_count as usize >= page.tags.len());
    for tag in client.list_tags().start_page(2).concurrency(2).iter() {
        assert!(tag?.name.is_some());
    }
    let client = crate::get_client(None)?;
    let page: crate::types::TagPage = client.list_tags().page(None).await?;
    assert!(page.extra.is_empty());
    let tags: Vec<Result<crate::types::Tag, Error>> = client.list_tags().name_begin(\"sales\").stream().collect().await;
    assert!(tags.iter().all(Result::is_ok));
    let mut tag = crate::types::NewTag::default();
    tag.name = \"sales\".into();
    assert!(client.create_tag(tag).await?.name.is_some());
    client.delete_tag(\"sales\").await
}
",
    ),
];

/// Sends what is no list to a server, which answers a POST with 201 and a DELETE with 204.
const SENT_BY_HAND: &str = r#"
#[cfg(test)]
mod sent_by_hand {
    use std::{io::{Read, Write}, net::TcpListener, thread};

    use crate::{ErrorKind, Session, get_client};

    #[tokio::test]
    async fn operations_that_are_no_lists() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let server = thread::spawn(move || {
            let created = "HTTP/1.1 201 Created\r\ncontent-length: 14\r\nconnection: close\r\n\r\n{\"name\":\"tag\"}";
            [created, "HTTP/1.1 204 No Content\r\nconnection: close\r\n\r\n"].map(|response| {
                let (mut stream, _) = listener.accept().unwrap();
                let (mut request, mut bytes) = (String::new(), [0; 4096]);
                while !request.contains("\r\n\r\n") || (request.starts_with("POST") && !request.ends_with('}')) {
                    let read = stream.read(&mut bytes).unwrap();
                    request.push_str(std::str::from_utf8(&bytes[..read]).unwrap());
                }
                stream.write_all(response.as_bytes()).unwrap();
                request
            })
        });
        let client = get_client(Session::builder().auth_token("t").base_url(url).build().unwrap()).unwrap();
        let mut tag = crate::types::NewTag::default();
        tag.name = "hello".into();
        assert_eq!(client.create_tag(tag).await.unwrap().name.unwrap(), "tag");
        client.delete_tag("x y").await.unwrap();
        let [post, delete] = server.join().unwrap();
        assert!(post.starts_with("POST /v1/tags/ HTTP/1.1\r\n"), "{post}");
        assert!(post.ends_with("\r\n\r\n{\"name\":\"hello\"}"), "{post}");
        assert!(delete.starts_with("DELETE /v1/tags/x%20y HTTP/1.1\r\n"), "{delete}");
        let error = client.delete_tag("..").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidParameter);
    }
}
"#;

#[rustfmt::skip]
const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "nothing changes",
        edits: &[],
        report: &[],
        says: &["is up to date", "No public item changed since HEAD"],
        outcome: Compiles,
    },
    Scenario {
        name: "a field and a value come, and a description changes",
        edits: &[
            (FEATURED, "          description: New.\n          type: boolean\n          nullable: true\n        owner:\n          type: string\n"),
            ("enum: [private, public, shared]", "enum: [private, public, shared, internal]"),
        ],
        report: &[
            ["compatible", "value-added", "types::SpecScope::Internal"],
            ["compatible", "field-added", "types::SpecSummary::owner"],
        ],
        says: &["new field `Option<String>`", "new value `internal`", "0 to follow by hand"],
        outcome: Compiles,
    },
    Scenario {
        name: "a parameter goes, and another comes",
        edits: &[(TERM, "        - name: createdAfter\n          in: query\n          schema:\n            type: string\n")],
        report: &[
            ["breaking", "parameter-removed", "operations::ListSpecs::term"],
            ["compatible", "parameter-added", "operations::ListSpecs::created_after"],
        ],
        says: &["remove the setter `ListSpecs::term", "add the setter `ListSpecs::created_after", "2 to follow by hand"],
        outcome: NeedsHands,
    },
    Scenario {
        name: "operations come",
        edits: TAGS,
        report: &[
            ["compatible", "operation-added", "operations::CreateTag"],
            ["compatible", "operation-added", "operations::DeleteTag"],
            ["compatible", "operation-added", "operations::ListTags"],
            ["compatible", "type-added", "types::NewTag"],
            ["compatible", "type-added", "types::TagPage"],
        ],
        says: &["the alias `ListTags` with the setters `name_begin`", "`create_tag(body)`, which ends in `call`", "`delete_tag(tag_id)`"],
        outcome: Compiles,
    },
    Scenario {
        name: "broken YAML",
        edits: &[("enum: [private, public, shared]", "enum: [private, public, shared")],
        report: &[],
        says: &["openapi/press.yaml:", "Nothing was written"],
        outcome: Refused,
    },
];

#[test]
fn scenarios() {
    let bench = bench();
    let copy = &bench.copy;
    let before = copy.read(GENERATED);
    let mut failures = Vec::new();
    for scenario in SCENARIOS {
        copy.reset();
        for (anchor, replacement) in scenario.edits {
            copy.edit(CONTRACT, anchor, replacement);
        }
        if let Err(failure) = play(copy, scenario, &before) {
            failures.push(format!("{}: {failure}", scenario.name));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n\n"));
    committed_code(copy, &before);
    operations_by_hand(copy);
}

fn play(copy: &Copy, scenario: &Scenario, before: &str) -> Result<(), String> {
    let answer = copy.cargo(".", &["xtask", "codegen"]);
    let said = format!("{}{}", answer.stdout, answer.stderr);
    let refused = scenario.outcome == Refused;
    let ensure = |right: bool, what: &str| if right { Ok(()) } else { Err(format!("{what}\n{said}")) };
    ensure(answer.code == Some(i32::from(refused)), "another exit status")?;
    let says = scenario.says.iter().all(|part| said.contains(part));
    ensure(says, "something is not said")?;
    let panicked = said.contains("backtrace") || said.contains("panicked");
    ensure(!panicked, "a panic shows")?;
    let changed = copy.read(GENERATED) != before;
    ensure(changed != (refused || scenario.edits.is_empty()), "the generated file")?;
    let check = copy.cargo(".", &["xtask", "codegen", "--check"]);
    ensure(check.code == answer.code, "another exit status of --check")?;
    if refused {
        return Ok(());
    }
    let json = copy.cargo(".", &["xtask", "api-diff", "--json"]);
    let report: Value = serde_json::from_str(&json.stdout).map_err(|error| format!("{error}: {json:?}"))?;
    let changes = report["changes"].as_array().into_iter().flatten();
    let changes: Vec<_> =
        changes.map(|change| ["class", "kind", "path"].map(|key| change[key].as_str().unwrap_or_default())).collect();
    ensure(changes == scenario.report, &format!("another report: {report:#}"))?;
    let compiles = compiles(copy);
    ensure((compiles.code == Some(0)) == (scenario.outcome == Compiles), &format!("press-specs: {}", compiles.stderr))
}

/// Checks press-specs without TLS, which no document changes and which takes long to build.
fn compiles(copy: &Copy) -> Answer {
    let features = ["--no-default-features", "--features", "blocking,mock"];
    copy.cargo(".", &[&["check", "--package", "press-specs"], &features[..]].concat())
}

/// The states of the committed file and of cargo's cache, and the directories in which the command is started.
fn committed_code(copy: &Copy, before: &str) {
    copy.reset();
    let codegen = ["xtask", "codegen"];
    for broken in ["this is not Rust\n", ""] {
        copy.write(GENERATED, broken);
        let answer = copy.cargo("press-specs/src", &codegen);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        assert_eq!(copy.read(GENERATED), before, "the broken file is written anew");
    }
    let manifest = copy.path("xtask/Cargo.toml");
    let manifest = manifest.to_str().expect("a path in UTF-8");
    let run = ["run", "--quiet", "--offline", "--manifest-path", manifest];
    let elsewhere = [&run[..], &["--", "codegen", "--check"]].concat();
    let answer = copy.cargo_in(&std::env::temp_dir(), &elsewhere);
    assert_eq!(answer.code, Some(0), "{answer:?}");

    // A document that looks older than the last build.
    let document = copy.read(CONTRACT);
    copy.edit(CONTRACT, "title: Press Specs API", "title: Another API");
    assert_eq!(copy.cargo(".", &codegen).code, Some(0));
    assert_ne!(copy.read(GENERATED), before);
    copy.write(CONTRACT, &document);
    let file = std::fs::File::options().append(true).open(copy.path(CONTRACT));
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    file.and_then(|file| file.set_modified(old)).expect("another time");
    let answer = copy.cargo(".", &codegen);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_eq!(copy.read(GENERATED), before, "{answer:?}");
}

/// New operations need their methods and setters, and nothing else by hand.
fn operations_by_hand(copy: &Copy) {
    copy.reset();
    for (anchor, replacement) in TAGS {
        copy.edit(CONTRACT, anchor, replacement);
    }
    let answer = copy.cargo(".", &["xtask", "codegen"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    for (path, code) in BY_HAND {
        copy.write(path, &(copy.read(path) + code));
    }
    let answer = compiles(copy);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
    copy.write("press-specs/src/lib.rs", &(copy.read("press-specs/src/lib.rs") + SENT_BY_HAND));
    let features = ["--features", "blocking,mock", "--lib", "sent_by_hand"];
    let answer = copy.cargo(".", &[&["test", "--package", "press-specs"], &features[..]].concat());
    assert_eq!(answer.code, Some(0), "{}{}", answer.stdout, answer.stderr);
    assert!(answer.stdout.contains("1 passed"), "{}", answer.stdout);
    copy.reset();
}
