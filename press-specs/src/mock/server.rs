//! The HTTP server: its thread, its runtime and its connections.

use std::{
    collections::VecDeque,
    future, io,
    net::{Ipv4Addr, SocketAddr},
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
    net::{TcpListener, TcpSocket, TcpStream},
    runtime::{Builder, Handle},
    sync::oneshot,
    time,
};

use super::{
    catalogue::Catalogue,
    counts::{Counter, Flight},
    fault::{Ending, Fault},
    received::ReceivedRequest,
    response::{Response, declare_length, respond},
    takeover::{Handover, Takeover},
};

/// Connections that can wait to be accepted.
const BACKLOG: u32 = 4096;

pub(super) type PageHook = Arc<Mutex<dyn FnMut(&ReceivedRequest, &mut Value) + Send>>;

/// The state that the server's thread and the owner of the mock share.
#[derive(Default)]
pub(super) struct Shared {
    pub(super) token: Mutex<String>,
    pub(super) latency: Duration,
    /// The limit of `requests`, if any.
    pub(super) kept_requests: Option<usize>,
    pub(super) counter: Counter,
    pub(super) catalogue: Mutex<Catalogue>,
    pub(super) script: Mutex<Vec<Fault>>,
    pub(super) requests: Mutex<VecDeque<ReceivedRequest>>,
    pub(super) page_hook: Mutex<Option<PageHook>>,
}

/// Locks, also after a closure of the user panicked.
pub(super) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A server that runs until it is dropped.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    pub(super) handle: Handle,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<thread::JoinHandle<()>>,
}

impl Server {
    pub(super) fn start(shared: Arc<Shared>, port: u16) -> io::Result<Self> {
        let (stop, stopped) = oneshot::channel();
        let (report, started) = mpsc::channel();
        // The thread makes and drops the runtime: the caller may be inside another one.
        let thread = thread::Builder::new().name("mock-press".to_owned()).spawn(move || {
            let runtime = match Builder::new_current_thread().enable_all().build() {
                Ok(runtime) => runtime,
                Err(error) => return drop(report.send(Err(error))),
            };
            runtime.block_on(async move {
                let listener = match listen(port) {
                    Ok(listener) => listener,
                    Err(error) => return drop(report.send(Err(error))),
                };
                let address = listener.local_addr();
                if report.send(address.map(|address| (address, Handle::current()))).is_ok() {
                    tokio::spawn(accept(shared, listener));
                    // An error means that the owner is gone, which stops the server as well.
                    let _ = stopped.await;
                }
            });
        })?;
        let (address, handle) = started.recv().map_err(io::Error::other)??;
        Ok(Self { address, handle, stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take()
            // A closure of the user that runs on the thread may hold the last reference.
            && thread.thread().id() != thread::current().id()
        {
            let _ = thread.join();
        }
    }
}

fn listen(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind((Ipv4Addr::LOCALHOST, port).into())?;
    socket.listen(BACKLOG)
}

async fn accept(shared: Arc<Shared>, listener: TcpListener) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                shared.counter.send_modify(|counts| counts.connections += 1);
                tokio::spawn(serve(Arc::clone(&shared), stream));
            }
            // For example no file descriptors left, which passes.
            Err(_) => time::sleep(Duration::from_millis(5)).await,
        }
    }
}

/// Serves all requests of a connection.
async fn serve(shared: Arc<Shared>, stream: TcpStream) {
    // Without it small responses wait for acknowledgements; an error only costs speed.
    let _ = stream.set_nodelay(true);
    let handover = Handover::default();
    let service = service_fn(|request| exchange(&shared, &handover, request));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    if (&mut connection).await.is_ok() {
        return;
    }
    // hyper gives up a connection whose service fails and writes nothing more to it.
    let takeover = lock(&handover).take();
    if let Some(takeover) = takeover {
        // An error means that the client went away, which its flight has counted.
        let _ = takeover.send(connection.into_parts().io.into_inner()).await;
    }
}

async fn exchange(
    shared: &Shared,
    handover: &Handover,
    request: Request<Incoming>,
) -> io::Result<http::Response<Full<Bytes>>> {
    let request = ReceivedRequest::new(request.into_parts().0);
    let fault = Fault::take(&mut lock(&shared.script), &request).unwrap_or_else(Fault::pass);
    keep(shared, &request);
    // Counted after it is kept, so that whoever waits for the count finds it.
    let mut flight = Flight::begin(&shared.counter);
    if !shared.latency.is_zero() {
        time::sleep(shared.latency).await;
    }
    fault.wait().await;
    let takeover = match &fault.ending {
        Ending::Hang => future::pending().await,
        Ending::Bytes(bytes) => Takeover::bytes(bytes.clone(), flight),
        Ending::Response => {
            let response = fault.response(|| normal(shared, &request));
            if fault.cut.is_none() && fault.pace.is_none() && !declare_length(response.headers()) {
                flight.finish();
                return Ok(response.map(Full::new));
            }
            Takeover::response(response, &fault, flight)
        }
    };
    *lock(handover) = Some(takeover);
    Err(io::Error::other("a scripted fault takes the connection over"))
}

fn keep(shared: &Shared, request: &ReceivedRequest) {
    let mut requests = lock(&shared.requests);
    requests.push_back(request.clone());
    if shared.kept_requests.is_some_and(|kept| requests.len() > kept) {
        requests.pop_front();
    }
}

/// Returns the response of the catalogue, its page changed by the user's closure if there is one.
fn normal(shared: &Shared, request: &ReceivedRequest) -> Response {
    let token = lock(&shared.token).clone();
    let mut response = respond(request, &token, &mut lock(&shared.catalogue));
    // Nothing is locked while the closure runs but the closure itself, so that it can use the mock.
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
