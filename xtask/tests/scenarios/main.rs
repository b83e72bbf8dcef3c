//! What happens when the contract changes, on a copy of the workspace and with the real generator.
//!
//! It builds the generator, which takes a minute or two, and so is not among the ordinary tests:
//! `cargo test -p xtask --test scenarios`.

mod copy;
mod generator;
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
    BENCH.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A change of the contract, and what has to come of it.
struct Scenario {
    name: &'static str,
    /// Each a text that is in the contract once, and what takes its place.
    edits: &'static [(&'static str, &'static str)],
    /// Class, kind and pointer of each change in the report; none when the contract is refused.
    report: &'static [(&'static str, &'static str, &'static str)],
    /// Parts of what is said.
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

const IMAGE: &str = "        imageUrl:\n          description: URL of an image of the spec.\n          type: string\n          nullable: true\n        status:\n          description: Availability of the spec";
const IMAGE_REST: &str = "        status:\n          description: Availability of the spec";
const FEATURED: &str = "          description: If `true`, the spec is featured.\n          type: boolean\n";

const TAGS: [(&str, &str); 2] = [
    (
        "\ncomponents:\n",
        "
  /v1/tags/:
    get:
      operationId: list_tags
      summary: List the tags.
      parameters:
        - name: nameBegin
          in: query
          description: Only tags whose name begins with this.
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
                $ref: '#/components/schemas/TagPage'

components:
",
    ),
    (
        "\n    Timestamp:\n",
        "
    TagPage:
      description: One page of tags.
      type: object
      required: [pageCount, tags]
      properties:
        pageCount:
          description: How many pages there are.
          type: integer
          format: int64
          minimum: 0
        tags:
          description: The tags of this page.
          type: array
          items:
            $ref: '#/components/schemas/Tag'
      additionalProperties: true

    Timestamp:
",
    ),
];

