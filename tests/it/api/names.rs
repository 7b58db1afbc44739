//! The names that Kubernetes validates.

use kubelet_env::names::{
    QualifiedNameError, is_dns1035_label, is_dns1123_label, is_dns1123_subdomain, is_env_var_name,
    is_relaxed_env_var_name, validate_qualified_annotation_name, validate_qualified_name,
};
use proptest::prelude::*;

#[test]
fn env_var_names_are_strict_or_relaxed() {
    for (name, strict, relaxed) in [
        ("", false, false),
        (".", false, true),
        ("..", false, true),
        ("..a", false, true),
        (".a", true, true),
        ("a..", true, true),
        ("-", true, true),
        ("_A.b-9", true, true),
        ("9", false, true),
        (" ", false, true),
        ("~", false, true),
        ("=", false, false),
        ("a=", false, false),
        ("a\n", false, false),
        ("\u{7f}", false, false),
        ("é", false, false),
    ] {
        assert_eq!(is_env_var_name(name), strict, "{name:?}");
        assert_eq!(is_relaxed_env_var_name(name), relaxed, "{name:?}");
    }
}

#[test]
fn dns_names_have_three_forms() {
    let (fits, long) = ("a".repeat(63), "a".repeat(64));
    for (name, dns1035, dns1123, subdomain) in [
        ("", false, false, false),
        ("a", true, true, true),
        ("9", false, true, true),
        ("a-9", true, true, true),
        ("a--9", true, true, true),
        ("-a", false, false, false),
        ("a-", false, false, false),
        ("A", false, false, false),
        ("a_b", false, false, false),
        ("a.b", false, false, true),
        ("a..b", false, false, false),
        ("a.-b", false, false, false),
        (".a", false, false, false),
        ("a.", false, false, false),
        ("é", false, false, false),
        ("a\n", false, false, false),
        (&fits, true, true, true),
        (&long, false, false, true),
    ] {
        assert_eq!(is_dns1035_label(name), dns1035, "{name:?}");
        assert_eq!(is_dns1123_label(name), dns1123, "{name:?}");
        assert_eq!(is_dns1123_subdomain(name), subdomain, "{name:?}");
    }
    assert!(is_dns1123_subdomain(&"a".repeat(253)));
    assert!(!is_dns1123_subdomain(&"a".repeat(254)));
}

#[test]
fn qualified_name_has_an_optional_prefix() {
    use QualifiedNameError::*;
    let (fits, long) = ("a".repeat(63), "a".repeat(64));
    let long_prefix = "a".repeat(254) + "/b";
    for (key, expect) in [
        ("a", Ok(())),
        ("A_b.c-9", Ok(())),
        ("9", Ok(())),
        ("example.com/a", Ok(())),
        (&fits, Ok(())),
        (&long, Err(NameTooLong)),
        (&long_prefix, Err(Prefix)),
        ("", Err(EmptyName)),
        ("a/", Err(EmptyName)),
        ("/", Err(EmptyPrefix)),
        ("/a", Err(EmptyPrefix)),
        ("a/b/c", Err(Parts)),
        ("//", Err(Parts)),
        ("Example.com/a", Err(Prefix)),
        ("a_b/c", Err(Prefix)),
        ("-a", Err(Name)),
        ("a.", Err(Name)),
        ("a b", Err(Name)),
        ("é", Err(Name)),
        ("\u{212a}", Err(Name)),
    ] {
        assert_eq!(validate_qualified_name(key), expect, "{key:?}");
    }
    for key in ["Example.COM/A", "\u{212a}ey", "\u{130}.\u{130}/A"] {
        assert_eq!(validate_qualified_annotation_name(key), Ok(()), "{key:?}");
    }
    for key in ["É", "-A", "A/B/C", "\u{17f}"] {
        assert!(validate_qualified_annotation_name(key).is_err(), "{key:?}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn strict_names_are_relaxed_names(name in "[ -~]{0,4}") {
        prop_assert!(!is_env_var_name(&name) || is_relaxed_env_var_name(&name));
    }

    #[test]
    fn annotation_names_ignore_case(key in "[a-zA-Z./_-]{0,8}|\\PC{0,3}") {
        // The full mapping of Rust gives two characters, the simple one of Go gives `i`.
        prop_assume!(!key.contains('\u{130}'));
        prop_assert_eq!(
            validate_qualified_annotation_name(&key),
            validate_qualified_name(&key.to_lowercase())
        );
    }
}
