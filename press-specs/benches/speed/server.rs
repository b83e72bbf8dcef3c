//! The server: the pages of a mock, rendered beforehand, so that it uses little CPU time.

use std::{io, sync::Arc, time::Duration};

use press_specs::mock::MockPress;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    runtime::Runtime,
};

use crate::{
    Outcome,
    reading::{Reader, Reading},
};

/// The content and speed of a server.
#[derive(Clone, Copy)]
pub(crate) struct Catalogue {
    /// The number of specs, of about 900 bytes each.
    pub(crate) items: u64,
    pub(crate) page_size: u64,
    /// The delay of each response.
    pub(crate) latency_ms: u64,
}

/// A server that stops when this is dropped.
pub(crate) struct Server {
    /// Reads all items with the client, one page at a time on one thread.
    pub(crate) reading: Reading,
    _runtime: Runtime,
}

impl Server {
    pub(crate) fn start(catalogue: Catalogue) -> Outcome<Self> {
        let runtime = Runtime::new()?;
        let pages = Arc::new(runtime.block_on(render(catalogue))?);
        let listener = runtime.block_on(TcpListener::bind(("127.0.0.1", 0)))?;
        let reading = Reading {
            reader: Reader::Client,
            url: format!("http://{}", listener.local_addr()?),
            page_size: catalogue.page_size,
            items: catalogue.items,
            concurrency: 1,
            threads: 0,
        };
        let latency = Duration::from_millis(catalogue.latency_ms);
        runtime.spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let pages = Arc::clone(&pages);
                tokio::spawn(async move { respond(stream, &pages, latency).await });
            }
        });
        Ok(Self { reading, _runtime: runtime })
    }
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
