//! The limit: what one would write by hand for this one purpose, with `reqwest` and `serde_json`.
//!
//! It has no retries, time limits, size limit or error details, checks nothing, and knows one operation without its
//! filters. Its structs hold the same fields as the client's, of the same types but for enumerations, which are plain
//! ones here, and times, which are text.

use std::hint::black_box;

use reqwest::header::{ACCEPT, AUTHORIZATION};
use serde::de::DeserializeOwned;

use crate::Outcome;

/// Walks all pages, or those that hold the first `items`.
pub(crate) async fn walk<P: Page>(http: &reqwest::Client, url: &str, page_size: u32, items: u64) -> Outcome<u64> {
    let url = format!("{url}/v1/specs/");
    let (mut number, mut count) = (1, 0);
    loop {
        let request = http
            .get(&url)
            .query(&[("pageNumber", number), ("pageSize", page_size)])
            .header(ACCEPT, "application/json")
            .header(AUTHORIZATION, "mock-token");
        let body = request.send().await?.error_for_status()?.bytes().await?;
        let (page_count, specs) = serde_json::from_slice::<P>(&body)?.into_parts();
        for spec in specs {
            black_box(spec);
            count += 1;
            if count == items {
                return Ok(count);
            }
        }
        if u64::from(number) >= page_count {
            return Ok(count);
        }
        number += 1;
    }
}

pub(crate) trait Page: DeserializeOwned {
    type Spec;

    fn into_parts(self) -> (u64, Vec<Self::Spec>);
}

/// The structs, with `$extra` in each.
macro_rules! structs {
    ($name:ident { $($extra:tt)* }) => {
        #[expect(dead_code, reason = "fields are decoded to be paid for")]
        pub(crate) mod $name {
            use serde::Deserialize;

            #[derive(Deserialize)]
            #[serde(rename_all = "camelCase")]
            pub(crate) struct Page {
                page_count: u64,
                page_number: Option<u64>,
                page_size: Option<u64>,
                spec_count: Option<u64>,
                specs: Vec<Spec>,
                $($extra)*
            }

            impl super::Page for Page {
                type Spec = Spec;

                fn into_parts(self) -> (u64, Vec<Spec>) {
                    (self.page_count, self.specs)
                }
            }

            #[derive(Deserialize)]
            #[serde(rename_all = "camelCase")]
            pub(crate) struct Spec {
                id: String,
                kind: Option<Kind>,
                featured: Option<bool>,
                scope: Option<Scope>,
                latest_release: Option<Release>,
                metadata: Option<Metadata>,
                $($extra)*
            }

            #[derive(Deserialize)]
            #[serde(rename_all = "camelCase")]
            struct Release {
                id: Option<String>,
                version: Option<String>,
                notes: Option<String>,
                created_at: Option<String>,
                created_by: Option<String>,
                $($extra)*
            }

            #[derive(Deserialize)]
            #[serde(rename_all = "camelCase")]
            struct Metadata {
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
                $($extra)*
            }

            #[derive(Deserialize)]
            struct Tag {
                name: Option<String>,
                $($extra)*
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
        }
    };
}

structs!(lossy {});
structs!(lossless {
    #[serde(flatten)]
    extra: serde_json::Map<String, serde_json::Value>,
});
