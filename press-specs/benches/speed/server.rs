//! The server: the pages of a mock, rendered beforehand, so that it uses little CPU time.

use std::{
    env,
    io::{self, BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use press_specs::mock::MockPress;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use crate::{
    Outcome, Role,
    reading::{Reader, Reading},
};

#[derive(Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Catalogue {
    /// The number of specs, of about 900 bytes each.
    pub(crate) items: u64,
    pub(crate) page_size: u64,
    /// The delay of each response.
    pub(crate) latency_ms: u64,
}

/// Serves until standard input is closed.
#[tokio::main]
pub(crate) async fn serve(catalogue: Catalogue) -> Outcome<()> {
    let pages = Arc::new(render(catalogue).await?);
    let latency = Duration::from_millis(catalogue.latency_ms);
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    println!("http://{}", listener.local_addr()?);
    io::stdout().flush()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let pages = Arc::clone(&pages);
            tokio::spawn(async move { respond(stream, &pages, latency).await });
        }
    });
    tokio::task::spawn_blocking(|| io::copy(&mut io::stdin().lock(), &mut io::sink())).await??;
    Ok(())
}

/// Returns the responses, head and body, in page order.
async fn render(catalogue: Catalogue) -> Outcome<Vec<Vec<u8>>> {
    let Catalogue { items, page_size, .. } = catalogue;
    let mock = MockPress::builder().generated_specs(items).keep_requests(0).start()?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut pages = Vec::new();
    for number in 1..=items.div_ceil(page_size) {
        let url = format!("{}/v1/specs/?pageSize={page_size}&pageNumber={number}", mock.url());
        let request = http.get(url).header("authorization", mock.token());
        let body = request.send().await?.text().await?;
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json";
        let page = format!("{head}\r\ncontent-length: {}\r\n\r\n{body}", body.len());
        pages.push(page.into_bytes());
    }
    Ok(pages)
}

async fn respond(mut stream: TcpStream, pages: &[Vec<u8>], latency: Duration) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let mut request = Vec::new();
    while stream.read_buf(&mut request).await? > 0 {
        if !request.ends_with(b"\r\n\r\n") {
            continue;
        }
        let page = requested(&request, pages).ok_or(io::ErrorKind::InvalidInput)?;
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        stream.write_all(page).await?;
        request.clear();
    }
    Ok(())
}

fn requested<'a>(request: &[u8], pages: &'a [Vec<u8>]) -> Option<&'a Vec<u8>> {
    let text = String::from_utf8_lossy(request);
    let (_, rest) = text.split_once("pageNumber=")?;
    let number: usize = rest.split(['&', ' ']).next()?.parse().ok()?;
    pages.get(number.checked_sub(1)?)
}

/// A server that stops when this is dropped.
pub(crate) struct Server {
    process: Child,
    /// Reads all items with the client, one page at a time on one thread.
    pub(crate) reading: Reading,
}

impl Server {
    pub(crate) fn start(catalogue: Catalogue) -> Outcome<Self> {
        let mut process = Command::new(env::current_exe()?)
            .arg(serde_json::to_string(&Role::Server(catalogue))?)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut url = String::new();
        let stdout = process.stdout.take().ok_or("the server has no output")?;
        BufReader::new(stdout).read_line(&mut url)?;
        let reading = Reading {
            reader: Reader::Client,
            url: url.trim_end().to_owned(),
            page_size: catalogue.page_size,
            items: catalogue.items,
            concurrency: 1,
            threads: 0,
        };
        Ok(Self { process, reading })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It exits on its own now; its exit status doesn't matter.
        let _ = self.process.wait();
    }
}
