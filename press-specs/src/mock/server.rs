//! The HTTP server: a thread, its runtime, its connections.

use std::collections::VecDeque;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::runtime::{Builder, Handle};
use tokio::sync::oneshot;

use super::catalogue::Catalogue;
use super::counts::{Counter, Flight};
use super::delivery::{Delivery, Handover, TakenOver, Takeover};
use super::fault::{Ending, Fault, frames_body};
use super::operation::{Answer, answer};
use super::received::ReceivedRequest;
use super::script::Script;

/// Connections that may wait to be accepted.
const BACKLOG: u32 = 4096;

pub(super) type PageHook = Box<dyn FnMut(&ReceivedRequest, &mut Value) + Send>;

/// What the server's thread and the owner of the mock both use.
pub(super) struct Shared {
    pub(super) token: String,
    pub(super) latency: Duration,
    pub(super) kept_requests: usize,
    pub(super) counter: Counter,
    pub(super) catalogue: Mutex<Catalogue>,
    pub(super) script: Mutex<Script>,
    pub(super) requests: Mutex<VecDeque<ReceivedRequest>>,
    pub(super) page_hook: Mutex<Option<PageHook>>,
}

/// Locks, also after a closure of the user panicked while it was locked.
pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
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
    pub(super) fn start(shared: Arc<Shared>, port: u16) -> io::Result<Server> {
        let (stop, stopped) = oneshot::channel();
        let (report, started) = mpsc::channel();
        // The runtime is made and dropped in the thread: a caller may be inside another runtime.
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
                let started = address.map(|address| (address, Handle::current()));
                if report.send(started).is_ok() {
                    tokio::spawn(accept(shared, listener));
                    // An error means that the owner is gone, which stops the server as well.
                    let _ = stopped.await;
                }
            });
        })?;
        let (address, handle) = started
            .recv()
            .map_err(|_| io::Error::other("the mock's thread ended while it started"))??;
        Ok(Server {
            address,
            handle,
            stop: Some(stop),
            thread: Some(thread),
        })
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
                tokio::spawn(converse(Arc::clone(&shared), stream));
            }
            // For example no file descriptors left, which passes.
            Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

/// Answers all requests of a connection.
async fn converse(shared: Arc<Shared>, stream: TcpStream) {
    // Without it small answers wait for acknowledgements; an error changes nothing but the speed.
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
) -> Result<Response<Delivery>, TakenOver> {
    let (head, _) = request.into_parts();
    let without_body = head.method == http::Method::HEAD;
    let request = ReceivedRequest::new(head);
    let fault = lock(&shared.script).take(&request);
    remember(shared, &request);
    // Counted after it is kept, so that whoever waits for the count finds it.
    let mut flight = Flight::begin(&shared.counter);
    if !shared.latency.is_zero() {
        tokio::time::sleep(shared.latency).await;
    }
    let fault = fault.unwrap_or_else(Fault::pass);
    fault.wait().await;
    let takeover = match fault.ending() {
        Ending::Hang => std::future::pending().await,
        Ending::Drop => Takeover::bytes(bytes::Bytes::new(), flight),
        Ending::Bytes(bytes) => Takeover::bytes(bytes.clone(), flight),
        Ending::Answer => {
            let mut answer = fault.answer(|| normal(shared, &request));
            if fault.cut().is_none() && !frames_body(&answer.headers) {
                if without_body {
                    answer.body.clear();
                    flight.finish();
                }
                let mut response = Response::new(Delivery::new(answer.body, fault.pace(), flight));
                *response.status_mut() = answer.status;
                *response.headers_mut() = answer.headers;
                return Ok(response);
            }
            Takeover::answer(answer, fault.cut(), fault.pace(), flight)
        }
    };
    *lock(handover) = Some(takeover);
    Err(TakenOver)
}

fn remember(shared: &Shared, request: &ReceivedRequest) {
    let mut requests = lock(&shared.requests);
    if requests.len() >= shared.kept_requests {
        requests.pop_front();
    }
    if shared.kept_requests > 0 {
        requests.push_back(request.clone());
    }
}

/// The answer of the catalogue, its page changed by the user's closure if there is one.
fn normal(shared: &Shared, request: &ReceivedRequest) -> Answer {
    let mut answer = answer(request, &shared.token, &mut lock(&shared.catalogue));
    if answer.status == http::StatusCode::OK
        && let Some(hook) = lock(&shared.page_hook).as_mut()
        && let Ok(mut page) = serde_json::from_slice(&answer.body)
    {
        hook(request, &mut page);
        answer.body = page.to_string().into();
    }
    answer
}
