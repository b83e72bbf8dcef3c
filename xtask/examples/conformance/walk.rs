//! The requests: both operations page by page, and what they should refuse.

use std::{
    collections::{BTreeMap, BTreeSet, btree_map::Entry},
    time::Duration,
};

use anyhow::{Context as _, Result, bail};
use reqwest::{
    Client, Url,
    header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue},
};
use serde_json::Value;

use crate::{
    compare::Comparison,
    contract::{Contract, below},
    patch::Patch,
    report::{Finding, Kind, Report, WITHHELD, Walks, showable},
    shape::Shape,
};

/// Pages of one spec's deployments, so that those of other specs are seen too.
const PAGES_PER_SPEC: u32 = 4;

/// A spec id that no spec has.
const UNKNOWN_SPEC: &str = "00000000-0000-0000-0000-000000000000";

/// A status that neither specs nor deployments can have.
const INVALID_STATUS: [(&str, &str); 1] = [("status", "no-such-value")];

const JSON: &str = "application/json";

/// A paginated operation: the names of its list, and of the number of items on all pages.
struct Operation {
    id: &'static str,
    items: &'static str,
    count: &'static str,
}

const SPECS: usize = 0;
const DEPLOYMENTS: usize = 1;
const OPERATIONS: [Operation; 2] = [
    Operation {
        id: "list_specs",
        items: "specs",
        count: "specCount",
    },
    Operation {
        id: "list_spec_release_deployments",
        items: "deployments",
        count: "deploymentCount",
    },
];

/// Asks the service, and compares what it answers with the contract.
pub(crate) async fn check(contract: &Contract, service: Service, page_size: u32) -> Result<Report> {
    let mut walker = Walker {
        contract,
        service,
        page_size,
        bodies: BTreeMap::new(),
        checks: Vec::new(),
        walks: OPERATIONS.map(|operation| Walks::of(operation.id)),
        notes: BTreeSet::new(),
        patch: Patch::default(),
    };
    walker.ask().await?;
    walker.report()
}

/// The service, and how often it may still be asked.
pub(crate) struct Service {
    client: Client,
    base_url: Url,
    token: HeaderValue,
    made: u32,
    left: u32,
}

/// An answer, its body as far as it is JSON.
struct Answer {
    status: u16,
    media_type: String,
    body: Option<Value>,
}

impl Service {
    /// The service at an address, to be asked so often at most.
    pub(crate) fn new(base_url: &str, token: &str, requests: u32) -> Result<Self> {
        let base_url = Url::parse(base_url).context("the base URL")?;
        let mut token = HeaderValue::from_str(token).context("the token")?;
        token.set_sensitive(true);
        let mut client = Client::builder()
            .timeout(Duration::from_secs(30))
            .redirect(reqwest::redirect::Policy::none())
            .retry(reqwest::retry::never());
        if base_url.scheme() == "http" {
            // Plain http goes to this machine, and to no proxy.
            client = client.no_proxy();
        }
        Ok(Self {
            client: client.build()?,
            base_url,
            token,
            made: 0,
            left: requests,
        })
    }

    /// Asks for a path of the contract, in which `spec_id` takes the place of the parameter.
    async fn get(&mut self, path: &str, spec_id: &str, query: &[(&str, &str)]) -> Result<Answer> {
        let mut url = self.base_url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            let path = path.trim_start_matches('/').split('/');
            segments
                .pop_if_empty()
                .extend(path.map(|segment| if segment.starts_with('{') { spec_id } else { segment }));
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        self.made += 1;
        self.left = self.left.saturating_sub(1);
        let request = self.client.get(url).header(AUTHORIZATION, &self.token);
        let answered = async {
            let response = request.send().await?;
            let media_type = response
                .headers()
                .get(CONTENT_TYPE)
                .and_then(|value| value.to_str().ok());
            Ok(Answer {
                status: response.status().as_u16(),
                media_type: media_type.unwrap_or_default().to_owned(),
                body: serde_json::from_slice(&response.bytes().await?).ok(),
            })
        };
        answered
            .await
            .map_err(reqwest::Error::without_url)
            .context("the service could not be asked")
    }
}

struct Walker<'a> {
    contract: &'a Contract,
    service: Service,
    page_size: u32,
    /// All bodies, by operation and status.
    bodies: BTreeMap<(usize, u16), Shape>,
    /// What was checked with each answer; how often it failed is its count.
    checks: Vec<Finding>,
    walks: [Walks; OPERATIONS.len()],
    notes: BTreeSet<String>,
    patch: Patch,
}

