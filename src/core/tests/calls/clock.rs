//! What depends on time, with a clock that the test moves: freshness, the tier, pauses, settling and waiting.

use std::future::Future;
use std::sync::mpsc::RecvTimeoutError;
use std::time::Duration;

use crate::support::{Server, answer, pass};
use descope_projects_core::client::{Client, ClientOptions, CloneOptions, DeleteOptions, RetryOptions, Seconds};
use descope_projects_core::{Error, ErrorKind, Result, Written};

const LIST: &str = "/v1/mgmt/projects/list";
const CLONE: &str = "/v1/mgmt/project/clone";
const DELETE: &str = "/v1/mgmt/project/delete";
const START: &str = "/v1/mgmt/project/clone/async";
const STATUS: &str = "/v1/mgmt/project/clone/async/process-1";
const LICENSE: &str = "/v1/mgmt/license";

fn well(path: &str) -> String {
    match path {
        LIST => answer(200, "", r#"{"projects":[{"id":"P2clock","name":"own"}]}"#),
        START => answer(200, "", r#"{"processId":"process-1"}"#),
        _ => answer(200, "", "{}"),
    }
}

fn quiet() -> ClientOptions {
    ClientOptions { license_handshake: Some(false), ..ClientOptions::default() }
}

fn named(settle: bool) -> CloneOptions {
    CloneOptions { name: Some("preview".to_owned()), settle: Some(settle), ..CloneOptions::default() }
}

/// Ends by itself within seconds of the clock on the wall, whatever is wrong: a test that waits for ever says nothing.
async fn soon<T>(ending: impl Future<Output = T>) -> T {
    let (ended, still_running) = std::sync::mpsc::channel::<()>();
    let (give_up, too_long) = tokio::sync::oneshot::channel();
    std::thread::spawn(move || {
        if still_running.recv_timeout(Duration::from_secs(20)) == Err(RecvTimeoutError::Timeout) {
            let _ = give_up.send(());
        }
    });
    tokio::select! {
        result = ending => { drop(ended); result }
        Ok(()) = too_long => panic!("it does not end"),
    }
}

// Connections that were idle.

async fn connections_of_two(call: impl AsyncFn(&Client), idle: Duration) -> usize {
    let server = Server::new(|path, _| Some(well(path)));
    let client = server.client(quiet());
    call(&client).await;
    pass(idle).await;
    call(&client).await;
    server.seen().connections
}

async fn clone(client: &Client) {
    client.own_project().clone_project(&named(false)).await.unwrap();
}

async fn list(client: &Client) {
    client.list_projects().await.unwrap();
}

#[tokio::test]
async fn a_call_that_may_not_be_repeated_takes_a_connection_that_was_idle_for_less_than_two_seconds() {
    assert_eq!(connections_of_two(clone, Duration::from_millis(1_500)).await, 1);
}

#[tokio::test]
async fn a_call_that_may_not_be_repeated_takes_no_connection_that_was_idle_for_longer() {
    assert_eq!(connections_of_two(clone, Duration::from_millis(2_100)).await, 2);
}

#[tokio::test]
async fn a_call_that_may_be_repeated_takes_a_connection_that_was_idle_for_a_minute_and_a_half() {
    assert_eq!(connections_of_two(list, Duration::from_secs(80)).await, 1);
    assert_eq!(connections_of_two(list, Duration::from_secs(100)).await, 2);
}

// The question for the tier.

#[tokio::test]
async fn a_tier_that_could_not_be_told_is_asked_for_again_after_ten_minutes() {
    let server = Server::new(|path, _| if path == LICENSE { Some(answer(404, "", "{}")) } else { Some(well(path)) });
    let client = server.client(ClientOptions::default());
    let mut asked = Vec::new();
    for minutes in [0, 5, 4, 2, 8, 3] {
        pass(Duration::from_secs(60 * minutes)).await;
        list(&client).await;
        asked.push(server.seen().requests(LICENSE));
    }
    assert_eq!(asked, [1, 1, 1, 2, 2, 3]);
}

// A pause of the whole client.

#[tokio::test]
async fn a_429_pauses_all_calls_of_a_client_for_an_hour_at_most() {
    let server = Server::new(|path, number| match (path, number) {
        (LIST, 1) => Some(answer(429, "Retry-After: 604800\r\n", "{}")),
        _ => Some(well(path)),
    });
    let client = server.client(quiet());
    let asked = client.list_projects().await.unwrap_err();
    assert_eq!(
        (asked.kind(), asked.details().retry_after),
        (ErrorKind::RateLimited, Some(Duration::from_secs(604_800)))
    );
    // Within its patience of two minutes no call may wait until the end of the hour.
    pass(Duration::from_secs(3_000)).await;
    let refused = client.own_project().clone_project(&named(false)).await.unwrap_err();
    let left = refused.details().retry_after.unwrap();
    assert_eq!((refused.kind(), refused.details().attempts), (ErrorKind::RateLimited, 0));
    assert!(left <= Duration::from_secs(600), "{left:?}");
    pass(left + Duration::from_secs(1)).await;
    clone(&client).await;
    assert_eq!(server.seen().paths, [LIST, CLONE]);
}

#[tokio::test]
async fn a_call_waits_for_the_pause_of_its_client_within_its_patience() {
    let server = Server::new(|path, number| match (path, number) {
        (LIST, 1) => Some(answer(429, "Retry-After: 100\r\n", "{}")),
        _ => Some(well(path)),
    });
    let client = server.client(quiet());
    let first = client.list_projects();
    let second = async {
        server.had(LIST, 1).await;
        let ((), ()) = tokio::join!(clone(&client), pass(Duration::from_secs(101)));
    };
    let (first, ()) = soon(Box::pin(async { tokio::join!(first, second) })).await;
    assert!(first.is_ok());
    let mut paths = server.seen().paths;
    paths.sort();
    assert_eq!(paths, [CLONE, LIST, LIST]);
}

// Settling and waiting end in time.

/// Moves the clock on each time that a path was asked for; stops a call that would ask for ever.
async fn while_asking<T>(server: &Server, path: &str, first: usize, step: u64, call: impl Future<Output = T>) -> T {
    const MOST: usize = 30;
    let clock = async {
        for number in first..MOST {
            server.had(path, number).await;
            pass(Duration::from_secs(step)).await;
        }
    };
    tokio::select! {
        ended = soon(call) => ended,
        () = clock => panic!("asked {MOST} times and no end"),
    }
}

/// The answer to a clone or delete is lost.
fn lost(listed: impl Fn(usize) -> Option<String> + Send + Sync + 'static) -> Server {
    Server::new(move |path, number| match path {
        CLONE | DELETE => Some("not HTTP\r\n\r\n".to_owned()),
        LIST if number > 1 => listed(number),
        _ => Some(well(path)),
    })
}

async fn cloned(client: &Client, settle_timeout: Option<Seconds>) -> Error {
    client.own_project().clone_project(&CloneOptions { settle_timeout, ..named(true) }).await.unwrap_err()
}

#[tokio::test]
async fn looking_for_a_clone_ends_after_half_a_minute() {
    let server = lost(|_| Some(well(LIST)));
    let client = server.client(quiet());
    let error = while_asking(&server, LIST, 2, 5, Box::pin(cloned(&client, None))).await;
    assert_eq!((error.kind(), error.details().attempts), (ErrorKind::UnknownOutcome, 1));
    // The list from before, a look at once, and one after each five seconds.
    assert!((5..=8).contains(&server.seen().requests(LIST)), "{}", server.seen().requests(LIST));
}

#[tokio::test]
async fn looking_for_a_clone_ends_when_its_user_says() {
    let server = lost(|_| Some(well(LIST)));
    let client = server.client(quiet());
    while_asking(&server, LIST, 2, 5, Box::pin(cloned(&client, Some(Seconds::new(60))))).await;
    assert!((11..=14).contains(&server.seen().requests(LIST)), "{}", server.seen().requests(LIST));
}

#[tokio::test]
async fn a_look_that_is_never_answered_ends_with_the_time_for_looking() {
    for settle_timeout in [Seconds::new(30), Seconds::new(1)] {
        let server = lost(|_| None);
        let client = server.client(quiet());
        let error = while_asking(&server, LIST, 2, 31, Box::pin(cloned(&client, Some(settle_timeout)))).await;
        assert_eq!(error.kind(), ErrorKind::UnknownOutcome);
        assert_eq!(server.seen().requests(LIST), 2);
    }
}

#[tokio::test]
async fn looking_whether_a_project_is_gone_ends_after_half_a_minute() {
    let server = lost(|_| Some(well(LIST)));
    let client = server.client(quiet());
    let project = client.own_project();
    let options = DeleteOptions::default();
    let error = while_asking(&server, LIST, 2, 5, Box::pin(project.delete("P2clock", &options))).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnknownOutcome);
    assert!((5..=8).contains(&server.seen().requests(LIST)));
}

async fn waited(server: &Server, step: u64) -> Result<()> {
    let started = server.client(quiet()).own_project().start_clone(&named(false)).await?;
    while_asking(server, STATUS, 1, step, Box::pin(started.wait(Seconds::new(60)))).await.map(drop)
}

#[tokio::test]
async fn waiting_for_a_clone_ends_when_its_user_says() {
    let server = Server::new(|path, _| Some(well(path)));
    let error = waited(&server, 5).await.unwrap_err();
    assert_eq!((error.kind(), error.details().written), (ErrorKind::DeadlineExceeded, Written::Unknown));
    assert!((11..=14).contains(&server.seen().requests(STATUS)), "{}", server.seen().requests(STATUS));
}

#[tokio::test]
async fn a_status_that_is_never_answered_ends_with_the_time_for_waiting() {
    let server = Server::new(|path, _| if path == STATUS { None } else { Some(well(path)) });
    let client = server.client(ClientOptions { timeout: Some(Seconds::new(3_000)), ..quiet() });
    let started = client.own_project().start_clone(&named(false)).await.unwrap();
    let error = while_asking(&server, STATUS, 1, 61, Box::pin(started.wait(Seconds::new(60)))).await.unwrap_err();
    assert_eq!((error.kind(), error.details().written), (ErrorKind::DeadlineExceeded, Written::Unknown));
    assert_eq!(server.seen().requests(STATUS), 1);
}

// The patience of one call.

#[tokio::test]
async fn all_pauses_of_a_call_together_are_within_its_patience() {
    let server =
        Server::new(
            |path, _| if path == LIST { Some(answer(503, "Retry-After: 50\r\n", "{}")) } else { Some(well(path)) },
        );
    let retry = RetryOptions { max_attempts: serde_json::from_str("20").ok(), ..RetryOptions::default() };
    let client = server.client(ClientOptions { retry: Some(retry), ..quiet() });
    let error = while_asking(&server, LIST, 1, 51, Box::pin(client.list_projects())).await.unwrap_err();
    // Two pauses of fifty seconds fit into two minutes.
    assert_eq!((error.kind(), error.details().attempts), (ErrorKind::Server, 3));
}
