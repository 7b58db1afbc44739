//! The text of many service variables, at nearly the speed of memory.
//!
//! A Service's variables repeat a few short texts. Copying a text of any length is a call; copying
//! an array of fixed size is a few wide moves, so each text is copied together with what stands
//! behind it in its array, and the next text overwrites the surplus. The shortest texts are put
//! together in a register, because a wide read of what was just written in pieces has to wait.

use alloc::vec::Vec;

use crate::api::{PortNumber, Protocol, Service};
use crate::render::Form;
use crate::services::generate::variables_of;

/// Appends the variables of a Service that has an address.
pub(crate) fn append_service(service: &Service, form: Form, stage: &mut Stage, out: &mut Vec<u8>) {
    let end = form.terminator();
    let appended = match () {
        () if fits::<32>(service) => append_short::<32>(service, end, stage, out),
        () if fits::<64>(service) => append_short::<64>(service, end, stage, out),
        () => None,
    };
    if appended.is_none() {
        for variable in variables_of(service, 0) {
            variable.append(form, out);
        }
    }
}

/// Whether every text of the Service fits into `N` bytes, with brackets or a terminator, and can be
/// mangled byte by byte. With 64, the Services that an API server lets in do.
fn fits<const N: usize>(service: &Service) -> bool {
    let fits = |name: &str| name.len() <= N && name.is_ascii();
    let host = &service.spec.cluster_ip;
    fits(&service.metadata.name)
        && host.len().saturating_add(2) <= N
        && service.spec.ports.iter().all(|port| fits(&port.name))
}

/// Appends the variables of a Service that [fits].
fn append_short<const N: usize>(service: &Service, end: u8, stage: &mut Stage, out: &mut Vec<u8>) -> Option<()> {
    const SERVICE_HOST: Packed = Packed::new(b"_SERVICE_HOST=");
    const SERVICE_PORT: Packed = Packed::new(b"_SERVICE_PORT=");
    const SERVICE_PORT_NAME: Packed = Packed::new(b"_SERVICE_PORT_");
    const PORT: Packed = Packed::new(b"_PORT");
    const PORT_NUMBER: Packed = Packed::new(b"_PORT_");
    const PROTO: Packed = Packed::new(b"_PROTO=");
    const PORT_VALUE: Packed = Packed::new(b"_PORT=");
    const ADDR: Packed = Packed::new(b"_ADDR=");
    const EQUALS: Packed = Packed::new(b"=");
    const COLON: Packed = Packed::new(b":");

    let ports = service.spec.ports.as_slice();
    let first = ports.first()?;
    let host = service.spec.cluster_ip.as_str();
    let name = Short::<N>::mangled(&service.metadata.name)?;
    let url_host = if host.contains(':') { Short::<N>::new(&["[", host, "]"])? } else { Short::<N>::new(&[host])? };
    let host = Short::<N>::new(&[host])?;
    let end = Packed::new(&[end]);

    let mut to = Cursor { bytes: &mut stage.bytes, at: 0 };
    let number = Packed::decimal(first.port);
    to.short(&name).packed(SERVICE_HOST).short(&host).packed(end);
    to.short(&name).packed(SERVICE_PORT).packed(number.then(end));
    for port in ports.iter().filter(|port| !port.name.is_empty()) {
        to.make_room(out);
        let number = Packed::decimal(port.port);
        let port_name = Short::<N>::mangled(&port.name)?;
        to.short(&name).packed(SERVICE_PORT_NAME).short(&port_name).packed(EQUALS.then(number).then(end));
    }
    to.make_room(out);
    let (_, scheme) = protocol(first.effective_protocol());
    to.short(&name).packed(PORT.then(scheme)).short(&url_host).packed(COLON.then(number).then(end));
    for port in ports {
        to.make_room(out);
        let number = Packed::decimal(port.port);
        let (upper, scheme) = protocol(port.effective_protocol());
        let infix = PORT_NUMBER.then(number).then(upper);
        to.short(&name).packed(infix).packed(scheme).short(&url_host).packed(COLON.then(number).then(end));
        let lower = Packed::new(port.effective_protocol().as_lower_str().as_bytes());
        to.short(&name).packed(infix).packed(PROTO.then(lower).then(end));
        to.short(&name).packed(infix).packed(PORT_VALUE.then(number).then(end));
        to.short(&name).packed(infix).packed(ADDR).short(&host).packed(end);
    }
    to.flush(out);
    Some(())
}

