//! Tours the crate: a stream of specs, one page with its pagination details, the deployments of a
//! spec, and an error.
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
    iter,
    time::Duration,
};

use clap::Parser;
use console::{Alignment, Style, Term, measure_text_width, pad_str, style, truncate_str};
use futures::{StreamExt, TryStreamExt};
use indicatif::{ProgressBar, ProgressStyle};
use press_specs::{
    ListSpecs, Session, Stage,
    mock::MockPress,
    types::{DeploymentSummary, SpecKind, SpecScope, SpecSort, SpecStatus, SpecSummary, Timestamp},
};

const AFTER_HELP: &str = "\
Calls the live service if PEAK_AUTH_TOKEN or API_KEY is set, or if --stage or --base-url is given. Otherwise, and always \
with --mock, starts a mock server with generated specs and calls that. The first line says which one it is.";

/// List specs of the Press API and the deployments of one of them
#[derive(Parser)]
#[command(name = "cargo demo", bin_name = "cargo demo", after_help = AFTER_HELP, max_term_width = 100)]
struct Arguments {
    #[arg(long, value_delimiter = ',', help = help("Only specs with one of these statuses, separated by commas", SpecStatus::KNOWN))]
    status: Vec<SpecStatus>,
    /// Only featured specs; with `=false`, only the others
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    featured: Option<bool>,
    #[arg(long, help = help("Only specs of this kind", SpecKind::KNOWN))]
    kind: Option<SpecKind>,
    /// Only specs with this text in their name, title, description or summary
    #[arg(long)]
    term: Option<String>,
    #[arg(long, value_delimiter = ',', help = help("Sort keys, separated by commas, the most significant first", SpecSort::KNOWN))]
    sort: Vec<SpecSort>,
    #[arg(long, value_delimiter = ',', help = help("Only specs with one of these scopes, separated by commas", SpecScope::KNOWN))]
    scope: Vec<SpecScope>,
    /// Number of specs per page
    #[arg(long, value_name = "COUNT", default_value_t = 25)]
    page_size: u64,
    /// Maximum number of specs to list
    #[arg(long, value_name = "COUNT", default_value_t = 20)]
    limit: usize,
    /// Maximum number of concurrent page requests
    #[arg(long, value_name = "COUNT", default_value_t = 1)]
    concurrency: usize,
    /// Spec whose deployments are listed [default: the first one listed]
    #[arg(long, value_name = "ID")]
    spec_id: Option<String>,
    /// Call the mock server, even if the environment has a token
    #[arg(long, conflicts_with_all = ["stage", "base_url"])]
    mock: bool,
    /// Call this stage of the live service [default: PEAK__STAGE or STAGE, else prod]
    #[arg(long)]
    stage: Option<Stage>,
    /// Call the API at this URL
    #[arg(long, value_name = "URL", conflicts_with = "stage")]
    base_url: Option<String>,
}

fn help<T: AsRef<str>>(text: &str, known: &[T]) -> String {
    format!("{text}: {}", known.iter().map(AsRef::as_ref).collect::<Vec<_>>().join(", "))
}

/// The heading of a column, and its cell for an item.
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
    match run(Arguments::parse(), &mut io::stdout().lock()).await {
        // The reader has closed the pipe, as `head` does.
        Err(error)
            if error.downcast_ref().map(io::Error::kind) == Some(io::ErrorKind::BrokenPipe) =>
        {
            Ok(())
        }
        result => result,
    }
}