#[rustfmt::skip]
const SCENARIOS: &[Scenario] = &[
    Scenario {
        name: "nothing changes",
        edits: &[],
        report: &[],
        says: &["is up to date", "no changes since HEAD"],
        outcome: Compiles,
    },
    Scenario {
        name: "add an optional response field",
        edits: &[(FEATURED, "          description: If `true`, the spec is featured.\n          type: boolean\n          nullable: true\n        owner:\n          description: Who owns the spec.\n          type: string\n")],
        report: &[("compatible", "field-added", "#/components/schemas/SpecSummary/properties/owner")],
        says: &["the new optional field `owner`"],
        outcome: Compiles,
    },
    Scenario {
        name: "add an enumeration value",
        edits: &[("enum: [private, public, shared]", "enum: [private, public, shared, internal]")],
        report: &[("compatible", "enum-value-added", "#/components/schemas/SpecScope/enum/3")],
        says: &["the new value `internal`"],
        outcome: Compiles,
    },
    Scenario {
        name: "add an optional query parameter",
        edits: &[("        - name: scope\n", "        - name: createdAfter\n          in: query\n          description: Only specs created after this.\n          schema:\n            type: string\n        - name: scope\n")],
        report: &[("compatible", "parameter-added", "#/paths/~1v1~1specs~1/get/parameters/5")],
        says: &["press-specs: add the setter `created_after` to `list_specs`", "1 to follow by hand"],
        outcome: Compiles,
    },
    Scenario {
        name: "make a required field nullable",
        edits: &[("          description: ID of the spec, usually a UUID.\n          type: string\n        kind:", "          description: ID of the spec, usually a UUID.\n          type: string\n          nullable: true\n        kind:")],
        report: &[("breaking", "field-optional", "#/components/schemas/SpecSummary/properties/id")],
        says: &["`Option<string>` instead of `string`"],
        outcome: Compiles,
    },
    Scenario {
        name: "remove a field",
        edits: &[(IMAGE, IMAGE_REST)],
        report: &[("breaking", "field-removed", "#/components/schemas/SpecMetadata/properties/imageUrl")],
        says: &["the field `imageUrl` is gone"],
        outcome: Compiles,
    },
    Scenario {
        name: "rename a field",
        edits: &[(IMAGE, "        pictureUrl:\n          description: URL of an image of the spec.\n          type: string\n          nullable: true\n        status:\n          description: Availability of the spec")],
        report: &[
            ("breaking", "field-removed", "#/components/schemas/SpecMetadata/properties/imageUrl"),
            ("compatible", "field-added", "#/components/schemas/SpecMetadata/properties/pictureUrl"),
        ],
        says: &["perhaps `pictureUrl` is its new name"],
        outcome: Compiles,
    },
    Scenario {
        name: "change a type",
        edits: &[(FEATURED, "          description: If `true`, the spec is featured.\n          type: string\n")],
        report: &[("breaking", "type-changed", "#/components/schemas/SpecSummary/properties/featured")],
        says: &["is `string` instead of `bool`"],
        outcome: Compiles,
    },
    Scenario {
        name: "remove a query parameter",
        edits: &[("        - name: term\n          in: query\n          description: |-\n            Limits the list to specs that contain this term in their name, title, description or summary.\n          schema:\n            type: string\n          example: salesforce\n", "")],
        report: &[("breaking", "parameter-removed", "#/paths/~1v1~1specs~1/get/parameters/3")],
        says: &["press-specs: remove the setter `term` of `list_specs`"],
        outcome: NeedsHands,
    },
    Scenario {
        name: "add a whole operation with its own page type",
        edits: &TAGS,
        report: &[
            ("compatible", "operation-added", "#/paths/~1v1~1tags~1/get"),
            ("compatible", "schema-added", "#/components/schemas/TagPage"),
        ],
        says: &["press-specs: add the method `list_tags` with the setters `name_begin`, `page_size`"],
        outcome: Compiles,
    },
    Scenario {
        name: "break the YAML",
        edits: &[("enum: [private, public, shared]", "enum: [private, public, shared")],
        report: &[],
        says: &["openapi/press.yaml:", "not YAML", "instead:", "Nothing was written"],
        outcome: Refused,
    },
    Scenario {
        name: "switch to OpenAPI 3.1",
        edits: &[("openapi: 3.0.3", "openapi: 3.1.0")],
        report: &[],
        says: &["openapi/press.yaml:1:1 #/openapi", "3.0.x", "write `openapi: 3.0.3`", "Nothing was written"],
        outcome: Refused,
    },
    Scenario {
        name: "two mistakes at once",
        edits: &[
            ("operationId: list_spec_release_deployments", "operationId: list_specs"),
            (FEATURED, "          description: If `true`, the spec is featured.\n          oneOf: [{type: boolean}, {type: string}]\n"),
        ],
        report: &[],
        says: &["2 problems", "#/components/schemas/SpecSummary/properties/featured/oneOf", "the operationId `list_specs` is taken", "Nothing was written"],
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
    a_third_operation(copy);
}

fn play(copy: &Copy, scenario: &Scenario, before: &str) -> Result<(), String> {
    let answer = copy.cargo(".", &["xtask", "codegen"]);
    let said = format!("{}{}", answer.stdout, answer.stderr);
    let refused = scenario.outcome == Refused;
    let ensure = |right: bool, what: &str| if right { Ok(()) } else { Err(format!("{what}\n{said}")) };
    ensure(answer.code == Some(i32::from(refused)), "another exit status")?;
    ensure(
        scenario.says.iter().all(|part| said.contains(part)),
        "something is not said",
    )?;
    ensure(
        !said.contains("backtrace") && !said.contains("panicked"),
        "a panic shows",
    )?;
    let changed = copy.read(GENERATED) != before;
    ensure(changed != (refused || scenario.edits.is_empty()), "the generated file")?;
    if refused {
        return Ok(());
    }
    let json = copy.cargo(".", &["xtask", "api-diff", "--json"]);
    let report: Value = serde_json::from_str(&json.stdout).map_err(|error| format!("{error}: {json:?}"))?;
    let text = |change: &Value, key: &str| change[key].as_str().unwrap_or_default().to_owned();
    let changes: Vec<_> = report["changes"].as_array().into_iter().flatten().collect();
    let expected = |change: &Value| {
        scenario.report.iter().any(|(class, kind, pointer)| {
            (text(change, "class"), text(change, "kind"), text(change, "pointer"))
                == ((*class).to_owned(), (*kind).to_owned(), (*pointer).to_owned())
        })
    };
    let fits = changes.len() == scenario.report.len() && changes.iter().all(|change| expected(change));
    ensure(fits, &format!("another report: {report:#}"))?;
    ensure(
        scenario.report.iter().all(|(.., pointer)| said.contains(pointer)),
        "codegen does not report the same",
    )?;
    let breaking = scenario.report.iter().any(|(class, ..)| *class == "breaking");
    let denied = copy.cargo(".", &["xtask", "api-diff", "--deny-breaking"]);
    ensure(
        denied.code == Some(i32::from(breaking)),
        "another exit status of --deny-breaking",
    )?;
    let compiles = compiles(copy);
    ensure(
        (compiles.code == Some(0)) == (scenario.outcome == Compiles),
        &format!("press-specs: {}", compiles.stderr),
    )
}

/// Checks press-specs without TLS, which no contract changes and which takes long to build.
fn compiles(copy: &Copy) -> Answer {
    let arguments = [
        "check",
        "--package",
        "press-specs",
        "--no-default-features",
        "--features",
        "blocking,mock",
    ];
    copy.cargo(".", &arguments)
}

/// What can happen to the committed file, and where the command is started.
fn committed_code(copy: &Copy, before: &str) {
    copy.reset();
    let codegen = ["xtask", "codegen"];
    let check = ["xtask", "codegen", "--check"];

    copy.edit(
        GENERATED,
        "pub const CONTRACT_SHA256: &str",
        "pub const EDITED_BY_HAND: &str",
    );
    let answer = copy.cargo(".", &check);
    assert_eq!(answer.code, Some(1), "{answer:?}");
    assert!(answer.stdout.contains("\n-pub const EDITED_BY_HAND"), "{answer:?}");
    assert!(answer.stdout.contains("\n+pub const CONTRACT_SHA256"), "{answer:?}");
    assert!(answer.stderr.contains("run `cargo xtask codegen`"), "{answer:?}");

    for broken in ["this is not Rust\n", ""] {
        copy.write(GENERATED, broken);
        let answer = copy.cargo(".", &codegen);
        assert_eq!(answer.code, Some(0), "{answer:?}");
        assert_eq!(copy.read(GENERATED), before, "the broken file is written anew");
    }

    for directory in ["press-specs/src", "xtask", "openapi"] {
        let answer = copy.cargo(directory, &check);
        assert_eq!(answer.code, Some(0), "{directory}: {answer:?}");
    }
    let manifest = copy.path("xtask/Cargo.toml");
    let manifest = manifest.to_str().expect("a path in UTF-8");
    let elsewhere = [
        "run",
        "--quiet",
        "--offline",
        "--manifest-path",
        manifest,
        "--",
        "codegen",
        "--check",
    ];
    let answer = copy.cargo_in(&std::env::temp_dir(), &elsewhere);
    assert_eq!(answer.code, Some(0), "{answer:?}");

    // A contract that looks older than the last build.
    let contract = copy.read(CONTRACT);
    copy.edit(CONTRACT, "title: Press Specs API", "title: Another API");
    assert_eq!(copy.cargo(".", &codegen).code, Some(0));
    assert_ne!(copy.read(GENERATED), before);
    copy.write(CONTRACT, &contract);
    let file = std::fs::File::options()
        .append(true)
        .open(copy.path(CONTRACT))
        .expect("the contract");
    let old = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000);
    file.set_modified(old).expect("another time");
    drop(file);
    let answer = copy.cargo(".", &codegen);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_eq!(copy.read(GENERATED), before, "{answer:?}");
}