/// # Ask
impl Walker<'_> {
    async fn ask(&mut self) -> Result<()> {
        self.provoke(DEPLOYMENTS, UNKNOWN_SPEC, &[], 404).await?;
        self.provoke(SPECS, "", &INVALID_STATUS, 400).await?;
        let pages = self.service.left.saturating_sub(1) / 2;
        let specs = self.walk(SPECS, "", pages.max(1)).await?;
        // What would change the path is no id to ask with.
        let mut specs = specs
            .iter()
            .filter(|id| !["", ".", ".."].contains(&id.as_str()))
            .peekable();
        let Some(first) = specs.peek() else {
            self.note("no spec id was seen, so there were no deployments to ask for");
            return Ok(());
        };
        self.provoke(DEPLOYMENTS, first, &INVALID_STATUS, 400).await?;
        for spec in specs {
            if self.service.left == 0 {
                self.walks[DEPLOYMENTS].complete = false;
                break;
            }
            self.walk(DEPLOYMENTS, spec, PAGES_PER_SPEC).await?;
        }
        Ok(())
    }

    /// Asks for what the service should answer with this status.
    async fn provoke(&mut self, at: usize, spec_id: &str, query: &[(&str, &str)], expected: u16) -> Result<()> {
        let (path, operation) = self.contract.operation(OPERATIONS[at].id)?;
        let answer = self.service.get(path, spec_id, query).await?;
        let status = answer.status;
        // A status that is not documented at all is a finding of its own.
        if self.contract.response(&operation, status).is_some() {
            let schema = format!("{operation}/responses/{expected}");
            let finding = Finding::new(Kind::Status, OPERATIONS[at].id, status, "", &schema);
            self.check(
                finding.seen(&[status]).expected(expected.to_string()),
                status == expected,
            );
        }
        self.take(at, answer)?;
        Ok(())
    }

    /// Asks for pages from the first on, and gives the ids of their items.
    async fn walk(&mut self, at: usize, spec_id: &str, max_pages: u32) -> Result<Vec<String>> {
        let (path, _) = self.contract.operation(OPERATIONS[at].id)?;
        let page_size = self.page_size.to_string();
        let mut ids = Vec::new();
        self.walks[at].walks += 1;
        for number in 1.. {
            if number > max_pages || self.service.left == 0 {
                self.walks[at].complete = false;
                break;
            }
            let query = [("pageSize", page_size.as_str()), ("pageNumber", &number.to_string())];
            let answer = self.service.get(path, spec_id, &query).await?;
            let status = answer.status;
            let Some(page) = self.take(at, answer)?.filter(|_| status == 200) else {
                self.walks[at].complete = false;
                self.note(format!(
                    "{}: a walk ended at an answer with status {status}",
                    OPERATIONS[at].id
                ));
                break;
            };
            self.paging(at, number.into(), &page, &mut ids)?;
            match page["pageCount"].as_u64() {
                Some(count) if u64::from(number) < count => {}
                count => {
                    self.walks[at].complete &= count.is_some();
                    break;
                }
            }
        }
        Ok(ids)
    }

    /// Takes an answer in, and gives its body.
    fn take(&mut self, at: usize, answer: Answer) -> Result<Option<Value>> {
        let Answer {
            status,
            media_type,
            body,
        } = answer;
        if status == 401 {
            bail!("the service answered 401 Unauthorized; check the token");
        }
        let (_, operation) = self.contract.operation(OPERATIONS[at].id)?;
        let finding = |kind, schema: &str| Finding::new(kind, OPERATIONS[at].id, status, "", schema);

        let response = self.contract.response(&operation, status);
        let schema = below(&operation, "responses");
        let undocumented = finding(Kind::Status, &schema).seen(&[status]);
        self.check(undocumented.expected("one that is documented"), response.is_some());
        let Some(response) = response else {
            self.patch
                .add_response(self.contract, &operation, status, body.is_some());
            return Ok(body);
        };
        if self.contract.body(&response).is_some() {
            let media_type = media_type.split(';').next().unwrap_or_default().trim();
            let shown = if media_type.is_empty() { "none" } else { media_type };
            let shown = if shown.split('/').all(showable) {
                shown
            } else {
                WITHHELD
            };
            let expected = finding(Kind::MediaType, &response).seen(&[shown]).expected(JSON);
            self.check(expected, media_type == JSON);
            self.check(finding(Kind::NotJson, &response), body.is_some());
        }
        if let Some(body) = &body {
            self.bodies.entry((at, status)).or_default().add(body.clone());
        }
        Ok(body)
    }

    /// Checks that a page adds up, after those with these ids.
    fn paging(&mut self, at: usize, number: u64, page: &Value, ids: &mut Vec<String>) -> Result<()> {
        let contract = self.contract;
        let Operation { id, items, count } = OPERATIONS[at];
        let (_, operation) = contract.operation(id)?;
        let schema = contract.body(&format!("{operation}/responses/200")).unwrap_or_default();
        let schema = contract.schema(&schema).definition;
        let finding = |kind, name: &str| {
            Finding::new(
                kind,
                id,
                200,
                &below("", name),
                &below(&below(&schema, "properties"), name),
            )
        };

        let entries = page[items].as_array().map(Vec::as_slice).unwrap_or_default();
        self.walks[at].pages += 1;
        self.walks[at].items += entries.len();
        let here = entries.len() as u64;
        let asked = u64::from(self.page_size);
        if let Some(told) = page["pageNumber"].as_u64() {
            self.check(finding(Kind::PageNumber, "pageNumber"), told == number);
        }
        let size = page["pageSize"].as_u64();
        if let Some(told) = size {
            self.check(finding(Kind::PageSize, "pageSize"), told == asked);
        }
        let size = size.filter(|size| *size > 0).unwrap_or(asked);
        match page[count].as_u64() {
            Some(count) => {
                if let Some(pages) = page["pageCount"].as_u64() {
                    // Nothing says whether there is a page when there are no items.
                    let good = pages == count.div_ceil(size) || (count == 0 && pages == 1);
                    self.check(finding(Kind::PageCount, "pageCount"), good);
                }
                let before = (number - 1).saturating_mul(size);
                let expected = count.saturating_sub(before).min(size);
                self.check(finding(Kind::ItemCount, items), here == expected);
            }
            None => self.check(finding(Kind::ItemCount, items), here <= size),
        }
        for item in entries.iter().filter_map(|item| item["id"].as_str()) {
            let repeated = ids.iter().any(|id| id == item);
            let mut finding = finding(Kind::RepeatedId, items);
            finding.at.push_str("/*/id");
            self.check(finding, !repeated);
            ids.push(item.to_owned());
        }
        Ok(())
    }

    fn check(&mut self, finding: Finding, good: bool) {
        self.checks.push(finding.count(usize::from(!good)));
    }

    fn note(&mut self, note: impl Into<String>) {
        self.notes.insert(note.into());
    }
}

