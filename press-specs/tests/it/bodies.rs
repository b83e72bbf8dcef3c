//! Response heads and bodies: format, size and encoding.

use std::time::Duration;

use press_specs::{
    ErrorKind::{BadRequest, Connection, InternalServerError, InvalidResponse},
    SessionBuilder,
    mock::{Fault, MockPress},
};
use serde_json::json;

use crate::{
    Outcome, client, page,
    support::{
        HIDDEN, LONG_LIMIT, NEVER, NO_VARIABLES, encoded, gzip, in_child, invalid_response,
        padded_page, page_body, returns_error, returns_page, run_scenarios, runtime,
    },
};

/// The number of body bytes that an error keeps.
const KEPT: usize = 64 * 1024;

#[tokio::test]
async fn error_bodies_never_change_the_kind() -> Outcome {
    let status = || Fault::status(400);
    let bad_request = |name: &str, fault: Fault| returns_error(name, BadRequest, 400, fault);
    let compressed =
        |body: &[u8]| status().body("text/plain", body).header("content-encoding", "gzip");
    // Truncated in the middle of a character.
    let long = format!("x{}", "é".repeat(KEPT));
    let cut_off = Fault::status(500).html("0123456789").cut_after(4);
    let endless = status().html("x".repeat(200_000)).trickle(100_000, NEVER);
    run_scenarios([
        bad_request("more than 64 KiB", status().html(long.clone()))
            .body(&long.as_bytes()[..KEPT])
            .check_error(|error| error.response().and_then(|it| it.text()).is_some()),
        bad_request("exactly 64 KiB", status().html("x".repeat(KEPT))).body("x".repeat(KEPT)),
        bad_request("cut off", status().html("0123456789").cut_after(4)).body("0123"),
        returns_error("500, cut off", InternalServerError, 500, cut_off).requests(4).body("0123"),
        bad_request("a body that stops", status().html("0123456789").trickle(3, NEVER))
            .session(|session| session.timeout(LONG_LIMIT))
            .body("012"),
        bad_request("a long body that stops", endless)
            .session(|session| session.timeout(NEVER))
            .body("x".repeat(KEPT)),
        bad_request("above the limit of the session", status().html("x".repeat(5000)))
            .session(|session| session.max_response_bytes(10)),
        bad_request("compressed", compressed(&gzip(b"wrong kind"))).body("wrong kind"),
        bad_request("invalid gzip", compressed(b"not gzip")),
        bad_request("deep nesting", status().body("application/json", "[".repeat(60_000))),
    ])
    .await
}

#[tokio::test]
async fn error_texts_are_short_and_on_one_line() -> Outcome {
    let status = || Fault::status(400);
    let bad_request = |name: &str, fault: Fault| returns_error(name, BadRequest, 400, fault);
    let lines = json!({ "title": "a\nb", "detail": "\u{1b}[31mred\r\n" });
    let hidden = json!({ "title": format!("a{HIDDEN}b"), "detail": HIDDEN });
    let long_title = json!({ "title": "x".repeat(60_000) });
    run_scenarios([
        bad_request("several lines", status().json(lines))
            .message("a b")
            .check_error(|error| !error.to_string().contains('\u{1b}')),
        bad_request("hidden characters", status().json(hidden)).check_error(|error| {
            let text = format!("{error}{error:?}{error:#?}");
            !text.contains(|c| HIDDEN.contains(c))
        }),
        bad_request("a long request id", status().header("x-request-id", "x".repeat(10_000)))
            .message("request id xxx")
            .check_error(|error| {
                let id = error.response().and_then(|response| response.request_id());
                id.is_some_and(|id| id.len() == 10_000) && format!("{error:#?}").len() < 2000
            }),
        bad_request("a long title", status().json(long_title)).check_error(|error| {
            let title = error.response().and_then(|response| response.title());
            title.is_some_and(|title| title.len() == 60_000)
        }),
    ])
    .await
}

