//! The main job, from its first line to its last.
#![allow(clippy::unwrap_used, reason = "a test ends where it is wrong")]

mod support;

use std::io::{BufRead as _, BufReader};

use support::{Ran, bare, run_bare, signal};

#[test]
fn the_demo_tells_the_whole_story() {
    let ran = run_bare(&["demo"]);
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    let told: Vec<&str> = ran
        .stdout
        .lines()
        .filter(|line| !line.contains("http://") && !line.contains("Done:") && !line.contains("The new project is"))
        // The preview's id is new each time.
        .map(|line| if line.contains("projects delete") { "   $ descope-projects projects delete …" } else { line })
        .collect();
    let told = told.join("\n");
    insta::assert_snapshot!(support::without_counts(&told), @r#"
       descope-projects demo: the main job, on an emulator. No account, no network, nothing is left behind.

    1. Start an emulator with a company, Acme Robotics: one product in three environments.
       $ descope-projects emulator

    2. List the company's projects: the environments.
       $ descope-projects projects list
       P2AcmeDevelopmentNotReal0000  Acme Robotics dev                  acme, dev
       P2AcmeStagingNotReal00000000  Acme Robotics staging              acme, staging
       P2AcmeProductionNotReal00000  Acme Robotics          production  acme, customers
       ✓ there are three projects

    N. Export staging to a directory: files for a repository and its reviews.
       $ descope-projects snapshot export P2AcmeStagingNotReal00000000 staging/
       N files: N flows, N connectors; directories assets, auth, connectors, flows, styles, widgets.
       ✓ what is read from the directory is what was exported
       ✓ no secret is in it

    4. Ask whether production could take it. Its own settings, lists, sign-in providers and apps stay.
       $ descope-projects snapshot validate P2AcmeProductionNotReal00000 staging/ --exclude project --exclude lists --exclude oauth --exclude ssoApps --missing-secrets-file secrets.json
       ✓ the answer is no
       ✓ exactly one secret is missing: secretKey of connector reCAPTCHA (CI28QKpqwpCGKw8bVKKLUtMDVAB0u)

    5. Supply it: fill in the file that the validation wrote (only its owner can read it).
       $ descope-projects snapshot validate P2AcmeProductionNotReal00000 staging/ --exclude project --exclude lists --exclude oauth --exclude ssoApps --secrets secrets.json
       ✓ now the answer is yes

    6. Import it into production. A person is asked to type the project's name; a script names it.
       $ descope-projects snapshot import P2AcmeProductionNotReal00000 staging/ --exclude project --exclude lists --exclude oauth --exclude ssoApps --secrets secrets.json --yes --project-name "Acme Robotics"
       Imported N files.

    7. Export production again: what moved, and what stayed?
       $ descope-projects snapshot export P2AcmeProductionNotReal00000 production/
       N files changed, N are new, N are gone.
       ✓ production had other flows than staging
       ✓ now it has the same: pair-robot came, old-sign-in went
       ✓ passwords need 12 characters instead of 10, as in staging
       ✓ roles have staging's permissions; changed: Auditor
       ✓ production's own settings stayed, its domain acme-robotics.example among them
       ✓ its 7 connectors kept their ids, and every flow uses them under these ids
       ✓ its 14 secrets are the ones that it had
       ✓ the new connector has the secret that was supplied
       Note: N files that moved hold addresses of staging (staging.acme-robotics.example), such as
         auth/enchantedlink.json, auth/invite.json, auth/magiclink.json.
       An exclude keeps a whole area. To move the rest of one, edit such files in the directory first.

    8. Clone staging as a preview for a pull request.
       $ descope-projects projects clone P2AcmeStagingNotReal00000000 --name preview-42 --tag preview
       ✓ the list shows it, with its name and tag
       ✓ it has staging's 17 flows

    9. Delete the preview. A person is asked to type its name; a script names it.
       $ descope-projects projects delete …
       ✓ it is gone, and the three environments are still there

    Now look around yourself: descope-projects demo --keep, or descope-projects emulator.
    "#);
}

#[test]
fn the_demo_as_a_document() {
    let ran = run_bare(&["demo", "--json"]);
    let document = ran.document();
    assert_eq!(ran.status, 0);
    assert_eq!(document["schema"], "descope-projects/demo@1");
    let told = ran.stderr.matches('✓').count();
    assert_eq!(document["result"]["claims"].as_u64(), u64::try_from(told).ok());
}

#[test]
fn the_demo_can_be_kept_and_used() {
    let mut child = bare(&["demo", "--keep"]).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut told = String::new();
    let mut url = None;
    // The last thing that it says is how to use curl.
    while !told.contains("-d '{}'") {
        let line = lines.next().unwrap().unwrap();
        if let Some((_, rest)) = line.split_once("The emulator runs at ") {
            url = rest.split(' ').next().map(str::to_owned);
        }
        told.push_str(&line);
    }
    let export = told.split("export DESCOPE_MANAGEMENT_KEY=").nth(1).unwrap();
    let key: String = export.chars().take_while(char::is_ascii_alphanumeric).collect();
    // The lines were put together: the key ends where the next command begins.
    let key = key.split("descope").next().unwrap();
    let listed: Ran = bare(&["projects", "list", "--json"])
        .env("DESCOPE_BASE_URL", url.unwrap())
        .env("DESCOPE_PROJECT_ID", support::STAGING)
        .env("DESCOPE_MANAGEMENT_KEY", key)
        .output()
        .unwrap()
        .into();
    assert_eq!(listed.document()["result"]["projects"].as_array().unwrap().len(), 3);
    signal(&child, "INT");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}
