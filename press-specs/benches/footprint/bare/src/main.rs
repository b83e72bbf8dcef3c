//! Prints the id of each spec, with nothing but an HTTP client.

use std::{env, error::Error};

use serde_json::Value;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let token = env::var("PEAK_AUTH_TOKEN")?;
    let http = reqwest::Client::new();
    for number in 1.. {
        let request = http
            .get("https://press.peak.ai/v1/specs/")
            .query(&[("pageNumber", number)])
            .header("authorization", &token);
        let page: Value = request.send().await?.error_for_status()?.json().await?;
        for spec in page["specs"].as_array().ok_or("no specs")? {
            println!("{}", spec["id"].as_str().ok_or("no id")?);
        }
        if page["pageCount"].as_u64().is_none_or(|last| number >= last) {
            break;
        }
    }
    Ok(())
}
