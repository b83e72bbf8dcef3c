//! Faults of a server or a network: the error that the caller sees, and the number of requests.

use std::time::Duration;

use press_specs::{
    Error,
    ErrorKind::{
        BadRequest, Connection, Forbidden, InternalServerError, InvalidResponse,
        ServiceUnavailable, UnexpectedStatus,
    },
    RetryPolicy, Session, SessionBuilder, get_client,
    mock::{Fault, MockPress},
};
use serde_json::json;
use tokio::net::TcpSocket;

use crate::{
    Outcome, page,
    support::{
        HIDDEN, LONG_LIMIT, NEVER, breaks, encoded, fails, gives_page, gzip, impatient, invalid,
        none, page_of, requests_per_call, run, whole,
    },
};

const RETRIED: [u16; 13] = [408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 529];
const NOT_RETRIED: [u16; 15] =
    [300, 304, 400, 401, 402, 403, 404, 405, 409, 410, 413, 422, 501, 505, 525];

#[tokio::test]
async fn each_status_is_retried_or_reported() -> Outcome {
    let mut rows: Vec<_> = NOT_RETRIED
        .map(|status| fails(status.to_string(), None, status, Fault::status(status)))
        .into();
    for status in RETRIED {
        let fault = || Fault::status(status);
        let problem = fault().json(json!({ "title": "Down", "detail": "for repair" }));
        let endless = fault().html("x".repeat(100)).trickle(1, NEVER);
        rows.extend([
            gives_page(format!("{status} three times"), 4, fault().times(3)),
            gives_page(format!("{status} with an endless body"), 2, endless)
                .with(|session| session.timeout(LONG_LIMIT)),
            fails(format!("{status} for ever"), None, status, problem)
                .after(4)
                .keeping(r#"{"detail":"for repair","title":"Down"}"#)
                .saying("Down: for repair")
                .checking(Error::is_retryable),
            fails(format!("{status} without retries"), None, status, fault()).with(none),
            fails(format!("{status}, six attempts"), None, status, fault()).after(6).with(
                |session| {
                    session.retry(RetryPolicy::default().max_attempts(6).max_delay(Duration::ZERO))
                },
            ),
        ]);
    }
    // The error is that of the last response.
    let last = fails("503, dropped, 502, 403", Forbidden, 403, Fault::pass())
        .after(4)
        .keeping("the last one");
    let faults = [
        Fault::status(503),
        Fault::drop_connection(),
        Fault::status(502),
        Fault::status(403).html("the last one"),
    ];
    rows.push(last.meeting(faults));
    run(rows).await
}

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
async fn broken_connections_are_retried() -> Outcome {
    let whole = whole();
    let (raw, length) =
        (|head: &str| Fault::raw_connection(format!("{head}\r\n\r\n{whole}")), whole.len());
    let chunked = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked";
    let chunks = format!("{chunked}\r\n\r\n{length:x};x=y\r\n{whole}\r\n0\r\nt: 1\r\n\r\n");
    let upgrade = "HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n";
    let hints = "HTTP/1.1 103 Early Hints\r\nlink: <x>\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length:";
    let broken = [
        breaks("dropped before the head", None, Fault::drop_connection()),
        breaks("dropped before the body", 200, Fault::pass().cut_after(0)),
        breaks("dropped in the middle of the body", 200, Fault::pass().cut_after(500)),
        breaks(
            "a compressed body cut off",
            200,
            encoded("gzip", gzip(&page_of(5000))).cut_after(30),
        ),
        breaks("half a head", None, Fault::raw_connection("HTTP/1.1 200 OK\r\ncontent-")),
        breaks("a length too long", 200, raw("HTTP/1.1 200 OK\r\ncontent-length: 999999999999")),
        breaks("chunks that are none", 200, raw(chunked)),
        breaks(
            "a cut off chunk",
            200,
            Fault::raw_connection(format!("{chunked}\r\n\r\nff\r\n{{\"pageCount\"")),
        ),
        // Without a length, the end of the JSON shows where the connection broke.
        breaks("cut off without a length", 200, {
            Fault::raw_connection("HTTP/1.1 200 OK\r\n\r\n{\"pageCount\":1,\"specs\":[{\"id\"")
        }),
    ];
    let sound = [
        gives_page(
            "small pieces",
            1,
            Fault::raw_body(whole.clone()).trickle(1, Duration::from_micros(10)),
        ),
        gives_page("a body that ends with the connection", 1, raw("HTTP/1.1 200 OK")),
        gives_page("HTTP/1.0", 1, raw("HTTP/1.0 200 OK")),
        gives_page("early hints first", 1, raw(&format!("{hints} {length}"))),
        gives_page("chunks", 1, Fault::raw_connection(chunks)),
        fails("another protocol", UnexpectedStatus, 101, Fault::raw_connection(upgrade)),
    ];
    run(broken.into_iter().flatten().chain(sound)).await
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
async fn heads_above_the_limit_are_named_at_once() -> Outcome {
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
async fn compressed_bodies_give_the_same_however_they_arrive() -> Outcome {
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
async fn successes_that_are_no_page_are_invalid_responses() -> Outcome {
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
async fn bodies_above_the_limit_stop_being_read() -> Outcome {
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

#[tokio::test]
async fn what_cannot_be_reached_is_a_failed_connection() -> Outcome {
    // A port that is taken and where nobody listens.
    let socket = TcpSocket::new_v4()?;
    socket.bind(([127, 0, 0, 1], 0).into())?;
    let refused = format!("http://{}", socket.local_addr()?);
    for (url, attempts, message) in [
        (&*refused, 4, "the connection was refused"),
        ("https://press.invalid", 1, "the host name could not be resolved"),
    ] {
        let retry = RetryPolicy::default().max_attempts(attempts).max_delay(Duration::ZERO);
        let session = Session::builder().auth_token("token").base_url(url).retry(retry).build()?;
        let error = get_client(session)?.list_specs().page(1).await.expect_err("no service");
        assert_eq!(error.kind(), Connection, "{error:?}");
        assert_eq!(error.status(), None);
        assert_eq!(error.attempts(), attempts);
        assert!(error.is_retryable());
        assert!(error.to_string().contains(message), "{error:?}");
    }
    Ok(())
}

#[tokio::test]
async fn the_clients_of_a_session_share_a_retry_budget() -> Outcome {
    let mock = MockPress::builder().fault(Fault::status(404).times(200)).start()?;
    let session = impatient(&mock)?;
    // What is not retried costs nothing.
    assert_eq!(requests_per_call(&mock, &session, 200).await?, [1; 200]);
    // 500 tokens pay for 100 retries: 33 calls with three each, and one more.
    let down = Fault::status(503).always();
    mock.fault(down.clone());
    let expected = [vec![4; 33], vec![2], vec![1; 26]].concat();
    assert_eq!(requests_per_call(&mock, &session, 60).await?, expected);
    // Another session has its own.
    assert_eq!(requests_per_call(&mock, &impatient(&mock)?, 1).await?, [4]);
    // Nine successes pay for one more, and only its success pays for another.
    mock.clear_faults();
    requests_per_call(&mock, &session, 9).await?;
    for _ in 0..2 {
        mock.fault(Fault::status(503));
        assert_eq!(requests_per_call(&mock, &session, 1).await?, [2]);
    }
    mock.fault(down.clone());
    assert_eq!(requests_per_call(&mock, &session, 3).await?, [2, 1, 1]);
    // The error is that of the response all the same.
    let error = get_client(session)?.list_specs().page(1).await.expect_err("a dead service");
    assert_eq!((error.kind(), error.attempts()), (ServiceUnavailable, 1));

    // A full budget grows no further.
    mock.clear_faults();
    let session = impatient(&mock)?;
    requests_per_call(&mock, &session, 10).await?;
    mock.fault(down);
    assert_eq!(requests_per_call(&mock, &session, 60).await?, expected);
    Ok(())
}
