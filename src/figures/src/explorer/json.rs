//! JSON for a `<script>` element: numbers, texts and lists of them.
//!
//! A crate would double what `cargo run` compiles for this page, and would leave
//! out the one thing that matters here: no text may contain `</script>` or `<!--`.

use std::fmt::Write;

/// What can be written as JSON.
pub trait Json {
    /// Adds itself to a text.
    fn write(&self, out: &mut String);
}

impl Json for usize {
    fn write(&self, out: &mut String) {
        // Writing to a String cannot fail.
        let _ = write!(out, "{self}");
    }
}

impl Json for str {
    fn write(&self, out: &mut String) {
        out.push('"');
        for letter in self.chars() {
            match letter {
                '"' | '\\' => out.extend(['\\', letter]),
                // What could end the element, and what JSON must not have as it is.
                '<' | '\0'..='\x1f' => {
                    let _ = write!(out, "\\u{:04x}", u32::from(letter));
                }
                letter => out.push(letter),
            }
        }
        out.push('"');
    }
}

impl Json for String {
    fn write(&self, out: &mut String) {
        self.as_str().write(out);
    }
}

impl<T: Json + ?Sized> Json for &T {
    fn write(&self, out: &mut String) {
        (**self).write(out);
    }
}

impl<T: Json> Json for Option<T> {
    fn write(&self, out: &mut String) {
        match self {
            Some(value) => value.write(out),
            None => out.push_str("null"),
        }
    }
}

impl<T: Json> Json for [T] {
    fn write(&self, out: &mut String) {
        out.push('[');
        for (place, value) in self.iter().enumerate() {
            if place > 0 {
                out.push(',');
            }
            value.write(out);
        }
        out.push(']');
    }
}

impl<T: Json> Json for Vec<T> {
    fn write(&self, out: &mut String) {
        self.as_slice().write(out);
    }
}

/// An object in the making.
#[derive(Default)]
pub struct Object(String);

impl Object {
    /// Adds a member.
    pub fn member(&mut self, name: &str, value: &(impl Json + ?Sized)) {
        self.0.push_str(if self.0.is_empty() { "{" } else { ",\n" });
        name.write(&mut self.0);
        self.0.push(':');
        value.write(&mut self.0);
    }

    /// Adds an object as a member.
    pub fn object(&mut self, name: &str, object: Object) {
        self.0.push_str(if self.0.is_empty() { "{" } else { ",\n" });
        name.write(&mut self.0);
        self.0.push(':');
        self.0.push_str(&object.text());
    }

    /// The whole.
    pub fn text(self) -> String {
        match self.0.is_empty() {
            true => "{}".to_owned(),
            false => self.0 + "}",
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_parser_reads_back_what_was_written(texts: Vec<Option<String>>, numbers: Vec<u32>) {
            let numbers: Vec<usize> = numbers.into_iter().map(|number| number as usize).collect();
            let mut object = Object::default();
            object.member("texts", &texts);
            object.member("numbers", &numbers);
            let text = object.text();
            prop_assert!(!text.contains('<'));
            let read: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(&read["texts"], &serde_json::json!(texts));
            prop_assert_eq!(&read["numbers"], &serde_json::json!(numbers));
        }
    }

    #[test]
    fn no_text_ends_the_element() {
        let text = "</script><!--<script>\"\\\u{0}\u{1f}\u{2028}é";
        let mut json = String::new();
        text.write(&mut json);
        assert!(!json.contains('<'), "{json}");
        assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
    }

    #[test]
    fn objects_are_nested_and_may_be_empty() {
        let mut inside = Object::default();
        inside.member("1", &7);
        let mut object = Object::default();
        object.object("a", inside);
        object.object("b", Object::default());
        assert_eq!(object.text(), "{\"a\":{\"1\":7},\n\"b\":{}}");
    }
}
