//! `cargo book`: the command line of the book's tool.

fn main() {
    println!("the book cannot be built yet");
}
