//! The HTTP server: its thread, its runtime and its connections.

use std::{
    collections::VecDeque,
    io,
    net::Ipv4Addr,
    sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc},
    thread,
    time::Duration,
};

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    runtime::{Builder, Handle, Runtime},
    sync::oneshot,
    time,
};

use super::{
    catalogue::Catalogue,
    counts::{InFlight, SharedCounts},
    fault::Fault,
    received::ReceivedRequest,
    response::{Response, declare_length, head, respond},
};

/// The backlog of the listener.
const BACKLOG: u32 = 4096;

pub(super) type PageHook = Arc<Mutex<dyn FnMut(&ReceivedRequest, &mut Value) + Send>>;

/// The state shared by the server's thread and the owner of the mock.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) token: Mutex<String>,
    pub(super) latency: Duration,
    /// The limit of `requests`, if any.
    pub(super) kept_requests: Option<usize>,
    pub(super) counts: SharedCounts,
    pub(super) catalogue: Mutex<Catalogue>,
    pub(super) script: Mutex<Vec<Fault>>,
    pub(super) requests: Mutex<VecDeque<ReceivedRequest>>,
    pub(super) page_hook: Mutex<Option<PageHook>>,
}

/// Locks the mutex, even if a panic in a user's closure poisoned it.
pub(super) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A server that runs until it is dropped.
pub(super) struct Server {
    pub(super) url: String,
    pub(super) handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server {
    pub(super) fn start(shared: Arc<Shared>, port: u16) -> io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let (report, started) = mpsc::channel();
        // The thread creates and drops the runtime: the caller may be inside another one.
        let thread = thread::Builder::new().name("mock-press".to_owned()).spawn(move || {
            match listen(port) {
                Ok((runtime, listener, url)) => {
                    // If the caller is gone, so is the sender of `stopped`.
                    let _ = report.send(Ok((url, runtime.handle().clone())));
                    runtime.spawn(accept(shared, listener));
                    let _ = runtime.block_on(stopped);
                }
                Err(error) => drop(report.send(Err(error))),
            }
        })?;
        let (url, handle) = started.recv().map_err(io::Error::other)??;
        Ok(Self { url, handle, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            // A user's closure on this thread may drop the last reference.
            && thread.thread().id() != thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

fn listen(port: u16) -> io::Result<(Runtime, TcpListener, String)> {
    let runtime = Builder::new_current_thread().enable_all().build()?;
    let socket = TcpSocket::new_v4()?;
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    let url = format!("http://{}", socket.local_addr()?);
    let listener = runtime.block_on(async { socket.listen(BACKLOG) })?;
    Ok((runtime, listener, url))
}

async fn accept(shared: Arc<Shared>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                shared.counts.send_modify(|counts| counts.connections += 1);
                tokio::spawn(serve(Arc::clone(&shared), stream));
            }
            // A temporary failure, such as running out of file descriptors.
            Err(_) => time::sleep(Duration::from_millis(5)).await,
        }
    }
}

/// Serves all requests of a connection.
async fn serve(shared: Arc<Shared>, stream: TcpStream) {
    // Without it small responses wait for acknowledgements; an error only costs speed.
    let _ = stream.set_nodelay(true);
    let raw = Mutex::new(None);
    let service = service_fn(async |request| match exchange(&shared, request).await {
        Ok(response) => Ok(response.map(Full::new)),
        Err(scripted) => {
            *lock(&raw) = Some(scripted);
            Err(io::Error::other("a scripted fault takes the connection over"))
        }
    });
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if (&mut connection).await.is_ok() {
        return;
    }
    // hyper drops a connection whose service fails, and writes nothing more to it.
    let stream = connection.into_parts().io.into_inner();
    let raw = lock(&raw).take();
    if let Some(raw) = raw {
        // An error means that the client disconnected, which the counters already reflect.
        let _ = raw.send(stream).await;
    }
}

async fn exchange(shared: &Shared, request: Request<Incoming>) -> Result<Response, RawResponse> {
    let request = ReceivedRequest::new(request.into_parts().0);
    let fault = Fault::take(&mut lock(&shared.script), &request).unwrap_or_else(Fault::pass);
    {
        let mut requests = lock(&shared.requests);
        requests.push_back(request.clone());
        if shared.kept_requests.is_some_and(|kept| requests.len() > kept) {
            requests.pop_front();
        }
    }
    // Counted after it is stored, so that a caller that waits for the count finds it.
    let in_flight = InFlight::begin(&shared.counts);
    if let Some(gate) = &fault.gate {
        gate.wait().await;
    }
    let delay = shared.latency.saturating_add(fault.delay);
    if !delay.is_zero() {
        time::sleep(delay).await;
    }
    if let Some(bytes) = fault.raw {
        return Err(RawResponse { head: bytes, body: Bytes::new(), pace: None, in_flight });
    }
    let response = fault.response(|| normal(shared, &request));
    if fault.cut.is_none() && fault.pace.is_none() && !declare_length(response.headers()) {
        in_flight.finish();
        return Ok(response);
    }
    let head = head(&response);
    let mut body = response.into_body();
    body.truncate(fault.cut.unwrap_or(body.len()));
    Err(RawResponse { head, body, pace: fault.pace, in_flight })
}

/// Returns the response from the catalogue, with its page modified by the user's closure, if any.
fn normal(shared: &Shared, request: &ReceivedRequest) -> Response {
    let mut response = respond(request, &lock(&shared.token), &lock(&shared.catalogue));
    // Only the closure itself is locked while it runs, so that it can use the mock.
    let hook = lock(&shared.page_hook).clone();
    if response.status() == StatusCode::OK
        && let Some(hook) = hook
        && let Ok(mut page) = serde_json::from_slice(response.body())
    {
        lock(&*hook)(request, &mut page);
        *response.body_mut() = page.to_string().into();
    }
    response
}

/// Raw bytes sent instead of an HTTP response. The connection is closed afterwards.
struct RawResponse {
    head: Bytes,
    body: Bytes,
    pace: Option<(usize, Duration)>,
    in_flight: InFlight,
}

impl RawResponse {
    /// Sends everything, unless the client disconnects.
    async fn send(mut self, mut stream: TcpStream) -> io::Result<()> {
        stream.write_all(&self.head).await?;
        let (at_once, pause) = self.pace.unwrap_or((usize::MAX, Duration::ZERO));
        while !self.body.is_empty() {
            let piece = self.body.split_to(at_once.min(self.body.len()));
            stream.write_all(&piece).await?;
            if !self.body.is_empty() && time::timeout(pause, closed(&mut stream)).await.is_ok() {
                return Ok(());
            }
        }
        self.in_flight.finish();
        stream.shutdown().await
    }
}

/// Waits until the client disconnects.
async fn closed(stream: &mut TcpStream) {
    let mut ignored = [0; 64];
    while !matches!(stream.read(&mut ignored).await, Ok(0) | Err(_)) {}
}
