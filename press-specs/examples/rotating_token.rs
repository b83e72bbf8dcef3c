//! Lists specs with a token that expires in the middle of the list.
//!
//! The session fetches a token when it has none, and a new one when the service rejects it. The
//! stream continues.
//!
//! ```sh
//! cargo run -p press-specs --example rotating_token
//! ```

use std::{
    error::Error,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::Relaxed},
    },
};

use press_specs::{Session, mock::MockPress};

static ISSUED: AtomicUsize = AtomicUsize::new(0);

/// A stand-in for an identity provider, whose tokens are valid until it issues the next one.
async fn log_in(service: Arc<MockPress>) -> Result<String, press_specs::Error> {
    let token = format!("token-{}", ISSUED.fetch_add(1, Relaxed) + 1);
    service.set_token(&token);
    println!("Logged in: {token}");
    Ok(token)
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let service = Arc::new(MockPress::builder().generated_specs(100).start()?);
    let provider = Arc::clone(&service);
    let session = Session::builder()
        .base_url(service.url())
        .auth_token_fn(move || log_in(Arc::clone(&provider)))
        .build()?;
    let client = press_specs::get_client(session)?;

    let mut specs = client.list_specs().page_size(20).stream();
    let mut count = 0;
    while specs.try_next().await?.is_some() {
        count += 1;
        if count == 50 {
            println!("The token expires after {count} specs.");
            service.set_token("unknown to the client");
        }
    }
    println!("{count} specs in total.");

    // A token from elsewhere, such as a watched file, replaces the session's current one.
    service.set_token("token-from-a-file");
    client.session().set_auth_token("token-from-a-file")?;
    client.list_specs().page(1).await?;

    assert_eq!(count, 100);
    assert_eq!(ISSUED.load(Relaxed), 2);
    Ok(())
}
