//! The names of fields in the wire form.

/// Returns the name of a field in the wire form: in camelCase, or as given.
macro_rules! wire_name {
    ($field:ident as $wire:literal) => {
        $wire
    };
    ($field:ident) => {
        const {
            const SNAKE: &str = stringify!($field);
            const CAMEL: [u8; $crate::api::wire::camel_length(SNAKE)] =
                $crate::api::wire::camel_case(SNAKE);
            match core::str::from_utf8(&CAMEL) {
                Ok(camel) => camel,
                Err(_) => SNAKE,
            }
        }
    };
}

pub(crate) use wire_name;

/// Returns the length of a name in camelCase.
pub(crate) const fn camel_length(snake: &str) -> usize {
    let mut rest = snake.as_bytes();
    let mut length = 0_usize;
    while let [byte, others @ ..] = rest {
        if *byte != b'_' {
            length = length.saturating_add(1);
        }
        rest = others;
    }
    length
}

/// Returns a name in camelCase. Its length is [`camel_length`].
pub(crate) const fn camel_case<const LENGTH: usize>(snake: &str) -> [u8; LENGTH] {
    let mut camel = [0; LENGTH];
    let mut unset: &mut [u8] = &mut camel;
    let mut rest = snake.as_bytes();
    let mut starts_word = false;
    while let [byte, others @ ..] = rest {
        rest = others;
        if *byte == b'_' {
            starts_word = true;
            continue;
        }
        if let [first, others @ ..] = unset {
            *first = if starts_word { byte.to_ascii_uppercase() } else { *byte };
            unset = others;
        }
        starts_word = false;
    }
    camel
}
