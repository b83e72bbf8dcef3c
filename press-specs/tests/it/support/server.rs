//! Servers that speak HTTP by hand.

use std::{io, sync::LazyLock};

use press_specs::{Session, SessionBuilder};
use tokio::{
    io::AsyncReadExt,
    net::{TcpListener, TcpStream},
    runtime::{Builder, Runtime},
};

use crate::Outcome;

/// The thread of all bare servers.
static SERVERS: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("a thread")
});

/// Returns a session of a bare server, which gives each connection and its number to `converse`.
pub(crate) async fn serve<F, Fut>(converse: F) -> Outcome<SessionBuilder>
where
    F: Fn(usize, TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = io::Result<()>> + Send + 'static,
{
    let listener = SERVERS.spawn(TcpListener::bind(("127.0.0.1", 0))).await??;
    let session = Session::builder()
        .auth_token("token")
        .base_url(format!("http://{}", listener.local_addr()?));
    SERVERS.spawn(async move {
        for number in 0.. {
            let (stream, _) = listener.accept().await?;
            stream.set_nodelay(true)?;
            tokio::spawn(converse(number, stream));
        }
        io::Result::Ok(())
    });
    Ok(session)
}

/// Reads the head of the next request; an error at the end of the connection.
pub(crate) async fn request(stream: &mut TcpStream) -> io::Result<()> {
    let mut read = Vec::new();
    while !read.ends_with(b"\r\n\r\n") {
        read.push(stream.read_u8().await?);
    }
    Ok(())
}
