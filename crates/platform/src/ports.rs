//! Ports: what the platform asks of the world. Nothing else knows the time or throws dice.

use async_trait::async_trait;
use domain::{Moment, document::Document, seal::PublicKey};
use rand_chacha::{
    ChaCha20Rng,
    rand_core::{Rng, SeedableRng},
};
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicI64, Ordering},
};

/// Tells the time.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Moment;
}

/// The clock of the machine.
#[derive(Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the one place where time enters")]
    fn now(&self) -> Moment {
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Moment(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// A clock that stands still until it is moved: tests and simulation.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// Stands at that moment.
    pub fn at(moment: Moment) -> Self {
        Self(AtomicI64::new(moment.0))
    }

    /// Moves it.
    pub fn set(&self, moment: Moment) {
        self.0.store(moment.0, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Moment {
        Moment(self.0.load(Ordering::SeqCst))
    }
}

/// Gives random bytes.
pub trait Chance: Send + Sync {
    /// Fills the buffer.
    fn fill(&self, buffer: &mut [u8]);

    /// Sixteen bytes: an id.
    fn id(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        self.fill(&mut bytes);
        bytes
    }

    /// A number below `end` (which must not be zero; zero gives zero), without noticeable bias.
    fn below(&self, end: u32) -> u32 {
        let mut bytes = [0; 8];
        self.fill(&mut bytes);
        let wide = u64::from_be_bytes(bytes);
        u32::try_from(wide % u64::from(end.max(1))).unwrap_or(0)
    }
}

/// ChaCha20 behind a lock: seeded by the operating system in production, by a number in tests and simulation.
pub struct ChaChaChance(Mutex<ChaCha20Rng>);

impl ChaChaChance {
    /// From a seed: the same seed gives the same bytes.
    pub fn seeded(seed: u64) -> Self {
        Self(Mutex::new(ChaCha20Rng::seed_from_u64(seed)))
    }

    /// From 32 bytes of the operating system.
    pub fn from_bytes(seed: [u8; 32]) -> Self {
        Self(Mutex::new(ChaCha20Rng::from_seed(seed)))
    }
}

impl Chance for ChaChaChance {
    fn fill(&self, buffer: &mut [u8]) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).fill_bytes(buffer);
    }
}

/// Prints papers as PDF.
pub trait Printer: Send + Sync {
    /// The PDF of a paper; an error is a fault of the installation (fonts), never of the data.
    fn print(&self, document: &Document) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>;
}

/// Signs papers with the platform's own key. The key may lie in a file or in a cipher machine.
pub trait Signer: Send + Sync {
    /// The public key with its id: the beginning of a digest of it.
    fn public_key(&self) -> &PublicKey;

    /// The signature over a text, DER.
    fn sign(&self, text: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>;
}

/// The disk the audit lies on.
pub trait Space: Send + Sync {
    /// Bytes that are free; `None` when it cannot be said.
    fn free(&self) -> Option<u64>;
}

/// No disk to be watched.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoSpace;

impl Space for NoSpace {
    fn free(&self) -> Option<u64> {
        None
    }
}

/// What a courier carries. The id is the same for every attempt: a channel that knows it already delivers nothing twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Letter {
    /// Idempotency key, `Message-ID` of a mail: letters, digits, `-`, `_`.
    pub id: String,
    /// Channel, such as `mail`.
    pub channel: String,
    /// Address as the channel needs it; personal data, never logged.
    pub address: String,
    /// One line.
    pub subject: String,
    /// The text.
    pub text: String,
}

/// The channel took a letter over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What the channel calls it; may be empty.
    pub reference: String,
    /// When, as the channel says.
    pub happened_at: Moment,
}

/// The channel did not take a letter over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undelivered {
    /// Why, in Chinese for people; without the address.
    pub reason: String,
    /// Whether another attempt cannot help.
    pub permanent: bool,
}

/// Asks a time stamp authority (RFC 3161).
#[async_trait]
pub trait TimeStamper: Send + Sync {
    /// The digest it stamps.
    fn digest(&self) -> domain::time_stamp::StampDigest;

    /// Hands a TimeStampReq (DER) over and brings the answer (DER) back, as it came.
    async fn ask(&self, request: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>>;
}

/// Carries letters out of the house: mail, short messages, messengers.
#[async_trait]
pub trait Courier: Send + Sync {
    /// Whether the channel is open on this installation.
    fn serves(&self, channel: &str) -> bool;

    /// Hands a letter to its channel. Ends within a minute, whatever the other side does.
    async fn deliver(&self, letter: &Letter) -> Result<Receipt, Undelivered>;
}

/// No channel is open: the message centre alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoCourier;

#[async_trait]
impl Courier for NoCourier {
    fn serves(&self, _: &str) -> bool {
        false
    }

    async fn deliver(&self, _: &Letter) -> Result<Receipt, Undelivered> {
        Err(Undelivered { reason: "渠道未开通。".into(), permanent: false })
    }
}

/// A journey to the provider of unified identity: where it comes back to, and the secrets that bind it to one browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Departure {
    /// Our address the provider sends the browser back to.
    pub redirect: String,
    /// Comes back with the browser.
    pub state: String,
    /// Comes back inside the identity token.
    pub nonce: String,
    /// PKCE: only its hash goes along; the code is worth nothing without it.
    pub verifier: String,
}

/// What the browser brought back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The journey it belongs to.
    pub leave: Departure,
    /// The code, good for one exchange.
    pub code: String,
    /// Who answered, where the answer says so (RFC 9207).
    pub issuer: Option<String>,
}

/// Whom the provider vouches for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutsideIdentity {
    /// The provider.
    pub issuer: String,
    /// The person there: for ever the same.
    pub subject: String,
    /// What the person is called there; only to be shown to the person.
    pub name: String,
    /// The provider proved a second factor, and the administrator lets that count.
    pub second_factor: bool,
}

/// The provider vouches for nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotVouched {
    /// It does not answer, or not as it should; another attempt may help.
    Unavailable,
    /// What came back is not right.
    Refused,
}

/// 统一身份认证: a provider outside of the house. Each call ends within a minute, whatever the other side does.
#[async_trait]
pub trait IdentityProvider: Send + Sync {
    /// What the sign-in page calls it.
    fn name(&self) -> &str;

    /// Where the browser goes to.
    async fn departure(&self, leave: &Departure) -> Result<String, NotVouched>;

    /// Whom it vouches for, after every check of the protocol.
    async fn arrival(&self, arrival: &Arrival) -> Result<OutsideIdentity, NotVouched>;
}
