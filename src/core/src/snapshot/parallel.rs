//! The same work for many files, on a few threads.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;

/// Files that one thread takes at a time: enough that taking costs nothing, few enough that none waits for another.
const BLOCK: usize = 16;
/// Opening and parsing files gains little from more.
const MOST_THREADS: usize = 8;

/// Does `work` for every item; gives the results in order, or the error of the first item that has one.
pub(super) fn map<T: Sync, R: Send, E: Send>(
    items: &[T],
    work: impl Fn(&T) -> Result<R, E> + Sync,
) -> Result<Vec<R>, E> {
    let cores = thread::available_parallelism().map_or(1, usize::from).min(MOST_THREADS);
    let threads = cores.min(items.len().div_ceil(BLOCK));
    if threads < 2 {
        return items.iter().map(work).collect();
    }
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));
    let run = || {
        let mut results = Vec::new();
        while !failed.load(Ordering::Relaxed) {
            let start = next.fetch_add(BLOCK, Ordering::Relaxed);
            let Some(block) = items.get(start..).filter(|rest| !rest.is_empty()) else { break };
            for (offset, item) in block.iter().take(BLOCK).enumerate() {
                let result = work(item);
                if result.is_err() {
                    failed.store(true, Ordering::Relaxed);
                }
                results.push((start + offset, result));
            }
        }
        results
    };
    let mut results: Vec<(usize, Result<R, E>)> = thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(run)).collect();
        let mut results = run();
        for other in others {
            match other.join() {
                Ok(more) => results.extend(more),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        results
    });
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::map;

    #[test]
    fn results_are_in_order_and_the_first_error_is_the_one() {
        let items: Vec<usize> = (0..1000).collect();
        let doubled = map(&items, |item| Ok::<_, usize>(item * 2));
        assert_eq!(doubled, Ok((0..1000).map(|item| item * 2).collect()));
        // All of the first block is looked at before any thread can see a later block's error.
        assert_eq!(map(&items, |item| if *item < 8 { Ok(()) } else { Err(*item) }), Err(8));
        assert_eq!(map(&items[..0], |_| Err::<(), _>(())), Ok(Vec::new()));
    }
}