#[tokio::test]
async fn responses_that_are_not_http_are_not_retried() -> Outcome {
    let malformed = |name: &str, response: &[u8]| {
        returns_error(name, InvalidResponse, None, Fault::raw_connection(response))
            .message("did not respond with HTTP")
    };
    let two_lengths = "HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n";
    run_scenarios([
        malformed("another protocol", b"SSH-2.0-nonsense\r\n\r\n"),
        malformed("HTTP/0.9", page_body().as_bytes()),
        malformed("zeros", &[0; 1000]),
        malformed("an invalid status", b"HTTP/1.1 2000 OK\r\n\r\n"),
        malformed("an unknown version", b"HTTP/9.9 200 OK\r\n\r\n"),
        malformed("an invalid header", b"HTTP/1.1 200 OK\r\na b: c\r\n\r\n"),
        malformed("an invalid length", b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n"),
        malformed("two lengths", two_lengths.as_bytes()),
    ])
    .await
}

/// Returns `count` header lines with values of this length.
fn header_lines(count: usize, length: usize) -> String {
    let value = "x".repeat(length);
    (0..count).map(|number| format!("x-{number}: {value}\r\n")).collect()
}

#[tokio::test]
async fn oversized_headers_are_invalid_responses() -> Outcome {
    let raw = |status: &str, headers: String| {
        Fault::raw_connection(format!("HTTP/1.1 {status}\r\n{headers}\r\n{}", page_body()))
    };
    let oversized = |name: &str, fault| {
        returns_error(name, InvalidResponse, None, fault).message("response headers are too large")
    };
    let endless = format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(2_000_000));
    run_scenarios([
        returns_page("100 headers", 1, raw("200 OK", header_lines(100, 10))),
        oversized("101 headers", raw("200 OK", header_lines(101, 10))),
        oversized("503 with 101 headers", raw("503 Unavailable", header_lines(101, 10))),
        oversized("8 MB of headers", raw("200 OK", header_lines(80, 100_000))),
        oversized("a header of 8 MB", raw("200 OK", header_lines(1, 8_000_000))),
        oversized("an endless header", Fault::raw_connection(endless)),
    ])
    .await
}

