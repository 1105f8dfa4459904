//! Many calls started from Rust: so many tasks over one client, on one thread. Speaks as `benches/peers.py` does:
//! `fleet URL TASKS CALLS` says `ready`, and for each line on stdin makes so many calls and says how long they took.

#![expect(clippy::print_stdout, reason = "the figures are what it is for")]

use std::error::Error;
use std::time::Instant;

use descope_projects_core::client::{Client, ClientOptions};
use descope_projects_core::secrets::Secret;
use tokio::runtime::Builder;
use tokio::task::LocalSet;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = move |name: &str| arguments.next().ok_or_else(|| format!("missing: {name}"));
    let url = argument("URL")?;
    let tasks: usize = argument("TASKS")?.parse()?;
    let calls: usize = argument("CALLS")?.parse()?;
    let options = ClientOptions { base_url: Some(url), ..ClientOptions::default() };
    let client = Client::new("P2benchmark", Secret::new("K2benchmark"), &options)?;
    let runtime = Builder::new_current_thread().enable_all().build()?;
    println!("ready");
    for line in std::io::stdin().lines() {
        line?;
        let start = Instant::now();
        runtime.block_on(LocalSet::new().run_until(together(&client, tasks, calls.div_ceil(tasks))))?;
        let (seconds, calls) = (start.elapsed().as_secs_f64(), calls.div_ceil(tasks) * tasks);
        println!(r#"{{"seconds": {seconds}, "calls": {calls}, "resident_bytes": {}}}"#, most_memory()?);
    }
    Ok(())
}

async fn together(client: &Client, tasks: usize, calls: usize) -> Result<(), Box<dyn Error>> {
    let started: Vec<_> = (0..tasks)
        .map(|_| {
            let client = client.clone();
            tokio::task::spawn_local(async move {
                for _ in 0..calls {
                    client.list_projects().await?;
                }
                Ok::<_, descope_projects_core::Error>(())
            })
        })
        .collect();
    for task in started {
        task.await??;
    }
    Ok(())
}

/// The most memory that this process ever had, in bytes.
fn most_memory() -> Result<u64, Box<dyn Error>> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM in the status")?;
    let kilobytes: u64 = line.trim().trim_end_matches(" kB").parse()?;
    Ok(kilobytes * 1024)
}
