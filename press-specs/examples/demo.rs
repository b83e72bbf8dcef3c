//! Tours the crate: specs from several pages, the deployments of a spec, and an error.
//!
//! With a token in `PEAK_AUTH_TOKEN` or `API_KEY` it calls the live service, otherwise a mock
//! server that it starts:
//!
//! ```sh
//! cargo demo
//! cargo demo --mock --kind app --status available,archived --sort name:asc --limit 50
//! cargo demo --help
//! ```

mod support;

use std::{
    error::Error,
    io::{self, Write},
    num::{NonZeroU64, NonZeroUsize},
    time::Duration,
};

use clap::{
    CommandFactory, Parser, builder::NonEmptyStringValueParser, error::ErrorKind::InvalidValue,
};
use comfy_table::{Attribute, Cell, Color, ContentArrangement, Row, Table, presets::NOTHING};
use console::{colors_enabled, style};
use indicatif::{ProgressBar, ProgressStyle};
use press_specs::{
    ListSpecs, Session, Stage,
    mock::MockPress,
    reqwest::Url,
    types::{DeploymentSummary, SpecKind, SpecScope, SpecSort, SpecStatus, SpecSummary, Timestamp},
};

const AFTER_HELP: &str = "\
Calls the live service if PEAK_AUTH_TOKEN or API_KEY is set, or if --stage or --base-url is given. \
Otherwise, and always with --mock, starts a mock server with generated specs and calls that. The \
first line says which one it is.";

/// List specs of the Press API and the deployments of one of them
#[derive(Parser)]
#[command(name = "cargo demo", bin_name = "cargo demo")]
#[command(after_help = AFTER_HELP, max_term_width = 100)]
struct Arguments {
    #[arg(long, value_delimiter = ',')]
    #[arg(help = help("Only specs with these statuses, comma-separated", SpecStatus::KNOWN))]
    status: Vec<SpecStatus>,
    /// Only featured specs; with `=false`, only the others
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    #[arg(value_name = "BOOL")]
    featured: Option<bool>,
    #[arg(long)]
    #[arg(help = help("Only specs of this kind", SpecKind::KNOWN))]
    kind: Option<SpecKind>,
    /// Only specs with this text in their name, title, description or summary
    #[arg(long)]
    term: Option<String>,
    #[arg(long, value_delimiter = ',')]
    #[arg(help = help("Sort keys, separated by commas, most significant first", SpecSort::KNOWN))]
    sort: Vec<SpecSort>,
    #[arg(long, value_delimiter = ',')]
    #[arg(help = help("Only specs with these scopes, comma-separated", SpecScope::KNOWN))]
    scope: Vec<SpecScope>,
    /// Accept statuses, kinds, sort keys and scopes that this version doesn't know
    #[arg(long)]
    force: bool,
    /// Number of specs per page
    #[arg(long, value_name = "COUNT", default_value = "10")]
    page_size: NonZeroU64,
    /// Maximum number of specs to list
    #[arg(long, value_name = "COUNT", default_value = "20")]
    limit: NonZeroUsize,
    /// Maximum number of concurrent page requests
    #[arg(long, value_name = "COUNT", default_value = "1")]
    concurrency: NonZeroUsize,
    /// Spec whose deployments are listed [default: the first one listed]
    #[arg(long, value_name = "ID", value_parser = NonEmptyStringValueParser::new())]
    spec_id: Option<String>,
    /// Call the mock server, even if the environment has a token
    #[arg(long, conflicts_with_all = ["stage", "base_url"])]
    mock: bool,
    /// Call this stage of the live service [default: PEAK__STAGE or STAGE, else prod]
    #[arg(long)]
    stage: Option<Stage>,
    /// Call the API at this URL
    #[arg(long, value_name = "URL", conflicts_with = "stage")]
    base_url: Option<Url>,
}

