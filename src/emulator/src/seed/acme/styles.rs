//! The look: the vendor's dark and light themes, and the brand's own pair.

use serde_json::{Value, json};

use super::Files;
use super::assets::{LOGO_DARK, LOGO_LIGHT};
use super::environment::{Change, Environment};

/// The brand's suite; its files are `acme-dark.json` and `acme-light.json`.
pub(super) const BRAND: &str = "acme";

/// Colours and shapes of one theme.
struct Palette {
    ground: &'static str,
    raised: &'static str,
    ink: &'static str,
    quiet: &'static str,
    line: &'static str,
    primary: [&'static str; 4],
    secondary: [&'static str; 4],
    success: [&'static str; 4],
    error: [&'static str; 4],
    radius: &'static str,
    font: &'static str,
    logo: &'static str,
}

const DARK: Palette = Palette {
    ground: "#121212FF",
    raised: "#1E1E1EFF",
    ink: "#FFFFFFFF",
    quiet: "#9A9A9AFF",
    line: "#3A3A3AFF",
    primary: ["#0C6CE9", "#063674", "#77AFF8", "#DCEFFF"],
    secondary: ["#E7E7E7", "#747474", "#FFFFFF", "#171717"],
    success: ["#2E9E5B", "#17562F", "#7FD6A4", "#ECFDF3"],
    error: ["#E33F3F", "#8C1616", "#F29A9A", "#FFF1F0"],
    radius: "6px",
    font: "Roboto",
    logo: LOGO_DARK.path,
};

const LIGHT: Palette = Palette {
    ground: "#FFFFFFFF",
    raised: "#F7F8FAFF",
    ink: "#101828FF",
    quiet: "#667085FF",
    line: "#D0D5DDFF",
    primary: ["#006AF5", "#00357B", "#71AEFF", "#D9EEFF"],
    secondary: ["#666666", "#333333", "#999999", "#F0F0F0"],
    success: ["#1B8A4B", "#0E4A28", "#6CC493", "#ECFDF3"],
    error: ["#E21D12", "#8A110B", "#F58B85", "#FFF1F0"],
    radius: "8px",
    font: "Roboto",
    logo: LOGO_LIGHT.path,
};

/// Adds `styles/*`.
pub(super) fn add_styles(environment: &Environment, files: &mut Files) {
    let blue = if environment.has(Change::DarkerBlue) {
        ["#0B4A8F", "#072E59", "#5C94D1", "#E3EFFB"]
    } else {
        ["#1570CD", "#0B4A8F", "#7FB2E8", "#E3EFFB"]
    };
    let brand = |base: Palette| Palette { primary: blue, radius: "3px", font: "Inter", ..base };
    let themes = [
        ("dark".to_owned(), DARK),
        ("light".to_owned(), LIGHT),
        (format!("{BRAND}-dark"), brand(DARK)),
        (format!("{BRAND}-light"), brand(LIGHT)),
    ];
    let names: Vec<&String> = themes.iter().map(|(name, _)| name).collect();
    let index = json!({ "componentsVersion": environment.components_version, "styles": names });
    files.insert("styles/styles.json".to_owned(), index);
    for (name, palette) in &themes {
        files.insert(format!("styles/{name}.json"), theme(palette));
    }
}

fn theme(palette: &Palette) -> Value {
    json!({ "globals": globals(palette), "components": components(palette) })
}

fn globals(palette: &Palette) -> Value {
    let font = palette.font;
    let size = |size: &str, weight: &str| json!({ "font": "var(--descope-fonts-font1-family)", "size": size, "weight": weight });
    json!({
        "colors": {
            "surface": { "main": palette.ground, "light": palette.raised, "highlight": palette.line, "dark": palette.quiet, "contrast": palette.ink },
            "primary": shades(palette.primary),
            "secondary": shades(palette.secondary),
            "success": shades(palette.success),
            "error": shades(palette.error),
        },
        "fonts": {
            "font1": { "label": font, "family": [font, "ui-sans-serif", "system-ui", "sans-serif"], "url": format!("https://fonts.acme-robotics.example/{}.css", font.to_lowercase()) },
            "font2": { "label": "Sans Serif", "family": ["ui-sans-serif", "system-ui", "sans-serif"] },
        },
        "typography": {
            "h1": size("48px", "700"), "h2": size("40px", "700"), "h3": size("32px", "600"),
            "subtitle1": size("24px", "500"), "subtitle2": size("20px", "500"),
            "body1": size("15px", "400"), "body2": size("12px", "400"),
        },
        "spacing": { "xs": "2px", "sm": "4px", "md": "8px", "lg": "16px", "xl": "32px" },
        "border": { "xs": "1px", "sm": "2px", "md": "3px", "lg": "4px", "xl": "5px" },
        "radius": { "xs": "2px", "sm": palette.radius, "md": "12px", "lg": "20px", "xl": "28px" },
        "shadow": {
            "sm": "0 1px 2px rgba(16, 24, 40, 0.08)",
            "md": "0 4px 8px rgba(16, 24, 40, 0.12)",
            "lg": "0 12px 24px rgba(16, 24, 40, 0.18)",
        },
        "logo": { "url": palette.logo },
    })
}

fn shades([main, dark, light, contrast]: [&str; 4]) -> Value {
    json!({ "main": main, "dark": dark, "light": light, "highlight": light, "contrast": contrast })
}

/// A component that has a variant for each meaning: `--descope-<name>-<shade>` under `mode`.
fn modes(name: &str, palette: &Palette) -> Value {
    let mut modes = json!({});
    for (mode, [main, dark, light, contrast]) in [
        ("primary", palette.primary),
        ("secondary", palette.secondary),
        ("success", palette.success),
        ("error", palette.error),
    ] {
        let mut shades = json!({});
        for (shade, colour) in [("main", main), ("dark", dark), ("light", light), ("contrast", contrast)] {
            shades[format!("--descope-{name}-{shade}")] = colour.into();
        }
        modes[mode] = shades;
    }
    modes
}

fn components(palette: &Palette) -> Value {
    let mut components = json!({});
    for (key, name) in [
        ("button", "button"),
        ("link", "link"),
        ("text", "text"),
        ("badge", "badge"),
        ("loaderLinear", "loader-linear"),
        ("loaderRadial", "loader-radial"),
        ("checkbox", "checkbox"),
        ("switchToggle", "switch-toggle"),
        ("totpImage", "totp-image"),
    ] {
        let mut component = json!({ "mode": modes(name, palette) });
        component[format!("--descope-{name}-border-radius")] = palette.radius.into();
        component[format!("--descope-{name}-font-family")] = "var(--descope-fonts-font1-family)".into();
        components[key] = component;
    }
    for (key, name) in [
        ("inputWrapper", "input-wrapper"),
        ("textField", "text-field"),
        ("emailField", "email-field"),
        ("password", "password"),
        ("newPassword", "new-password"),
        ("passcode", "passcode"),
        ("phoneField", "phone-field"),
        ("comboBox", "combo-box"),
        ("singleSelect", "single-select"),
        ("textArea", "text-area"),
        ("uploadFile", "upload-file"),
        ("dateField", "date-field"),
    ] {
        let mut component = json!({ "_bordered": {}, "_fullWidth": {}, "size": {} });
        for (part, value) in [
            ("background-color", palette.ground),
            ("border-color", palette.line),
            ("border-radius", palette.radius),
            ("label-text-color", palette.quiet),
            ("placeholder-text-color", palette.quiet),
            ("value-text-color", palette.ink),
            ("error-message-text-color", palette.error[0]),
            ("outline-color", palette.primary[2]),
        ] {
            component[format!("--descope-{name}-{part}")] = value.into();
        }
        for (size, height) in [("xs", "30px"), ("sm", "36px"), ("md", "44px"), ("lg", "52px")] {
            component["size"][size] = json!({});
            component["size"][size][format!("--descope-{name}-height")] = height.into();
        }
        components[key] = component;
    }
    for (key, name) in
        [("container", "container"), ("modal", "modal"), ("grid", "grid"), ("divider", "divider"), ("avatar", "avatar")]
    {
        let mut component = json!({});
        for (part, value) in
            [("background-color", palette.raised), ("border-color", palette.line), ("border-radius", palette.radius)]
        {
            component[format!("--descope-{name}-{part}")] = value.into();
        }
        components[key] = component;
    }
    components
}
