//! The text of many service variables, written quickly.
//!
//! A Service's variables repeat a few short texts. Copying a text of variable length is a call, and
//! copying an array of fixed size is a few moves. So each text is copied with the rest of its
//! array, and the next text overwrites the surplus. The texts are cut so that each variable needs
//! few copies. The benches compare it with a plain writer, and a property test with the variables'
//! `Display`.

use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::generate::{Generated, ServiceVariable, variables_of};
use crate::api::{PortNumber, Protocol, Service};
use crate::text::{Form, ONES, bits_without, partial_word};

impl Generated<'_, '_> {
    /// Appends the text of all variables to `out`. If names repeat, all of them are written.
    ///
    /// Nothing but the growth of `out` is allocated.
    ///
    /// ```
    /// # use kubelet_env::api::{ObjectMeta, PortNumber, Service, ServicePort, ServiceSpec};
    /// use kubelet_env::Form;
    /// use kubelet_env::services::generate;
    ///
    /// # let ports = vec![ServicePort::new(PortNumber::new(6379)?)];
    /// # let spec = ServiceSpec { cluster_ip: "10.0.0.11".into(), ports, ..ServiceSpec::default() };
    /// # let redis = Service { metadata: ObjectMeta::new("default", "redis"), spec };
    /// let services = [&redis];
    /// let mut text = Vec::new();
    /// generate(&services)?.append(Form::NulSeparated, &mut text);
    /// assert!(text.starts_with(b"REDIS_SERVICE_HOST=10.0.0.11\0REDIS_SERVICE_PORT=6379\0"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn append(self, form: Form, out: &mut Vec<u8>) {
        let mut block = Block::new(out, None);
        for service in self.linked() {
            block.append(service, form);
        }
        block.flush();
    }
}

/// Writes UTF-8 to the end of a vector.
struct Appended<'v>(&'v mut Vec<u8>);

impl Write for Appended<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// The positions of a variable in a text of at most 4 GiB: those of its value and of its terminator.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mark {
    value: u32,
    end: u32,
}

impl Mark {
    #[inline(always)]
    fn new(value: usize, end: usize) -> Self {
        let position = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Mark { value: position(value), end: position(end) }
    }

    #[inline]
    pub(super) fn value(self) -> usize {
        usize::try_from(self.value).unwrap_or_default()
    }

    #[inline]
    pub(super) fn end(self) -> usize {
        usize::try_from(self.end).unwrap_or_default()
    }
}

/// A stage on which texts are assembled before they are copied to the end of a vector in batches.
pub(crate) struct Block<'v> {
    out: &'v mut Vec<u8>,
    /// The marks of all variables, if somebody needs them.
    marks: Option<&'v mut Vec<Mark>>,
    stage: [u8; STAGE],
    staged: usize,
}

const STAGE: usize = 1024;

impl<'v> Block<'v> {
    pub(crate) fn new(out: &'v mut Vec<u8>, marks: Option<&'v mut Vec<Mark>>) -> Self {
        Block { out, marks, stage: [0; STAGE], staged: 0 }
    }

    /// Appends the variables of a Service that has an address, or awaits one.
    pub(crate) fn append(&mut self, service: &Service, form: Form) {
        let start = self.out.len().wrapping_add(self.staged);
        let marked = self.marks.as_ref().map_or(0, |marks| marks.len());
        let short = match (service.metadata.name.len(), service.spec.cluster_ip.len()) {
            // An unknown address: the slow path writes its placeholder.
            (_, 0) => None,
            (..=16, ..=16) => self.append_short::<16, 16>(service, form),
            (..=32, ..=16) => self.append_short::<32, 16>(service, form),
            // Every Service that an API server accepts.
            (..=64, ..=48) => self.append_short::<64, 48>(service, form),
            _ => None,
        };
        if short.is_some() {
            return;
        }
        self.truncate(start, marked);
        for variable in variables_of(service, 0) {
            self.append_variable(variable, form);
        }
    }

    /// Appends one variable: `NAME=value` and its terminator.
    pub(crate) fn append_variable(&mut self, variable: ServiceVariable<'_>, form: Form) {
        self.flush();
        let mut to = Appended(self.out);
        // Writing to a vector does not fail.
        let _ = variable.write_name(&mut to);
        let _ = to.write_char('=');
        let value = to.0.len();
        let _ = variable.write_value(&mut to);
        let end = to.0.len();
        to.0.push(form.terminator());
        if let Some(marks) = &mut self.marks {
            marks.push(Mark::new(value, end));
        }
    }

