//! Faults of a server or a network: the error that the caller sees, and the number of requests.

use std::{
    io::Write,
    time::{Duration, SystemTime},
};

use flate2::{Compression, write::GzEncoder};
use futures::{StreamExt, future};
use press_specs::{
    Error,
    ErrorKind::{self, *},
    RetryPolicy, Session, SessionBuilder, get_client,
    mock::{Fault, MockPress},
    types::SpecPage,
};
use serde_json::{Value, json};
use tokio::{net::TcpSocket, time::timeout};

use crate::{LIMIT, Outcome, PATIENCE, client, page};

const RETRIED: [u16; 6] = [408, 429, 500, 502, 503, 504];
const NOT_RETRIED: [u16; 15] = [300, 304, 400, 401, 402, 403, 404, 405, 409, 410, 413, 422, 501, 505, 599];
/// Characters that change how the text around them shows.
pub(crate) const HIDDEN: &str = "\u{0}\u{7f}\u{85}\u{ad}\u{61c}\u{180e}\u{200b}\u{200f}\u{2028}\u{2029}\u{202a}\u{202e}\u{2066}\u{2069}\u{feff}\u{fffb}\u{e0041}";
const NEVER: Duration = Duration::from_secs(3600);

/// A fault, and what is expected of it.
struct Row {
    told: String,
    faults: Vec<Fault>,
    settings: fn(SessionBuilder) -> SessionBuilder,
    requests: u32,
    outcome: Result<fn(&SpecPage) -> bool, Failure>,
}

struct Failure {
    kind: ErrorKind,
    status: Option<u16>,
    /// Parts of the error text.
    says: Vec<String>,
    body: Option<Vec<u8>>,
    check: fn(&Error) -> bool,
}

/// A row that expects page 1 of the catalogue after this many requests.
fn gives_page(told: impl Into<String>, requests: u32, faults: impl IntoIterator<Item = Fault>) -> Row {
    let (told, faults) = (told.into(), faults.into_iter().collect());
    Row { told, faults, settings: |session| session, requests, outcome: Ok(|page| page.specs.len() == 3) }
}

/// A row that expects an error after one request.
fn fails(
    told: impl Into<String>,
    kind: ErrorKind,
    status: impl Into<Option<u16>>,
    faults: impl IntoIterator<Item = Fault>,
) -> Row {
    let failure = Failure { kind, status: status.into(), says: Vec::new(), body: None, check: |_| true };
    Row { outcome: Err(failure), ..gives_page(told, 1, faults) }
}

/// A row that expects the error of this status, with a response as `change` makes it.
fn refuses(told: impl Into<String>, status: u16, change: impl FnOnce(Fault) -> Fault) -> Row {
    fails(told, kind_of(status), status, [change(Fault::status(status).always())])
}

fn kind_of(status: u16) -> ErrorKind {
    match status {
        400 => BadRequest,
        401 => Unauthorized,
        403 => Forbidden,
        404 => NotFound,
        409 => Conflict,
        413 => PayloadTooLarge,
        422 => UnprocessableEntity,
        429 => TooManyRequests,
        500 => InternalServerError,
        502..=504 => ServiceUnavailable,
        _ => UnexpectedStatus,
    }
}

/// A row that expects an invalid response at once.
fn invalid(told: impl Into<String>, fault: Fault) -> Row {
    fails(told, InvalidResponse, 200, [fault.always()])
}

/// A row that expects the first request to give a broken connection, and the second one a page.
fn breaks(told: impl Into<String>, status: Option<u16>, fault: Fault) -> [Row; 2] {
    let told = told.into();
    [
        gives_page(format!("{told}, once"), 2, [fault.clone()]),
        fails(format!("{told}, always"), Connection, status, [fault.always()]).after(4),
    ]
}

impl Row {
    fn after(mut self, requests: u32) -> Self {
        self.requests = requests;
        self
    }

    fn with(mut self, settings: fn(SessionBuilder) -> SessionBuilder) -> Self {
        self.settings = settings;
        self
    }

    fn giving(mut self, check: fn(&SpecPage) -> bool) -> Self {
        self.outcome = Ok(check);
        self
    }

    fn failing(mut self, change: impl FnOnce(&mut Failure)) -> Self {
        match &mut self.outcome {
            Err(failure) => change(failure),
            Ok(_) => panic!("{}: no failure is expected", self.told),
        }
        self
    }

    fn saying<const N: usize>(self, parts: [&str; N]) -> Self {
        self.failing(|failure| failure.says = parts.map(str::to_owned).into())
    }

    fn keeping(self, body: impl Into<Vec<u8>>) -> Self {
        self.failing(|failure| failure.body = Some(body.into()))
    }

    fn checking(self, check: fn(&Error) -> bool) -> Self {
        self.failing(|failure| failure.check = check)
    }

    /// Makes all that takes time, so that none of it counts for a limit.
    fn prepare(mut self) -> Outcome<Prepared> {
        let faults = std::mem::take(&mut self.faults);
        let mock = MockPress::builder().generated_specs(3).faults(faults).start()?;
        let session = (self.settings)(mock.session_builder()).build()?;
        Ok(Prepared { row: self, mock, session })
    }
}

struct Prepared {
    row: Row,
    mock: MockPress,
    session: Session,
}

impl Prepared {
    /// Asks for page 1, and compares what comes.
    async fn run(self) -> Outcome {
        let told = self.row.told;
        let call = get_client(self.session)?.list_specs().page(1);
        let result = timeout(PATIENCE, call).await.map_err(|_| format!("{told}: hangs"))?;
        match (result, self.row.outcome) {
            (Ok(page), Ok(check)) => assert!(check(&page), "{told}: {page:?}"),
            (Err(error), Err(expected)) => expected.compare(&told, self.row.requests, &error),
            (Ok(page), Err(expected)) => panic!("{told}: {:?} expected, {page:?} came", expected.kind),
            (Err(error), Ok(_)) => panic!("{told}: {error:?}"),
        }
        assert_eq!(self.mock.request_count(), self.row.requests as usize, "requests for {told}");
        Ok(())
    }
}

