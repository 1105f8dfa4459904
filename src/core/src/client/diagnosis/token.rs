//! How long a workload token is good for, by its own words; nothing else of it is shown, and nothing is verified.

use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Deserialize;

use super::network::seconds_between;
use super::{Area, Check, Diagnosis, State};
use crate::error::{Error, ErrorKind};
use crate::secrets::Secret;

/// What HTTP dates can hold, the end of the year 9999: a claim of the year 300000 must not end in a panic.
const LAST_SECOND: u64 = 253_402_300_799;

/// The claims that say when (RFC 7519, section 4.1).
#[derive(Deserialize)]
struct Times {
    exp: Option<f64>,
    nbf: Option<f64>,
}

/// `server_time` is what counts: it is the server that refuses a token. Without it this machine's clock has to do.
pub(super) fn look(diagnosis: &mut Diagnosis, token: Option<&Secret>, server_time: Option<SystemTime>) {
    let Some(token) = token else { return };
    let (now, clock) = match server_time {
        Some(now) => (now, "the server's clock"),
        None => (SystemTime::now(), "this machine's clock"),
    };
    let (check, problem) = judge(token, now);
    diagnosis.add(check.from(clock));
    if let Some(problem) = problem {
        diagnosis.blame(Error::new(ErrorKind::Authentication, problem));
    }
}

fn judge(token: &Secret, now: SystemTime) -> (Check, Option<String>) {
    let check = |state, value: String| Check::new(Area::Key, "token expiry", state, value);
    let Some(times) = times(token) else {
        return (check(State::Noted, "not known: its second part is not what a JWT has".to_owned()), None);
    };
    if let Some(from) = times.nbf.and_then(moment)
        && seconds_between(now, from) > 0
    {
        let value = format!("not valid before {}", httpdate::fmt_http_date(from));
        return (check(State::Failed, value.clone()), Some(format!("the workload token is {value}")));
    }
    let Some(until) = times.exp.and_then(moment) else {
        return (check(State::Noted, "it does not say when it expires".to_owned()), None);
    };
    let left = seconds_between(now, until);
    let date = httpdate::fmt_http_date(until);
    let hint = "have the platform make a new one, shortly before it is used";
    let (ended, problem) = if left > 0 {
        (check(State::Fine, format!("{date}, in {}", span(left))), None)
    } else {
        let value = format!("expired {} ago, {date}", span(-left));
        (check(State::Failed, value.clone()).hint(hint), Some(format!("the workload token {value}")))
    };
    (ended.data("expires_in_seconds", left), problem)
}

fn times(token: &Secret) -> Option<Times> {
    let payload = token.expose().split('.').nth(1)?;
    let decoded = URL_SAFE_NO_PAD.decode(payload.trim_end_matches('=')).ok()?;
    serde_json::from_slice(&decoded).ok()
}

fn moment(seconds: f64) -> Option<SystemTime> {
    let since = Duration::try_from_secs_f64(seconds).ok()?;
    if since.as_secs() > LAST_SECOND { None } else { SystemTime::UNIX_EPOCH.checked_add(since) }
}

fn span(seconds: i64) -> String {
    match seconds {
        172_800.. => format!("{} days", seconds / 86_400),
        7_200.. => format!("{} h", seconds / 3600),
        120.. => format!("{} min", seconds / 60),
        _ => format!("{seconds} s"),
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, SystemTime};

    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::{Secret, State, judge};

    fn judged(payload: &str) -> (State, String) {
        let token = Secret::new(format!("eyJhbGciOiJub25lIn0.{}.sig", URL_SAFE_NO_PAD.encode(payload)));
        let (check, problem) = judge(&token, SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000));
        assert_eq!(problem.is_some(), check.state == State::Failed);
        (check.state, check.value)
    }

    #[test]
    fn a_token_says_until_when() {
        let fine = judged(r#"{"exp":1700000900,"nbf":1699999999.5}"#);
        assert_eq!(fine, (State::Fine, "Tue, 14 Nov 2023 22:28:20 GMT, in 15 min".to_owned()));
        let over = judged(r#"{"exp":1699999940}"#);
        assert_eq!(over, (State::Failed, "expired 60 s ago, Tue, 14 Nov 2023 22:12:20 GMT".to_owned()));
        assert_eq!(judged(r#"{"exp":1700000900,"nbf":1700000800}"#).0, State::Failed);
    }

    #[test]
    fn what_is_no_jwt_or_holds_no_time_is_only_noted() {
        for payload in ["", "[]", "{}", r#"{"exp":"soon"}"#, r#"{"exp":1e300}"#, r#"{"exp":-1}"#, "\u{0}"] {
            assert_eq!(judged(payload).0, State::Noted, "{payload}");
        }
    }
}
