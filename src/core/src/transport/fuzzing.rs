//! Promises about answers: no panic, no secret, no unbounded text, no endless pause.
#![allow(clippy::unwrap_used, reason = "a promise that is broken has to be seen")]

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::header::{CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER};

use super::answer::Answer;
use super::retry_after::parse;
use crate::error::ErrorKind;
use crate::secrets::{Redactor, Secret};

const KEY: &str = "K2Canary+/\"\\&=8b1d";
const PROJECT: &str = "P2abc";
const WEEK: Duration = Duration::from_secs(7 * 24 * 3600);

/// The key as an answer may repeat it.
fn forms() -> [Vec<u8>; 7] {
    let each = |form: &dyn Fn(u8) -> String| KEY.bytes().map(form).collect::<Vec<_>>().concat();
    let units = each(&|byte| format!("\\u{byte:04x}"));
    let percent = each(&|byte| format!("%{byte:02X}"));
    let html = KEY.replace('&', "&amp;").replace('"', "&quot;");
    let quoted = serde_json::to_string(KEY).unwrap();
    [
        KEY.as_bytes().to_vec(),
        quoted.trim_matches('"').as_bytes().to_vec(),
        units.into_bytes(),
        percent.into_bytes(),
        html.into_bytes(),
        STANDARD.encode(format!("{PROJECT}:{KEY}")).into_bytes(),
        URL_SAFE_NO_PAD.encode(KEY).into_bytes(),
    ]
}

/// Control bytes 1 to 7 become the key in one of its forms.
fn with_keys(data: &[u8]) -> Vec<u8> {
    let forms = forms();
    let mut filled = Vec::with_capacity(data.len());
    for byte in data {
        match forms.get(usize::from(*byte).wrapping_sub(1)) {
            Some(form) => filled.extend_from_slice(form),
            None => filled.push(*byte),
        }
    }
    filled
}

/// Three lines (status, content type, retry-after, cf-ray and location in one) and a body: what error does it make?
pub(crate) fn error_body(data: &[u8]) {
    let mut lines = data.splitn(4, |byte| *byte == b'\n');
    let status = lines.next().unwrap_or_default();
    let status = std::str::from_utf8(status).ok().and_then(|text| text.parse::<u16>().ok());
    let Some(status) = status.filter(|status| (300..1000).contains(status)) else { return };
    let mut headers = HeaderMap::new();
    let mut set = |name: HeaderName, value: Option<&[u8]>| {
        if let Some(value) = value.and_then(|value| HeaderValue::from_bytes(value).ok()) {
            headers.insert(name, value);
        }
    };
    let kind = lines.next().map(with_keys);
    let other = lines.next().map(with_keys);
    set(CONTENT_TYPE, kind.as_deref());
    for name in [RETRY_AFTER, LOCATION, HeaderName::from_static("cf-ray")] {
        set(name, other.as_deref());
    }
    let body = with_keys(lines.next().unwrap_or_default());
    let answer = Answer { status, version: http::Version::HTTP_11, headers, body: Bytes::from(body), attempt: 1 };
    let bearer = format!("{PROJECT}:{KEY}");
    let redactor = Redactor::new([Secret::new(KEY), Secret::new(bearer)]);
    let error = answer.error(&redactor, SystemTime::UNIX_EPOCH);
    check_error(&error, status);
    let kind = error.kind();
    match status {
        300..=399 => assert_eq!(kind, ErrorKind::Protocol),
        _ if error.details().code.as_deref() == Some("E011008") => assert_eq!(kind, ErrorKind::ProjectNotFound),
        401 => assert_eq!(kind, ErrorKind::Authentication),
        403 => assert_eq!(kind, ErrorKind::PermissionDenied),
        429 => assert_eq!(kind, ErrorKind::RateLimited),
        500.. => assert_eq!(kind, ErrorKind::Server),
        _ => assert_eq!(kind, ErrorKind::Api),
    }
    let unreadable = answer.not_understood("is not JSON", &redactor);
    check_error(&unreadable, status);
    assert_eq!(unreadable.kind(), ErrorKind::Protocol);
}

fn check_error(error: &crate::Error, status: u16) {
    let details = error.details();
    assert_eq!(details.status, Some(status));
    assert!(error.to_string().chars().count() < 7_000, "a message without end");
    assert!(details.preview.as_ref().is_none_or(|preview| preview.chars().count() <= 201));
    assert!(details.preview.as_ref().is_none_or(|preview| !preview.contains(char::is_control)));
    assert!(details.retry_after.is_none_or(|pause| pause <= WEEK));
    let texts = [&details.code, &details.description, &details.api_message, &details.request_id, &details.preview];
    let mut all = format!("{error}\n{error:?}");
    for text in texts.into_iter().flatten() {
        all.push('\n');
        all.push_str(text);
    }
    for form in forms() {
        let form = String::from_utf8(form).unwrap();
        // What base64 makes of the key also depends on its neighbours: the letters that are the key's alone.
        let form = if form.len() > 20 && form.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            form[form.len() - 20..form.len() - 4].to_owned()
        } else {
            form
        };
        assert!(!all.contains(&form), "a secret in an error: {form}");
    }
}

/// A line with the time, and the value of the header.
pub(crate) fn retry_after(data: &[u8]) {
    let (now, value) = data.split_at(data.iter().position(|byte| *byte == b'\n').unwrap_or(0));
    let value = value.strip_prefix(b"\n").unwrap_or(value);
    let now = std::str::from_utf8(now).ok().and_then(|text| text.parse::<u32>().ok()).unwrap_or(784_111_777);
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(u64::from(now));
    let Ok(header) = HeaderValue::from_bytes(value) else { return };
    let mut headers = HeaderMap::new();
    headers.insert(RETRY_AFTER, header);
    let answer = Answer { status: 429, version: http::Version::HTTP_11, headers, body: Bytes::new(), attempt: 1 };
    let found = answer.retry_after(now);
    let Some(text) = std::str::from_utf8(value).ok().filter(|text| !text.contains(|c: char| !(' '..='~').contains(&c)))
    else {
        // Tabs are white space; nothing else beyond ASCII's letters can be a number or a date.
        assert!(found.is_none() || value.contains(&b'\t'));
        return;
    };
    assert_eq!(found, parse(text, now));
    assert!(found.is_none_or(|pause| pause <= WEEK));
    let text = text.trim_matches(' ');
    let digits = !text.is_empty() && text.chars().all(|digit| digit.is_ascii_digit());
    if digits {
        // Judged by the number's length first, so that no arithmetic is shared.
        let number = text.trim_start_matches('0');
        let seconds = if number.len() > 6 { 604_800 } else { number.parse().unwrap_or(0_u64).min(604_800) };
        assert_eq!(found, Some(Duration::from_secs(seconds)));
    } else if let Some(pause) = found {
        let time = httpdate::parse_http_date(text).unwrap();
        // The three forms of a date say the same.
        assert_eq!(parse(&httpdate::fmt_http_date(time), now), Some(pause));
        assert_eq!(parse(text, time), Some(Duration::ZERO));
    } else {
        assert!(httpdate::parse_http_date(text).is_err());
    }
}
