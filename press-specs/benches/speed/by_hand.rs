//! The loops by hand: what people write for this one purpose, with `reqwest` and `serde_json`.
//!
//! They have no retries, time limits, size limit or error details, check nothing, and know one
//! operation without its filters. Their structs hold the same fields as the client's, of the same
//! types but for enumerations, which are plain ones here, and times, which are text.

use std::hint::black_box;

use futures::{StreamExt, TryStreamExt, stream};
use reqwest::header::{ACCEPT, AUTHORIZATION};
use serde::{Deserialize, de::DeserializeOwned};

use crate::{Outcome, walk::Walk};

/// Reads the pages that hold the items of `walk`.
pub(crate) async fn walk<P: Page>(
    http: &reqwest::Client,
    walk: &Walk,
    decode: fn(&[u8]) -> Outcome<P>,
) -> Outcome<u64> {
    let page_size = walk.catalogue.page_size;
    let url = &format!("{}/v1/specs/", walk.url);
    let fetch = |number: u64| async move {
        let request = http
            .get(url)
            .query(&[("pageNumber", number), ("pageSize", page_size)])
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, "mock-token");
        let body = request.send().await?.error_for_status()?.bytes().await?;
        Outcome::Ok(decode(&body)?.into_parts())
    };
    let mut count = 0;
    let mut take = |(page_count, specs): (u64, Vec<P::Spec>)| {
        for spec in specs {
            black_box(spec);
            count += 1;
        }
        page_count.min(walk.items.div_ceil(page_size))
    };
    let last = take(fetch(1).await?);
    if walk.concurrency == 1 {
        for number in 2..=last {
            take(fetch(number).await?);
        }
    } else {
        let mut pages = stream::iter(2..=last).map(fetch).buffered(walk.concurrency);
        while let Some(page) = pages.try_next().await? {
            take(page);
        }
    }
    Ok(count)
}

/// Decodes as most people do.
pub(crate) fn from_slice<P: Page>(body: &[u8]) -> Outcome<P> {
    Ok(serde_json::from_slice(body)?)
}

/// Decodes as is best: the check for UTF-8 takes less when it is made once.
pub(crate) fn from_str<P: Page>(body: &[u8]) -> Outcome<P> {
    Ok(serde_json::from_str(std::str::from_utf8(body)?)?)
}

pub(crate) trait Page: DeserializeOwned {
    type Spec;

    /// Returns the number of pages, and the specs of this one.
    fn into_parts(self) -> (u64, Vec<Self::Spec>);
}

/// Declares the structs of a page: as most people write them, and with the unknown fields of each.
macro_rules! structs {
    ($($name:ident { $($field:ident: $kind:ty),* })*) => {
        structs!(lossy { $($name { $($field: $kind),* } {})* });
        structs!(lossless { $($name { $($field: $kind),* } {
            #[serde(flatten)]
            extra: serde_json::Map<String, serde_json::Value>,
        })* });
    };
    ($module:ident { $($name:ident { $($field:ident: $kind:ty),* } { $($extra:tt)* })* }) => {
        #[expect(dead_code, reason = "fields are decoded to be paid for")]
        pub(crate) mod $module {
            use super::{Deserialize, Kind, Scope, Status};

            $(
                #[derive(Deserialize)]
                #[serde(rename_all = "camelCase")]
                pub(crate) struct $name {
                    $($field: $kind,)*
                    $($extra)*
                }
            )*

            impl super::Page for Page {
                type Spec = Spec;

                fn into_parts(self) -> (u64, Vec<Spec>) {
                    (self.page_count, self.specs)
                }
            }
        }
    };
}

structs! {
    Page { page_count: u64, page_number: Option<u64>, page_size: Option<u64>, spec_count: Option<u64>, specs: Vec<Spec> }
    Spec {
        id: String, kind: Option<Kind>, featured: Option<bool>, scope: Option<Scope>,
        latest_release: Option<Release>, metadata: Option<Metadata>
    }
    Release {
        id: Option<String>, version: Option<String>, notes: Option<String>,
        created_at: Option<String>, created_by: Option<String>
    }
    Metadata {
        name: Option<String>, title: Option<String>, summary: Option<String>, description: Option<String>,
        description_content_type: Option<String>, image_url: Option<String>, status: Option<Status>,
        tags: Option<Vec<Tag>>, created_at: Option<String>, created_by: Option<String>
    }
    Tag { name: Option<String> }
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    App,
    Workflow,
    Service,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Scope {
    Private,
    Public,
    Shared,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Available,
    Unavailable,
    Archived,
}
