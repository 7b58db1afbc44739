//! The parser and the writer of env files.

#[path = "../../reference/env_file.rs"]
mod reference;

use std::borrow::Cow;
use std::collections::BTreeMap;

use kubelet_env::container::env_file::{EnvFileError, EnvFileLineError, env_file_line, parse_env};
use proptest::prelude::*;

type Parsed<'a> = Result<Option<&'a [u8]>, EnvFileError>;

#[track_caller]
fn assert_parses(content: impl AsRef<[u8]>, key: &str, expect: Parsed<'_>) {
    let actual = parse_env(content.as_ref(), key);
    assert_eq!(actual, expect.map(|value| value.map(Cow::Borrowed)));
}

#[test]
fn single_quoted_values_are_literal() {
    assert_parses("", "A", Ok(None));
    assert_parses("A='x'", "A", Ok(Some(b"x")));
    assert_parses("A=''", "A", Ok(Some(b"")));
    assert_parses(" \tA='x'\t # it's", "A", Ok(Some(b"x")));
    assert_parses("A='x'#y", "A", Ok(Some(b"x")));
    assert_parses("A='1'\nA='2'\nrubbish", "A", Ok(Some(b"1")));
    assert_parses("A=\t'x'", "A", Ok(Some(b"")));
    assert_parses("A= rubbish'\nB='x'", "B", Ok(Some(b"x")));
    assert_parses("A b='x'", "A b", Ok(Some(b"x")));
    assert_parses("export A='x'", "A", Ok(None));
    assert_parses("A='\n \n#b='\nB='y'", "A", Ok(Some(b"\n \n#b=")));
    assert_parses("A='b\nB='y'", "y", Err(EnvFileError::ContentAfterQuote { line: 2 }));
    assert_parses(b"A='\xff\0\xfe'", "A", Ok(Some(b"\xff\0\xfe")));
    assert_parses("\u{feff}A='x'", "\u{feff}A", Ok(Some(b"x")));
}

#[test]
fn carriage_return_and_line_feed_end_a_line() {
    assert_parses("A='x'\r\n\r\nB='y'\r", "B", Ok(Some(b"y")));
    assert_parses("A='x\r\ny'", "A", Ok(Some(b"x\ny")));
    assert_parses("A='x\r\r\n\ry\r'", "A", Ok(Some(b"x\r\n\ry\r")));
    assert_parses("A='x'\r\r\n", "A", Err(EnvFileError::ContentAfterQuote { line: 1 }));
    assert_parses("\rA='x'", "\rA", Ok(Some(b"x")));
    assert_parses("\r\r\n", "A", Err(EnvFileError::MissingEquals { line: 1 }));
    assert_parses("A=\r\n", "A", Err(EnvFileError::Unquoted { line: 1 }));
    assert_parses("A='\r", "A", Err(EnvFileError::UnclosedQuote { line: 1 }));
}

#[test]
fn rejects_bad_lines_before_the_match() {
    assert_parses("\n#\nA", "A", Err(EnvFileError::MissingEquals { line: 3 }));
    assert_parses("='x'", "A", Err(EnvFileError::EmptyName { line: 1 }));
    assert_parses(" \t=", "", Err(EnvFileError::EmptyName { line: 1 }));
    assert_parses("A ='x'", "A", Err(EnvFileError::BlankBeforeEquals { line: 1 }));
    assert_parses("A \t= 'x'", "A", Err(EnvFileError::BlankBeforeEquals { line: 1 }));
    assert_parses("A=", "A", Err(EnvFileError::Unquoted { line: 1 }));
    assert_parses("A=\"x\"", "A", Err(EnvFileError::Unquoted { line: 1 }));
    assert_parses("A='x\n'y", "A", Err(EnvFileError::ContentAfterQuote { line: 2 }));
    assert_parses("A='it''s'", "A", Err(EnvFileError::ContentAfterQuote { line: 1 }));
    assert_parses("\nA='x\n\n", "B", Err(EnvFileError::UnclosedQuote { line: 2 }));
}

