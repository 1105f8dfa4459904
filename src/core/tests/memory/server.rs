//! A server that leaves nothing of what it reads in memory.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::JoinHandle;

use secrecy::zeroize::{Zeroize as _, Zeroizing};

const CAPACITY: usize = 1 << 16;

/// Answers each connection's requests one after the other, and ends with the last connection it was told to expect.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    thread: JoinHandle<usize>,
}

impl Server {
    /// `answer` gets whole requests and gives whole answers.
    pub(crate) fn start(connections: usize, answer: fn(&[u8]) -> Zeroizing<Vec<u8>>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let thread =
            std::thread::spawn(move || (0..connections).map(|_| serve(listener.accept().unwrap().0, answer)).sum());
        Self { address, thread }
    }

    /// Waits for the end; how many requests there were.
    pub(crate) fn end(self) -> usize {
        self.thread.join().unwrap()
    }
}

fn serve(mut stream: TcpStream, answer: fn(&[u8]) -> Zeroizing<Vec<u8>>) -> usize {
    let mut buffer = Zeroizing::new(vec![0_u8; CAPACITY]);
    let mut held = 0;
    let mut requests = 0;
    loop {
        let read = stream.read(&mut buffer[held..]).unwrap_or(0);
        if read == 0 {
            return requests;
        }
        held += read;
        if let Some(length) = whole(&buffer[..held]) {
            requests += 1;
            let answer = answer(&buffer[..length]);
            // Before it is answered, so that nobody who has the answer finds the question here.
            buffer.zeroize();
            buffer.resize(CAPACITY, 0);
            stream.write_all(&answer).unwrap();
            held = 0;
        }
    }
}

/// The length of a request, once it is there to its end.
fn whole(request: &[u8]) -> Option<usize> {
    let head = request.windows(4).position(|end| end == b"\r\n\r\n")? + 4;
    let mut lines = request[..head].split(|byte| *byte == b'\n');
    let length = lines
        .find_map(|line| {
            // No line is copied: one of them has the secret.
            let (name, value) = std::str::from_utf8(line).ok()?.split_once(':')?;
            if name.eq_ignore_ascii_case("content-length") { value.trim().parse().ok() } else { None }
        })
        .unwrap_or(0);
    (request.len() >= head + length).then_some(head + length)
}

/// An answer of this status with this JSON.
pub(crate) fn json(status: u16, body: &str) -> Zeroizing<Vec<u8>> {
    let head =
        format!("HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n", body.len());
    Zeroizing::new([head.as_bytes(), body.as_bytes()].concat())
}
