//! A bound on the bytes that several responses hold together.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

/// A number of bytes that several responses share.
#[derive(Clone, Debug)]
pub struct Memory(Arc<AtomicUsize>);

impl Memory {
    /// Creates a bound of `bytes`.
    pub fn new(bytes: usize) -> Self {
        Self(Arc::new(AtomicUsize::new(bytes)))
    }

    /// Starts a share of no bytes.
    pub fn reserve(&self) -> Reservation {
        Reservation { left: self.clone(), held: AtomicUsize::new(0) }
    }
}

/// The share of one response, given back when it is dropped.
#[derive(Debug)]
pub struct Reservation {
    left: Memory,
    held: AtomicUsize,
}

impl Reservation {
    /// Takes `bytes` more; `false` if they are not left.
    pub fn grow(&self, bytes: usize) -> bool {
        let take = |left: usize| left.checked_sub(bytes);
        let taken = self.left.0.fetch_update(Ordering::AcqRel, Ordering::Acquire, take).is_ok();
        if taken {
            self.held.fetch_add(bytes, Ordering::AcqRel);
        }
        taken
    }

    /// Gives back everything.
    pub fn clear(&self) {
        let held = self.held.swap(0, Ordering::AcqRel);
        self.left.0.fetch_add(held, Ordering::AcqRel);
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        self.clear();
    }
}
