//! A hand-written loop with `reqwest` and `serde_json`.
//!
//! It has no retries, time limits, size limit or error details. Its structs have the same fields as
//! the client's; enumerations are closed, times are text, and unknown fields are dropped.

use std::hint::black_box;

use futures::{StreamExt, TryStreamExt, stream};
use reqwest::header::{ACCEPT, AUTHORIZATION};
use serde::Deserialize;

use crate::{Outcome, reading::Reading};

/// Reads the items and returns their number.
pub(crate) async fn read(http: &reqwest::Client, reading: &Reading) -> Outcome<u64> {
    let url = &format!("{}/v1/specs/", reading.url);
    let fetch = |number: u64| async move {
        let request = http
            .get(url)
            .query(&[("pageNumber", number), ("pageSize", reading.page_size)])
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, "mock-token");
        let body = request.send().await?.error_for_status()?.bytes().await?;
        Outcome::Ok(serde_json::from_slice::<Page>(&body)?)
    };
    let first = fetch(1).await?;
    let last = first.page_count.min(reading.items.div_ceil(reading.page_size));
    let mut count = consume(first);
    if reading.concurrency == 1 {
        for number in 2..=last {
            count += consume(fetch(number).await?);
        }
    } else {
        let mut pages = stream::iter(2..=last).map(fetch).buffered(reading.concurrency);
        while let Some(page) = pages.try_next().await? {
            count += consume(page);
        }
    }
    Ok(count)
}

fn consume(page: Page) -> u64 {
    let count = page.specs.len() as u64;
    for spec in page.specs {
        black_box(spec);
    }
    count
}

/// Declares structs whose fields are only decoded.
macro_rules! structs {
    ($($name:ident { $($field:ident: $kind:ty,)* })*) => {$(
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        #[expect(dead_code, reason = "decoding costs the same as if fields were used")]
        struct $name {
            $($field: $kind,)*
        }
    )*};
}

structs! {
    Page {
        page_count: u64,
        page_number: Option<u64>,
        page_size: Option<u64>,
        spec_count: Option<u64>,
        specs: Vec<Spec>,
    }
    Spec {
        id: String,
        kind: Option<Kind>,
        featured: Option<bool>,
        scope: Option<Scope>,
        latest_release: Option<Release>,
        metadata: Option<Metadata>,
    }
    Release {
        id: Option<String>,
        version: Option<String>,
        notes: Option<String>,
        created_at: Option<String>,
        created_by: Option<String>,
    }
    Metadata {
        name: Option<String>,
        title: Option<String>,
        summary: Option<String>,
        description: Option<String>,
        description_content_type: Option<String>,
        image_url: Option<String>,
        status: Option<Status>,
        tags: Option<Vec<Tag>>,
        created_at: Option<String>,
        created_by: Option<String>,
    }
    Tag {
        name: Option<String>,
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    App,
    Workflow,
    Service,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Scope {
    Private,
    Public,
    Shared,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Status {
    Available,
    Unavailable,
    Archived,
}
