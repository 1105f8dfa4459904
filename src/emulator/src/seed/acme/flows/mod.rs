//! The flows of the product.

mod account;
pub(super) mod builder;
mod enrolment;
mod factors;
mod recovery;
mod robots;
mod sign_in;

use serde_json::{Value, json};

use super::Files;
use super::environment::{Change, Environment};
use builder::Branch;

/// Adds every flow that the environment has, and the index.
pub(super) fn add_flows(environment: &Environment, files: &mut Files) {
    let mut flows = vec![
        sign_in::sign_in(environment, files),
        sign_in::sign_up_or_in(environment, files),
        sign_in::sso_discovery(environment, files),
        sign_in::social_login(environment, files),
        enrolment::sign_up(environment, files),
        enrolment::accept_invitation(environment, files),
        enrolment::create_organisation(environment, files),
        factors::magic_link(environment, files),
        factors::one_time_code(environment, files),
        factors::passkey_promotion(environment, files),
        factors::totp_enrolment(environment, files),
        factors::step_up(environment, files),
        recovery::password_reset(environment, files),
        recovery::account_recovery(environment, files),
        account::update_profile(environment, files),
        account::change_contact(environment, files),
    ];
    if !environment.has(Change::OldSignInRemoved) {
        flows.push(sign_in::old_sign_in(environment, files));
    }
    if environment.has(Change::RobotPairing) {
        flows.push(robots::pair_robot(environment, files));
    }
    if environment.has(Change::GuestAccess) {
        flows.push(robots::guest_access(environment, files));
    }
    flows.sort_unstable();
    files.insert("flows/flows.json".to_owned(), json!({ "flows": flows }));
}

/// A branch that is taken when `target` is true.
fn when_true(name: &'static str, target: &'static str, next: &'static str) -> Branch {
    Branch { name, target, operator: "is-true", value: Value::from(""), next }
}

/// A branch that compares.
fn when(
    name: &'static str,
    target: &'static str,
    operator: &'static str,
    value: impl Into<Value>,
    next: &'static str,
) -> Branch {
    Branch { name, target, operator, value: value.into(), next }
}
