//! An environment as one text: `NAME=value` and a terminator for each variable.

use alloc::string::String;
use alloc::vec::Vec;

use super::text::as_text;
use super::{FormError, FormProblem};
use crate::environment::{Environment, Variable};
use crate::services::Block;
use crate::text::{Form, Order};

impl Environment<'_> {
    /// Appends the text of the variables to `out`, the values of Secrets included.
    ///
    /// ```
    /// use kubelet_env::{Environment, Form, Order};
    ///
    /// let environment = Environment::default().with_base([("A", "1")]);
    /// let mut block = b"B=2\0".to_vec();
    /// environment.append(Order::Kubelet, Form::NulSeparated, &mut block);
    /// assert_eq!(block, b"B=2\0A=1\0");
    /// ```
    pub fn append(&self, order: Order, form: Form, out: &mut Vec<u8>) {
        if order != Order::Kubelet {
            for variable in self.in_order(order) {
                variable.append(form, out);
            }
            return;
        }
        for variable in self.iter().take_while(|variable| !variable.is_of_service()) {
            variable.append(form, out);
        }
        match self.text_of_services() {
            Some(text) if form == Form::NulSeparated => out.extend_from_slice(text.as_bytes()),
            _ => self.append_services(form, out),
        }
    }

    /// Appends the effective variables of all Services.
    fn append_services(&self, form: Form, out: &mut Vec<u8>) {
        let mut block = Block::new(out, None);
        for (index, service) in self.services().iter().enumerate() {
            if self.hides_none_of(index) {
                block.append(service, form);
                continue;
            }
            for variable in self.service_variables_of(index) {
                block.append_variable(variable, form);
            }
        }
        block.flush();
    }

    /// Returns the variables as the bytes of one text, the values of Secrets included.
    ///
    /// Values need not be UTF-8. See [`to_text`](Self::to_text) for a `String`.
    #[must_use]
    pub fn render(&self, order: Order, form: Form) -> Vec<u8> {
        let mut text = Vec::new();
        self.append(order, form, &mut text);
        text
    }

    /// Returns the variables as one text, the values of Secrets included.
    ///
    /// # Errors
    /// Returns an error if a value is not UTF-8.
    ///
    /// ```
    /// use kubelet_env::{Environment, Form, Order};
    ///
    /// let environment = Environment::default().with_base([("A", "1"), ("B", "2")]);
    /// assert_eq!(environment.to_text(Order::Kubelet, Form::Lines)?, "A=1\nB=2\n");
    /// # Ok::<(), kubelet_env::export::FormError>(())
    /// ```
    pub fn to_text(&self, order: Order, form: Form) -> Result<String, FormError> {
        String::from_utf8(self.render(order, form)).map_err(|_| {
            let mut variables = self.in_order(order).into_iter();
            let not_text = variables
                .find(|variable| as_text(variable.value().bytes_with_placeholders()).is_err());
            let variable = not_text.map(|variable| variable.name().into_owned());
            FormError { variable: variable.unwrap_or_default(), problem: FormProblem::NotUtf8 }
        })
    }

    /// Writes the text of the variables to a file or a stream, the values of Secrets included.
    ///
    /// # Errors
    /// Returns an error if `out` does.
    ///
    /// ```
    /// use kubelet_env::{Environment, Form, Order};
    ///
    /// let environment = Environment::default().with_base([("A", "1")]);
    /// environment.write_to(Order::Name, Form::Lines, &mut std::io::stdout())?;
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[cfg(feature = "std")]
    pub fn write_to(
        &self,
        order: Order,
        form: Form,
        out: &mut impl std::io::Write,
    ) -> std::io::Result<()> {
        out.write_all(&self.render(order, form))
    }
}

impl Variable<'_> {
    fn append(&self, form: Form, out: &mut Vec<u8>) {
        out.extend_from_slice(self.name().as_bytes());
        out.push(b'=');
        out.extend_from_slice(self.value().bytes_with_placeholders());
        out.push(form.terminator());
    }
}
