//! Heads and bodies of responses: their form, their length and their encoding.

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
        HIDDEN, LONG_LIMIT, NEVER, encoded, fails, gives_page, gzip, in_child, invalid, page_of,
        run, runtime, whole,
    },
};

#[tokio::test]
async fn error_bodies_never_change_the_kind() -> Outcome {
    const KEPT: usize = 64 * 1024;
    let refused = || Fault::status(400);
    let refuses = |told: &str, fault: Fault| fails(told, BadRequest, 400, fault);
    // Cut in the middle of a character.
    let long = format!("x{}", "é".repeat(KEPT));
    let compressed =
        |body: &[u8]| refused().body("text/plain", body).header("content-encoding", "gzip");
    run([
        refuses("a body above 64 KiB", refused().html(long.clone()))
            .keeping(&long.as_bytes()[..KEPT])
            .checking(|error| error.response().and_then(|response| response.text()).is_some()),
        refuses("exactly 64 KiB", refused().html("x".repeat(KEPT))).keeping("x".repeat(KEPT)),
        refuses("cut off", refused().html("0123456789").cut_after(4)).keeping("0123"),
        fails(
            "a 500 cut off",
            InternalServerError,
            500,
            Fault::status(500).html("0123456789").cut_after(4),
        )
        .after(4)
        .keeping("0123"),
        refuses("a body that never comes", refused().html("0123456789").trickle(3, NEVER))
            .with(|session| session.timeout(LONG_LIMIT))
            .keeping("012"),
        refuses(
            "a long body that never ends",
            refused().html("x".repeat(200_000)).trickle(100_000, NEVER),
        )
        .with(|session| session.timeout(NEVER))
        .keeping("x".repeat(KEPT)),
        refuses("a body above the limit of the session", refused().html("x".repeat(5000)))
            .with(|session| session.max_response_bytes(10)),
        refuses("compressed", compressed(&gzip(b"wrong kind"))).keeping("wrong kind"),
        refuses("a body that cannot be decompressed", compressed(b"no gzip")),
        refuses(
            "many lines",
            refused().json(json!({ "title": "a\nb", "detail": "\u{1b}[31mred\r\n" })),
        )
        .saying("a b")
        .checking(|error| !error.to_string().contains('\u{1b}')),
        refuses(
            "hidden characters",
            refused().json(json!({ "title": format!("a{HIDDEN}b"), "detail": HIDDEN })),
        )
        .checking(|error| !format!("{error}{error:?}{error:#?}").contains(|c| HIDDEN.contains(c))),
        refuses("an enormous request id", refused().header("x-request-id", "x".repeat(10_000)))
            .saying("request id xxx")
            .checking(|error| {
                let id = error.response().and_then(|response| response.request_id());
                id.is_some_and(|id| id.len() == 10_000) && format!("{error:#?}").len() < 2000
            }),
        refuses("an enormous title", refused().json(json!({ "title": "x".repeat(60_000) })))
            .checking(|error| {
                error.response().and_then(|it| it.title()).is_some_and(|it| it.len() == 60_000)
            }),
        refuses("deep nesting", refused().body("application/json", "[".repeat(60_000))),
    ])
    .await
}

#[tokio::test]
async fn responses_that_are_not_http_are_not_retried() -> Outcome {
    let malformed = |told: &str, response: &[u8]| {
        fails(told, InvalidResponse, None, Fault::raw_connection(response))
            .saying("did not respond with HTTP")
    };
    run([
        malformed("another protocol", b"SSH-2.0-nonsense\r\n\r\n"),
        malformed("HTTP/0.9", whole().as_bytes()),
        malformed("zeros", &[0; 1000]),
        malformed("an invalid status", b"HTTP/1.1 2000 OK\r\n\r\n"),
        malformed("an unknown version", b"HTTP/9.9 200 OK\r\n\r\n"),
        malformed("an invalid header", b"HTTP/1.1 200 OK\r\na b: c\r\n\r\n"),
        malformed("an invalid length", b"HTTP/1.1 200 OK\r\ncontent-length: many\r\n\r\n"),
        malformed(
            "two lengths",
            b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\ncontent-length: 6\r\n\r\n",
        ),
    ])
    .await
}

