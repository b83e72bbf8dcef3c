//! The order of the scripted faults, and which request takes which.

use super::fault::Fault;
use super::received::ReceivedRequest;

/// The faults that are still to come, in their order.
#[derive(Debug, Default)]
pub(super) struct Script(Vec<Fault>);

impl Script {
    pub(super) fn push(&mut self, fault: Fault) {
        if fault.uses() != Some(0) {
            self.0.push(fault);
        }
    }

    /// Takes the fault that a request uses up, if one is meant for it.
    pub(super) fn take(&mut self, request: &ReceivedRequest) -> Option<Fault> {
        let at = self.0.iter().position(|fault| fault.is_for(request))?;
        let fault = self.0[at].clone();
        if self.0[at].use_up() {
            drop(self.0.remove(at));
        }
        Some(fault)
    }

    /// How many more requests would use a fault up; those that never end count nothing.
    pub(super) fn unused(&self) -> usize {
        let uses = self.0.iter().filter_map(Fault::uses);
        uses.fold(0, usize::saturating_add)
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }
}