enum Decoding {
    Succeeds,
    IsCutOff,
    Fails(&'static str),
}

struct EncodedBody {
    encoding: &'static str,
    body: Vec<u8>,
    decoding: Decoding,
}

fn encoded_bodies() -> Vec<EncodedBody> {
    use Decoding::{Fails, IsCutOff, Succeeds};
    let row = |encoding, body, decoding| EncodedBody { encoding, body, decoding };
    let plain = page_body().into_bytes();
    let whole = gzip(&plain);
    let followed_by = |tail: &[u8]| [whole.as_slice(), tail].concat();
    let two_members = [gzip(&plain[..20]), gzip(&plain[20..])].concat();
    let mut wrong_checksum = whole.clone();
    wrong_checksum[whole.len() - 8] ^= 1;
    vec![
        row("gzip", whole.clone(), Succeeds),
        row("GZip", whole.clone(), Succeeds),
        row("x-gzip", whole.clone(), Succeeds),
        row("identity", plain.clone(), Succeeds),
        row("", plain.clone(), Succeeds),
        row("gzip", two_members, Succeeds),
        row("gzip", followed_by(&gzip(b"")), Succeeds),
        row("gzip", followed_by(b"more"), IsCutOff),
        row("gzip", followed_by(b"\x1f"), IsCutOff),
        row("gzip", followed_by(&gzip(b"more")[..12]), IsCutOff),
        row("gzip", whole[..whole.len() - 1].to_vec(), IsCutOff),
        row("gzip", followed_by(&[0; 1000]), Fails("decompressed")),
        row("gzip", followed_by(&gzip(b"more")), Fails("trailing characters")),
        row("gzip", followed_by(b"\x1f\x8b no gzip"), Fails("decompressed")),
        row("gzip", wrong_checksum, Fails("decompressed")),
        row("gzip", plain, Fails("decompressed")),
        row("br", whole.clone(), Fails("`br`")),
        row("deflate", whole.clone(), Fails("`deflate`")),
        row("gzip, gzip", gzip(&whole), Fails("content encoding `gzip`")),
        row("\u{e9}", whole, Fails("content encoding")),
    ]
}

#[tokio::test]
async fn compressed_bodies_are_decoded_or_rejected() -> Outcome {
    let first_member = gzip(page_body().as_bytes()).len();
    let mut scenarios = Vec::new();
    for (index, row) in encoded_bodies().into_iter().enumerate() {
        let fault = encoded(row.encoding, row.body);
        let ways = [
            fault.clone(),
            fault.clone().trickle(1, Duration::ZERO),
            fault.trickle(first_member, Duration::from_millis(10)),
        ];
        for fault in ways {
            let name = format!("row {index}: {fault:?}");
            scenarios.push(match row.decoding {
                Decoding::Succeeds => returns_page(name, 1, fault),
                Decoding::IsCutOff => returns_error(name, Connection, 200, fault)
                    .requests(4)
                    .message("closed before the response"),
                Decoding::Fails(message) => invalid_response(name, fault).message(message),
            });
        }
    }
    run_scenarios(scenarios).await
}

struct InvalidBody {
    body: &'static str,
    message: &'static str,
}

const INVALID_BODIES: &[InvalidBody] = &[
    InvalidBody { body: "<html>Log in</html>", message: "begins with `<html>Log in</html>`" },
    InvalidBody { body: "", message: "" },
    InvalidBody { body: " \n ", message: "" },
    InvalidBody { body: "null", message: "null" },
    InvalidBody { body: "[]", message: "" },
    InvalidBody { body: "{}", message: "" },
    InvalidBody { body: r#"{"pageCount":1}"#, message: "missing field `specs`" },
    InvalidBody { body: r#"{"specs":[]}"#, message: "missing field `pageCount`" },
    InvalidBody { body: r#"{"pageCount":1,"deployments":[]}"#, message: "missing field `specs`" },
    InvalidBody { body: r#"{"pageCount":1,"specs":null}"#, message: "at `specs`" },
    InvalidBody { body: r#"{"pageCount":1,"specs":{}}"#, message: "at `specs`" },
    InvalidBody { body: r#"{"pageCount":null,"specs":[]}"#, message: "at `pageCount`" },
    InvalidBody {
        body: r#"{"pageCount":"1","specs":[]}"#,
        message: "at `pageCount`: invalid type: string \"1\"",
    },
    InvalidBody { body: r#"{"pageCount":-1,"specs":[]}"#, message: "at `pageCount`" },
    InvalidBody {
        body: r#"{"pageCount":18446744073709551616,"specs":[]}"#,
        message: "at `pageCount`",
    },
    InvalidBody { body: r#"{"pageCount":1e3,"specs":[]}"#, message: "at `pageCount`" },
    InvalidBody {
        body: r#"{"pageCount":1,"specs":[{"id":"a"},{"kind":"app"}]}"#,
        message: "at `specs[1]`: missing field `id`",
    },
    InvalidBody { body: r#"{"pageCount":1,"specs":[{"id":null}]}"#, message: "at `specs[0].id`" },
    InvalidBody { body: r#"{"pageCount":1,"specs":[null]}"#, message: "at `specs[0]`" },
    InvalidBody { body: r#"{"pageCount":1,"specs":[{"id":"a"},"#, message: "" },
    InvalidBody { body: r#"{"pageCount":1,"specs":[]} more"#, message: "trailing characters" },
    InvalidBody {
        body: r#"{"pageCount":1,"specs":[]}{"pageCount":1,"specs":[]}"#,
        message: "trailing characters",
    },
    InvalidBody { body: r#"{"pageCount":1,"specs":[],"x":1e999}"#, message: "number out of range" },
];

#[tokio::test]
async fn non_page_success_is_invalid_response() -> Outcome {
    let mut scenarios = Vec::new();
    for InvalidBody { body, message } in INVALID_BODIES {
        let fault = Fault::raw_body(*body);
        scenarios.push(invalid_response(*body, fault).message(*message).body(*body));
    }
    let not_utf_8 = b"{\"pageCount\":1,\"specs\":[],\"x\":\"\xff\"}";
    let not_utf_8 = invalid_response("invalid UTF-8", Fault::raw_body(not_utf_8));
    scenarios.push(not_utf_8.message("invalid UTF-8 after byte 31"));
    let page = r#"{"pageCount":1,"specs":[]}"#;
    let utf_16: Vec<_> = page.encode_utf16().flat_map(u16::to_le_bytes).collect();
    scenarios.push(invalid_response("UTF-16", Fault::raw_body(utf_16)));
    run_scenarios(scenarios).await
}

/// A page with lists nested this deep.
fn nested_page(depth: usize) -> String {
    let lists = format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    format!(r#"{{"pageCount":1,"specs":[],"x":{lists}}}"#)
}

#[tokio::test]
async fn long_and_deeply_nested_bodies_are_invalid_responses() -> Outcome {
    let long = "x".repeat(1_000_000);
    let long_count = format!(r#"{{"pageCount":"{long}","specs":[]}}"#);
    let long_key = format!(r#"{{"pageCount":1,"specs":[],"{long}":{}"#, "[".repeat(500));
    let invalid = |name: &str, body: String| invalid_response(name, Fault::raw_body(body));
    run_scenarios([
        invalid("a deeply nested page", nested_page(100_000)).message("recursion limit"),
        invalid("deeply nested lists", "[".repeat(1_000_000)),
        invalid("deeply nested objects", "{\"a\":".repeat(200_000)),
        invalid("a long page count", long_count).message("at `pageCount`"),
        invalid("a long key", long_key),
        invalid("a long text", long),
    ])
    .await
}

#[tokio::test]
async fn wrong_page_is_invalid_response() -> Outcome {
    let mut scenarios = Vec::new();
    for number in [2, 0, u64::MAX] {
        let fault = Fault::raw_body(page(3, number, []).to_string());
        let scenario = invalid_response(format!("page {number} instead of 1"), fault)
            .message(format!("its `pageNumber` is {number} instead of 1"))
            // The page has been decoded, so its body is no longer available.
            .check_error(|error| error.response().is_none());
        scenarios.push(scenario);
    }
    run_scenarios(scenarios).await
}

#[tokio::test]
async fn unusual_pages_are_accepted() -> Outcome {
    let long = "x".repeat(1_000_000);
    let long =
        format!(r#"{{"pageCount":1,"specs":[{{"id":"{long}","kind":"{long}"}}],"x":"{long}"}}"#);
    let surrounded = format!("\r\n\t {} \n", page_body());
    let accepted = |name: &str, body: &str| returns_page(name, 1, Fault::raw_body(body));
    run_scenarios([
        accepted("moderate nesting", &nested_page(100))
            .check_page(|page| page.extra.contains_key("x")),
        accepted("long strings", &long).check_page(|page| page.specs[0].id.len() == 1_000_000),
        accepted("a duplicate unknown key", r#"{"x":1,"pageCount":0,"specs":[],"x":2}"#)
            .check_page(|page| page.extra.len() == 1),
        accepted("page count 0 with items", r#"{"pageCount":0,"specs":[{"id":"a"}]}"#)
            .check_page(|page| page.page_count == 0 && page.specs.len() == 1),
        accepted("a duplicate required field", r#"{"pageCount":1,"pageCount":2,"specs":[]}"#)
            .check_page(|page| page.page_count == 2),
        accepted("an unpaired surrogate", r#"{"pageCount":1,"specs":[],"x":"\ud83e"}"#)
            .check_page(|page| page.extra["x"] == "\u{fffd}"),
        accepted("a byte order mark", "\u{feff}{\"pageCount\":1,\"specs\":[]}")
            .check_page(|page| page.page_count == 1),
        accepted("another type", r#"{"pageCount":1,"specs":[{"id":"a","kind":1}]}"#)
            .check_page(|page| page.specs[0].extra["kind"] == 1),
        accepted("a huge page count", r#"{"pageCount":18446744073709551615,"specs":[]}"#)
            .check_page(|page| page.page_count == u64::MAX),
        accepted("white space around the page", &surrounded),
        returns_page("declared as HTML", 1, Fault::status(200).html(page_body())),
    ])
    .await
}

#[tokio::test]
async fn every_success_status_requires_a_page() -> Outcome {
    let mut scenarios = Vec::new();
    for status in [201, 202, 203, 204, 205, 206, 207, 226, 299] {
        let name = format!("{status} without a page");
        let empty = returns_error(name, InvalidResponse, status, Fault::status(status).empty());
        scenarios.push(empty.message(status.to_string()));
        // These two have no body in HTTP.
        if status != 204 && status != 205 {
            let page = Fault::status(status).body("application/json", page_body());
            scenarios.push(returns_page(format!("{status} with a page"), 1, page));
        }
    }
    run_scenarios(scenarios).await
}

#[tokio::test]
async fn bodies_are_read_up_to_the_limit() -> Outcome {
    let limit = |session: SessionBuilder| session.max_response_bytes(4096);
    let too_long = |name: &str, fault| {
        invalid_response(name, fault).session(limit).message("longer than `max_response_bytes`")
    };
    let plain = |bytes| Fault::raw_body(padded_page(bytes));
    let compressed = |bytes| encoded("gzip", gzip(&padded_page(bytes)));
    let endless =
        format!("HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n{}", " ".repeat(100_000));
    let mut damaged = gzip(&padded_page(50_000));
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    run_scenarios([
        returns_page("a body as long as the limit", 1, plain(4096)).session(limit),
        returns_page("compressed, as long as the limit", 1, compressed(4096)).session(limit),
        too_long("a body above the limit", plain(4097)),
        too_long("a body far above the limit", plain(5_000_000)),
        too_long("compressed, above the limit", compressed(4097)),
        too_long("compressed, far above the limit", compressed(5_000_000)),
        too_long("an endless body", Fault::raw_connection(endless)),
        too_long("a body above the limit, in pieces", plain(4200).trickle(100, Duration::ZERO)),
        invalid_response("a limit of 0", plain(100))
            .session(|session| session.max_response_bytes(0)),
        returns_page("no limit", 1, plain(100_000))
            .session(|session| session.max_response_bytes(u64::MAX)),
        invalid_response("a damaged compressed body", encoded("gzip", damaged)),
    ])
    .await
}

/// A page that uses as much memory as possible for its length.
fn worst_case_page(bytes: usize) -> Vec<u8> {
    let item = r#"{"":0},"#;
    let items = item.repeat(bytes / item.len());
    let items = items.trim_end_matches(',');
    format!(r#"{{"pageCount":1,"specs":[],"x":[{items}]}}"#).into_bytes()
}

/// Returns the largest resident memory of this process so far, in bytes.
#[cfg(target_os = "linux")]
fn peak_memory() -> Outcome<usize> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("VmHWM")?;
    let kilobytes = line.trim().split(' ').next().ok_or("a number")?;
    Ok(kilobytes.parse::<usize>()? * 1024)
}

#[cfg(target_os = "linux")]
#[test]
fn worst_case_page_memory_is_bounded() -> Outcome {
    // In a child process, so that other tests don't use memory.
    in_child("bodies::worst_case_page_memory_is_bounded", NO_VARIABLES, || {
        let page = worst_case_page(2 * 1024 * 1024);
        let length = page.len();
        let fault = Fault::raw_body(page).on_page(2).always();
        let mock = MockPress::builder().generated_specs(1).fault(fault).start()?;
        let client = client(&mock)?;
        let runtime = runtime()?;
        runtime.block_on(client.list_specs().page(1))?;
        let before = peak_memory()?;
        let page = runtime.block_on(client.list_specs().page(2))?;
        let factor = (peak_memory()? - before) / length;
        assert!(page.extra.contains_key("x"));
        assert!((20..=120).contains(&factor), "{factor} bytes for each byte");
        Ok(())
    })
}
