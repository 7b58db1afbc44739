//! An environment as one text.

use alloc::vec::Vec;

use super::block::{Block, append_service_variable};
use crate::api::Service;
use crate::environment::{Environment, Variable};
use crate::text::{Form, Order};

impl Environment<'_> {
    /// Appends the text of the variables to `out`, the values of Secrets included.
    pub fn append(&self, order: Order, form: Form, out: &mut Vec<u8>) {
        if order != Order::Kubelet {
            for variable in self.in_order(order) {
                variable.append(form, out);
            }
            return;
        }
        for variable in self.iter().take_while(|variable| variable.service_variable().is_none()) {
            variable.append(form, out);
        }
        let mut block = Block::new(out);
        for (index, service) in self.services().iter().enumerate() {
            self.append_service(index, service, form, &mut block);
        }
        block.flush();
    }

    /// Appends the variables of one Service that stand.
    fn append_service(&self, index: usize, service: &Service, form: Form, block: &mut Block<'_>) {
        if self.hides_none_of(index) {
            block.append(service, form);
            return;
        }
        for variable in self.service_variables_of(index) {
            block.append_variable(variable, form);
        }
    }

    /// The variables as one text, the values of Secrets included.
    #[must_use]
    pub fn render(&self, order: Order, form: Form) -> Vec<u8> {
        let mut text = Vec::new();
        self.append(order, form, &mut text);
        text
    }
}

impl Variable<'_> {
    fn append(&self, form: Form, out: &mut Vec<u8>) {
        match self.service_variable() {
            Some(variable) => append_service_variable(variable, form, out),
            None => {
                out.extend_from_slice(self.name().as_bytes());
                out.push(b'=');
                out.extend_from_slice(self.value().bytes_with_placeholders());
                out.push(form.terminator());
            }
        }
    }
}