impl Arguments {
    /// Parses the command line, and rejects values that this version doesn't know.
    fn read() -> Self {
        let arguments = Self::parse();
        if !arguments.force {
            check("--status", &arguments.status, SpecStatus::KNOWN);
            check("--kind", arguments.kind.as_slice(), SpecKind::KNOWN);
            check("--sort", &arguments.sort, SpecSort::KNOWN);
            check("--scope", &arguments.scope, SpecScope::KNOWN);
        }
        arguments
    }
}

fn help<T: AsRef<str>>(text: &str, known: &[T]) -> String {
    format!("{text}: {}", joined(known))
}

fn joined<T: AsRef<str>>(values: &[T]) -> String {
    let values: Vec<_> = values.iter().map(AsRef::as_ref).collect();
    values.join(", ")
}

/// Ends the program with an error if one of the values is unknown.
fn check<T: PartialEq + AsRef<str>>(argument: &str, values: &[T], known: &[T]) {
    let Some(unknown) = values.iter().find(|value| !known.contains(value)) else { return };
    let message = format!(
        "invalid value '{}' for '{argument}'\n  [known values: {}; --force sends others]",
        plain(unknown.as_ref()),
        joined(known),
    );
    Arguments::command().error(InvalidValue, message).exit();
}

/// The heading of a column, and a function that formats its cells.
type Column<T> = (&'static str, fn(&T) -> Option<String>);

const SPEC: [Column<SpecSummary>; 7] = [
    ("Name", |spec| spec.metadata.as_ref()?.name.clone()),
    ("Kind", |spec| Some(spec.kind.as_ref()?.to_string())),
    ("Status", |spec| Some(spec.metadata.as_ref()?.status.as_ref()?.to_string())),
    ("Release", |spec| spec.latest_release.as_ref()?.version.clone()),
    ("Created", |spec| day(spec.metadata.as_ref()?.created_at.as_ref()?)),
    ("Scope", |spec| Some(spec.scope.as_ref()?.to_string())),
    ("Title", |spec| spec.metadata.as_ref()?.title.clone()),
];

const DEPLOYMENT: [Column<DeploymentSummary>; 6] = [
    ("Name", |deployment| deployment.metadata.as_ref()?.name.clone()),
    ("Status", |deployment| Some(deployment.metadata.as_ref()?.status.as_ref()?.to_string())),
    ("Release", |deployment| deployment.spec.as_ref()?.release.as_ref()?.version.clone()),
    ("Revision", |deployment| Some(deployment.latest_revision.as_ref()?.revision?.to_string())),
    ("Created", |deployment| day(deployment.metadata.as_ref()?.created_at.as_ref()?)),
    ("Title", |deployment| deployment.metadata.as_ref()?.title.clone()),
];

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let result = run(Arguments::read(), &mut io::stdout().lock()).await;
    if let Err(error) = &result
        && let Some(error) = error.downcast_ref::<io::Error>()
        && error.kind() == io::ErrorKind::BrokenPipe
    {
        // The reader closed the pipe, like `head` does.
        return Ok(());
    }
    result
}

