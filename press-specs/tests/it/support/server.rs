//! Servers that write HTTP by hand.

use std::{io, sync::LazyLock};

use press_specs::{Session, SessionBuilder};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
};

use crate::Outcome;

/// The runtime of all servers, so that a test that blocks its own doesn't stop them.
static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a thread")
});

/// Starts a server and returns a session for it. `handler` gets each connection and its index.
pub(crate) async fn serve<F, Fut>(handler: F) -> Outcome<SessionBuilder>
where
    F: Fn(usize, TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = io::Result<()>> + Send + 'static,
{
    let listener = RUNTIME.spawn(TcpListener::bind(("127.0.0.1", 0))).await??;
    let url = format!("http://{}", listener.local_addr()?);
    RUNTIME.spawn(async move {
        for index in 0.. {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(handler(index, stream));
        }
        io::Result::Ok(())
    });
    Ok(Session::builder().auth_token("token").base_url(url))
}

/// Reads the head of the next request. Fails at the end of the connection.
pub(crate) async fn read_request(stream: &mut TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    Ok(())
}