#[tokio::test]
async fn oversized_headers_are_invalid_responses() -> Outcome {
    let raw = |status, headers: &str| {
        Fault::raw_connection(format!("HTTP/1.1 {status}\r\n{headers}\r\n{}", whole()))
    };
    let headers = |count, length| {
        (0..count).map(|n| format!("x-{n}: {}\r\n", "x".repeat(length))).collect::<String>()
    };
    let above = |told: &str, fault| {
        fails(told, InvalidResponse, None, fault).saying("response headers are too large")
    };
    run([
        gives_page("100 headers", 1, raw("200 OK", &headers(100, 10))),
        above("101 headers", raw("200 OK", &headers(101, 10))),
        above("101 headers of a refusal", raw("503 Service Unavailable", &headers(101, 10))),
        above("8 MB of headers", raw("200 OK", &headers(80, 100_000))),
        above("a header of 8 MB", raw("200 OK", &headers(1, 8_000_000))),
        above("a header that never ends", {
            Fault::raw_connection(format!("HTTP/1.1 200 OK\r\nx: {}", "x".repeat(2_000_000)))
        }),
    ])
    .await
}

#[tokio::test]
async fn compressed_bodies_are_decoded_or_rejected() -> Outcome {
    let body = whole().into_bytes();
    let (whole, (start, end)) = (gzip(&body), body.split_at(20));
    let with = |tail: &[u8]| [whole.as_slice(), tail].concat();
    let mut wrong = whole.clone();
    let checksum = whole.len() - 8;
    wrong[checksum] ^= 1;
    let invalid = |says| Some((InvalidResponse, 1, says));
    let broken = Some((Connection, 4, "closed before the response"));
    let table = [
        ("gzip", with(b""), None),
        ("GZip", with(b""), None),
        ("x-gzip", with(b""), None),
        ("identity", body.clone(), None),
        ("", body.clone(), None),
        ("gzip", with(b"more"), broken),
        ("gzip", with(&[0; 1000]), invalid("decompressed")),
        ("gzip", with(b"\x1f"), broken),
        ("gzip", with(&gzip(b"")), None),
        ("gzip", [gzip(start), gzip(end)].concat(), None),
        ("gzip", with(&gzip(b"more")), invalid("trailing characters")),
        ("gzip", with(b"\x1f\x8b no gzip"), invalid("decompressed")),
        ("gzip", wrong, invalid("decompressed")),
        ("gzip", body.clone(), invalid("decompressed")),
        ("gzip", with(&gzip(b"more")[..12]), broken),
        ("gzip", whole[..whole.len() - 1].to_vec(), broken),
        ("br", with(b""), invalid("`br`")),
        ("deflate", with(b""), invalid("`deflate`")),
        ("gzip, gzip", gzip(&whole), invalid("content encoding `gzip`")),
        ("\u{e9}", with(b""), invalid("content encoding")),
    ];
    let ways = [
        (usize::MAX, Duration::ZERO),
        (1, Duration::ZERO),
        (whole.len(), Duration::from_millis(10)),
    ];
    run(table.into_iter().zip(1..).flat_map(|((encoding, body, failure), number)| {
        ways.map(|(bytes, every)| {
            let told = format!("compressed body {number}, {bytes} bytes at once");
            let fault = encoded(encoding, body.clone()).trickle(bytes, every);
            match failure {
                None => gives_page(told, 1, fault),
                Some((kind, requests, says)) => {
                    fails(told, kind, 200, fault).after(requests).saying(says)
                }
            }
        })
    }))
    .await
}

