//! Properties of expansion and composition.

use std::borrow::Cow;

use kubelet_env::api::Container;
use kubelet_env::container::expand;
use kubelet_env::{Facts, Release, compose};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use crate::support::{app_pod, env_var, name_value_pairs, objects_with, service};

#[path = "../../reference/compose.rs"]
pub(crate) mod composition;
#[path = "../../reference/expand.rs"]
mod expansion;

fn near_reference() -> impl Strategy<Value = String> {
    let part = select(vec![
        "$", "$", "(", "(", ")", "A", "B", "$(A)", "$(B)", "$$", "é", " ", "\0A", "\0B$(A)",
    ]);
    vec(part, 0..16).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn expand_agrees_with_reference(text in near_reference()) {
        expansion::check(text.as_bytes());
    }

    #[test]
    fn expand_accepts_any_bytes(data in any::<Vec<u8>>()) {
        expansion::check(&data);
    }

    #[test]
    fn expand_borrows_text_without_dollar(text in "[^$]*") {
        let expanded = expand(&text, Release::NEWEST, |_| Some(Cow::Borrowed(b"never")));
        prop_assert!(
            matches!(expanded, Cow::Borrowed(same) if std::ptr::eq(same, text.as_bytes()))
        );
    }

    /// A value that looks like a reference is kept as it is.
    #[test]
    fn expanded_values_are_not_expanded_again(
        before in "[a-z]{0,4}",
        value in near_reference(),
        after in "[a-z]{0,4}",
    ) {
        let text = format!("{before}$(A){after}");
        let mut asked = 0;
        let expanded = expand(&text, Release::NEWEST, |_| {
            asked += 1;
            Some(Cow::Owned(value.clone().into_bytes()))
        });
        prop_assert_eq!(expanded.into_owned(), format!("{before}{value}{after}").into_bytes());
        prop_assert_eq!(asked, 1);
    }

    #[test]
    fn escaped_text_round_trips(text in near_reference()) {
        let escaped = text.replace('$', "$$");
        prop_assert_eq!(
            expand(&escaped, Release::NEWEST, |_| None).into_owned(),
            text.into_bytes()
        );
    }

    /// Names are unique, lookup agrees with iteration, and composing again gives the same result.
    #[test]
    fn compose_keeps_invariants_or_returns_an_error(data in vec(any::<u8>(), 0..400)) {
        composition::check(&data);
    }

    #[test]
    fn unreferenced_service_changes_only_its_own(
        names in proptest::collection::btree_set("[a-d](-(port|service|80|tcp|host)){0,2}", 1..6),
        taken in any::<proptest::sample::Index>(),
        values in vec("(x|\\$\\([A-D]_(SERVICE_HOST|PORT)\\)|\\$\\(V\\)){0,3}", 0..5),
    ) {
        let names: Vec<&String> = names.iter().collect();
        let removed = names[taken.index(names.len())];
        let env = values.into_iter().map(|value| env_var("V", value)).collect();
        let pod = app_pod("shop", Container { env, ..Container::default() });

        let with =
            objects_with(names.iter().map(|&name| service("shop", name, "10.0.0.1", &["80"])));
        let mut without = with.clone();
        without.services.delete(&kubelet_env::api::Service::new("shop", removed));
        let with = compose(&pod, "app", &Facts::of(&with)).unwrap().into_environment();
        let without = compose(&pod, "app", &Facts::of(&without)).unwrap().into_environment();
        let own = format!("{}_", removed.replace('-', "_").to_uppercase());
        let is_own = |name: &str| name.starts_with(&own);
        let mentions_own = with
            .declared()
            .iter()
            .any(|declared| declared.references().iter().any(|reference| is_own(reference.name)));
        prop_assume!(!mentions_own);
        let rest = |environment: &kubelet_env::Environment<'_>| -> Vec<(String, Vec<u8>)> {
            let pairs = name_value_pairs(environment).into_iter();
            pairs.filter(|(name, _)| !is_own(name)).collect()
        };
        prop_assert_eq!(rest(&with), rest(&without));
    }
}
