//! Quantities and the arithmetic on them.

#[path = "../../reference/quantity.rs"]
mod reference;

use kubelet_env::api::{Quantity, QuantityError};
use kubelet_env::container::{Resource, ResourceField, ResourceList, resource_value};
use proptest::prelude::*;

const SUFFIXES: [(&str, i128, i128); 16] = [
    ("n", 1, 1_000_000_000),
    ("u", 1, 1_000_000),
    ("m", 1, 1_000),
    ("", 1, 1),
    ("k", 1_000, 1),
    ("M", 1_000_000, 1),
    ("G", 1_000_000_000, 1),
    ("T", 1_000_000_000_000, 1),
    ("P", 1_000_000_000_000_000, 1),
    ("E", 1_000_000_000_000_000_000, 1),
    ("Ki", 1 << 10, 1),
    ("Mi", 1 << 20, 1),
    ("Gi", 1 << 30, 1),
    ("Ti", 1 << 40, 1),
    ("Pi", 1 << 50, 1),
    ("Ei", 1 << 60, 1),
];

fn quantity(text: &str) -> Quantity {
    text.parse().unwrap()
}

fn value(text: &str) -> Option<i64> {
    quantity(text).value().ok()
}

fn milli_value(text: &str) -> Option<i64> {
    quantity(text).milli_value().ok()
}

fn rounded(text: &str) -> String {
    quantity(text).rounded_to_milli().to_string()
}

#[test]
fn grammar_matches_go() {
    for text in [
        "0",
        "+",
        "-",
        ".",
        "-.",
        "m",
        "Ki",
        "Ti",
        ".Ki",
        "-.m",
        "e3",
        ".e-9",
        "0e999999999",
        "0.0000000000",
        "00Ei",
        "-0",
        "+0.Pi",
        "e-9",
    ] {
        assert_eq!(value(text), Some(0), "{text:?}");
        assert!(quantity(text).is_zero(), "{text:?}");
    }
    for text in [
        "", " ", " 1", "1 ", "--1", "+-1", "0x10", "1,5", "1.2.3", "1.5x", "1K", "1ki", "1KI",
        "1Kii", "1i", "1e", "1E+", "1e-", "1e1.5", "1ee5", "1eK", "1e5k", "1Ei5", "1m5", "5-3",
        "5+", "1mm", "1_000", "１", "1\0", "inf", "NaN",
        "..", // Go requires a digit in these.
        "Pi", "Ei", "-.Ei", "e-10",
    ] {
        let expected = QuantityError::Invalid { text: text.into() };
        assert_eq!(text.parse::<Quantity>(), Err(expected), "{text:?}");
        assert!(Quantity::try_from(text).is_err());
    }
    assert_eq!(value("1E"), Some(1_000_000_000_000_000_000));
    assert_eq!(value("1E3"), Some(1000));
    assert_eq!(value("1e+03"), Some(1000));
    assert_eq!(value("1Ei"), Some(1 << 60));
}

#[test]
fn range_is_64_bits_with_32_bit_exponent() {
    assert_eq!(value("9223372036854775807"), Some(i64::MAX));
    assert_eq!(value("9223372036854775806.1"), Some(i64::MAX));
    for text in
        ["9223372036854775808", "9223372036854775807.1", "10E", "1e40", "-10E", "1e2147483647"]
    {
        let expected = QuantityError::OutOfRange { text: text.into() };
        assert_eq!(quantity(text).value(), Err(expected), "{text}");
    }
    assert_eq!(milli_value("9223372036854775.807"), Some(i64::MAX));
    assert_eq!(milli_value("9223372036854775.8071"), None);
    // The parser caps amounts with a binary suffix.
    assert_eq!(value("8Ei"), Some(i64::MAX));
    assert_eq!(value(&format!("1{}Ki", "0".repeat(60))), Some(i64::MAX));
    assert_eq!(milli_value("8Ei"), None);
    assert_eq!(value("-8Ei"), None);

    assert_eq!(value("1e-100000000"), Some(1));
    assert_eq!(value("1e-2147483647"), Some(1));
    for text in ["1e-2147483648", "1.5e-2147483647", "1e2147483648", "0e99999999999999999999"] {
        let expected = QuantityError::OutOfRange { text: text.into() };
        assert_eq!(text.parse::<Quantity>(), Err(expected), "{text}");
    }
}

