//! 机密值 in memory (S-31): wiped when dropped, never printed, never serialised. `never_shown!` makes the compiler hold that.

use zeroize::Zeroize;

/// A password, token, seed or key. It has neither `Debug` nor `Serialize`: whatever holds it cannot derive them by accident.
#[derive(Clone, Default)]
pub struct Hidden<T: Zeroize>(T);

impl<T: Zeroize> Hidden<T> {
    /// Takes the value over. What it was copied from is the caller's to wipe.
    pub fn new(value: T) -> Self {
        Self(value)
    }
}

impl<T: Zeroize> std::ops::Deref for Hidden<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> Drop for Hidden<T> {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

impl From<&str> for Hidden<String> {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

/// Does not compile when one of the types can be printed or serialised (S-31): of two implementations that both fit, the compiler
/// cannot choose.
#[macro_export]
macro_rules! never_shown {
    ($($secret:ty),+ $(,)?) => {
        const _: () = {
            trait Shown<A> {
                fn is() {}
            }
            struct Printed;
            struct Serialised;
            impl<T: ?Sized> Shown<()> for T {}
            impl<T: ?Sized + ::std::fmt::Debug> Shown<Printed> for T {}
            impl<T: ?Sized + ::serde::Serialize> Shown<Serialised> for T {}
            $(const _: fn() = <$secret as Shown<_>>::is;)+
        };
    };
}

never_shown!(Hidden<String>, Hidden<Vec<u8>>, Hidden<[u8; 16]>);

#[cfg(test)]
mod tests {
    use super::*;
    use std::{cell::RefCell, rc::Rc};

    /// A value that notes when it is wiped.
    struct Noting(Rc<RefCell<Vec<u8>>>);

    impl Zeroize for Noting {
        fn zeroize(&mut self) {
            self.0.borrow_mut().zeroize();
        }
    }

    #[test]
    fn s31_a_hidden_value_is_wiped_when_dropped() {
        let kept = Rc::new(RefCell::new(b"canary".to_vec()));
        let hidden = Hidden::new(Noting(kept.clone()));
        assert_eq!(hidden.0.0.borrow().as_slice(), b"canary");
        drop(hidden);
        assert!(kept.borrow().is_empty());
        assert_eq!(Hidden::from("canary").as_str(), "canary");
    }
}
