//! Images are images.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::acme;

/// The checksum of a PNG's chunks.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |mut sum, byte| {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 };
        }
        sum
    })
}

/// Walks the chunks, and says which they are.
fn chunks(png: &[u8]) -> Vec<String> {
    let mut rest = png.strip_prefix(b"\x89PNG\r\n\x1a\n").expect("a PNG's signature");
    let mut kinds = Vec::new();
    while let Some((length, after)) = rest.split_first_chunk::<4>() {
        let length = u32::from_be_bytes(*length) as usize;
        let (named, after) = after.split_at(4 + length);
        let (sum, after) = after.split_first_chunk::<4>().expect("a checksum");
        assert_eq!(crc32(named), u32::from_be_bytes(*sum), "a damaged chunk");
        kinds.push(String::from_utf8_lossy(&named[..4]).into_owned());
        rest = after;
    }
    kinds
}

#[test]
fn images_decode_to_whole_pictures() {
    let seed = acme();
    let mut pictures = 0;
    for project in seed.companies.iter().flat_map(|company| &company.projects) {
        for (path, value) in project.files.iter().filter(|(path, _)| path.starts_with("assets/img-")) {
            let bytes = STANDARD.decode(value.as_str().unwrap()).unwrap();
            if path.rsplit_once('.').is_some_and(|(_, extension)| extension == "png") {
                assert_eq!(chunks(&bytes), ["IHDR", "IDAT", "IEND"], "{path}");
            } else {
                assert!(bytes.starts_with(b"<svg ") && bytes.ends_with(b"</svg>\n"), "{path}");
            }
            pictures += 1;
        }
    }
    assert_eq!(pictures, 3 * 5 + 2, "five in each environment, two logos in the tiny one");
}
