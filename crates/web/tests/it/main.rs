//! The faces through their real routers, on both engines, without a socket.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up must stop")]

mod api;
mod as_of;
mod canary;
mod contact;
mod content;
mod detection;
mod evidence;
mod flood;
mod group;
mod guide;
mod notification;
mod office;
mod people;
mod personal;
mod portal_project;
mod portal_public;
mod sign_in;
mod supervision;
mod sweep;
