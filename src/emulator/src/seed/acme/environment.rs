//! What one environment is, and which pending changes have reached it.

use sha2::{Digest, Sha256};

/// How far a project is from the people who depend on it: a later stage holds every change of the earlier ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    Production,
    Staging,
    Development,
}

/// A change of the product that is on its way to production.
#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    /// Sign-in asks reCAPTCHA before it looks at the user: a condition, a connector and its secret are new.
    BotCheck,
    /// Sign-in offers a passkey to people who have none.
    PasskeyOffer,
    /// A flow in which a technician pairs a robot with an account.
    RobotPairing,
    /// Auditors may export what they read.
    AuditExport,
    /// The brand's blue became darker, for contrast.
    DarkerBlue,
    /// The text of the one-time code's email.
    ClearerCodeEmail,
    /// Passwords of twelve characters.
    LongerPasswords,
    /// The old sign-in flow is gone.
    OldSignInRemoved,
    /// Guests may look at a robot's status; a sponsor is told through Slack.
    GuestAccess,
    /// Step-up accepts a passkey.
    PasskeyStepUp,
    /// A role for people who repair robots.
    TechnicianRole,
}

impl Change {
    /// The stage nearest to production that has it.
    const fn reached(self) -> Stage {
        match self {
            Self::BotCheck
            | Self::PasskeyOffer
            | Self::RobotPairing
            | Self::AuditExport
            | Self::DarkerBlue
            | Self::ClearerCodeEmail
            | Self::LongerPasswords
            | Self::OldSignInRemoved => Stage::Staging,
            Self::GuestAccess | Self::PasskeyStepUp | Self::TechnicianRole => Stage::Development,
        }
    }
}

/// Lengths of time, each in the unit that its field of `project.json` names.
#[derive(Clone, Copy)]
pub(super) struct Lifetimes {
    pub(super) session_minutes: u32,
    pub(super) refresh_days: u32,
    pub(super) step_up_minutes: u32,
    pub(super) inactivity_minutes: u32,
}

/// One project, as far as it is not the same as the others.
pub(super) struct Environment {
    pub(super) stage: Stage,
    pub(super) project_id: &'static str,
    /// The project's name.
    pub(super) name: &'static str,
    /// Short, for values that must say where they belong.
    pub(super) label: &'static str,
    /// Whether the server is told that this is production.
    pub(super) is_production: bool,
    pub(super) tags: &'static [&'static str],
    /// The host of the product.
    pub(super) host: &'static str,
    /// Stamped by the server at export.
    pub(super) components_version: &'static str,
    pub(super) lifetimes: Lifetimes,
    /// Whether fixed codes work for test users.
    pub(super) test_users: bool,
    pub(super) blocked_addresses: &'static [&'static str],
}

impl Environment {
    /// Whether a change has come this far.
    pub(super) fn has(&self, change: Change) -> bool {
        self.stage >= change.reached()
    }

    /// The id that this project has for a thing: another project has another.
    pub(super) fn id(&self, prefix: &str, name: &str) -> String {
        format!("{prefix}2{}", base62(&[self.project_id, prefix, name], 26))
    }

    /// The host on which people sign in.
    pub(super) fn custom_domain(&self) -> String {
        format!("auth.{}", self.host)
    }

    /// An address in the product.
    pub(super) fn url(&self, path: &str) -> String {
        format!("https://{}{path}", self.host)
    }
}

/// `length` base62 characters that depend on `parts` alone.
pub(super) fn base62(parts: &[&str], length: usize) -> String {
    const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let mut hasher = Sha256::new();
    for part in parts {
        hasher.update(part.as_bytes());
        // A separator that no name has: ("ab", "c") and ("a", "bc") are two things.
        hasher.update([0]);
    }
    let digest = hasher.finalize();
    digest.iter().take(length).map(|byte| char::from(DIGITS[usize::from(*byte) % DIGITS.len()])).collect()
}

/// Where changes are made.
pub(super) const DEVELOPMENT: Environment = Environment {
    stage: Stage::Development,
    project_id: "P2AcmeDevelopmentNotReal0000",
    name: "Acme Robotics dev",
    label: "dev",
    is_production: false,
    tags: &["acme", "dev"],
    host: "dev.acme-robotics.example",
    components_version: "2.0.431",
    lifetimes: Lifetimes { session_minutes: 60, refresh_days: 90, step_up_minutes: 30, inactivity_minutes: 720 },
    test_users: true,
    blocked_addresses: &["203.0.113.7"],
};

/// Where changes are tried.
pub(super) const STAGING: Environment = Environment {
    stage: Stage::Staging,
    project_id: "P2AcmeStagingNotReal00000000",
    name: "Acme Robotics staging",
    label: "staging",
    is_production: false,
    tags: &["acme", "staging"],
    host: "staging.acme-robotics.example",
    components_version: "2.0.428",
    lifetimes: Lifetimes { session_minutes: 30, refresh_days: 28, step_up_minutes: 15, inactivity_minutes: 120 },
    test_users: true,
    blocked_addresses: &["203.0.113.7", "203.0.113.42"],
};

/// Where people work.
pub(super) const PRODUCTION: Environment = Environment {
    stage: Stage::Production,
    project_id: "P2AcmeProductionNotReal00000",
    name: "Acme Robotics",
    label: "production",
    is_production: true,
    tags: &["acme", "customers"],
    host: "acme-robotics.example",
    components_version: "2.0.422",
    lifetimes: Lifetimes { session_minutes: 10, refresh_days: 14, step_up_minutes: 5, inactivity_minutes: 30 },
    test_users: false,
    blocked_addresses: &["198.51.100.23", "198.51.100.24", "198.51.100.77", "203.0.113.200", "203.0.113.201"],
};

/// The one project of the second company.
pub(super) const TINY_TOYS: Environment = Environment {
    stage: Stage::Production,
    project_id: "P2TinyToysNotReal00000000000",
    name: "Tiny Toys",
    label: "tiny",
    is_production: false,
    tags: &[],
    host: "tiny-toys.example",
    components_version: "2.0.422",
    lifetimes: Lifetimes { session_minutes: 10, refresh_days: 28, step_up_minutes: 10, inactivity_minutes: 30 },
    test_users: false,
    blocked_addresses: &[],
};
