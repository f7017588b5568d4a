//! The journey of one packet as a ladder.

use std::path::Path;

use figures::explained::Explained;
use figures::ladder::{Times, ladder};
use maud::html;

use super::way::Asked;

const USAGE: &str = r#"{{#journey FILE NUMBER "text" caption="…"}}"#;

pub(super) fn draw(tree: &Path, arguments: &str) -> anyhow::Result<String> {
    let Asked { caption, name, way } = Asked::parse(USAGE, tree, arguments)?;
    let figure = html! {
        figure .journey {
            (caption.above(html! { strong { "The journey of one packet" } ": " (way.what) }))
            (ladder(&way, Times::Shown, &Explained::in_the_book()))
            ul .layers {
                @for part in way.widest().iter().flat_map(|hop| &hop.parts) {
                    li .layer .(part.role.class()) { (part.label) " " small { (part.bytes.len()) } }
                }
            }
            p .note {
                (way.time()) " µs in all, in " code { (name) }
                ". Times vary from run to run; lengths do not."
            }
        }
    };
    Ok(figure.into_string())
}
