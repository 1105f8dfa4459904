//! The request body: pieces that are not copied, and the proof whether a request was ever started.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body::{Body, Frame, SizeHint};

use super::watch::Traffic;

/// A request body in pieces.
///
/// hyper asks a body whether it is at its end, for its size and for its frames only when it has taken the request
/// for a connection and is about to encode it. Until then not one byte of the request can have left this process. So
/// the first such question is the proof that matters: never asked means certainly not sent.
pub(crate) struct TrackedBody {
    pieces: VecDeque<Bytes>,
    left: u64,
    started: Arc<AtomicBool>,
    /// The flag of whoever watches the call.
    watched: Option<Arc<AtomicBool>>,
    traffic: Option<Arc<Traffic>>,
}

/// The connection is given no more than this at once: it takes the next part when it has sent most of the last, so that
/// whoever watches sees how far it is.
const PART: usize = 256 * 1024;

impl TrackedBody {
    pub(crate) fn new(
        pieces: &[Bytes],
        started: Arc<AtomicBool>,
        watched: Option<Arc<AtomicBool>>,
        traffic: Option<Arc<Traffic>>,
    ) -> Self {
        let pieces: VecDeque<Bytes> = pieces.iter().filter(|piece| !piece.is_empty()).cloned().collect();
        let left = pieces.iter().map(|piece| piece.len() as u64).sum();
        if let Some(traffic) = &traffic {
            traffic.begin(left);
        }
        Self { pieces, left, started, watched, traffic }
    }

    fn start(&self) {
        self.started.store(true, Ordering::Release);
        if let Some(watched) = &self.watched {
            watched.store(true, Ordering::Release);
        }
    }
}

impl Body for TrackedBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        let this = self.get_mut();
        this.start();
        let part = match this.pieces.front_mut() {
            Some(piece) if piece.len() > PART => Some(piece.split_to(PART)),
            _ => this.pieces.pop_front(),
        };
        Poll::Ready(part.map(|part| {
            this.left -= part.len() as u64;
            if let Some(traffic) = &this.traffic {
                traffic.add_sent(part.len());
            }
            Ok(Frame::data(part))
        }))
    }

    fn is_end_stream(&self) -> bool {
        self.start();
        self.pieces.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        // Not a sign of starting: layers above the connection ask for it too.
        SizeHint::with_exact(self.left)
    }
}
