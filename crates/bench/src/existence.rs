//! `make existence`: whether the time a wrong sign-in takes tells an account that exists from one that does not. Known and unknown
//! names take turns; the two samples are compared by the rank test of Mann and Whitney. No product test may depend on a clock, so it is here.

use ledger::Durability;
use platform::{Parts, Platform, Settings, account::Face, ports::ChaChaChance};
use std::{net::Ipv4Addr, sync::Arc, time::Instant};
use testkit::{Database, World};

/// A name is tried so often at most: strangers would have to wait otherwise.
const EACH: usize = 80;

/// Two-sided p of the rank test with the correction for ties, by the normal approximation.
fn mann_whitney(first: &[u64], second: &[u64]) -> f64 {
    let (n, m) = (first.len() as f64, second.len() as f64);
    let mut all: Vec<(u64, bool)> =
        first.iter().map(|x| (*x, true)).chain(second.iter().map(|x| (*x, false))).collect();
    all.sort_unstable();
    let (mut ranks, mut ties, mut at) = (0.0, 0.0, 0_usize);
    for group in all.chunk_by(|a, b| a.0 == b.0) {
        let size = group.len() as f64;
        let rank = at as f64 + (size + 1.0) / 2.0;
        ranks += rank * group.iter().filter(|(_, mine)| *mine).count() as f64;
        ties += size.powi(3) - size;
        at += group.len();
    }
    let all = n + m;
    let u = ranks - n * (n + 1.0) / 2.0;
    let variance = n * m / 12.0 * (all + 1.0 - ties / (all * (all - 1.0)));
    let z = (u - n * m / 2.0) / variance.sqrt();
    // The tail of the normal distribution (Abramowitz and Stegun 7.1.26; good to seven digits).
    let x = z.abs() / std::f64::consts::SQRT_2;
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let poly =
        t * (0.254_829_592 + t * (-0.284_496_736 + t * (1.421_413_741 + t * (-1.453_152_027 + t * 1.061_405_429))));
    poly * (-x * x).exp()
}

#[expect(clippy::disallowed_methods, reason = "a benchmark measures time")]
async fn one(platform: &Platform, world: &World, login: &str, source: String) -> u64 {
    let begun = Instant::now();
    let answer = platform.sign_in(&world.public(), Face::Portal, login, "A wrong 2026 password", &source).await;
    let passed = begun.elapsed();
    assert!(answer.is_err(), "a wrong password opens nothing");
    u64::try_from(passed.as_nanos()).unwrap_or(u64::MAX)
}

fn middle(times: &mut [u64]) -> f64 {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default() as f64 / 1000.0
}

/// Measures so many of each with this cost of a password; whether no difference was seen.
async fn compare(world: &World, name: &str, cost: (u32, u32, u32), samples: usize, net: u8) -> bool {
    let settings = Arc::new(Settings { password_cost: cost, ..(*world.platform.settings).clone() });
    let platform = Platform::new(Parts { settings, ..(*world.platform).clone() });
    let (mut known, mut unknown) = (Vec::new(), Vec::new());
    for n in 0..samples.div_ceil(EACH) {
        // The hash of an account is made with the cost that is measured, as it is in use.
        let person = world.unit(&format!("企业{net}-{n}")).await;
        let token =
            match platform.sign_in(&world.public(), Face::Portal, &person.login, testkit::PASSWORD, "10.0.0.1").await {
                Ok(signed_in) => signed_in.token,
                Err(failure) => panic!("{failure:?}"),
            };
        let new = (testkit::PASSWORD, "Grassland 2026 Wind");
        if let Err(failure) = platform.change_password(&world.public(), Face::Portal, &token, new, "10.0.0.1").await {
            panic!("{failure:?}");
        }
        unknown.push(person.login.replace("agent", "ghost"));
        known.push(person.login);
    }
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for sample in 0..samples {
        let [a, b] = u16::try_from(sample).unwrap_or_default().to_be_bytes();
        let source = |side: u8| Ipv4Addr::new(10, net + side, a, b).to_string();
        let (mine, nobodys) = (&known[sample / EACH], &unknown[sample / EACH]);
        // Whoever comes first differs from pair to pair.
        if sample % 2 == 0 {
            first.push(one(&platform, world, mine, source(0)).await);
            second.push(one(&platform, world, nobodys, source(1)).await);
        } else {
            second.push(one(&platform, world, nobodys, source(1)).await);
            first.push(one(&platform, world, mine, source(0)).await);
        }
    }
    let p = mann_whitney(&first, &second);
    println!(
        "{name}: {samples} of each, median known {:.1} µs, unknown {:.1} µs, Mann–Whitney p = {p:.3}{}",
        middle(&mut first),
        middle(&mut second),
        if p > 0.01 { "" } else { " — a difference" }
    );
    p > 0.01
}

/// Measures and prints. Whether nothing was told.
pub async fn run(samples: usize) -> bool {
    let world = World::durable(Database::sqlite(), ChaChaChance::seeded(1), Durability::Relaxed).await;
    let production = Settings::default().password_cost;
    // With the cost of production the difference would have to be seen through the hash; with none it would lie open.
    let hidden = compare(&world, "cost of production", production, samples.div_ceil(20), 10).await;
    let open = compare(&world, "cheap passwords", (8, 1, 1), samples, 20).await;
    world.finish().await;
    hidden && open
}