#[test]
fn negative_values_round_as_in_go() {
    assert_eq!((value("-1.5"), milli_value("-1.0001")), (Some(-2), Some(-1001)));
    assert_eq!(value("-0.1"), Some(-1));
    // Go keeps an `inf.Dec` for these.
    assert_eq!(value("-.1Ki"), Some(-101));
    assert_eq!(value("-1.5Ki"), Some(-1536));
    assert_eq!(milli_value("-0.5n"), Some(1));
    assert_eq!(value("-183170366640.9n"), Some(-182));
    assert_eq!(value("-1.00000000000"), Some(-1));
    assert_eq!(value("-7Pi"), None);
    // The largest amount whose nanos fit 64 bits, and the next one.
    assert_eq!(value("-9223372036.854775808"), Some(-9_223_372_035));
    assert_eq!(value("-9223372036.854775809"), None);
    assert_eq!(value("-7Ti"), Some(-(7 << 40)));
}

#[test]
fn rounds_up_to_milli_in_canonical_form() {
    for (text, expected) in [
        ("1.0001", "1001m"),
        ("0.0001", "1m"),
        ("500n", "1m"),
        ("-1u", "-1m"),
        ("0.9999999", "1"),
        ("999999.9999999k", "1G"),
        ("1e-4", "1e-3"),
        ("1000.0001e0", "1000001e-3"),
        ("999.9999e0", "1e3"),
        ("0.9999e0", "1"),
        ("1.0000001Gi", "1073741931375m"),
        ("0.0001Mi", "104858m"),
        ("0.0000001Ki", "1m"),
        ("0.9999999Ki", "1Ki"),
        ("1023.9999999999Ki", "1Mi"),
        ("0.5000", "0.5000"),
        ("0.99999999999999999", "0.99999999999999999"),
        ("250m", "250m"),
        ("128Mi", "128Mi"),
        ("1000000000000000000000.0001", "1000000000000000000000001m"),
        ("999999999999999999999.9999", "1e21"),
        (".", "."),
    ] {
        assert_eq!(rounded(text), expected, "{text}");
    }
}

#[test]
fn reads_texts_of_any_length() {
    let long = "9".repeat(300_000);
    let zeros = "0".repeat(300_000);
    assert_eq!(value(&long), None);
    assert_eq!(value(&format!("0.{long}")), Some(1));
    assert_eq!(value(&format!("0.{long}Gi")), Some(1 << 30));
    assert_eq!(value(&format!("1.{zeros}1")), Some(2));
    assert_eq!(value(&format!("{zeros}1.")), Some(1));
    assert_eq!(value(&format!("{long}e-299999")), Some(10));
    assert_eq!(value(&format!("1e-{zeros}1")), Some(1));
    assert!(format!("{long}x").parse::<Quantity>().is_err());
}

#[test]
fn default_is_zero() {
    assert_eq!(Quantity::default(), quantity("0"));
    assert_eq!(format!("{:>3}", Quantity::default()), "  0");
}

#[test]
fn errors_name_the_expected_form() {
    let error = "1K".parse::<Quantity>().unwrap_err().to_string();
    assert!(error.contains("\"1K\"") && error.contains("128Mi"));
    let error = quantity("10E").value().unwrap_err().to_string();
    assert!(error.contains("\"10E\"") && error.contains("64 bits"));
}