    /// Copies the staged text to the vector.
    pub(crate) fn flush(&mut self) {
        self.out.extend_from_slice(self.stage.get(..self.staged).unwrap_or_default());
        self.staged = 0;
    }

    fn truncate(&mut self, len: usize, marked: usize) {
        self.out.truncate(len);
        self.staged = len.saturating_sub(self.out.len());
        if let Some(marks) = &mut self.marks {
            marks.truncate(marked);
        }
    }

    /// Appends the variables of a Service whose texts are ASCII and fit into arrays of these sizes.
    /// Returns `None` at the first text that does not fit.
    ///
    /// Texts are not joined before they are put down: reading what was just written in smaller
    /// parts stalls the processor.
    fn append_short<const NAME: usize, const HOST: usize>(
        &mut self,
        service: &Service,
        form: Form,
    ) -> Option<()> {
        // That of four variables.
        let room = const { 4 * (NAME + HOST + 48) };
        let terminator = form.terminator();
        let end = Text { bytes: [terminator], len: 1 };
        let port_infix = const { &Text::<8>::constant(b"_PORT_") };
        let ports = service.spec.ports.as_slice();
        let first = ports.first()?;
        let name = Text::<NAME>::mangled(&service.metadata.name)?;
        let host = Text::<HOST>::new(&service.spec.cluster_ip)?;
        let bracketed = host.contains(b':');

        let mut to = self.cursor(room);
        let number = Number::new(first.port);
        to.put(&name).put(const { &Text::<16>::constant(b"_SERVICE_HOST=") }).value();
        to.put(&host).put(&end).end();
        to.put(&name).put(const { &Text::<16>::constant(b"_SERVICE_PORT=") }).value();
        to.put(&number.then(terminator)).end();
        for port in ports.iter().filter(|port| !port.name.is_empty()) {
            to = to.with_room(room);
            let port_name = Text::<16>::mangled(&port.name)?;
            to.put(&name).put(const { &Text::<16>::constant(b"_SERVICE_PORT_") }).put(&port_name);
            to.put(const { &Text { bytes: [b'='], len: 1 } }).value();
            to.put(&Number::new(port.port).then(terminator)).end();
        }
        to = to.with_room(room);
        let words = Words::of(first.effective_protocol());
        to.put(&name).put(const { &Text::<8>::constant(b"_PORT=") }).value();
        to.put(&words.scheme.bracketed(bracketed)).put(&host);
        to.put(&number.after_host(bracketed, terminator)).end();
        for port in ports {
            to = to.with_room(room);
            let words = Words::of(port.effective_protocol());
            let number = Number::new(port.port);
            let infix = number.then(b'_');
            to.put(&name).put(port_infix).put(&infix).put(&words.url).value();
            to.put(&words.scheme.bracketed(bracketed)).put(&host);
            to.put(&number.after_host(bracketed, terminator)).end();
            to.put(&name).put(port_infix).put(&infix).put(&words.proto).value();
            to.put(&words.protocol).put(&end).end();
            to.put(&name).put(port_infix).put(&infix).put(&words.port).value();
            to.put(&number.then(terminator)).end();
            to.put(&name).put(port_infix).put(&infix).put(&words.addr).value();
            to.put(&host).put(&end).end();
        }
        to.finish();
        Some(())
    }

    #[inline(always)]
    fn cursor(&mut self, room: usize) -> Cursor<'_, 'v> {
        let at = self.staged;
        Cursor { block: self, at, value: at }.with_room(room)
    }
}

/// Writes to a stage.
struct Cursor<'b, 'v> {
    block: &'b mut Block<'v>,
    at: usize,
    value: usize,
}

// Inlined always, so that `at` stays in a register.
impl Cursor<'_, '_> {
    #[inline(always)]
    fn put<const N: usize>(&mut self, text: &Text<N>) -> &mut Self {
        if let Some(place) =
            self.block.stage.get_mut(self.at..).and_then(|rest| rest.first_chunk_mut())
        {
            *place = text.bytes;
        }
        self.at = self.at.wrapping_add(text.len);
        self
    }

    /// Notes that a value begins here.
    #[inline(always)]
    fn value(&mut self) {
        self.value = self.at;
    }

    /// Marks the variable that ends here.
    #[inline(always)]
    fn end(&mut self) {
        let before = self.block.out.len();
        if let Some(marks) = &mut self.block.marks {
            let (value, end) = (self.value, self.at.wrapping_sub(1));
            marks.push(Mark::new(before.wrapping_add(value), before.wrapping_add(end)));
        }
    }

