//! Accepting connections, and ending one in the middle where a fault asks for it.

use std::convert::Infallible;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::ConnectInfo;
use futures_util::stream;
use http::{HeaderValue, Request, Response, header};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use tokio::net::TcpStream;
use tokio::sync::{Notify, oneshot};
use tower::ServiceExt;

use super::App;
use super::router::router;

/// How long to wait after a failed accept: without descriptors, the next one fails as well.
const ACCEPT_PAUSE: Duration = Duration::from_millis(10);

/// Which connection a request came on; in the request's extensions.
#[derive(Clone, Copy)]
pub(crate) struct ConnectionId(pub(crate) u64);

/// How an answer ends other than by being sent; in the answer's extensions.
#[derive(Clone, Copy)]
pub(crate) enum Ending {
    /// Close the connection instead of answering.
    Close,
    /// Send the first half, then close.
    Half,
}

/// Serves until it is told to stop. Connections end with the runtime.
pub(crate) async fn serve(listener: TcpListener, app: Arc<App>, mut stop: oneshot::Receiver<()>) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let router = router(&app);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut stop => return Ok(()),
        };
        match accepted {
            Ok((stream, peer)) => {
                let id = app.connections.fetch_add(1, Ordering::Relaxed) + 1;
                tokio::spawn(connection(stream, peer, ConnectionId(id), router.clone()));
            }
            // One client's failure (a reset in the queue, no descriptors left) is not the server's end.
            Err(error) => {
                tracing::debug!(%error, "a connection was not accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, peer: SocketAddr, id: ConnectionId, router: Router) {
    let _ = stream.set_nodelay(true);
    let close = Arc::new(Notify::new());
    let service = service_fn(|request: Request<Incoming>| {
        let (router, close) = (router.clone(), Arc::clone(&close));
        async move {
            let mut request = request.map(Body::new);
            request.extensions_mut().insert(ConnectInfo(peer));
            request.extensions_mut().insert(id);
            let response = match router.oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never as Infallible {},
            };
            match response.extensions().get::<Ending>().copied() {
                None => Ok(response),
                Some(Ending::Close) => {
                    close.notify_one();
                    Err(io::Error::from(io::ErrorKind::ConnectionAborted))
                }
                Some(Ending::Half) => half(response).await,
            }
        }
    });
    let builder = Builder::new(TokioExecutor::new());
    let served = builder.serve_connection(TokioIo::new(stream), service);
    tokio::pin!(served);
    tokio::select! {
        // The connection first: over HTTP/1 it ends by itself when the service fails.
        biased;
        ended = &mut served => if let Err(error) = ended {
            tracing::debug!(error, "a connection ended early");
        },
        () = close.notified() => {}
    }
}

/// The same answer, cut in its middle.
async fn half(response: Response<Body>) -> io::Result<Response<Body>> {
    let (mut parts, body) = response.into_parts();
    let whole = to_bytes(body, usize::MAX).await.map_err(io::Error::other)?;
    let half = whole.slice(..whole.len() / 2);
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(whole.len()));
    let chunks = stream::unfold(Some(half), |state| async move {
        match state {
            HALF_SENT => None,
            Some(half) if !half.is_empty() => Some((Ok::<Bytes, io::Error>(half), Some(Bytes::new()))),
            Some(_) => {
                // Once around the scheduler, so that the half is flushed before the connection ends.
                tokio::task::yield_now().await;
                Some((Err(io::Error::from(io::ErrorKind::ConnectionAborted)), HALF_SENT))
            }
        }
    });
    Ok(Response::from_parts(parts, Body::from_stream(chunks)))
}

/// The state of a cut answer after its end.
const HALF_SENT: Option<Bytes> = None;