impl Failure {
    fn compare(self, told: &str, attempts: u32, error: &Error) {
        let found = (error.kind(), error.status(), error.attempts(), error.page_number());
        assert_eq!(found, (self.kind, self.status, attempts, Some(1)), "{told}: {error:?}");
        let text = error.to_string();
        assert!(text.starts_with("list_specs, page 1"), "{told}: {text}");
        assert_eq!(text.contains(&format!("after {attempts} attempts")), attempts > 1, "{told}: {text}");
        for part in &self.says {
            assert!(text.contains(part.as_str()), "{told}: {part:?} is not in {text}");
        }
        assert!(text.len() < 1500 && !text.contains('\n'), "{told}: {text}");
        if let Some(body) = &self.body {
            let kept = error.response().map(|response| response.body());
            assert_eq!(kept, Some(body.as_slice()), "{told}");
        }
        assert!((self.check)(error), "{told}: {error:?}");
        if self.kind == InvalidResponse {
            let kept = error.response().is_some();
            assert!(!error.is_retryable() && kept == self.status.is_some(), "{told}: {error:?}");
        }
    }
}

pub(crate) fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).expect("memory is there");
    encoder.finish().expect("memory is there")
}

fn gzipped(body: &[u8]) -> Fault {
    Fault::raw_body(gzip(body)).header("content-encoding", "gzip")
}

fn three_specs() -> Vec<u8> {
    page(1, 1, ["a", "b", "c"]).to_string().into_bytes()
}

/// A page of exactly this many bytes.
fn page_of(bytes: usize) -> Vec<u8> {
    let mut body = three_specs();
    body.resize(bytes, b' ');
    body
}

fn http_date(from_now: Duration) -> String {
    httpdate::fmt_http_date(SystemTime::now() + from_now)
}