#[test]
fn resource_field_names_list_and_resource() {
    for name in [
        "limits.cpu",
        "requests.cpu",
        "limits.memory",
        "requests.ephemeral-storage",
        "limits.hugepages-2Mi",
        "requests.hugepages-",
    ] {
        let field: ResourceField = name.parse().unwrap();
        assert_eq!(field.to_string(), name);
    }
    let field: ResourceField = "limits.hugepages-1Gi".parse().unwrap();
    assert_eq!(field.list, ResourceList::Limits);
    assert_eq!(field.resource.name(), "hugepages-1Gi");
    for name in [
        "",
        "cpu",
        "limits.",
        "limits.CPU",
        "Limits.cpu",
        "limits.hugepages",
        "limits.storage",
        "limits.limits.cpu",
        "limits.example.com/gpu",
        " limits.cpu",
    ] {
        let error = name.parse::<ResourceField>().unwrap_err();
        assert_eq!(error.name, name);
        let message = format!("unsupported container resource : {name}");
        assert_eq!(error.to_string(), message);
    }
}

#[test]
fn quotients_round_up() {
    let of = |quantity: &str, divisor: &str| {
        let quantity = quantity.parse().unwrap();
        resource_value(&Resource::Memory, &quantity, Some(&divisor.parse().unwrap()))
    };
    assert_eq!(of("9007199254740993", "0"), Ok(9_007_199_254_740_992));
    assert_eq!(of("-8", "3"), Ok(-2));
    assert_eq!(of("8", "-3"), Ok(-2));
    assert_eq!(of("-8", "-3"), Ok(3));
    assert_eq!(of("8Ei", "1Mi"), Ok(1 << 43));
    let expected = QuantityError::QuotientOutOfRange {
        quantity: "9223372036854775807".into(),
        divisor: "1".into(),
    };
    assert_eq!(of("9223372036854775807", "1"), Err(expected));
    // Go treats this divisor as zero.
    assert!(of("1", "-1.00000000001").is_err());
    assert!(of("0", "-1.00000000001").is_err());
    assert!(of("1", "10E").is_err());
}

