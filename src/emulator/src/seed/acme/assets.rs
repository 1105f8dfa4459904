//! Images and texts that other files name by their path under `assets/`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::Files;

/// An image that is in the binary.
pub(super) struct Image {
    /// What other files call it.
    pub(super) path: &'static str,
    base64: &'static str,
}

/// The logo on a light ground.
pub(super) const LOGO_LIGHT: Image = Image {
    path: "assets/img-670c35878efb18e7.png",
    base64: "\
    iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAYAAABzenr0AAAASElEQVR42mNgGAVDGfB49fwH4VEHjDqAJobSCo86YNQBQ9cByIAS\
    NWQ5ABsgR82oA4ZuGhjNhoOuHCAGjEbB0HXAKBgFIw4AABtFsFr6ffMqAAAAAElFTkSuQmCC",
};

/// The logo on a dark ground.
pub(super) const LOGO_DARK: Image = Image {
    path: "assets/img-f20cd778cc90b5f6.png",
    base64: "\
    iVBORw0KGgoAAAANSUhEUgAAACAAAAAgCAYAAABzenr0AAAATklEQVR42mNgGAVDGUw78f8/CI86YNQBNDGUVnjUAaMOGLoOEJDQ\
    gGNK1JDlAGSDcVlAjJpRBwzdNDCaDQddOUAMHo2CoeuAUTAKRhwAAIzMXmZCRgRqAAAAAElFTkSuQmCC",
};

/// The stripe on top of emails.
pub(super) const BANNER: Image = Image {
    path: "assets/img-26efdd591e410e68.png",
    base64: "\
    iVBORw0KGgoAAAANSUhEUgAAAEAAAAAICAYAAABJYvnfAAAA3klEQVR42u3QiyqDAQCA0T2AJEmSJEmSJEmSJEmaYWZuM7eZmZmZ\
    YWZmZuba986fB/GfRzihtjC2r2JHBDvXsGsduzewJ4q9m9gXw/4tHIjj4DYO7eDwLo7s4eg+jiVw/AAnkjh5iFNHOH2MMyc4e4pz\
    KZw/w4U0Lp7jUgaXL3Ali+FLjORw/QqjeYxdY7yAOze4V8TELSZLeHSHJ/eYesB0GTOPmK1g7gnzVSw8Y7GGpRe8r2P5FSsNrL5h\
    rYn1d2y0sPmBrU/8/MLvb/z9wVAQEAQEAUFAEBAE/N+AP9Rcfz0UXl4xAAAAAElFTkSuQmCC",
};

/// A green tick.
pub(super) const CHECK: Image = Image {
    path: "assets/img-4dc71ca44455a7a6.png",
    base64: "\
    iVBORw0KGgoAAAANSUhEUgAAABgAAAAYCAYAAADgdz34AAAAdUlEQVR42s2WwRHAIAgEqcWyrC6dmrcPOeBOEmf86S7qAJr9bYxn\
    LjkQzWvgsqgCD0sYOJQo4K6EBboCRbTuKRRXIReg/YbsDHxbk7nXKBxKTpASPBopVaMyCVNKNvZBQ8FlMrW9VLQWvG/7QUtHa+nJ\
    ql/FC/hqx8VrpT5UAAAAAElFTkSuQmCC",
};

/// A robot, for screens about one.
pub(super) const ROBOT: Image = Image {
    path: "assets/img-5839293185ebcc8c.svg",
    base64: "\
    PHN2ZyB4bWxucz0iaHR0cDovL3d3dy53My5vcmcvMjAwMC9zdmciIHZpZXdCb3g9IjAgMCAzMiAzMiIgd2lkdGg9IjMyIiBoZWln\
    aHQ9IjMyIj48cmVjdCB4PSI0IiB5PSI4IiB3aWR0aD0iMjQiIGhlaWdodD0iMTgiIHJ4PSI0IiBmaWxsPSIjMGM0YThjIi8+PGNp\
    cmNsZSBjeD0iMTEiIGN5PSIxNiIgcj0iMi41IiBmaWxsPSIjZmZmIi8+PGNpcmNsZSBjeD0iMjEiIGN5PSIxNiIgcj0iMi41IiBm\
    aWxsPSIjZmZmIi8+PHBhdGggZD0iTTEwIDIyaDEyIiBzdHJva2U9IiNmZmYiIHN0cm9rZS13aWR0aD0iMS41Ii8+PC9zdmc+Cg==",
};

const IMAGES: [&Image; 5] = [&LOGO_LIGHT, &LOGO_DARK, &BANNER, &CHECK, &ROBOT];

/// Adds the images that the files use and the index of all assets; to be called when all other files are there.
pub(super) fn add_assets(files: &mut Files) {
    let mut used: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (path, value) in files.iter() {
        collect(value, path, &mut used);
    }
    for image in IMAGES {
        if used.contains_key(image.path) {
            files.insert(image.path.to_owned(), image.base64.into());
        }
    }
    let index: Map<String, Value> =
        used.into_iter().map(|(asset, users)| (asset.trim_start_matches("assets/").to_owned(), json!(users))).collect();
    files.insert("assets/assets.json".to_owned(), Value::Object(index));
}

/// Every string that is an asset's path counts as a use. Files come in order of their paths, so that each user is named
/// once if the last one is compared.
fn collect(value: &Value, path: &str, users_of: &mut BTreeMap<String, Vec<String>>) {
    match value {
        Value::String(text) if text.starts_with("assets/") => {
            let users = users_of.entry(text.clone()).or_default();
            if users.last().map(String::as_str) != Some(path) {
                users.push(path.to_owned());
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, path, users_of)),
        Value::Object(fields) => fields.values().for_each(|field| collect(field, path, users_of)),
        _ => {}
    }
}
