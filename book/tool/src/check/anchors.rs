//! Anchors in the code: each is whole, and a page uses it.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::Context;
use walkdir::WalkDir;

use crate::anchor::Source;
use crate::listing::Shown;
use crate::problem::Problem;

/// Anchors that no page uses, and anchors that are broken.
pub fn problems(
    tree: &Path,
    shown: &BTreeSet<Shown>,
) -> anyhow::Result<(Vec<Problem>, Vec<Problem>)> {
    let (mut unused, mut broken) = (Vec::new(), Vec::new());
    for folder in ["chapters", "src"] {
        for entry in WalkDir::new(tree.join(folder)).sort_by_file_name() {
            let entry = entry?;
            if entry
                .path()
                .extension()
                .is_none_or(|extension| extension != "rs")
            {
                continue;
            }
            let file = entry.path().strip_prefix(tree)?.display().to_string();
            let text = std::fs::read_to_string(entry.path())
                .with_context(|| format!("cannot read {file}"))?;
            match Source::parse(&text) {
                Err((line, what)) => broken.push(Problem::at(file, line, what)),
                Ok(source) => unused.extend(source.anchors.into_iter().filter_map(|anchor| {
                    let (file, name) = (file.clone(), anchor.name);
                    let what = format!("no page of the book uses the anchor {name}");
                    let problem = Problem::at(file.clone(), anchor.begin, what);
                    let anchor = Some(name);
                    (!shown.contains(&Shown { file, anchor })).then_some(problem)
                })),
            }
        }
    }
    Ok((unused, broken))
}