    /// Makes room for the next variables.
    #[inline(always)]
    fn with_room(mut self, room: usize) -> Self {
        if self.at > STAGE.wrapping_sub(room) {
            self.block.staged = self.at;
            self.block.flush();
            self.at = 0;
        }
        self
    }

    #[inline(always)]
    fn finish(self) {
        self.block.staged = self.at;
    }
}

/// The texts around the number and the host of a port, by protocol.
struct Words {
    /// It ends with a bracket that is not counted.
    scheme: Text<8>,
    protocol: Text<8>,
    url: Text<8>,
    proto: Text<16>,
    port: Text<16>,
    addr: Text<16>,
}

impl Words {
    fn of(protocol: Protocol) -> &'static Self {
        macro_rules! words {
            ($upper:literal, $lower:literal) => {
                const {
                    &Words {
                        scheme: Text::constant(concat!($lower, "://[").as_bytes()).uncounted(),
                        protocol: Text::constant($lower.as_bytes()),
                        url: Text::constant(concat!($upper, "=").as_bytes()),
                        proto: Text::constant(concat!($upper, "_PROTO=").as_bytes()),
                        port: Text::constant(concat!($upper, "_PORT=").as_bytes()),
                        addr: Text::constant(concat!($upper, "_ADDR=").as_bytes()),
                    }
                }
            };
        }
        match protocol {
            Protocol::Tcp => words!("TCP", "tcp"),
            Protocol::Udp => words!("UDP", "udp"),
            Protocol::Sctp => words!("SCTP", "sctp"),
        }
    }
}

/// The digits of a port's number, the first in the lowest bits.
#[derive(Clone, Copy)]
struct Number {
    digits: u64,
    bits: u32,
}

impl Number {
    #[inline(always)]
    fn new(port: PortNumber) -> Self {
        let (mut rest, mut digits, mut bits) = (u32::from(port.get()), 0, 0_u32);
        // Starts with the last digit, so that each one moves the digits after it.
        while rest > 0 {
            digits = digits << 8 | u64::from(rest.rem_euclid(10).wrapping_add(b'0'.into()));
            bits = bits.wrapping_add(8);
            rest = rest.div_euclid(10);
        }
        Number { digits, bits }
    }

    #[inline(always)]
    fn then(self, byte: u8) -> Text<8> {
        let word = self.digits | u64::from(byte).wrapping_shl(self.bits);
        let len = usize::try_from(self.bits >> 3).unwrap_or_default();
        Text { bytes: word.to_le_bytes(), len: len.wrapping_add(1) }
    }

    #[inline(always)]
    fn after_host(self, bracketed: bool, end: u8) -> Text<8> {
        let text = self.then(end).after(b':');
        if bracketed { text.after(b']') } else { text }
    }
}

/// A text of at most `N` bytes. The bytes after it have no meaning.
#[derive(Clone, Copy)]
struct Text<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl Text<8> {
    #[inline(always)]
    fn after(self, byte: u8) -> Self {
        let word = u64::from_le_bytes(self.bytes) << 8 | u64::from(byte);
        Text { bytes: word.to_le_bytes(), len: self.len.wrapping_add(1) }
    }
}

impl<const N: usize> Text<N> {
    /// Runs in the compiler.
    const fn constant(text: &[u8]) -> Self {
        let mut bytes = [0; N];
        let (start, _) = bytes.split_at_mut(text.len());
        start.copy_from_slice(text);
        Text { bytes, len: text.len() }
    }

    /// Excludes the last byte from the length. Runs in the compiler.
    const fn uncounted(self) -> Self {
        Text { bytes: self.bytes, len: self.len.saturating_sub(1) }
    }

    /// Includes the bracket at the end if the host needs brackets.
    #[inline(always)]
    fn bracketed(self, bracketed: bool) -> Self {
        Text { bytes: self.bytes, len: self.len.wrapping_add(bracketed.into()) }
    }

    /// Returns the text, if it is ASCII and at most `N` bytes long.
    #[inline(always)]
    fn new(text: &str) -> Option<Self> {
        let len = text.len();
        if len > N {
            return None;
        }
        let mut bytes = [0; N];
        let (words, rest) = text.as_bytes().as_chunks();
        let rest = match text.as_bytes().last_chunk() {
            // The bytes of the last eight that no word holds yet.
            Some(&last) => u64::from_le_bytes(last).unbounded_shr(bits_without(rest.len())),
            None => partial_word(rest),
        };
        for (place, word) in
            bytes.as_chunks_mut().0.iter_mut().zip(words.iter().chain([&rest.to_le_bytes()]))
        {
            *place = *word;
        }
        bytes.is_ascii().then_some(Text { bytes, len })
    }

