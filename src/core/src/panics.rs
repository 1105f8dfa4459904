//! What is said when this package has a bug: where, and never a value.
//!
//! A panic's message is often made of what the code had in its hands, and the default is to print it.

use std::backtrace::{Backtrace, BacktraceStatus};
use std::io::Write as _;
use std::panic::PanicHookInfo;
use std::sync::Once;

/// From now on a panic of this copy of the standard library says where it was, and its message only if that is written in
/// the code. An extension module has a copy of its own: other extensions of the interpreter are not touched.
pub fn withhold_values() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        std::panic::set_hook(Box::new(|panic| {
            let mut said = describe(panic);
            let trace = Backtrace::capture();
            if trace.status() == BacktraceStatus::Captured {
                said = format!("{said}\n{trace}");
            }
            // If stderr is gone there is nowhere left to say so.
            let _ = writeln!(std::io::stderr(), "{said}");
        }));
    });
}

fn describe(panic: &PanicHookInfo<'_>) -> String {
    let place = panic.location().map_or_else(|| "an unknown place".to_owned(), ToString::to_string);
    let what = panic.payload().downcast_ref::<&'static str>().copied();
    let what = what.unwrap_or("its message is withheld, for it may hold values");
    format!("descope-projects: internal error at {place} ({what}); this is a bug")
}
