//! One writer per project, also where a call interrupts another one of its thread.

use std::pin::pin;
use std::task::{Context, Poll, Waker};

use crate::support::Server;
use descope_projects_core::ErrorKind;
use descope_projects_core::client::ClientOptions;
use descope_projects_core::transport::Watch;

fn begun<T>(call: std::pin::Pin<&mut impl Future<Output = T>>) -> Poll<T> {
    call.poll(&mut Context::from_waker(Waker::noop()))
}

#[tokio::test]
async fn a_write_within_one_that_waits_for_its_turn_is_refused() {
    let server = Server::new(|_, _| None);
    let client = server.client(ClientOptions { license_handshake: Some(false), ..ClientOptions::default() });
    let project = client.own_project();
    let has_turn = Watch::new();
    let queued = Watch::new();
    let first = project.watched(&has_turn);
    let second = project.watched(&queued);
    let mut first = pin!(first.update_name("first"));
    let mut second = pin!(second.update_name("second"));
    assert!(begun(first.as_mut()).is_pending());
    assert!(begun(second.as_mut()).is_pending());
    for outer in [&has_turn, &queued] {
        let inner = Watch::within(Some(outer), false);
        for watch in [&inner, &Watch::within(Some(&inner), false)] {
            let within = project.watched(watch);
            let Poll::Ready(Err(refused)) = begun(pin!(within.update_name("third"))) else { panic!("it waits") };
            assert_eq!(refused.kind(), ErrorKind::Protected);
        }
    }
    // One of another thread waits.
    let other = project.watched(&Watch::new());
    assert!(begun(pin!(other.update_name("fourth"))).is_pending());
}

#[tokio::test]
async fn a_place_is_given_back_when_the_call_is_dropped() {
    let server = Server::new(|_, _| None);
    let client = server.client(ClientOptions { license_handshake: Some(false), ..ClientOptions::default() });
    let watch = Watch::new();
    let project = client.own_project();
    {
        let outer = project.watched(&watch);
        assert!(begun(pin!(outer.update_name("dropped"))).is_pending());
    }
    let inner = project.watched(&Watch::within(Some(&watch), false));
    assert!(begun(pin!(inner.update_name("next"))).is_pending());
}