#[test]
fn rejects_lines_of_64_kib() {
    let long = |length: usize| "#".repeat(length);
    assert_parses(long(65_535), "A", Ok(None));
    assert_parses(long(65_535) + "\nA='x'", "A", Ok(Some(b"x")));
    assert_parses(long(65_534) + "\r\nA='x'", "A", Ok(Some(b"x")));
    for text in [long(65_536), long(65_536) + "\nA='x'", long(65_535) + "\r\nA='x'"] {
        assert_parses(&text, "A", Err(EnvFileError::LineTooLong { line: 1 }));
        assert_parses("A='x'\n".to_owned() + &text, "A", Ok(Some(b"x")));
        let unclosed = "\nA='".to_owned() + "\n" + &text;
        assert_parses(unclosed, "A", Err(EnvFileError::UnclosedQuote { line: 2 }));
    }
    let value = "x".repeat(65_535 - 4);
    assert_parses(format!("A='{value}'"), "A", Ok(Some(value.as_bytes())));
    assert!(env_file_line("A", value.as_bytes()).is_ok());
    let value = value + "x";
    assert_parses(format!("A='{value}'"), "A", Err(EnvFileError::LineTooLong { line: 1 }));
    assert_eq!(env_file_line("A", value.as_bytes()), Err(EnvFileLineError::LineTooLong));
}

#[test]
fn key_may_fill_a_line() {
    for length in 65_530..65_540 {
        let key = "K".repeat(length);
        for rest in ["= ", "=''", "=' '", "='\n'"] {
            reference::check(format!("{key}\0{key}{rest}").as_bytes());
        }
    }
}

#[test]
fn reads_a_megabyte() {
    let lines = "A='x'\n".repeat(1_000_000 / 6);
    assert_parses(&lines, "B", Ok(None));
    let value = "x\r\n".repeat(1_000_000 / 3);
    let expect = value.replace('\r', "");
    assert_parses(format!("A='{value}'"), "A", Ok(Some(expect.as_bytes())));
    for text in ["'", "\n", "\r", " ", "="] {
        let _ = parse_env(text.repeat(1_000_000).as_bytes(), "A");
    }
}

#[test]
fn writer_rejects_what_the_grammar_cannot_hold() {
    for key in ["", "=", "A=B", "#A", " A", "A\t", "A\nB", "\n"] {
        assert_eq!(env_file_line(key, b""), Err(EnvFileLineError::Key), "{key:?}");
    }
    assert_eq!(env_file_line("A", b"it's"), Err(EnvFileLineError::SingleQuote));
    assert_eq!(env_file_line("A", b"x\r\n"), Err(EnvFileLineError::CarriageReturn));
    assert_eq!(env_file_line("A", b"x\n\r").unwrap(), b"A='x\n\r'\n");
}

#[test]
fn errors_omit_values() {
    for content in ["KEY=secret", "KEY='x'secret", "KEY='secret", "secret", "secret ='x'"] {
        let error = parse_env(content.as_bytes(), "KEY").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("secret"));
    }
}

/// Returns bytes that are close to the grammar.
fn near_env_file() -> impl Strategy<Value = Vec<u8>> {
    let token = prop::sample::select(vec![
        "A", "B", "A='", "B='x'", "A= ", "='", "=", "'", "'", "\n", "\n", "\r\n", "\r", " ", "\t",
        "#", "é",
    ]);
    prop::collection::vec(token, 0..24).prop_map(|tokens| tokens.concat().into_bytes())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn parse_env_agrees_with_reference_near_grammar(content in near_env_file()) {
        reference::check(&content);
    }

    #[test]
    fn parse_env_agrees_with_reference_for_any_bytes(data in any::<Vec<u8>>()) {
        reference::check(&data);
    }

    #[test]
    fn written_lines_round_trip(
        entries in prop::collection::btree_map(
            "[ \t#=\r]?[A-Za-z \r#.é]{0,3}", "[a\r\n '=#é]{0,6}", 0..5,
        ),
    ) {
        let mut file = Vec::new();
        let mut held = BTreeMap::new();
        for (key, value) in &entries {
            if let Ok(line) = env_file_line(key, value.as_bytes()) {
                file.extend(line);
                held.insert(key, value.as_bytes());
            }
        }
        for key in entries.keys() {
            let value = parse_env(&file, key).unwrap();
            prop_assert_eq!(value.as_deref(), held.get(key).copied());
        }
    }

    #[test]
    fn rejected_lines_would_not_round_trip(
        key in "[ \t#=\r\n]?[a ]{0,2}[\t=]?",
        value in "[a\r\n']{0,5}",
    ) {
        if env_file_line(&key, value.as_bytes()).is_err() {
            let raw = format!("{key}='{value}'\n");
            prop_assert_ne!(parse_env(raw.as_bytes(), &key), Ok(Some(value.as_bytes().into())));
        }
    }
}
