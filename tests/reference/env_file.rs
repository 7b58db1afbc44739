//! `parse_env`, compared with a plain second implementation.

use kubelet_env::container::env_file::{EnvFileError, EnvFileLineError, env_file_line, parse_env};

/// Checks an input. The text before the first NUL is the key (`A` without a NUL), the rest a file.
pub(crate) fn check(data: &[u8]) {
    let (key, content) = match data.iter().position(|&byte| byte == 0) {
        Some(nul) => (String::from_utf8_lossy(&data[..nul]), &data[nul + 1..]),
        None => ("A".into(), data),
    };
    let actual = parse_env(content, &key);
    let plain = actual.clone().map(|value| value.map(|value| value.into_owned()));
    assert_eq!(plain, parse(content, &key));

    let Ok(Some(value)) = actual else { return };
    match env_file_line(&key, &value) {
        Ok(line) => assert_eq!(parse_env(&line, &key), Ok(Some(value))),
        // `\r\r\n` is read as `\r\n`.
        Err(EnvFileLineError::CarriageReturn) => {
            assert!(value.windows(2).any(|pair| pair == b"\r\n"));
        }
        // `KEY=` and a blank is one byte shorter than `KEY=''`.
        Err(error) => assert_eq!(
            (error, key.len(), &*value),
            (EnvFileLineError::LineTooLong, 65_533, &b""[..])
        ),
    }
}

fn is_blank(byte: u8) -> bool {
    byte == b' ' || byte == b'\t'
}

/// Returns the lines up to the first that is too long, and whether such a line exists.
fn scan(content: &[u8]) -> (Vec<Vec<u8>>, bool) {
    let mut lines = Vec::new();
    let mut raw = content.split(|&byte| byte == b'\n').collect::<Vec<_>>();
    if raw.last() == Some(&&b""[..]) {
        raw.pop();
    }
    for line in raw {
        if line.len() >= 65_536 {
            return (lines, true);
        }
        let mut line = line.to_vec();
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        lines.push(line);
    }
    (lines, false)
}

fn parse(content: &[u8], key: &str) -> Result<Option<Vec<u8>>, EnvFileError> {
    let (lines, too_long) = scan(content);
    let mut at = 0;
    while at < lines.len() {
        let (text, line) = (&lines[at], at + 1);
        at += 1;
        let start = text.iter().position(|&byte| !is_blank(byte));
        let Some(start) = start.filter(|&start| text[start] != b'#') else {
            continue;
        };
        let Some(equals) = text.iter().position(|&byte| byte == b'=') else {
            return Err(EnvFileError::MissingEquals { line });
        };
        if equals == start {
            return Err(EnvFileError::EmptyName { line });
        }
        if is_blank(text[equals - 1]) {
            return Err(EnvFileError::BlankBeforeEquals { line });
        }
        let mut value = Vec::new();
        match text.get(equals + 1) {
            Some(&byte) if is_blank(byte) => {}
            Some(b'\'') => {
                let mut rest = lines[line - 1..].join(&b'\n').split_off(equals + 2);
                let Some(close) = rest.iter().position(|&byte| byte == b'\'') else {
                    return Err(EnvFileError::UnclosedQuote { line });
                };
                let after = rest.split_off(close + 1);
                rest.pop();
                value = rest;
                at = line + value.iter().filter(|&&byte| byte == b'\n').count();
                let after = after.into_iter().take_while(|&byte| byte != b'\n');
                if !matches!(after.into_iter().find(|&byte| !is_blank(byte)), None | Some(b'#')) {
                    return Err(EnvFileError::ContentAfterQuote { line: at });
                }
            }
            _ => return Err(EnvFileError::Unquoted { line }),
        }
        if text[start..equals] == *key.as_bytes() {
            return Ok(Some(value));
        }
    }
    if too_long {
        return Err(EnvFileError::LineTooLong { line: lines.len() + 1 });
    }
    Ok(None)
}
