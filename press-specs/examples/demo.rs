//! Tours the crate: a stream of specs, one page with its pagination details, the deployments of a spec, and an error.
//!
//! With a token in `PEAK_AUTH_TOKEN` or `API_KEY` it calls the live service, otherwise a mock server that it starts:
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
    process::ExitCode,
    time::{Duration, Instant},
};

use clap::Parser;
use console::{Alignment, Style, Term, measure_text_width, pad_str, style};
use futures::{StreamExt, TryStreamExt};
use indicatif::{ProgressBar, ProgressStyle};
use press_specs::{
    ListSpecs, Session, Spec, Stage,
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
    #[arg(long, value_delimiter = ',', help = list_help("Only specs with one of these statuses", SpecStatus::KNOWN))]
    status: Vec<SpecStatus>,
    /// Only featured specs; with `=false`, only the others
    #[arg(long, num_args = 0..=1, require_equals = true, default_missing_value = "true", value_name = "BOOL")]
    featured: Option<bool>,
    #[arg(long, help = one_help("Only specs of this kind", SpecKind::KNOWN))]
    kind: Option<SpecKind>,
    /// Only specs with this text in their name, title, description or summary
    #[arg(long)]
    term: Option<String>,
    #[arg(long, value_delimiter = ',', help = list_help("Sort keys, the most significant first", SpecSort::KNOWN))]
    sort: Vec<SpecSort>,
    #[arg(long, value_delimiter = ',', help = list_help("Only specs with one of these scopes", SpecScope::KNOWN))]
    scope: Vec<SpecScope>,
    /// Number of specs per page
    #[arg(long, value_name = "COUNT", default_value_t = 25)]
    page_size: u32,
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

fn one_help<T: AsRef<str>>(text: &str, known: &[T]) -> String {
    let known: Vec<_> = known.iter().map(AsRef::as_ref).collect();
    format!("{text}: {}", known.join(", "))
}

fn list_help<T: AsRef<str>>(text: &str, known: &[T]) -> String {
    format!("{} (separate several by commas)", one_help(text, known))
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Arguments::parse(), &mut io::stdout().lock()).await {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has closed the pipe, as `head` does.
        Err(error) if error.downcast_ref().map(io::Error::kind) == Some(io::ErrorKind::BrokenPipe) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut source = error.source();
            while let Some(error) = source {
                eprintln!("  caused by: {error}");
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
    heading(out, "One page, with its pagination details")?;
    writeln!(
        out,
        "{} specs on page {} of {}, page size {}, {} specs in total",
        page.specs.len(),
        or_dash(page.page_number),
        page.page_count,
        or_dash(page.page_size),
        or_dash(page.spec_count),
    )?;

    let started = Instant::now();
    let specs = collect(request, arguments.limit).await?;
    let took = started.elapsed();
    heading(out, "Specs from a stream over all pages")?;
    let columns = ["Name", "Kind", "Status", "Release", "Created", "Scope", "Title"];
    print(out, columns, specs.iter().map(spec_row).collect())?;
    writeln!(out, "{} specs in {took:.1?}; --limit sets how many", specs.len())?;

    let first = specs.first().map(|spec| spec.id.clone());
    if let Some(spec_id) = arguments.spec_id.or(first) {
        heading(out, &format!("Deployments of spec {}", plain(&spec_id)))?;
        let deployments = client.list_spec_release_deployments(spec_id).stream().take(5);
        let deployments: Vec<_> = deployments.try_collect().await?;
        let columns = ["Name", "Status", "Release", "Revision", "Created", "Title"];
        print(out, columns, deployments.iter().map(deployment_row).collect())?;
    }

    heading(out, "An error: the deployments of a spec that doesn't exist")?;
    let unknown_spec = "00000000-0000-0000-0000-000000000000";
    match client.list_spec_release_deployments(unknown_spec).page(1).await {
        Ok(_) => writeln!(out, "The service returned a page for {unknown_spec}.")?,
        // Without a response, the service is out of reach.
        Err(error) if error.response().is_none() => return Err(error.into()),
        Err(error) => {
            writeln!(out, "{}", style(plain(&error.to_string())).red())?;
            writeln!(out, "kind {:?}, status {}", error.kind(), or_dash(error.status()))?;
        }
    }
    Ok(())
}

fn session(arguments: &Arguments) -> Result<(Session, Option<MockPress>), Box<dyn Error>> {
    let mock = MockPress::builder().generated_specs(300).generated_deployments(6).latency(Duration::from_millis(40));
    let (session, reason) = match (arguments.stage, &arguments.base_url) {
        _ if arguments.mock => return support::start_mock(mock, "--mock"),
        (None, None) => return support::session_or_mock(mock),
        (Some(stage), _) => (Session::builder().stage(stage).build()?, "--stage"),
        (None, Some(url)) => (Session::builder().base_url(url).build()?, "--base-url"),
    };
    eprintln!("Service: {} ({reason})", session.base_url());
    Ok((session, None))
}

fn request(client: &Spec, arguments: &Arguments) -> ListSpecs {
    client
        .list_specs()
        .status(arguments.status.clone())
        .maybe(arguments.featured, ListSpecs::featured)
        .maybe(arguments.kind.clone(), ListSpecs::kind)
        .maybe(arguments.term.clone(), ListSpecs::term)
        .sort(arguments.sort.clone())
        .scope(arguments.scope.clone())
        .page_size(arguments.page_size)
        .concurrency(arguments.concurrency)
}

/// Collects specs from the stream behind a progress bar, which shows only if standard error is a terminal.
async fn collect(request: ListSpecs, limit: usize) -> Result<Vec<SpecSummary>, Box<dyn Error>> {
    let style = ProgressStyle::with_template("{wide_bar:.cyan} {pos} of {len} specs")?;
    let progress = ProgressBar::new(limit as u64).with_style(style);
    let mut stream = request.stream();
    let mut specs = Vec::new();
    while specs.len() < limit
        && let Some(spec) = stream.try_next().await?
    {
        specs.push(spec);
        // The total is known from the first page on.
        if let Some(total) = stream.item_count() {
            progress.set_length(total.min(limit as u64));
        }
        progress.inc(1);
    }
    progress.finish_and_clear();
    Ok(specs)
}

fn spec_row(spec: &SpecSummary) -> [String; 7] {
    let metadata = spec.metadata.as_ref();
    let release = spec.latest_release.as_ref();
    [
        text(metadata.and_then(|metadata| metadata.name.as_ref())),
        text(spec.kind.as_ref()),
        text(metadata.and_then(|metadata| metadata.status.as_ref())),
        text(release.and_then(|release| release.version.as_ref())),
        date(metadata.and_then(|metadata| metadata.created_at.as_ref())),
        text(spec.scope.as_ref()),
        text(metadata.and_then(|metadata| metadata.title.as_ref())),
    ]
}

fn deployment_row(deployment: &DeploymentSummary) -> [String; 6] {
    let metadata = deployment.metadata.as_ref();
    let release = deployment.spec.as_ref().and_then(|spec| spec.release.as_ref());
    let revision = deployment.latest_revision.as_ref();
    [
        text(metadata.and_then(|metadata| metadata.name.as_ref())),
        text(metadata.and_then(|metadata| metadata.status.as_ref())),
        text(release.and_then(|release| release.version.as_ref())),
        or_dash(revision.and_then(|revision| revision.revision)),
        date(metadata.and_then(|metadata| metadata.created_at.as_ref())),
        text(metadata.and_then(|metadata| metadata.title.as_ref())),
    ]
}

fn heading(out: &mut impl Write, text: &str) -> io::Result<()> {
    writeln!(out, "\n{}", style(text).bold())
}

/// Prints a table. In a terminal, a last line names the columns that don't fit and are left out.
fn print<const N: usize>(out: &mut impl Write, columns: [&str; N], rows: Vec<[String; N]>) -> io::Result<()> {
    const GAP: usize = 2;
    if rows.is_empty() {
        return writeln!(out, "(none)");
    }
    let terminal = Term::stdout();
    let room = match terminal.size_checked() {
        Some((_, width)) if terminal.is_term() => usize::from(width),
        _ => usize::MAX,
    };
    let mut widths = columns.map(measure_text_width);
    for (column, width) in widths.iter_mut().enumerate() {
        *width = rows.iter().map(|row| measure_text_width(&row[column])).fold(*width, usize::max);
    }
    // The first column stands in any terminal, cut if need be.
    widths[0] = widths[0].min(room);
    let mut total = widths[0];
    let mut fitting = 1;
    while fitting < N && total + GAP + widths[fitting] <= room {
        total += GAP + widths[fitting];
        fitting += 1;
    }

    let mut line = |cells: &[&str; N], styles: [Style; N]| {
        for (column, cell) in cells[..fitting].iter().enumerate() {
            let last = column + 1 == fitting;
            let width = if last { measure_text_width(cell) } else { widths[column] };
            let cell = pad_str(cell, width.min(widths[column]), Alignment::Left, Some("…"));
            let gap = if last { 0 } else { GAP };
            write!(out, "{}{:gap$}", styles[column].apply_to(cell), "")?;
        }
        writeln!(out)
    };
    line(&columns, columns.map(|_| Style::new().underlined()))?;
    for row in &rows {
        let cells = row.each_ref().map(String::as_str);
        line(&cells, cells.map(color))?;
    }
    if fitting < N {
        let hint = format!("Left out at this width: {}", columns[fitting..].join(", "));
        writeln!(out, "{}", style(hint).dim())?;
    }
    Ok(())
}

fn color(cell: &str) -> Style {
    match cell {
        "available" | "deployed" => Style::new().green(),
        "archived" | "–" => Style::new().dim(),
        "unavailable" | "failed" | "delete_failed" | "rollback_failed" | "platform_resource_error" => {
            Style::new().red()
        }
        "deleting" | "deploying" | "redeploying" | "rollback" | "warning" => Style::new().yellow(),
        _ => Style::new(),
    }
}

fn text(value: Option<&impl AsRef<str>>) -> String {
    value.map_or("–".to_owned(), |value| plain(value.as_ref()))
}

fn date(time: Option<&Timestamp>) -> String {
    let text = text(time);
    text.split_once('T').map_or(text.clone(), |(date, _)| date.to_owned())
}

fn or_dash(value: Option<impl ToString>) -> String {
    value.map_or("–".to_owned(), |value| value.to_string())
}

/// Replaces control characters, which could steer the terminal.
fn plain(text: &str) -> String {
    text.replace(char::is_control, " ")
}