/// # Report
impl Walker<'_> {
    fn report(self) -> Result<Report> {
        let mut notes = self.notes;
        let mut patch = self.patch;
        let mut deviations = sum(self.checks);
        let mut information = Vec::new();
        for ((at, status), shape) in &self.bodies {
            let (_, operation) = self.contract.operation(OPERATIONS[*at].id)?;
            let response = self.contract.response(&operation, *status);
            let Some(schema) = response.and_then(|response| self.contract.body(&response)) else {
                continue;
            };
            let mut comparison = Comparison {
                contract: self.contract,
                operation: OPERATIONS[*at].id,
                status: *status,
                deviations: Vec::new(),
                information: Vec::new(),
                not_looked_at: BTreeSet::new(),
                patch: &mut patch,
            };
            comparison.bodies(&schema, shape);
            deviations.append(&mut comparison.deviations);
            information.append(&mut comparison.information);
            let words = comparison.not_looked_at.into_iter();
            notes.extend(words.map(|word| format!("not looked at: {word}")));
        }
        // What was found together stands together.
        let place = |finding: &Finding| {
            let operation = OPERATIONS
                .iter()
                .position(|operation| operation.id == finding.operation);
            (operation, finding.status, finding.at.clone(), finding.kind)
        };
        deviations.sort_by_key(place);
        information.sort_by_key(place);
        if self.walks[SPECS].pages == 0 && deviations.is_empty() {
            let notes: Vec<_> = notes.into_iter().collect();
            bail!("there was no page to look at: {}", notes.join("; "));
        }
        Ok(Report {
            conforms: deviations.is_empty(),
            service: self.service.base_url.as_str().trim_end_matches('/').to_owned(),
            requests: self.service.made,
            walks: self.walks.into(),
            deviations,
            information,
            notes: notes.into_iter().collect(),
            patch: patch.into_value(),
        })
    }
}

/// Sums up checks of the same, and leaves those that never failed.
fn sum(checks: Vec<Finding>) -> Vec<Finding> {
    let mut sums: BTreeMap<_, Finding> = BTreeMap::new();
    for check in checks {
        let key = (check.operation, check.status, check.kind, check.schema.clone());
        match sums.entry(key) {
            Entry::Vacant(entry) => {
                entry.insert(check);
            }
            Entry::Occupied(entry) => entry.into_mut().add(check),
        }
    }
    sums.into_values().filter(|sum| sum.count > 0).collect()
}