#[tokio::test]
async fn non_page_success_is_invalid_response() -> Outcome {
    let x = "x".repeat(1_000_000);
    let nested = |depth| {
        format!(r#"{{"pageCount":1,"specs":[],"x":{}{}}}"#, "[".repeat(depth), "]".repeat(depth))
    };
    // A body, and a part of the error text.
    let short = [
        ("<html>Log in</html>", "begins with `<html>Log in</html>`"),
        ("", ""),
        (" \n ", ""),
        ("null", "null"),
        ("[]", ""),
        ("{}", ""),
        (r#"{"pageCount":1}"#, "missing field `specs`"),
        (r#"{"specs":[]}"#, "missing field `pageCount`"),
        (r#"{"pageCount":1,"deployments":[]}"#, "missing field `specs`"),
        (r#"{"pageCount":1,"specs":null}"#, "at `specs`"),
        (r#"{"pageCount":1,"specs":{}}"#, "at `specs`"),
        (r#"{"pageCount":null,"specs":[]}"#, "at `pageCount`"),
        (r#"{"pageCount":"1","specs":[]}"#, "at `pageCount`: invalid type: string \"1\""),
        (r#"{"pageCount":-1,"specs":[]}"#, "at `pageCount`"),
        (r#"{"pageCount":18446744073709551616,"specs":[]}"#, "at `pageCount`"),
        (r#"{"pageCount":1e3,"specs":[]}"#, "at `pageCount`"),
        (
            r#"{"pageCount":1,"specs":[{"id":"a"},{"kind":"app"}]}"#,
            "at `specs[1]`: missing field `id`",
        ),
        (r#"{"pageCount":1,"specs":[{"id":null}]}"#, "at `specs[0].id`"),
        (r#"{"pageCount":1,"specs":[null]}"#, "at `specs[0]`"),
        (r#"{"pageCount":1,"specs":[{"id":"a"},"#, ""),
        (r#"{"pageCount":1,"specs":[]} more"#, "trailing characters"),
        (r#"{"pageCount":1,"specs":[]}{"pageCount":1,"specs":[]}"#, "trailing characters"),
        (r#"{"pageCount":1,"specs":[],"x":1e999}"#, "number out of range"),
    ];
    let long = [
        (nested(100_000), "recursion limit"),
        ("[".repeat(1_000_000), ""),
        ("{\"a\":".repeat(200_000), ""),
        (format!(r#"{{"pageCount":"{x}","specs":[]}}"#), "at `pageCount`"),
        (format!(r#"{{"pageCount":1,"specs":[],"{x}":{}"#, "[".repeat(500)), ""),
        (x.clone(), ""),
    ];
    // These pages are decoded, so the error has no response.
    let other_pages = [2, 0, u64::MAX].map(|number| {
        let fault = Fault::raw_body(page(3, number, []).to_string());
        invalid(format!("page {number} instead of 1"), fault)
            .saying(format!("its `pageNumber` is {number} instead of 1"))
            .checking(|error| error.response().is_none())
    });
    let utf_16: Vec<_> =
        r#"{"pageCount":1,"specs":[]}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let sound = |told, body: &str| gives_page(told, 1, Fault::raw_body(body));
    let others = [
        invalid("no UTF-8", Fault::raw_body(b"{\"pageCount\":1,\"specs\":[],\"x\":\"\xff\"}"))
            .saying("invalid UTF-8 after byte 31"),
        invalid("UTF-16", Fault::raw_body(utf_16)),
        // What is no lie, or cannot be told from the truth.
        sound("nesting that is deep enough", &nested(100))
            .giving(|page| page.extra.contains_key("x")),
        sound(
            "enormous strings",
            &format!(r#"{{"pageCount":1,"specs":[{{"id":"{x}","kind":"{x}"}}],"x":"{x}"}}"#),
        )
        .giving(|page| page.specs[0].id.len() == 1_000_000),
        sound("a duplicate unknown key", r#"{"x":1,"pageCount":0,"specs":[],"x":2}"#)
            .giving(|page| page.extra.len() == 1),
        sound("pageCount 0 with items", r#"{"pageCount":0,"specs":[{"id":"a"}]}"#)
            .giving(|page| page.page_count == 0 && page.specs.len() == 1),
        sound("a required field twice", r#"{"pageCount":1,"pageCount":2,"specs":[]}"#)
            .giving(|page| page.page_count == 2),
        sound("half an emoji", r#"{"pageCount":1,"specs":[],"x":"\ud83e"}"#)
            .giving(|page| page.extra["x"] == "\u{fffd}"),
        sound("a byte order mark", "\u{feff}{\"pageCount\":1,\"specs\":[]}")
            .giving(|page| page.page_count == 1),
        sound("another type", r#"{"pageCount":1,"specs":[{"id":"a","kind":1}]}"#)
            .giving(|page| page.specs[0].extra["kind"] == 1),
        sound("a huge page count", r#"{"pageCount":18446744073709551615,"specs":[]}"#)
            .giving(|page| page.page_count == u64::MAX),
        sound("white space around the page", &format!("\r\n\t {} \n", whole())),
        gives_page("a page declared as HTML", 1, Fault::status(200).html(whole())),
    ];
    let statuses = [201, 202, 203, 204, 205, 206, 207, 226, 299];
    let empty = statuses.map(|status| {
        let told = format!("{status} without a page");
        fails(told, InvalidResponse, status, Fault::status(status).empty())
            .saying(status.to_string())
    });
    let pages = statuses.into_iter().filter(|status| ![204, 205].contains(status)).map(|status| {
        gives_page(
            format!("{status} with a page"),
            1,
            Fault::status(status).body("application/json", whole()),
        )
    });
    let short =
        short.map(|(body, says)| invalid(body, Fault::raw_body(body)).saying(says).keeping(body));
    let long =
        long.map(|(body, says)| invalid(&body[..30], Fault::raw_body(body.clone())).saying(says));
    run(short.into_iter().chain(long).chain(other_pages).chain(others).chain(empty).chain(pages))
        .await
}

#[tokio::test]
async fn bodies_are_read_up_to_the_limit() -> Outcome {
    let limit = |session: SessionBuilder| session.max_response_bytes(4096);
    let above = |told: &str, fault| {
        invalid(told, fault).with(limit).saying("longer than `max_response_bytes`")
    };
    let body = |bytes| Fault::raw_body(page_of(bytes));
    let compressed = |bytes| encoded("gzip", gzip(&page_of(bytes)));
    let endless =
        format!("HTTP/1.1 200 OK\r\ncontent-length: 999999999999\r\n\r\n{}", " ".repeat(100_000));
    let mut damaged = gzip(&page_of(50_000));
    let middle = damaged.len() / 2;
    damaged[middle] ^= 0xff;
    run([
        gives_page("a body as large as the limit", 1, body(4096)).with(limit),
        gives_page("a compressed body as large as the limit", 1, compressed(4096)).with(limit),
        above("a body above the limit", body(4097)),
        above("a body far above the limit", body(5_000_000)),
        above("a compressed body above the limit", compressed(4097)),
        above("a small body that grows enormously", compressed(5_000_000)),
        above("a body above the limit that never ends", Fault::raw_connection(endless)),
        above("a body above the limit, in pieces", body(4200).trickle(100, Duration::ZERO)),
        invalid("a limit of nothing", body(100)).with(|session| session.max_response_bytes(0)),
        gives_page("no limit", 1, body(100_000))
            .with(|session| session.max_response_bytes(u64::MAX)),
        invalid("a compressed body with an error in it", encoded("gzip", damaged)),
    ])
    .await
}

/// A page that takes as much memory as possible for its length.
fn worst_page(bytes: usize) -> Vec<u8> {
    let item = r#"{"":0},"#;
    let items = item.repeat(bytes / item.len());
    format!(r#"{{"pageCount":1,"specs":[],"x":[{}]}}"#, items.trim_end_matches(',')).into_bytes()
}

#[cfg(target_os = "linux")]
#[test]
fn worst_case_page_memory_is_bounded() -> Outcome {
    let resident = || -> Outcome<usize> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kilobytes = line.and_then(|line| line.trim().split(' ').next()).ok_or("VmHWM")?;
        Ok(kilobytes.parse::<usize>()? * 1024)
    };
    // Alone in its process, so that no other test takes memory.
    in_child("bodies::worst_case_page_memory_is_bounded", "", &[("", ""); 0], || {
        let page = worst_page(2 * 1024 * 1024);
        let length = page.len();
        let mock = MockPress::builder()
            .generated_specs(1)
            .fault(Fault::raw_body(page).on_page(2).always())
            .start()?;
        let (client, runtime) = (client(&mock)?, runtime()?);
        runtime.block_on(client.list_specs().page(1))?;
        let before = resident()?;
        let page = runtime.block_on(client.list_specs().page(2))?;
        let factor = (resident()? - before) / length;
        assert!(
            page.extra.contains_key("x") && (20..=120).contains(&factor),
            "{factor} bytes for each byte"
        );
        Ok(())
    })
}