async fn run(arguments: Arguments, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let (session, _mock) = service(&arguments)?;
    let client = press_specs::get_client(session)?;
    let limit = arguments.limit.get();
    let mut pages = client
        .list_specs()
        .status(arguments.status)
        .maybe(arguments.featured, ListSpecs::featured)
        .maybe(arguments.kind, ListSpecs::kind)
        .maybe(arguments.term, ListSpecs::term)
        .sort(arguments.sort)
        .scope(arguments.scope)
        .page_size(arguments.page_size.get())
        .concurrency(arguments.concurrency.get())
        .pages();

    // The bar shows only if standard error is a terminal.
    let template = ProgressStyle::with_template("{wide_bar:.cyan} {pos} of {len} specs")?;
    let progress = ProgressBar::new(limit as u64).with_style(template);
    let mut specs = Vec::new();
    let mut page_count = 0;
    while specs.len() < limit
        && let Some(page) = pages.try_next().await?
    {
        specs.extend(page.specs);
        page_count += 1;
        progress.set_length(pages.item_count().unwrap_or(u64::MAX).min(limit as u64));
        progress.set_position(specs.len() as u64);
    }
    progress.finish_and_clear();
    specs.truncate(limit);

    heading(out, "Specs")?;
    print(out, &SPEC, &specs)?;
    let shown = counted(specs.len() as u64, "spec");
    let read = counted(page_count, "page");
    let total = pages.item_count().map_or("unknown".to_owned(), |count| counted(count, "spec"));
    let time = progress.elapsed();
    writeln!(out, "{shown} from {read} in {time:.1?}; {total} in total")?;

    let first = specs.into_iter().next().map(|spec| spec.id);
    if let Some(spec_id) = arguments.spec_id.or(first) {
        heading(out, &format!("Deployments of spec {}", plain(&spec_id)))?;
        let page = client.list_spec_release_deployments(spec_id).page_size(5).page(1).await?;
        print(out, &DEPLOYMENT, &page.deployments)?;
        if let Some(total) = page.deployment_count {
            let shown = page.deployments.len();
            writeln!(out, "{shown} of {}", counted(total, "deployment"))?;
        }
    }

    heading(out, "An error: the deployments of a spec that doesn't exist")?;
    let unknown_spec = "00000000-0000-0000-0000-000000000000";
    if let Err(error) = client.list_spec_release_deployments(unknown_spec).page(1).await {
        writeln!(out, "{}", style(plain(&error.to_string())).red())?;
        writeln!(out, "kind {:?}, status {}", error.kind(), or_dash(error.status()))?;
    }
    Ok(())
}

fn service(arguments: &Arguments) -> Result<support::Service, Box<dyn Error>> {
    let mock = MockPress::builder()
        .generated_specs(300)
        .generated_deployments(6)
        .latency(Duration::from_millis(40));
    if let Some(stage) = arguments.stage {
        return Ok(support::live(Session::builder().stage(stage).build()?, "--stage"));
    }
    if let Some(url) = &arguments.base_url {
        let session = Session::builder().base_url(url.as_str()).build()?;
        return Ok(support::live(session, "--base-url"));
    }
    if arguments.mock {
        return support::start_mock(mock, "--mock");
    }
    support::session_or_mock(mock)
}

fn heading(out: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(out, "\n{}", style(text).bold())
}

/// Prints a table. In a terminal, cells that don't fit are cut.
fn print<T>(out: &mut impl Write, columns: &[Column<T>], rows: &[T]) -> io::Result<()> {
    if rows.is_empty() {
        return writeln!(out, "(none)");
    }
    let mut table = Table::new();
    table.load_style(NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    if colors_enabled() {
        table.enforce_styling();
    } else {
        table.force_no_tty();
    }
    let header =
        columns.iter().map(|(name, _)| Cell::new(name).add_attribute(Attribute::Underlined));
    table.set_header(header);
    for item in rows {
        let mut row = Row::new();
        for (_, cell) in columns {
            row.add_cell(colored(&plain(&or_dash(cell(item)))));
        }
        row.max_height(1);
        table.add_row(row);
    }
    writeln!(out, "{}", table.trim_fmt())
}

fn colored(text: &str) -> Cell {
    let cell = Cell::new(text);
    match text {
        "available" | "deployed" => cell.fg(Color::DarkGreen),
        "archived" | "–" => cell.fg(Color::DarkGrey),
        "unavailable"
        | "failed"
        | "delete_failed"
        | "rollback_failed"
        | "platform_resource_error" => cell.fg(Color::DarkRed),
        "deleting" | "deploying" | "redeploying" | "rollback" | "warning" => {
            cell.fg(Color::DarkYellow)
        }
        _ => cell,
    }
}

/// A number with its noun: "1 spec", "20 specs".
fn counted(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

fn day(time: &Timestamp) -> Option<String> {
    Some(time.as_str().split('T').next()?.to_owned())
}

fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or("–".to_owned(), |value| value.to_string())
}

/// Replaces control characters, which could manipulate the terminal.
fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}