/// What follows a port's number in a name, and what comes before the host in a URL.
fn protocol(protocol: Protocol) -> (Packed, Packed) {
    match protocol {
        Protocol::Tcp => const { (Packed::new(b"_TCP"), Packed::new(b"=tcp://")) },
        Protocol::Udp => const { (Packed::new(b"_UDP"), Packed::new(b"=udp://")) },
        Protocol::Sctp => const { (Packed::new(b"_SCTP"), Packed::new(b"=sctp://")) },
    }
}

/// A text of at most 16 bytes, the first in the lowest bits.
#[derive(Clone, Copy)]
struct Packed {
    bits: u128,
    len: usize,
}

impl Packed {
    const fn new(text: &[u8]) -> Self {
        let mut bytes = [0; 16];
        let (start, _) = bytes.split_at_mut(text.len());
        start.copy_from_slice(text);
        Packed { bits: u128::from_le_bytes(bytes), len: text.len() }
    }

    fn decimal(port: PortNumber) -> Self {
        let mut rest = port.get();
        let (mut digits, mut len) = (0_u64, 0_usize);
        // From the last digit, so that each one moves those behind it.
        while rest > 0 {
            let digit = rest.rem_euclid(10).wrapping_add(b'0'.into());
            digits = digits.wrapping_shl(8) | u64::from(digit);
            len = len.wrapping_add(1);
            rest = rest.div_euclid(10);
        }
        Packed { bits: digits.into(), len }
    }

    fn then(self, next: Packed) -> Self {
        let shift = u32::try_from(self.len.wrapping_mul(8)).unwrap_or_default();
        Packed { bits: self.bits | next.bits.wrapping_shl(shift), len: self.len.wrapping_add(next.len) }
    }
}

/// A text of at most `N` bytes, and zeros behind it.
struct Short<const N: usize> {
    bytes: [u8; N],
    len: usize,
}

impl<const N: usize> Short<N> {
    fn new(parts: &[&str]) -> Option<Self> {
        let mut short = Short { bytes: [0; N], len: 0 };
        for part in parts {
            let rest = short.bytes.get_mut(short.len..)?;
            rest.get_mut(..part.len())?.copy_from_slice(part.as_bytes());
            short.len = short.len.saturating_add(part.len());
        }
        Some(short)
    }

    /// Mangles a name of ASCII characters.
    fn mangled(name: &str) -> Option<Self> {
        let mut short = Self::new(&[name])?;
        for byte in &mut short.bytes {
            *byte = if *byte == b'-' { b'_' } else { byte.to_ascii_uppercase() };
        }
        Some(short)
    }
}

/// As much as is copied to the destination at a time.
const STAGE: usize = 4096;

/// More than the variables of one port take.
const ROOM: usize = 1024;

/// Where texts are put together before they are copied to their destination.
pub(crate) struct Stage {
    bytes: [u8; STAGE],
}

impl Stage {
    pub(crate) const fn new() -> Self {
        Stage { bytes: [0; STAGE] }
    }
}

/// Writes to a stage.
struct Cursor<'s> {
    bytes: &'s mut [u8; STAGE],
    at: usize,
}

// Inlined always, so that `at` stays in a register.
impl Cursor<'_> {
    #[inline(always)]
    fn packed(&mut self, text: Packed) -> &mut Self {
        self.copy(&text.bits.to_le_bytes(), text.len)
    }

    #[inline(always)]
    fn short<const N: usize>(&mut self, text: &Short<N>) -> &mut Self {
        self.copy(&text.bytes, text.len)
    }

    #[inline(always)]
    fn copy<const N: usize>(&mut self, bytes: &[u8; N], len: usize) -> &mut Self {
        if let Some(place) = self.bytes.get_mut(self.at..).and_then(|rest| rest.first_chunk_mut()) {
            *place = *bytes;
        }
        self.at = self.at.wrapping_add(len);
        self
    }

    #[inline(always)]
    fn make_room(&mut self, out: &mut Vec<u8>) {
        if self.at > const { STAGE - ROOM } {
            self.flush(out);
        }
    }

    #[inline(always)]
    fn flush(&mut self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.bytes.get(..self.at).unwrap_or_default());
        self.at = 0;
    }
}