async fn run(arguments: Arguments, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let (session, _mock) = service(&arguments)?;
    let client = press_specs::get_client(session)?;
    let request = client
        .list_specs()
        .status(arguments.status)
        .maybe(arguments.featured, ListSpecs::featured)
        .maybe(arguments.kind, ListSpecs::kind)
        .maybe(arguments.term, ListSpecs::term)
        .sort(arguments.sort)
        .scope(arguments.scope)
        .page_size(arguments.page_size)
        .concurrency(arguments.concurrency);

    let page = request.clone().page(1).await?;
    heading(out, "One page, with its pagination details")?;
    let (number, size, total) =
        (or_dash(page.page_number), or_dash(page.page_size), or_dash(page.spec_count));
    let (count, last) = (page.specs.len(), page.page_count);
    writeln!(
        out,
        "{count} specs on page {number} of {last}, page size {size}, {total} specs in total"
    )?;

    let total =
        page.spec_count.map_or(arguments.limit as u64, |count| count.min(arguments.limit as u64));
    let template = ProgressStyle::with_template("{wide_bar:.cyan} {pos} of {len} specs")?;
    // It shows only if standard error is a terminal.
    let progress = ProgressBar::new(total).with_style(template);
    let specs = progress
        .wrap_stream(request.stream().take(arguments.limit))
        .try_collect::<Vec<_>>()
        .await?;
    progress.finish_and_clear();
    heading(out, "Specs from a stream over all pages")?;
    print(out, &SPEC, &specs)?;
    writeln!(out, "{} specs in {:.1?}; --limit sets how many", specs.len(), progress.elapsed())?;

    let first = specs.into_iter().next().map(|spec| spec.id);
    if let Some(spec_id) = arguments.spec_id.or(first) {
        heading(out, &format!("Deployments of spec {}", plain(&spec_id)))?;
        let deployments = client.list_spec_release_deployments(spec_id).stream().take(5);
        print(out, &DEPLOYMENT, &deployments.try_collect::<Vec<_>>().await?)?;
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
    match (arguments.stage, &arguments.base_url) {
        (Some(stage), _) => Ok(support::live(Session::builder().stage(stage).build()?, "--stage")),
        (_, Some(url)) => {
            Ok(support::live(Session::builder().base_url(url).build()?, "--base-url"))
        }
        _ if arguments.mock => support::start_mock(mock, "--mock"),
        _ => support::session_or_mock(mock),
    }
}

fn heading(out: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(out, "\n{}", style(text).bold())
}

/// Prints a table. In a terminal, a last line names the columns that don't fit and are left out.
fn print<T>(out: &mut impl Write, columns: &[Column<T>], rows: &[T]) -> io::Result<()> {
    if rows.is_empty() {
        return writeln!(out, "(none)");
    }
    let room = Term::stdout().size_checked().map_or(usize::MAX, |(_, width)| width.into());
    let mut lines = vec![String::new(); rows.len() + 1];
    let (mut indent, mut left_out) = (0, Vec::new());
    for (name, cell) in columns {
        let cells = rows.iter().map(|row| colored(&plain(&or_dash(cell(row)))));
        let cells: Vec<_> = iter::once(style(name).underlined().to_string()).chain(cells).collect();
        let width = cells.iter().map(|cell| measure_text_width(cell)).max().unwrap_or_default();
        if indent > 0 && indent + width > room {
            left_out.push(*name);
            continue;
        }
        for (line, cell) in lines.iter_mut().zip(cells) {
            *line = pad_str(line, indent, Alignment::Left, None).into_owned() + &cell;
        }
        indent += width + 2;
    }
    for line in lines {
        writeln!(out, "{}", truncate_str(&line, room, "…"))?;
    }
    if !left_out.is_empty() {
        let hint = format!("Left out at this width: {}", left_out.join(", "));
        writeln!(out, "{}", style(hint).dim())?;
    }
    Ok(())
}

fn colored(cell: &str) -> String {
    let style = match cell {
        "available" | "deployed" => Style::new().green(),
        "archived" | "–" => Style::new().dim(),
        "unavailable"
        | "failed"
        | "delete_failed"
        | "rollback_failed"
        | "platform_resource_error" => Style::new().red(),
        "deleting" | "deploying" | "redeploying" | "rollback" | "warning" => Style::new().yellow(),
        _ => Style::new(),
    };
    style.apply_to(cell).to_string()
}

fn day(time: &Timestamp) -> Option<String> {
    Some(time.as_str().split('T').next()?.to_owned())
}

fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or("–".to_owned(), |value| value.to_string())
}

/// Replaces control characters, which could steer the terminal.
fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}
