//! The hashes of the page's script and style sheets, for its content security
//! policy. The test below writes them anew with `BLESS=1`.

/// Of the script.
pub const SCRIPT: &str = "sha256-vfaUOhTPHJjkA/+a1iARB6/JzP/0k2GRgS/FOkKgORI=";
/// Of the style sheets.
pub const STYLES: [&str; 2] = [
    "sha256-cP3szarzMw0doVBNgzPirWbaQ/Guh3/YrNpYP4pQres=",
    "sha256-QvwST3mHE+3uB7QwksfL5n6nokek+3697/fsdeeJCHw=",
];

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::STANDARD;
    use sha2::{Digest, Sha256};

    use super::super::page;

    #[test]
    fn they_are_of_these_files() {
        let hash = |text: &str| format!("sha256-{}", STANDARD.encode(Sha256::digest(text)));
        let now = [page::SCRIPT, page::STYLES[0], page::STYLES[1]].map(hash);
        let known = [super::SCRIPT, super::STYLES[0], super::STYLES[1]];
        if std::env::var_os("BLESS").is_some() {
            let file = concat!(env!("CARGO_MANIFEST_DIR"), "/src/explorer/hashes.rs");
            let mut source = std::fs::read_to_string(file).unwrap();
            let parts = source.split_once("#[cfg(test)]").unwrap();
            let [script, book, own] = &now;
            source = format!(
                "//! The hashes of the page's script and style sheets, for its content security\n\
                 //! policy. The test below writes them anew with `BLESS=1`.\n\n\
                 /// Of the script.\npub const SCRIPT: &str = \"{script}\";\n\
                 /// Of the style sheets.\npub const STYLES: [&str; 2] = [\n    \"{book}\",\n    \"{own}\",\n];\n\n\
                 #[cfg(test)]{}",
                parts.1
            );
            std::fs::write(file, source).unwrap();
            return;
        }
        assert_eq!(
            now, known,
            "the script or a style sheet has changed; this takes the new hashes:\n    \
             BLESS=1 cargo test -p figures they_are_of_these_files"
        );
    }
}
