//! The main job, end to end: one page with its pagination details, all specs as a stream, the deployments of one of
//! them, and how an error arrives.
//!
//! With a token in `PEAK_AUTH_TOKEN` or `API_KEY` it talks to the service, otherwise to a mock of it:
//!
//! ```sh
//! cargo demo
//! cargo demo --kind app --status available,archived --sort name:asc --limit 50
//! cargo demo --help
//! ```

mod support;

use std::{
    error::Error,
    fmt::Display,
    io::{self, Write},
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;
use comfy_table::{ContentArrangement, LineStyle, Row, Table, presets::NOTHING};
use futures::{StreamExt, TryStreamExt};
use indicatif::{ProgressBar, ProgressStyle};
use press_specs::{
    ListSpecs, Session, Spec, Stage,
    mock::MockPress,
    types::{DeploymentSummary, SpecKind, SpecScope, SpecSort, SpecStatus, SpecSummary, Timestamp},
};

/// How many specs the mock has, and how long each of its answers takes.
const MOCK_SPECS: u64 = 300;
const MOCK_LATENCY: Duration = Duration::from_millis(40);

/// A spec id that no spec has.
const UNKNOWN_SPEC: &str = "00000000-0000-0000-0000-000000000000";

const AFTER_HELP: &str = "\
Talks to the service with the token in PEAK_AUTH_TOKEN or API_KEY. Without a token it talks to
a mock with a few hundred made-up specs, unless --stage or --base-url ask for the service.";

/// Lists specs of the Press API and the deployments of one of them.
#[derive(Parser)]
#[command(name = "cargo demo", bin_name = "cargo demo", after_help = AFTER_HELP)]
struct Arguments {
    #[arg(long, value_delimiter = ',', help = list_help("Only specs with one of these statuses", SpecStatus::KNOWN))]
    status: Vec<SpecStatus>,
    /// Only featured specs, or only others.
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    featured: Option<bool>,
    #[arg(long, help = one_help("Only specs of this kind", SpecKind::KNOWN))]
    kind: Option<SpecKind>,
    /// Only specs that contain this in their name, title, description or summary.
    #[arg(long)]
    term: Option<String>,
    #[arg(long, value_delimiter = ',', help = list_help("Order by these keys, the first one first", SpecSort::KNOWN))]
    sort: Vec<SpecSort>,
    #[arg(long, value_delimiter = ',', help = list_help("Only specs of these scopes", SpecScope::KNOWN))]
    scope: Vec<SpecScope>,
    /// Specs on a page.
    #[arg(long, value_name = "COUNT", default_value_t = 25)]
    page_size: u32,
    /// Specs to list, at most.
    #[arg(long, value_name = "COUNT", default_value_t = 300)]
    limit: usize,
    /// Pages that may be on their way at once.
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    concurrency: usize,
    /// The spec whose deployments are listed [default: the first one]
    #[arg(long, value_name = "ID")]
    spec_id: Option<String>,
    /// The stage of the platform [default: that of PEAK__STAGE or STAGE, or prod]
    #[arg(long)]
    stage: Option<Stage>,
    /// Talk to the API at this address.
    #[arg(long, value_name = "URL", conflicts_with = "stage")]
    base_url: Option<String>,
}

fn one_help<T: AsRef<str>>(what: &str, known: &[T]) -> String {
    let known: Vec<_> = known.iter().map(AsRef::as_ref).collect();
    format!("{what}: {}", known.join(", "))
}

fn list_help<T: AsRef<str>>(what: &str, known: &[T]) -> String {
    format!("{} (several with commas)", one_help(what, known))
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse(), &mut io::stdout().lock()).await {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads the output has seen enough of it.
        Err(error) if error.downcast_ref().map(io::Error::kind) == Some(io::ErrorKind::BrokenPipe) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut source = error.source();
            while let Some(error) = source {
                eprintln!("  because: {error}");
                source = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: Arguments, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let (session, _mock) = session(&arguments)?;
    let client = press_specs::get_client(session)?;
    let request = request(&client, &arguments);

    let page = request.clone().page(1).await?;
    writeln!(out, "\nOne page, with its pagination details:\n")?;
    writeln!(out, "  specs on this page  {}", page.specs.len())?;
    writeln!(out, "  page number         {}", or_dash(page.page_number))?;
    writeln!(out, "  page size           {}", or_dash(page.page_size))?;
    writeln!(out, "  pages               {}", page.page_count)?;
    writeln!(out, "  specs on all pages  {}", or_dash(page.spec_count))?;

    let started = Instant::now();
    let specs = walk(request, arguments.limit, page.spec_count).await?;
    let took = started.elapsed().as_secs_f32();
    writeln!(out, "\nA walk of all pages: {} specs in {took:.1} s.\n", specs.len())?;
    print(
        out,
        &["Name", "Kind", "Status", "Scope", "Release", "Created", "Title"],
        specs.iter().map(spec_row),
    )?;

    let first = specs.first().map(|spec| spec.id.clone());
    if let Some(spec_id) = arguments.spec_id.or(first) {
        writeln!(out, "\nThe deployments of the spec {}, at most ten:\n", plain(&spec_id))?;
        let deployments = client.list_spec_release_deployments(spec_id).stream().take(10);
        let deployments: Vec<_> = deployments.try_collect().await?;
        let headers = ["Name", "Status", "Release", "Revision", "Created", "Title"];
        print(out, &headers, deployments.iter().map(deployment_row))?;
    }

    writeln!(
        out,
        "\nAn error, here for the deployments of a spec that does not exist:\n"
    )?;
    match client.list_spec_release_deployments(UNKNOWN_SPEC).page(1).await {
        Ok(_) => writeln!(out, "  The service has a page for it.")?,
        Err(error) => {
            let Some(response) = error.response() else {
                return Err(error.into());
            };
            writeln!(out, "  as text  {}", plain(&error.to_string()))?;
            writeln!(out, "  kind     {:?}", error.kind())?;
            writeln!(out, "  status   {}", or_dash(error.status()))?;
            writeln!(out, "  title    {}", plain(response.title().unwrap_or("–")))?;
            writeln!(out, "  detail   {}", plain(response.detail().unwrap_or("–")))?;
        }
    }
    Ok(())
}

fn session(arguments: &Arguments) -> Result<(Session, Option<MockPress>), Box<dyn Error>> {
    let service = match (arguments.stage, &arguments.base_url) {
        (None, None) => {
            let mock = MockPress::builder()
                .generated_specs(MOCK_SPECS)
                .generated_deployments(6)
                .latency(MOCK_LATENCY);
            return support::session_or_mock(mock);
        }
        (Some(stage), _) => Session::builder().stage(stage),
        (None, Some(url)) => Session::builder().base_url(url),
    };
    let session = service.build()?;
    eprintln!("Talking to {}.", session.base_url());
    Ok((session, None))
}

fn request(client: &Spec, arguments: &Arguments) -> ListSpecs {
    let mut request = client
        .list_specs()
        .status(arguments.status.clone())
        .sort(arguments.sort.clone())
        .scope(arguments.scope.clone())
        .page_size(arguments.page_size)
        .concurrency(arguments.concurrency);
    if let Some(featured) = arguments.featured {
        request = request.featured(featured);
    }
    if let Some(kind) = arguments.kind.clone() {
        request = request.kind(kind);
    }
    if let Some(term) = arguments.term.clone() {
        request = request.term(term);
    }
    request
}

/// Takes specs from the stream, and shows on standard error how far it is, if that is a terminal.
async fn walk(request: ListSpecs, limit: usize, count: Option<u64>) -> Result<Vec<SpecSummary>, Box<dyn Error>> {
    let progress = match count {
        Some(count) => ProgressBar::new(count.min(limit as u64))
            .with_style(ProgressStyle::with_template("{wide_bar} {pos} of {len} specs")?),
        None => ProgressBar::new_spinner().with_style(ProgressStyle::with_template("{spinner} {pos} specs")?),
    };
    let specs = request.stream().take(limit).inspect_ok(|_| progress.inc(1));
    let specs = specs.try_collect().await;
    progress.finish_and_clear();
    Ok(specs?)
}

fn spec_row(spec: &SpecSummary) -> Vec<String> {
    let metadata = spec.metadata.as_ref();
    let release = spec.latest_release.as_ref();
    vec![
        text(metadata.and_then(|metadata| metadata.name.as_ref())),
        text(spec.kind.as_ref()),
        text(metadata.and_then(|metadata| metadata.status.as_ref())),
        text(spec.scope.as_ref()),
        text(release.and_then(|release| release.version.as_ref())),
        date(metadata.and_then(|metadata| metadata.created_at.as_ref())),
        text(metadata.and_then(|metadata| metadata.title.as_ref())),
    ]
}

fn deployment_row(deployment: &DeploymentSummary) -> Vec<String> {
    let metadata = deployment.metadata.as_ref();
    let release = deployment.spec.as_ref().and_then(|spec| spec.release.as_ref());
    let revision = deployment.latest_revision.as_ref();
    vec![
        text(metadata.and_then(|metadata| metadata.name.as_ref())),
        text(metadata.and_then(|metadata| metadata.status.as_ref())),
        text(release.and_then(|release| release.version.as_ref())),
        or_dash(revision.and_then(|revision| revision.revision)),
        date(metadata.and_then(|metadata| metadata.created_at.as_ref())),
        text(metadata.and_then(|metadata| metadata.title.as_ref())),
    ]
}

/// Prints a table: in a terminal as many columns as have room there, one line per row; elsewhere all of it.
fn print(out: &mut impl Write, headers: &[&str], rows: impl Iterator<Item = Vec<String>>) -> io::Result<()> {
    /// What a column is worth showing with.
    const READABLE: u16 = 12;
    let terminal = console::Term::stdout();
    let width = terminal
        .size_checked()
        .filter(|_| terminal.is_term())
        .map(|(_, width)| width);
    let columns = width.map_or(headers.len(), |width| usize::from(width / READABLE).max(1));

    let mut table = Table::new();
    table
        .load_style(NOTHING.header_separator(LineStyle::none().fill('─')))
        .set_header(row(headers, columns))
        .add_rows(rows.map(|cells| row(&cells, columns)));
    if table.is_empty() {
        return writeln!(out, "  (none)");
    }
    if let Some(width) = width {
        table
            .set_content_arrangement(ContentArrangement::Dynamic)
            .set_width(width);
    }
    writeln!(out, "{}", table.trim_fmt())
}

fn row(cells: &[impl Display], columns: usize) -> Row {
    let mut row: Row = cells.iter().take(columns).into();
    row.max_height(1);
    row
}

fn text(value: Option<&impl AsRef<str>>) -> String {
    value.map_or("–".to_owned(), |value| plain(value.as_ref()))
}

fn date(time: Option<&Timestamp>) -> String {
    time.and_then(Timestamp::to_utc)
        .map_or_else(|| text(time), |utc| utc.date_naive().to_string())
}

fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or("–".to_owned(), |value| value.to_string())
}

/// `text` without what could steer the terminal.
fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}