/// One more paginated GET needs its method, its setters and nothing else by hand.
fn a_third_operation(copy: &Copy) {
    copy.reset();
    for (anchor, replacement) in TAGS {
        copy.edit(CONTRACT, anchor, replacement);
    }
    let answer = copy.cargo(".", &["xtask", "codegen"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let add = |path: &str, code: &str| copy.write(path, &(copy.read(path) + code));
    add(
        "press-specs/src/specs.rs",
        "
/// A request for tags.
pub type ListTags<M = Async> = ListRequest<operations::ListTags, M>;

impl<M> ListTags<M> {
    /// Asks only for tags whose name begins with this.
    pub fn name_begin(mut self, name: impl Into<String>) -> Self {
        self.operation.name_begin = Some(name.into());
        self
    }
}
",
    );
    add(
        "press-specs/src/client.rs",
        "
impl<M> Spec<M> {
    /// Lists the tags.
    pub fn list_tags(&self) -> crate::specs::ListTags<M> {
        ListRequest::new(&self.session, operations::ListTags::default())
    }
}
",
    );
    add(
        "press-specs/src/blocking.rs",
        "
/// Uses the operation in all its ways.
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
    Ok(())
}
",
    );
    let answer = compiles(copy);
    assert_eq!(answer.code, Some(0), "{}", answer.stderr);
}
