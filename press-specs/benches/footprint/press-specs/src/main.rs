//! Prints the id of each spec.

use futures_util::TryStreamExt;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), press_specs::Error> {
    let mut specs = press_specs::get_client(None)?.list_specs().stream();
    while let Some(spec) = specs.try_next().await? {
        println!("{}", spec.id);
    }
    Ok(())
}
