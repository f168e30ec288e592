//! tzxm
fn main() {}
