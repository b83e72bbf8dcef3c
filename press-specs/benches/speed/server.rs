//! The server: the pages of a mock, rendered beforehand, so that it takes little of the machine.

use std::{
    env, fs,
    io::{self, BufRead, BufReader, Write},
    process::{Child, Command, Stdio},
    sync::Arc,
    time::Duration,
};

use flate2::{Compression, write::GzEncoder};
use press_specs::mock::MockPress;
use serde::{Deserialize, Serialize};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpListener,
};

use crate::{
    Outcome, Role, tls,
    walk::{Walk, Walker},
};

/// The responses of a server.
#[derive(Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Catalogue {
    /// The number of specs, of about 900 bytes each.
    pub(crate) items: u64,
    pub(crate) page_size: u64,
    /// Whether each spec has a field that the client doesn't know.
    pub(crate) unknown: bool,
    pub(crate) gzip: bool,
    pub(crate) tls: bool,
    /// The time that each response waits.
    pub(crate) latency_ms: u64,
}

/// Serves until standard input is closed.
#[tokio::main]
pub(crate) async fn serve(catalogue: Catalogue) -> Outcome<()> {
    let pages = Arc::new(render(catalogue).await?);
    let acceptor = tls::acceptor(tls::SERVER)?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let scheme = if catalogue.tls { "https" } else { "http" };
    println!("{scheme}://{}", listener.local_addr()?);
    io::stdout().flush()?;
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (acceptor, pages) = (acceptor.clone(), Arc::clone(&pages));
            let latency = Duration::from_millis(catalogue.latency_ms);
            tokio::spawn(async move {
                stream.set_nodelay(true)?;
                if catalogue.tls {
                    respond(acceptor.accept(stream).await?, &pages, latency).await
                } else {
                    respond(stream, &pages, latency).await
                }
            });
        }
    });
    tokio::task::spawn_blocking(|| io::copy(&mut io::stdin().lock(), &mut io::sink())).await??;
    Ok(())
}

/// The responses, head and body, in the order of the pages.
async fn render(catalogue: Catalogue) -> Outcome<Vec<Vec<u8>>> {
    let mock = MockPress::builder().generated_specs(catalogue.items).keep_requests(0).start()?;
    let http = reqwest::Client::builder().no_proxy().build()?;
    let mut pages = Vec::new();
    for number in 1..=catalogue.items.div_ceil(catalogue.page_size) {
        let url = format!(
            "{}/v1/specs/?pageSize={}&pageNumber={number}",
            mock.url(),
            catalogue.page_size
        );
        let mut body =
            http.get(url).header("authorization", mock.token()).send().await?.text().await?;
        if catalogue.unknown {
            body = body.replace(r#""featured":"#, r#""maturity":"stable","featured":"#);
        }
        let mut head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n".to_owned();
        let mut body = body.into_bytes();
        if catalogue.gzip {
            head += "content-encoding: gzip\r\n";
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(&body)?;
            body = encoder.finish()?;
        }
        head += &format!("content-length: {}\r\n\r\n", body.len());
        pages.push([head.into_bytes(), body].concat());
    }
    Ok(pages)
}

async fn respond(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    pages: &[Vec<u8>],
    latency: Duration,
) -> io::Result<()> {
    let mut request = Vec::new();
    while stream.read_buf(&mut request).await? > 0 {
        if !request.ends_with(b"\r\n\r\n") {
            continue;
        }
        let text = String::from_utf8_lossy(&request);
        let number = text
            .split_once("pageNumber=")
            .and_then(|(_, rest)| rest.split(['&', ' ']).next()?.parse().ok());
        let page = number.and_then(|number: usize| pages.get(number.checked_sub(1)?));
        if !latency.is_zero() {
            tokio::time::sleep(latency).await;
        }
        stream.write_all(page.ok_or(io::ErrorKind::InvalidInput)?).await?;
        stream.flush().await?;
        request.clear();
    }
    Ok(())
}

/// A server that stops when this is dropped.
pub(crate) struct Server {
    process: Child,
    /// All of its items, one page at a time on one thread.
    pub(crate) walk: Walk,
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
        let (url, items) = (url.trim_end().to_owned(), catalogue.items);
        let walk = Walk { walker: Walker::Ours, url, catalogue, items, concurrency: 1, threads: 0 };
        Ok(Self { process, walk })
    }

    /// The CPU time in seconds of the server's running threads; 0 where the system doesn't tell.
    pub(crate) fn cpu(&self) -> f64 {
        let threads = fs::read_dir(format!("/proc/{}/task", self.process.id()));
        let nanoseconds = threads.into_iter().flatten().filter_map(|thread| {
            let times = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            times.split(' ').next()?.parse::<f64>().ok()
        });
        nanoseconds.sum::<f64>() / 1e9
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.stdin.take());
        // It ends by itself now; how does not matter.
        let _ = self.process.wait();
    }
}
