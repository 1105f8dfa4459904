//! Answers with status 200 that are not what the contract says.

use std::time::Duration;
use std::{io, iter};

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use flate2::{Compress, Compression, Crc, FlushCompress};
use futures_util::{Stream, stream};
use http::{Extensions, HeaderMap, HeaderValue, StatusCode, Version, header};

use super::call::json;
use crate::control::{Firing, Held, Passage, Spoiling, page};

/// In the extensions of an answer that must reach the client as it is: a compressor would hold parts of it back.
#[derive(Clone, Copy)]
struct AsItIs;

/// A predicate of the compression layer.
pub(crate) fn may_be_compressed(_: StatusCode, _: Version, _: &HeaderMap, extensions: &Extensions) -> bool {
    extensions.get::<AsItIs>().is_none()
}

/// A right answer, spoiled.
pub(crate) fn spoiled(answer: Bytes, spoiling: &Spoiling, firing: &Firing) -> Response {
    match spoiling {
        Spoiling::Truncate => json(StatusCode::OK, answer.slice(..answer.len() / 2)),
        Spoiling::Slow(pause) => slow(answer, *pause, firing.hold()),
        Spoiling::Endless => endless(&answer, firing.hold()),
        Spoiling::Html => typed(Bytes::from(page(200)), "text/html; charset=UTF-8"),
        Spoiling::ContentType(kind) => typed(answer, kind),
        Spoiling::WrongType(body) => json(StatusCode::OK, Bytes::from(body.clone())),
        Spoiling::Bomb(bytes) => bomb(*bytes),
    }
}

fn typed(body: Bytes, kind: &str) -> Response {
    let mut response = json(StatusCode::OK, body);
    if let Ok(kind) = HeaderValue::from_str(kind) {
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    response
}

fn streamed(chunks: impl Stream<Item = io::Result<Bytes>> + Send + 'static) -> Response {
    let mut response = json(StatusCode::OK, Bytes::new());
    *response.body_mut() = Body::from_stream(chunks);
    response.extensions_mut().insert(AsItIs);
    response
}

/// Byte by byte until the gate is open, then the rest.
fn slow(answer: Bytes, pause: Duration, held: Held) -> Response {
    let length = answer.len();
    let chunks = stream::unfold((answer, held, true), move |(mut left, held, first)| async move {
        if left.is_empty() {
            return None;
        }
        let shut = if first { held.gate().passage() } else { held.gate().pause(pause).await };
        let next = if shut == Passage::Shut { left.split_to(1) } else { left.split_off(0) };
        Some((Ok(next), (left, held, false)))
    });
    let mut response = streamed(chunks);
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    response
}

/// The answer but for its last byte, and spaces from there on, as fast as the client reads them.
fn endless(answer: &Bytes, held: Held) -> Response {
    let beginning = answer.slice(..answer.len().saturating_sub(1));
    let spaces = Bytes::from(vec![b' '; 64 * 1024]);
    let chunks = stream::unfold((Some(beginning), held), move |(beginning, held)| {
        let next = match (beginning, held.gate().passage()) {
            (Some(beginning), _) => Ok(beginning),
            (None, Passage::Shut) => Ok(spaces.clone()),
            (None, _) => Err(io::Error::from(io::ErrorKind::ConnectionAborted)),
        };
        async move { Some((next, (None, held))) }
    });
    streamed(chunks)
}

/// How much of a bomb is compressed at once; the compressed piece is then repeated.
const PIECE: u64 = 1024 * 1024;

/// So many spaces and `{}`, in gzip: without the spaces, it would be an answer.
fn bomb(bytes: u64) -> Response {
    let spaces = bytes.saturating_sub(2);
    let (piece, rest) = (Piece::of_spaces(PIECE), Piece::of_spaces(spaces % PIECE));
    let end = Piece::of(b"{}");
    let mut sum = Crc::new();
    for _ in 0..spaces / PIECE {
        sum.combine(&piece.sum);
    }
    sum.combine(&rest.sum);
    sum.combine(&end.sum);
    let mut trailer = vec![0x03, 0x00];
    trailer.extend_from_slice(&sum.sum().to_le_bytes());
    trailer.extend_from_slice(&sum.amount().to_le_bytes());
    let chunks = iter::once(Bytes::from_static(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"))
        .chain((0..spaces / PIECE).map(move |_| piece.compressed.clone()))
        .chain([rest.compressed, end.compressed, Bytes::from(trailer)]);
    let mut response = streamed(stream::iter(chunks.map(Ok)));
    response.headers_mut().insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    response
}

/// A part of a deflate stream that refers to nothing before it and ends at a byte.
struct Piece {
    compressed: Bytes,
    sum: Crc,
}

impl Piece {
    fn of_spaces(length: u64) -> Self {
        Self::of(&vec![b' '; usize::try_from(length).unwrap_or_default()])
    }

    fn of(plain: &[u8]) -> Self {
        let mut sum = Crc::new();
        sum.update(plain);
        // More than deflate needs at its worst: what does not fit would be lost.
        let mut compressed = Vec::with_capacity(plain.len() / 2 + 1024);
        let mut compressor = Compress::new(Compression::best(), false);
        let written = compressor.compress_vec(plain, &mut compressed, FlushCompress::Full);
        debug_assert!(written.is_ok() && compressor.total_in() == plain.len() as u64);
        Self { compressed: Bytes::from(compressed), sum }
    }
}