    #[inline(always)]
    fn mangled(name: &str) -> Option<Self> {
        let mut text = Self::new(name)?;
        for word in text.bytes.as_chunks_mut().0 {
            *word = mangled(u64::from_le_bytes(*word)).to_le_bytes();
        }
        Some(text)
    }

    #[inline(always)]
    fn contains(&self, byte: u8) -> bool {
        self.bytes
            .as_chunks()
            .0
            .iter()
            .fold(0, |found, &word| found | places_of(byte, u64::from_le_bytes(word)))
            != 0
    }
}

/// Returns a word with 1 at each index at which eight ASCII characters have this byte.
fn places_of(byte: u8, word: u64) -> u64 {
    let differences = word ^ ONES.wrapping_mul(byte.into());
    ONES.wrapping_mul(0x80).wrapping_sub(differences) >> 7 & ONES
}

/// Mangles eight ASCII characters at once. No addition carries into the next character.
fn mangled(word: u64) -> u64 {
    let at_least =
        |byte: u8| word.wrapping_add(ONES.wrapping_mul(0x80_u64.wrapping_sub(byte.into())));
    let small = (at_least(b'a') ^ at_least(b'{')) >> 7 & ONES;
    word ^ small.wrapping_mul(0x20) ^ places_of(b'-', word).wrapping_mul((b'-' ^ b'_').into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ObjectMeta, ServicePort, ServiceSpec};
    use alloc::string::String;

    fn service(name: usize, port_name: usize, host: usize) -> Service {
        let port = ServicePort {
            name: "n".repeat(port_name),
            ..ServicePort::new(PortNumber::new(65535).unwrap())
        };
        Service {
            metadata: ObjectMeta::new("default", "n".repeat(name)),
            spec: ServiceSpec {
                cluster_ip: "1".repeat(host),
                ports: [port].into(),
                ..ServiceSpec::default()
            },
        }
    }

    /// The output is the same on both paths, so this calls the fast one.
    #[test]
    fn short_texts_take_the_fast_path() {
        let takes_it = |service: &Service| {
            let (form, out) = (Form::Lines, &mut Vec::new());
            [
                Block::new(out, None).append_short::<32, 16>(service, form).is_some(),
                Block::new(out, None).append_short::<64, 48>(service, form).is_some(),
            ]
        };
        // The longest texts that fit, and one character more.
        assert_eq!(takes_it(&service(32, 16, 16)), [true, true]);
        assert_eq!(takes_it(&service(64, 16, 48)), [false, true]);
        assert_eq!(takes_it(&service(65, 15, 15)), [false, false]);
        assert_eq!(takes_it(&service(5, 17, 15)), [false, false]);
        assert_eq!(takes_it(&service(5, 15, 49)), [false, false]);
        // Every length for which `append` chooses the smallest arrays fits there.
        assert!(
            Block::new(&mut Vec::new(), None)
                .append_short::<16, 16>(&service(16, 16, 16), Form::Lines)
                .is_some()
        );
        let mut other = service(5, 15, 15);
        other.metadata.name = "é".into();
        assert_eq!(takes_it(&other), [false, false]);
    }

    #[test]
    fn finds_a_byte_at_every_position() {
        // The last text has it at the same index of two words.
        for text in [":", "1:", "12345678:", "123456789012345:", "1:2345678:"] {
            assert!(Text::<16>::new(text).is_some_and(|text| text.contains(b':')), "{text}");
        }
        assert!(Text::<16>::new("10.0.0.1;").is_some_and(|text| !text.contains(b':')));
    }

    fn one_by_one(service: &Service) -> String {
        let line = |variable: ServiceVariable<'_>| {
            [variable.name(), "=".into(), variable.value(), "\n".into()].concat()
        };
        variables_of(service, 0).map(line).collect()
    }

    #[test]
    fn longest_texts_fit_into_their_room() {
        for (name, host) in [(16, 16), (32, 16), (64, 48)] {
            let mut long = service(name, 16, host);
            long.spec.ports[0].protocol = Some(Protocol::Sctp);
            let mut out = b"A=1\n".to_vec();
            let mut block = Block::new(&mut out, None);
            block.append(&long, Form::Lines);
            block.append(&long, Form::Lines);
            block.flush();
            assert_eq!(out, ["A=1\n", &one_by_one(&long).repeat(2)].concat().into_bytes());
        }
    }
}
