//! The app on a person's phone: written from RFC 4226 and RFC 6238 once more, sharing nothing with the platform's.

use crate::{PASSWORD, Person, World};
use domain::Moment;
use hmac::{Hmac, KeyInit, Mac};
use platform::{
    Call, Parts, Platform, Settings,
    account::{Face, Owed},
    settings::SignInRules,
};
use sha1::Sha1;
use std::sync::Arc;

/// An authenticator app that holds one seed.
#[derive(Debug, Clone)]
pub struct Authenticator(Vec<u8>);

impl Authenticator {
    /// With the seed as the page shows it: base 32, with or without blanks.
    pub fn of(secret: &str) -> Self {
        let mut bits = 0_u64;
        let mut held = 0;
        let mut seed = Vec::new();
        for letter in secret.bytes().filter(|b| !b.is_ascii_whitespace()) {
            let value = if letter >= b'A' { letter - b'A' } else { letter - b'2' + 26 };
            bits = bits << 5 | u64::from(value);
            held += 5;
            if held >= 8 {
                held -= 8;
                seed.push(u8::try_from(bits >> held & 255).unwrap());
            }
        }
        Self(seed)
    }

    /// What it shows at that moment.
    pub fn code(&self, at: Moment) -> String {
        let counter = u64::try_from(at.0 / 30_000).unwrap();
        let mut mac = Hmac::<Sha1>::new_from_slice(&self.0).unwrap();
        mac.update(&counter.to_be_bytes());
        let digest = mac.finalize().into_bytes();
        let at = usize::from(digest[19] & 0xf);
        let number = u32::from_be_bytes(digest[at..at + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

/// Somebody with a second factor, signed in.
#[derive(Debug)]
pub struct Enrolled {
    /// The app.
    pub app: Authenticator,
    /// The recovery codes.
    pub codes: Vec<String>,
    /// The session that went on.
    pub token: String,
}

/// The face a person signs in on.
pub fn face(person: &Person) -> Face {
    match person.actor {
        platform::Actor::Officer { .. } => Face::Office,
        _ => Face::Portal,
    }
}

impl World {
    /// The same platform as in production: a second factor is required, passwords and disused accounts run out.
    pub fn strict(&self) -> Platform {
        self.with_settings(|settings| settings.sign_in = SignInRules::default())
    }

    /// The same platform with other settings.
    pub fn with_settings(&self, change: impl FnOnce(&mut Settings)) -> Platform {
        let mut settings = (*self.platform.settings).clone();
        change(&mut settings);
        Platform::new(Parts { settings: Arc::new(settings), ..(*self.platform).clone() })
    }

    /// Signs in for the first time and enrols, half a minute ago as the app counts: the next code is free.
    pub async fn enrol(&self, platform: &Platform, person: &Person) -> Enrolled {
        let (face, call) = (face(person), self.public());
        let session = platform.sign_in(&call, face, &person.login, PASSWORD, "test").await.unwrap();
        assert_eq!(session.owed, Owed::Enrolment, "{} has no second factor yet", person.login);
        platform.begin_factor(&call, face, &session.token, ("", ""), "test").await.unwrap();
        let page = platform.factor_page(&call, face, &session.token).await.unwrap();
        let app = Authenticator::of(&page.enrolling.unwrap().secret);
        let code = app.code(Moment(platform.clock.now().0 - 30_000));
        let done = platform.confirm_factor(&call, face, &session.token, &code, "test").await.unwrap();
        Enrolled { app, codes: done.codes, token: done.session.unwrap().token }
    }

    /// Signs in with password and the app's present code.
    ///
    /// # Panics
    /// When the code is used already.
    pub async fn both_factors(&self, platform: &Platform, person: &Person, app: &Authenticator) -> String {
        let (face, call): (_, Call) = (face(person), self.public());
        let half = platform.sign_in(&call, face, &person.login, PASSWORD, "test").await.unwrap();
        let code = app.code(platform.clock.now());
        platform.prove_code(&call, face, &half.token, &code, "test").await.unwrap().token
    }
}