fn statuses() -> Vec<Row> {
    let mut rows = Vec::new();
    for status in RETRIED {
        let endless = Fault::status(status).html("x".repeat(100)).trickle(1, NEVER);
        rows.extend([
            gives_page(format!("{status} once"), 2, [Fault::status(status)]),
            gives_page(format!("{status} three times"), 4, [Fault::status(status).times(3)]),
            gives_page(format!("{status} with an endless body"), 2, [endless]).with(|session| session.timeout(LIMIT)),
            refuses(format!("{status} for ever"), status, |fault| {
                fault.json(json!({ "title": "Down", "detail": "for repair" }))
            })
            .after(4)
            .keeping(r#"{"detail":"for repair","title":"Down"}"#)
            .saying(["Down: for repair", &status.to_string()])
            .checking(Error::is_retryable),
            refuses(format!("{status} without retries"), status, |fault| fault)
                .with(|session| session.retry(RetryPolicy::none())),
            refuses(format!("{status}, six attempts"), status, |fault| fault)
                .after(6)
                .with(|session| session.retry(RetryPolicy::default().max_attempts(6).max_delay(Duration::ZERO))),
        ]);
    }
    rows.extend(NOT_RETRIED.map(|status| refuses(format!("{status}"), status, |fault| fault)));
    // The error is that of the last response.
    let last = Fault::status(500).html("the last one");
    let faults = [Fault::status(503), Fault::drop_connection(), Fault::status(502), last];
    rows.extend([
        fails("503, dropped, 502, 500", InternalServerError, 500, faults).after(4).keeping("the last one"),
        fails("503, then 403", Forbidden, 403, [Fault::status(503), Fault::status(403)]).after(2),
    ]);
    rows
}

fn error_bodies() -> Vec<Row> {
    const KEPT: usize = 64 * 1024;
    // Cut in the middle of a character.
    let long = format!("x{}", "é".repeat(KEPT));
    let encoded = |fault: Fault, body: &[u8]| fault.body("text/plain", body).header("content-encoding", "gzip");
    vec![
        refuses("an error body above 64 KiB", 404, |fault| fault.html(long.clone()))
            .keeping(&long.as_bytes()[..KEPT])
            .checking(|error| error.response().and_then(|response| response.text()).is_some()),
        refuses("an error body of exactly 64 KiB", 404, |fault| fault.html("x".repeat(KEPT))).keeping("x".repeat(KEPT)),
        refuses("an error body cut off", 403, |fault| fault.html("0123456789").cut_after(4)).keeping("0123"),
        refuses("a 500 whose body is cut off", 500, |fault| fault.html("0123456789").cut_after(4))
            .after(4)
            .keeping("0123"),
        refuses("an error body that never comes", 403, |fault| fault.html("0123456789").trickle(3, NEVER))
            .with(|session| session.timeout(LIMIT))
            .keeping("012"),
        refuses("an error body above 64 KiB that never ends", 404, |fault| {
            fault.html("x".repeat(200_000)).trickle(100_000, NEVER)
        })
        .with(|session| session.timeout(NEVER))
        .keeping("x".repeat(KEPT)),
        refuses("an error body above the limit of the session", 403, |fault| fault.html("x".repeat(5000)))
            .with(|session| session.max_response_bytes(10)),
        refuses("an error body, compressed", 400, |fault| encoded(fault, &gzip(b"wrong kind"))).keeping("wrong kind"),
        refuses("an error body that cannot be decompressed", 400, |fault| encoded(fault, b"no gzip")),
        refuses("an error of many lines", 400, |fault| {
            fault.json(json!({ "title": "a\nb", "detail": "\u{1b}[31mred\r\n" }))
        })
        .saying(["a b"])
        .checking(|error| !error.to_string().contains('\u{1b}')),
        refuses("an error of characters that are not seen", 400, |fault| {
            fault.json(json!({ "title": format!("a{HIDDEN}b"), "detail": HIDDEN }))
        })
        .checking(|error| !format!("{error}{error:?}{error:#?}").contains(|c| HIDDEN.contains(c))),
        refuses("an enormous request id", 400, |fault| fault.header("x-request-id", "x".repeat(10_000)))
            .saying(["request id xxx"])
            .checking(|error| {
                let id = error.response().and_then(|response| response.request_id());
                id.is_some_and(|id| id.len() == 10_000) && format!("{error:#?}").len() < 2000
            }),
        refuses("an enormous title", 400, |fault| fault.json(json!({ "title": "x".repeat(60_000) })))
            .checking(|error| error.response().and_then(|it| it.title()).is_some_and(|it| it.len() == 60_000)),
        refuses("deep nesting in an error", 400, |fault| fault.body("application/json", "[".repeat(60_000))),
    ]
}

fn connections() -> Vec<Row> {
    let whole = three_specs();
    let raw = |head: &str| {
        let mut bytes = format!("{head}\r\n\r\n").into_bytes();
        bytes.extend_from_slice(&whole);
        Fault::raw_connection(bytes)
    };
    let length = whole.len();
    let mut rows: Vec<Row> = [
        breaks("dropped before the head", None, Fault::drop_connection()),
        breaks("dropped before the body", Some(200), Fault::pass().cut_after(0)),
        breaks("dropped in the middle of the body", Some(200), Fault::pass().cut_after(500)),
        breaks("a compressed body cut off", Some(200), gzipped(&page_of(5000)).cut_after(30)),
        breaks("nonsense", None, Fault::raw_connection("SSH-2.0-nonsense\r\n\r\n")),
        breaks("zeros", None, Fault::raw_connection([0; 1000])),
        breaks("half a head", None, Fault::raw_connection("HTTP/1.1 200 OK\r\ncontent-")),
        breaks("a bad status", None, raw("HTTP/1.1 2000 OK")),
        breaks("a bad version", None, raw("HTTP/9.9 200 OK")),
        breaks("a bad header", None, raw("HTTP/1.1 200 OK\r\na b: c")),
        breaks("a bad length", None, raw("HTTP/1.1 200 OK\r\ncontent-length: many")),
        breaks("two lengths", None, raw("HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6")),
        breaks("a length too long", Some(200), raw("HTTP/1.1 200 OK\r\ncontent-length: 999999999999")),
        breaks("chunks that are none", Some(200), raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked")),
        breaks(
            "a cut off chunk",
            Some(200),
            Fault::raw_connection("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nff\r\n{\"pageCount\""),
        ),
    ]
    .into_iter()
    .flatten()
    .collect();
    rows.extend([
        gives_page(
            "a whole body in small pieces",
            1,
            [Fault::raw_body(whole.clone()).trickle(1, Duration::from_micros(10))],
        ),
        gives_page("a body that ends with the connection", 1, [raw("HTTP/1.1 200 OK")]),
        gives_page("HTTP/1.0", 1, [raw("HTTP/1.0 200 OK")]),
        gives_page(
            "early hints first",
            1,
            [raw(&format!("HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: {length}"))],
        ),
        gives_page(
            "chunks",
            1,
            [Fault::raw_connection(format!(
                "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n{length:x};x=y\r\n{}\r\n0\r\nt: 1\r\n\r\n",
                String::from_utf8_lossy(&whole)
            ))],
        ),
        fails(
            "another protocol",
            UnexpectedStatus,
            101,
            [Fault::raw_connection("HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n")],
        ),
    ]);
    rows
}

fn heads() -> Vec<Row> {
    let raw = |status: &str, headers: &str| {
        let body = String::from_utf8_lossy(&three_specs()).into_owned();
        Fault::raw_connection(format!("HTTP/1.1 {status}\r\n{headers}\r\n{body}")).always()
    };
    let headers = |count: usize, length: usize| {
        let value = "x".repeat(length);
        (0..count).map(|n| format!("x-{n}: {value}\r\n")).collect::<String>()
    };
    let above = |told: &str, fault: Fault| {
        fails(told, InvalidResponse, None, [fault]).saying(["more headers than a client accepts"])
    };
    vec![
        gives_page("100 headers", 1, [raw("200 OK", &headers(100, 10))]),
        above("101 headers", raw("200 OK", &headers(101, 10))),
        above("101 headers of a refusal", raw("503 Service Unavailable", &headers(101, 10))),
        above("8 MB of headers", raw("200 OK", &headers(80, 100_000))),
        above("a header of 8 MB", raw("200 OK", &headers(1, 8_000_000))),
        above(
            "a header that never ends",
            Fault::raw_connection(format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(2_000_000))).always(),
        ),
    ]
}

/// Compressed bodies, each of which arrives in several ways.
fn encodings() -> Vec<Row> {
    let body = three_specs();
    let (whole, (start, end)) = (gzip(&body), body.split_at(20));
    let with = |tail: &[u8]| [whole.as_slice(), tail].concat();
    let mut wrong = whole.clone();
    let checksum = whole.len() - 8;
    wrong[checksum] ^= 1;
    let invalid = Some((InvalidResponse, 1, "decompressed"));
    let unknown = |name| Some((InvalidResponse, 1, name));
    let table = [
        ("gzip", with(b""), None),
        ("GZip", with(b""), None),
        ("x-gzip", with(b""), None),
        ("identity", body.clone(), None),
        ("", body.clone(), None),
        ("gzip", with(b"more"), None),
        ("gzip", with(&[0; 1000]), None),
        ("gzip", with(b"\x1f"), None),
        ("gzip", with(&gzip(b"")), None),
        ("gzip", [gzip(start), gzip(end)].concat(), None),
        ("gzip", with(&gzip(b"more")), Some((InvalidResponse, 1, "trailing characters"))),
        ("gzip", with(b"\x1f\x8b no gzip"), invalid),
        ("gzip", wrong, invalid),
        ("gzip", body.clone(), invalid),
        ("gzip", with(&gzip(b"more")[..12]), Some((Connection, 4, "broke"))),
        ("gzip", whole[..whole.len() - 1].to_vec(), Some((Connection, 4, "broke"))),
        ("br", with(b""), unknown("`br`")),
        ("deflate", with(b""), unknown("`deflate`")),
        ("gzip, gzip", gzip(&whole), unknown("`gzip, gzip`")),
        ("\u{e9}", with(b""), unknown("content encoding")),
    ];
    let mut rows = Vec::new();
    for (number, (name, bytes, failure)) in table.into_iter().enumerate() {
        let boundary = whole.len();
        for (bytes_at_once, every) in
            [(usize::MAX, Duration::ZERO), (1, Duration::ZERO), (boundary, Duration::from_millis(10))]
        {
            let told = format!("compressed body {number}, {bytes_at_once} bytes at once");
            let fault =
                Fault::raw_body(bytes.clone()).header("content-encoding", name).trickle(bytes_at_once, every).always();
            rows.push(match failure {
                None => gives_page(told, 1, [fault]),
                Some((kind, requests, says)) => fails(told, kind, 200, [fault]).after(requests).saying([says]),
            });
        }
    }
    rows
}

fn time_limits() -> Vec<Row> {
    let stops = || Fault::pass().trickle(1, NEVER);
    let timeout = Timeout;
    let total = |session: SessionBuilder| session.total_timeout(LIMIT);
    vec![
        gives_page("no answer, once", 2, [Fault::hang()]).with(|session| session.timeout(LIMIT)),
        gives_page("a body that stops, once", 2, [stops()]).with(|session| session.timeout(LIMIT)),
        fails("no answer", timeout, None, [Fault::hang().always()])
            .after(2)
            .with(|session| session.timeout(LIMIT).retry(RetryPolicy::default().max_attempts(2)))
            .saying(["timeout of 3s"])
            .checking(|error| error.is_retryable() && !error.to_string().contains("total")),
        fails("a body that stops", timeout, 200, [stops()])
            .with(|session| session.timeout(LIMIT).retry(RetryPolicy::none()))
            .saying(["timeout of 3s"]),
        fails("no answer within the total timeout", timeout, None, [Fault::hang().always()])
            .with(total)
            .saying(["total timeout of 3s"])
            .checking(Error::is_retryable),
        fails("a body that stops within the total timeout", timeout, 200, [stops()])
            .with(total)
            .saying(["total timeout of 3s"]),
        // The limits need not be ordered: the first to expire wins.
        fails("the shorter total timeout", timeout, None, [Fault::hang().always()])
            .with(|session| session.timeout(NEVER).total_timeout(LIMIT))
            .saying(["total timeout of 3s"]),
        gives_page("the largest limits there are", 2, [Fault::status(503)]).with(|session| {
            let session = session.timeout(Duration::MAX).total_timeout(Duration::MAX);
            session.connect_timeout(Duration::MAX)
        }),
        fails(
            "a service that stays down for longer than the total timeout",
            ServiceUnavailable,
            503,
            [Fault::status(503).always()],
        )
        .with(|session| {
            let patient = RetryPolicy::default().max_attempts(1000).initial_delay(NEVER).max_delay(NEVER);
            session.total_timeout(LIMIT).retry(patient)
        }),
    ]
}

fn retry_after() -> Vec<Row> {
    let limited = TooManyRequests;
    let wish = |value: String| Fault::status(429).header("retry-after", value).always();
    // A server with a clock of its own, and a wish of so many seconds by it.
    let dated = |year: &str, seconds: u32| {
        let date = |seconds: u32| {
            let (hours, seconds) = (seconds / 3600, seconds % 60);
            format!("Thu, 01 Jan {year} {hours:02}:00:{seconds:02} GMT")
        };
        wish(date(seconds)).header("date", date(0))
    };
    vec![
        fails("a wish beyond the total timeout, in seconds", limited, 429, [wish("3600".into())])
            .saying(["retry after 3600 s"])
            .checking(|error| error.response().and_then(|it| it.retry_after()) == Some(Duration::from_secs(3600))),
        fails("a wish beyond the total timeout, as a date", limited, 429, [wish(http_date(NEVER))]).checking(|error| {
            let wish = error.response().and_then(|response| response.retry_after());
            wish.is_some_and(|wish| NEVER - PATIENCE < wish && wish <= NEVER)
        }),
        fails(
            "a wish beyond a shorter total timeout",
            ServiceUnavailable,
            503,
            [Fault::status(503).header("retry-after", "2").always()],
        )
        .with(|session| session.total_timeout(Duration::from_secs(2))),
        fails("a wish beyond all time", limited, 429, [wish(u64::MAX.to_string())]),
        fails("a wish with another status", NotFound, 404, [Fault::status(404).header("retry-after", "1").always()]),
        fails("a wish of 10^30 seconds", limited, 429, [wish(format!("1{}", "0".repeat(30)))])
            .checking(|error| error.response().and_then(|it| it.retry_after()) == Some(Duration::from_secs(u64::MAX))),
        fails("a wish by a clock that is late", limited, 429, [dated("1970", 3600)]).saying(["retry after 3600 s"]),
        fails("a wish by a clock that is early", limited, 429, [dated("2099", 3600)]).saying(["retry after 3600 s"]),
        gives_page("a wish for a second, by a clock that is early", 2, [dated("2099", 1).times(1)]),
        fails("a wish without retries", limited, 429, [wish("0".into())])
            .with(|session| session.retry(RetryPolicy::none())),
        gives_page("a wish for no time", 2, [wish("0".into()).times(1)]),
        fails("a wish for no time, for ever", limited, 429, [wish("0".into())]).after(4),
        gives_page("a wish in the past", 2, [wish("Thu, 01 Jan 1970 00:00:00 GMT".into()).times(1)]),
        gives_page("a wish that cannot be read", 2, [wish("soon".into()).times(1)]),
        gives_page("a wish in seconds", 2, [wish("1".into()).times(1)]),
        gives_page("more wishes than attempts", 3, [wish("1".into()).times(2)])
            .with(|session| session.retry(RetryPolicy::default().max_attempts(2))),
        gives_page("a wish as a date", 2, [wish(http_date(Duration::from_secs(2))).times(1)]),
    ]
}

fn bodies() -> Vec<Row> {
    let nested = |depth: usize| {
        let (open, close) = ("[".repeat(depth), "]".repeat(depth));
        Fault::raw_body(format!(r#"{{"pageCount":1,"specs":[],"x":{open}{close}}}"#))
    };
    let json = |body: Value| Fault::raw_body(body.to_string());
    let text = |body: &str| Fault::raw_body(body);
    let long = "x".repeat(1_000_000);
    let mut rows = vec![
        invalid("HTML", Fault::status(200).html("<html>Log in</html>")).saying(["begins with `<html>Log in</html>`"]),
        invalid("nothing", text("")),
        invalid("white space", text(" \n ")),
        invalid("null", text("null")).saying(["null"]),
        invalid("a list", text("[]")),
        invalid("a string", text("\"page\"")),
        invalid("a number", text("1")),
        invalid("no fields", text("{}")).keeping("{}"),
        invalid("no item list", text(r#"{"pageCount":1}"#)).saying(["missing field `specs`"]),
        invalid("no page count", text(r#"{"specs":[]}"#)).saying(["missing field `pageCount`"]),
        invalid("another list", text(r#"{"pageCount":1,"deployments":[]}"#)).saying(["missing field `specs`"]),
        invalid("an item list of null", text(r#"{"pageCount":1,"specs":null}"#)).saying(["at `specs`"]),
        invalid("a page count of null", text(r#"{"pageCount":null,"specs":[]}"#)).saying(["at `pageCount`"]),
        invalid("a page count in words", text(r#"{"pageCount":"1","specs":[]}"#)).saying(["at `pageCount`", "\"1\""]),
        invalid("a negative page count", text(r#"{"pageCount":-1,"specs":[]}"#)).saying(["at `pageCount`"]),
        invalid("half a page", text(r#"{"pageCount":0.5,"specs":[]}"#)).saying(["at `pageCount`"]),
        invalid("too many pages", text(r#"{"pageCount":18446744073709551616,"specs":[]}"#)).saying(["at `pageCount`"]),
        invalid("pages in scientific notation", text(r#"{"pageCount":1e3,"specs":[]}"#)).saying(["at `pageCount`"]),
        invalid("an object for a list", text(r#"{"pageCount":1,"specs":{}}"#)).saying(["at `specs`"]),
        invalid("an item without an id", json(json!({ "pageCount": 1, "specs": [{ "id": "a" }, { "kind": "app" }] })))
            .saying(["at `specs[1]`", "missing field `id`"]),
        invalid("an id of null", json(json!({ "pageCount": 1, "specs": [{ "id": null }] }))).saying(["specs[0].id"]),
        invalid("an item of null", json(json!({ "pageCount": 1, "specs": [null] }))).saying(["specs[0]"]),
        invalid(
            "a wrong type deep inside",
            json(json!({ "pageCount": 1, "specs": [{ "id": "a", "metadata": { "tags": [{}, { "name": 7 }] } }] })),
        )
        .saying(["at `specs[0].metadata.tags[1].name`", "integer `7`", "pageCount"]),
        invalid("a kind in numbers", json(json!({ "pageCount": 1, "specs": [{ "id": "a", "kind": 1 }] })))
            .saying(["at `specs[0].kind`"]),
        invalid("no UTF-8", Fault::raw_body(b"{\"pageCount\":1,\"specs\":[],\"x\":\"\xff\"}"))
            .saying(["invalid UTF-8 after byte 31"]),
        invalid(
            "UTF-16",
            Fault::raw_body(
                r#"{"pageCount":1,"specs":[]}"#.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<_>>(),
            ),
        ),
        invalid("half a character", text(r#"{"pageCount":1,"specs":[],"x":"\ud83e"}"#)),
        invalid("a byte order mark", text("\u{feff}{\"pageCount\":1,\"specs\":[]}")),
        invalid("JSON cut off", text(r#"{"pageCount":1,"specs":[{"id":"a"},"#))
            .keeping(r#"{"pageCount":1,"specs":[{"id":"a"},"#),
        invalid(
            "JSON cut off with the connection",
            Fault::raw_connection("HTTP/1.1 200 OK\r\n\r\n{\"pageCount\":1,\"specs\":[{\"id\""),
        ),
        invalid("something after the page", text(r#"{"pageCount":1,"specs":[]} more"#)),
        invalid("two pages", text(r#"{"pageCount":1,"specs":[]}{"pageCount":1,"specs":[]}"#)),
        invalid("a number out of range", text(r#"{"pageCount":1,"specs":[],"x":1e999}"#)),
        invalid("a duplicate key", text(r#"{"pageCount":1,"pageCount":2,"specs":[]}"#)).saying(["duplicate field"]),
        invalid("deep nesting", nested(100_000)).saying(["recursion limit"]),
        invalid("deep nesting that never ends", text(&"[".repeat(1_000_000))),
        invalid("deep objects", text(&"{\"a\":".repeat(200_000))),
        invalid("an enormous string for a number", json(json!({ "pageCount": long, "specs": [] })))
            .saying(["at `pageCount`"]),
        invalid("an enormous key", text(&format!(r#"{{"pageCount":1,"specs":[],"{long}":{}"#, "[".repeat(500)))),
        invalid("an enormous body of no sense", text(&long)),
        invalid("another page", text(&page(3, 2, ["a"]).to_string())).saying(["pageNumber", "2", "1"]),
        invalid("page zero", text(&page(3, 0, ["a"]).to_string())).saying(["pageNumber"]),
        invalid("a page number beyond all", text(&page(3, u64::MAX, ["a"]).to_string())).saying(["pageNumber"]),
        // What is no lie, or cannot be told from the truth.
        gives_page("nesting that is deep enough", 1, [nested(100)]).giving(|page| page.extra.contains_key("x")),
        gives_page(
            "an enormous string",
            1,
            [json(json!({
                "pageCount": 1, "specs": [{ "id": long, "metadata": { "name": long } }], "x": long,
            }))],
        )
        .giving(|page| page.specs[0].id.len() == 1_000_000),
        gives_page("a duplicate unknown key", 1, [text(r#"{"x":1,"pageCount":0,"specs":[],"x":2}"#)])
            .giving(|page| page.extra.len() == 1),
        gives_page("pageCount 0 with items", 1, [text(&page(0, 1, ["a"]).to_string())])
            .giving(|page| page.page_count == 0 && page.specs.len() == 1),
        gives_page("a huge page count", 1, [text(&page(u64::MAX, 1, []).to_string())])
            .giving(|page| page.page_count == u64::MAX),
        gives_page("a page declared as HTML", 1, [Fault::status(200).html(page(1, 1, ["a"]).to_string())])
            .giving(|page| page.specs.len() == 1),
        gives_page("white space around the page", 1, [text(&format!("\r\n\t {} \n", page(1, 1, ["a"])))])
            .giving(|page| page.specs.len() == 1),
    ];
    for status in [201, 202, 203, 204, 205, 206, 207, 226, 299] {
        let empty = Fault::status(status).empty().always();
        rows.push(
            fails(format!("{status} without a page"), InvalidResponse, status, [empty]).saying([&status.to_string()]),
        );
        if ![204, 205].contains(&status) {
            let whole = Fault::status(status).body("application/json", three_specs());
            rows.push(gives_page(format!("{status} with a page"), 1, [whole]));
        }
    }
    rows
}

fn sizes() -> Vec<Row> {
    let limit = |session: SessionBuilder| session.max_response_bytes(4096);
    let above =
        |told: &str, fault: Fault| invalid(told, fault).with(limit).saying(["longer than `max_response_bytes`"]);
    let endless = format!("HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n{}", " ".repeat(100_000));
    vec![
        gives_page("a body as large as the limit", 1, [Fault::raw_body(page_of(4096))]).with(limit),
        gives_page("a compressed body as large as the limit", 1, [gzipped(&page_of(4096))]).with(limit),
        above("a body above the limit", Fault::raw_body(page_of(4097))),
        above("a body far above the limit", Fault::raw_body(page_of(5_000_000))),
        above("a compressed body above the limit", gzipped(&page_of(4097))),
        above("a small body that grows enormously", gzipped(&page_of(5_000_000))),
        above("a body above the limit that never ends", Fault::raw_connection(endless)),
        above("a body above the limit, byte by byte", Fault::raw_body(page_of(4200)).trickle(100, Duration::ZERO)),
        invalid("a limit of nothing", Fault::raw_body(page_of(100))).with(|session| session.max_response_bytes(0)),
        gives_page("no limit", 1, [Fault::raw_body(page_of(100_000))])
            .with(|session| session.max_response_bytes(u64::MAX)),
        gives_page("a compressed body", 1, [gzipped(&three_specs())]),
        invalid("a body that is not compressed as it says", {
            Fault::raw_body(three_specs()).header("content-encoding", "gzip")
        })
        .saying(["decompress"]),
        invalid("a compressed body with an error in it", {
            let mut body = gzip(&page_of(50_000));
            let middle = body.len() / 2;
            body[middle] ^= 0xff;
            Fault::raw_body(body).header("content-encoding", "gzip")
        }),
        invalid("an encoding that was not asked for", {
            Fault::raw_body(b"\x0b\x02\x80").header("content-encoding", "br")
        }),
    ]
}

/// Runs all rows at once, each with a mock of its own.
async fn run(rows: Vec<Row>) -> Outcome {
    let prepared: Vec<_> = rows.into_iter().map(Row::prepare).collect::<Outcome<_>>()?;
    for result in future::join_all(prepared.into_iter().map(Prepared::run)).await {
        result?;
    }
    Ok(())
}

#[tokio::test]
async fn each_status_is_retried_or_reported() -> Outcome {
    run(statuses()).await
}

#[tokio::test]
async fn error_bodies_never_change_the_kind() -> Outcome {
    run(error_bodies()).await
}

#[tokio::test]
async fn broken_connections_are_retried() -> Outcome {
    run(connections()).await
}

#[tokio::test]
async fn heads_above_the_limit_are_named_at_once() -> Outcome {
    run(heads()).await
}

#[tokio::test]
async fn compressed_bodies_give_the_same_however_they_arrive() -> Outcome {
    run(encodings()).await
}

#[tokio::test]
async fn time_limits_end_what_takes_too_long() -> Outcome {
    run(time_limits()).await
}

#[tokio::test]
async fn retry_after_is_honoured_within_the_total_timeout() -> Outcome {
    run(retry_after()).await
}

#[tokio::test]
async fn successes_that_are_no_page_are_invalid_responses() -> Outcome {
    run(bodies()).await
}

#[tokio::test]
async fn bodies_above_the_limit_stop_being_read() -> Outcome {
    run(sizes()).await
}

#[tokio::test]
async fn a_retry_waits_as_long_as_the_service_asks() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).fault(Fault::status(503).header("retry-after", "1")).start()?;
    client(&mock)?.list_specs().page(1).await?;
    let requests = mock.requests();
    assert!(requests[1].received_at() - requests[0].received_at() >= Duration::from_secs(1));
    Ok(())
}

#[tokio::test]
async fn what_cannot_be_reached_is_a_failed_connection() -> Outcome {
    // A port that is taken and where nobody listens.
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    let mock = MockPress::start()?;
    for (url, attempts) in [
        (format!("http://{}", socket.local_addr()?), 4),
        // It does not speak TLS.
        (mock.url().replace("http://", "https://"), 4),
        ("https://press.invalid".to_owned(), 1),
    ] {
        let retry = RetryPolicy::default().max_attempts(attempts).max_delay(Duration::ZERO);
        let session = mock.session_builder().base_url(&url).retry(retry).build()?;
        let error = get_client(session)?.list_specs().page(1).await.expect_err("nobody is there");
        assert_eq!((error.kind(), error.status(), error.attempts()), (Connection, None, attempts), "{error:?}");
        assert!(error.to_string().contains("could not be reached") && error.is_retryable(), "{error}");
    }
    assert_eq!(mock.request_count(), 0);
    Ok(())
}

/// A listener whose queue is full lets nobody in and turns nobody away.
#[cfg(target_os = "linux")]
#[tokio::test]
async fn connecting_has_a_limit_of_its_own() -> Outcome {
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    let listener = socket.listen(1)?;
    let address = listener.local_addr()?;
    let mut queue = Vec::new();
    while let Ok(stream) = timeout(LIMIT / 6, tokio::net::TcpStream::connect(address)).await {
        queue.push(stream?);
        assert!(queue.len() < 1000, "the queue has no end");
    }
    let session = Session::builder()
        .auth_token("token")
        .base_url(format!("http://{address}"))
        .connect_timeout(Duration::from_millis(50))
        .retry(RetryPolicy::default().max_attempts(2).max_delay(Duration::ZERO))
        .build()?;
    let call = get_client(session)?.list_specs().page(1);
    let error = timeout(PATIENCE, call).await?.expect_err("a full queue");
    assert_eq!((error.kind(), error.status(), error.attempts()), (Timeout, None, 2), "{error:?}");
    assert!(error.to_string().contains("connect timeout"), "{error}");
    Ok(())
}

#[tokio::test]
async fn redirects_within_the_origin_are_followed() -> Outcome {
    for status in [301, 302, 303, 307, 308] {
        let mock = MockPress::builder()
            .generated_specs(3)
            .fault(Fault::redirect("/elsewhere/", status).header("set-cookie", "session=1; Path=/"))
            .start()?;
        mock.fault(Fault::redirect(format!("{}/v1/specs/?pageNumber=1", mock.url()), status));
        let page = client(&mock)?.list_specs().page(1).await?;
        assert_eq!((page.specs.len(), mock.request_count()), (3, 3), "{status}");
        for request in mock.requests() {
            assert_eq!(request.header("authorization"), Some(mock.token().as_str()));
            assert_eq!((request.header("referer"), request.header("cookie")), (None, None));
        }
    }
    Ok(())
}

#[tokio::test]
async fn redirects_to_another_origin_are_not_followed() -> Outcome {
    let other = MockPress::builder().generated_specs(3).start()?;
    let mock = MockPress::builder().generated_specs(3).start()?;
    let client = client(&mock)?;
    let port = mock.url().rsplit(':').next().ok_or("a port")?;
    let places = [
        format!("{}/v1/specs/", other.url()),
        format!("//{}/v1/specs/", other.url().trim_start_matches("http://")),
        // The same port by another name or another scheme.
        format!("http://localhost:{port}/v1/specs/"),
        format!("https://127.0.0.1:{port}/v1/specs/"),
        "http://example.invalid/".to_owned(),
        "http://1.2.3.999/".to_owned(),
        "http://[::bad]/".to_owned(),
        "ftp://127.0.0.1/".to_owned(),
        "file:///etc/hosts".to_owned(),
        "data:text/plain,x".to_owned(),
        "javascript:alert(1)".to_owned(),
        "http://".to_owned(),
        "".to_owned(),
    ];
    for place in &places {
        for status in [301, 302, 303, 307, 308] {
            mock.clear_requests();
            mock.fault(Fault::redirect(place, status));
            let result = client.list_specs().page(1).await;
            if place.is_empty() && result.is_ok() {
                // An empty reference is the same document.
                continue;
            }
            let error = result.expect_err("a redirect");
            assert_eq!((error.kind(), error.status()), (UnexpectedStatus, Some(status)), "{place}: {error:?}");
            assert_eq!((error.attempts(), mock.request_count()), (1, 1), "{place}: {error:?}");
            let sent_to = error.response().and_then(|response| response.headers().get("location"));
            assert_eq!(sent_to, Some(place.as_str()));
            assert!(!error.is_retryable());
        }
    }
    // Nor after a redirect within the origin.
    mock.faults([Fault::redirect("/elsewhere", 302), Fault::redirect(&places[0], 302)]);
    let error = client.list_specs().page(1).await.expect_err("a redirect");
    assert_eq!((error.kind(), error.status()), (UnexpectedStatus, Some(302)));
    assert_eq!((other.connections(), other.request_count()), (0, 0), "the token must not travel");
    Ok(())
}

#[tokio::test]
async fn redirects_that_lead_nowhere_are_an_unexpected_status() -> Outcome {
    let circle = || Fault::redirect("/v1/specs/", 302).always();
    let custom = reqwest::redirect::Policy::custom(|attempt| attempt.error("no redirects here"));
    let custom = reqwest::Client::builder().retry(reqwest::retry::never()).redirect(custom).build()?;
    for (fault, http_client) in [(circle(), None), (Fault::status(302).empty(), None), (circle(), Some(custom))] {
        let mock = MockPress::builder().fault(fault).start()?;
        let session = match http_client {
            Some(http_client) => mock.session_builder().http_client(http_client),
            None => mock.session_builder(),
        };
        let error = get_client(session.build()?)?.list_specs().page(1).await.expect_err("a redirect");
        assert_eq!((error.kind(), error.attempts()), (UnexpectedStatus, 1), "{error:?}");
        assert!(!error.is_retryable() && mock.request_count() <= 11, "{}", mock.request_count());
    }
    Ok(())
}

/// Returns the number of requests of each call.
pub(crate) async fn requests_per_call(mock: &MockPress, session: &Session, calls: usize) -> Outcome<Vec<usize>> {
    let client = get_client(session.clone())?;
    let mut requests = Vec::new();
    for _ in 0..calls {
        mock.clear_requests();
        let _ = client.list_specs().page(1).await;
        requests.push(mock.request_count());
    }
    Ok(requests)
}

pub(crate) fn impatient(mock: &MockPress) -> Outcome<Session> {
    let retry = RetryPolicy::default().max_delay(Duration::ZERO);
    Ok(mock.session_builder().retry(retry).build()?)
}

#[tokio::test]
async fn a_dead_service_soon_gets_one_request_per_call() -> Outcome {
    let mock = MockPress::builder().fault(Fault::status(503).always()).start()?;
    let session = impatient(&mock)?;
    // 500 tokens pay for 100 retries: 33 calls with three each, and one more.
    let requests = requests_per_call(&mock, &session, 60).await?;
    assert_eq!(requests[..33], [4; 33]);
    assert_eq!(requests[33], 2);
    assert_eq!(requests[34..], [1; 26]);
    // The error is that of the response all the same.
    let error = get_client(session)?.list_specs().page(1).await.expect_err("a dead service");
    assert_eq!((error.kind(), error.attempts()), (ServiceUnavailable, 1));

    // A fresh session has its retries.
    assert_eq!(requests_per_call(&mock, &impatient(&mock)?, 1).await?, [4]);
    Ok(())
}

#[tokio::test]
async fn the_retry_budget_is_shared_by_all_clients_of_a_session() -> Outcome {
    let mock = MockPress::builder().fault(Fault::drop_connection().always()).start()?;
    let session = impatient(&mock)?;
    let clients = [get_client(session.clone())?, get_client(session.clone())?];
    for client in clients.iter().chain(&[clients[0].clone()]) {
        for _ in 0..15 {
            let _ = client.list_specs().page(1).await;
            let _ = client.list_spec_release_deployments("s").page(1).await;
        }
    }
    assert_eq!(mock.request_count(), 3 * 30 + 100);
    Ok(())
}

#[tokio::test]
async fn successes_fill_the_retry_budget_again() -> Outcome {
    let mock = MockPress::builder().generated_specs(1).fault(Fault::status(503).always()).start()?;
    let session = impatient(&mock)?;
    requests_per_call(&mock, &session, 40).await?;
    assert_eq!(requests_per_call(&mock, &session, 1).await?, [1], "the budget is used up");
    mock.clear_faults();
    // Nine tokens: one retry, and only its success pays for another.
    requests_per_call(&mock, &session, 9).await?;
    for _ in 0..2 {
        mock.fault(Fault::status(503));
        assert_eq!(requests_per_call(&mock, &session, 1).await?, [2]);
    }
    mock.fault(Fault::status(503).always());
    assert_eq!(requests_per_call(&mock, &session, 3).await?, [2, 1, 1]);

    // A full budget grows no further.
    mock.clear_faults();
    let session = impatient(&mock)?;
    requests_per_call(&mock, &session, 10).await?;
    mock.fault(Fault::status(503).always());
    assert_eq!(requests_per_call(&mock, &session, 40).await?.iter().sum::<usize>(), 40 + 100);
    Ok(())
}

#[tokio::test]
async fn what_is_not_retried_costs_no_budget() -> Outcome {
    let mock = MockPress::builder().fault(Fault::status(404).times(200)).start()?;
    let session = impatient(&mock)?;
    assert_eq!(requests_per_call(&mock, &session, 200).await?, [1; 200]);
    mock.fault(Fault::status(503).always());
    assert_eq!(requests_per_call(&mock, &session, 33).await?, [4; 33]);
    Ok(())
}

#[tokio::test]
async fn dropping_a_call_cancels_its_request_at_once() -> Outcome {
    let slow = || Fault::pass().trickle(1, NEVER);
    let mock = MockPress::builder().generated_specs(2).faults([Fault::hang(), slow(), slow()]).start()?;
    let client = client(&mock)?;
    let call = tokio::spawn(client.list_specs().page(1));
    mock.wait_for_requests(1, PATIENCE).await?;
    call.abort();
    mock.wait_for_aborted(1, PATIENCE).await?;
    for (number, mut stream) in [(2, client.list_specs().stream()), (3, client.list_specs().concurrency(4).stream())] {
        let walk = tokio::spawn(async move { stream.next().await.map(drop) });
        mock.wait_for_requests(number, PATIENCE).await?;
        walk.abort();
        mock.wait_for_aborted(number, PATIENCE).await?;
    }
    assert_eq!(mock.in_flight(), 0);
    Ok(())
}

#[tokio::test]
async fn dropping_a_call_while_it_waits_to_try_again_sends_nothing_more() -> Outcome {
    let mock = MockPress::builder().fault(Fault::status(503).header("retry-after", "60").always()).start()?;
    let client = client(&mock)?;
    let call = tokio::spawn(client.list_specs().page(1));
    mock.wait_for_requests(1, PATIENCE).await?;
    call.abort();
    assert!(call.await.is_err_and(|error| error.is_cancelled()));
    mock.clear_faults();
    client.list_specs().page(1).await?;
    assert_eq!(mock.request_count(), 2);
    Ok(())
}
