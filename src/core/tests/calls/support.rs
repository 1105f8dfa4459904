//! A server on a real socket that answers what a test says, and a clock that the test moves.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use descope_projects_core::client::{Client, ClientOptions};
use descope_projects_core::secrets::Secret;
use tokio::sync::watch;

/// What is answered to the n-th request, from 1, of a path; `None`: nothing, for as long as the client waits.
pub(crate) type Answers = dyn Fn(&str, usize) -> Option<String> + Send + Sync;

/// Ends with the connections of its clients.
pub(crate) struct Server {
    url: String,
    seen: watch::Receiver<Seen>,
}

#[derive(Clone, Default)]
pub(crate) struct Seen {
    pub(crate) connections: usize,
    /// The paths of the requests that came.
    pub(crate) paths: Vec<String>,
    /// Those that were answered since, or will not be.
    done: Vec<String>,
}

impl Seen {
    pub(crate) fn requests(&self, path: &str) -> usize {
        of(&self.paths, path)
    }
}

fn of(paths: &[String], path: &str) -> usize {
    paths.iter().filter(|one| *one == path).count()
}

impl Server {
    pub(crate) fn new(answers: impl Fn(&str, usize) -> Option<String> + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let (sender, seen) = watch::channel(Seen::default());
        let (sender, answers): (_, Arc<Answers>) = (Arc::new(sender), Arc::new(answers));
        std::thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                let (sender, answers) = (Arc::clone(&sender), Arc::clone(&answers));
                sender.send_modify(|seen| seen.connections += 1);
                std::thread::spawn(move || serve(stream, &sender, &*answers));
            }
        });
        Self { url, seen }
    }

    pub(crate) fn client(&self, options: ClientOptions) -> Client {
        let options = ClientOptions { base_url: Some(self.url.clone()), ..options };
        Client::new("P2clock", Secret::new("K2clock"), &options).unwrap()
    }

    pub(crate) fn seen(&self) -> Seen {
        self.seen.borrow().clone()
    }

    /// Waits until a path had so many requests, and lets the client do what it can with the last answer.
    pub(crate) async fn had(&self, path: &str, requests: usize) {
        let mut seen = self.seen.clone();
        seen.wait_for(|seen| of(&seen.done, path) >= requests).await.unwrap();
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    }
}

fn serve(mut stream: TcpStream, sender: &watch::Sender<Seen>, answers: &Answers) {
    let mut data = Vec::new();
    let mut piece = [0; 4096];
    loop {
        while whole(&data).is_none() {
            match stream.read(&mut piece) {
                Ok(0) | Err(_) => return,
                Ok(read) => data.extend_from_slice(&piece[..read]),
            }
        }
        let (path, end) = whole(&data).unwrap();
        data.drain(..end);
        let mut number = 0;
        sender.send_modify(|seen| {
            seen.paths.push(path.clone());
            number = seen.requests(&path);
        });
        if let Some(answer) = answers(&path, number) {
            stream.write_all(answer.as_bytes()).unwrap();
        }
        sender.send_modify(|seen| seen.done.push(path));
    }
}

/// The path of a request that is here whole, and where it ends.
fn whole(data: &[u8]) -> Option<(String, usize)> {
    let head = data.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let text = String::from_utf8_lossy(&data[..head]).to_ascii_lowercase();
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: ")).map_or(0, |n| n.parse().unwrap());
    (data.len() >= head + length).then(|| (text.split(' ').nth(1).unwrap().to_owned(), head + length))
}

/// An answer of the API.
pub(crate) fn answer(status: u16, headers: &str, body: &str) -> String {
    format!("HTTP/1.1 {status} Said\r\n{headers}Content-Length: {}\r\n\r\n{body}", body.len())
}

/// So much time passes at once.
pub(crate) async fn pass(time: Duration) {
    /// Also where the test does not wait for it: a clock that stands still runs ahead by itself.
    struct Resumed;
    impl Drop for Resumed {
        fn drop(&mut self) {
            tokio::time::resume();
        }
    }
    tokio::time::pause();
    let _resumed = Resumed;
    tokio::time::advance(time).await;
}
