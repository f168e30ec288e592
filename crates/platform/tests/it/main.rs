//! The use cases, on both engines. Folders and names follow the use cases; each test ends with a verified ledger.

mod kit;