#[test]
fn json_accepts_strings_and_numbers() {
    let read = |json: &str| serde_json::from_str::<Quantity>(json);
    for (json, text) in [
        (r#""128Mi""#, "128Mi"),
        (r#"" 1.50 ""#, "1.50"),
        ("12", "12"),
        ("-3", "-3"),
        ("1.5", "1.5"),
        ("0.1", "0.1"),
        ("18446744073709551615", "18446744073709551615"),
        ("null", "0"),
    ] {
        let quantity = read(json).unwrap();
        assert_eq!(quantity.to_string(), text);
        let written = serde_json::to_string(&quantity).unwrap();
        assert_eq!(written, format!("{text:?}"));
        assert_eq!(read(&written).unwrap(), quantity);
    }
    // serde_json/arbitrary_precision keeps an exponent, which a float loses.
    let text = read("1e3").unwrap().to_string();
    assert!(text == "1000" || text == "1e+3", "{text}");
    let error = read(r#""1K""#).unwrap_err().to_string();
    let expected = r#"invalid value: string "1K", expected a quantity such as 128Mi or 250m"#;
    assert!(error.starts_with(expected), "{error}");
    for json in ["true", "[]", "{}", r#""""#] {
        assert!(read(json).is_err(), "{json}");
    }
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[+-]?[0-9]{0,12}(\\.[0-9]{0,12})?([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,2})?",
        "[+-]?[0-9]{0,40}(\\.[0-9]{0,40})?([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]{1,11})?",
        "-?[09]{0,22}(\\.[09]{0,22})?([numkMGTPE]|[KMGTPE]i)?",
        "-?(9223372036854775|92233720368547758|18446744073)[0-9]{0,4}(\\.[0-9]{0,11})?[num]?",
        "[-+.0-9eEinumkKMGTP]{0,8}",
        any::<String>(),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn agrees_with_reference(quantity in text(), divisor in text()) {
        reference::check(format!("{quantity}\n{divisor}").as_bytes());
    }

    #[test]
    fn whole_numbers_scale_by_their_suffix(number in -999_999_i64..=999_999, index in 0..16_usize) {
        let (suffix, factor, divisor) = SUFFIXES[index];
        let product = i128::from(number) * factor;
        let away = |unit: i128| {
            let magnitude = (product.abs() * unit + divisor - 1) / divisor;
            i64::try_from(product.signum() * magnitude).ok()
        };
        let quantity = quantity(&format!("{number}{suffix}"));
        prop_assert_eq!(quantity.is_zero(), number == 0);
        // A binary amount is capped above 64 bits and rejected early below them.
        let exact = !suffix.ends_with('i') || product.abs() * 1_000_000_000 < 1 << 63;
        if exact || (number >= 0 && away(1).is_some()) {
            prop_assert_eq!(quantity.value().ok(), away(1));
            prop_assert_eq!(quantity.milli_value().ok(), away(1000));
        } else if number > 0 {
            prop_assert_eq!(quantity.value(), Ok(i64::MAX));
        }
    }

    #[test]
    fn order_is_preserved(
        (left, right) in (0_u64..1 << 60, 0_u64..1 << 60),
        places in 0..19_usize,
        suffix in 0..16_usize,
    ) {
        let (least, most) = (left.min(right), left.max(right));
        let write = |number: u64| {
            let digits = format!("{number:019}");
            let (whole, fraction) = digits.split_at(19 - places);
            quantity(&format!("{whole}.{fraction}{}", SUFFIXES[suffix].0))
        };
        let (least, most) = (write(least), write(most));
        for scaled in [Quantity::value, Quantity::milli_value] {
            match (scaled(&least), scaled(&most)) {
                (Ok(least), Ok(most)) => prop_assert!(least <= most),
                (Err(_), Ok(_)) => prop_assert!(false, "{least} is too large, {most} is not"),
                (_, Err(_)) => {}
            }
        }
    }

    #[test]
    fn signs_mirror_where_go_keeps_64_bits(number in 0_u64..1_000_000_000, places in 0..9_usize) {
        let digits = format!("{number:09}");
        let (whole, fraction) = digits.split_at(9 - places);
        let (plus, minus) = (format!("{whole}.{fraction}"), format!("-{whole}.{fraction}"));
        prop_assert_eq!(value(&minus), value(&plus).map(|value| -value));
        prop_assert_eq!(milli_value(&minus), milli_value(&plus).map(|value| -value));
    }

    #[test]
    fn spellings_agree(number in 0_u32..u32::MAX, power in 0..6_usize) {
        let suffix = ["", "k", "M", "G", "T", "P"][power];
        let short = quantity(&format!("{number}{suffix}"));
        for text in [
            format!("+00{number}{suffix}"),
            format!("{number}.0{suffix}"),
            format!("{number}e{}", 3 * power),
            format!("{number}{}", "000".repeat(power)),
        ] {
            prop_assert_eq!(quantity(&text).value().ok(), short.value().ok());
            prop_assert_eq!(quantity(&text).milli_value().ok(), short.milli_value().ok());
        }
    }

    #[test]
    fn quotients_agree_with_floating_point(
        quantity in any::<i64>(), shift in 0..63_u32, divisor in 1_i64..1 << 40,
    ) {
        let quantity = (quantity >> shift).clamp(-9_000_000_000, i64::MAX);
        let expected = (quantity as f64 / divisor as f64).ceil();
        let actual = resource_value(
            &Resource::Memory,
            &quantity.to_string().parse().unwrap(),
            Some(&divisor.to_string().parse().unwrap()),
        );
        if expected < 2_f64.powi(63) {
            prop_assert_eq!(actual, Ok(expected as i64));
        } else {
            prop_assert!(actual.is_err());
        }
    }
}
