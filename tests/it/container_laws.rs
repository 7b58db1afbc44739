//! What holds of every expansion and every composition.

use std::borrow::Cow;

use kubelet_env::api::{
    Container, EnvVar, ObjectMeta, Pod, PodMeta, PodSpec, PortNumber, Service, ServicePort,
};
use kubelet_env::container::expand;
use kubelet_env::{Facts, Objects, Release, compose};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

#[path = "../reference/compose.rs"]
mod composition;
#[path = "../reference/expand.rs"]
mod expansion;

fn near_reference() -> impl Strategy<Value = String> {
    let part = select(vec![
        "$", "$", "(", "(", ")", "A", "B", "$(A)", "$(B)", "$$", "é", " ", "\0A", "\0B$(A)",
    ]);
    vec(part, 0..16).prop_map(|parts| parts.concat())
}

fn service(name: &str) -> Service {
    let mut service = Service { metadata: ObjectMeta::new("shop", name), ..Service::default() };
    service.spec.cluster_ip = "10.0.0.1".into();
    service.spec.ports = vec![ServicePort::new(PortNumber::new(80).unwrap())];
    service
}

proptest! {
    #[test]
    fn expansion_is_the_obvious_one(text in near_reference()) {
        expansion::check(text.as_bytes());
    }

    #[test]
    fn expansion_never_panics(data in any::<Vec<u8>>()) {
        expansion::check(&data);
    }

    #[test]
    fn a_text_without_a_dollar_is_borrowed_and_unchanged(text in "[^$]*") {
        let expanded = expand(&text, Release::NEWEST, |_| Some(Cow::Borrowed(b"never")));
        prop_assert!(matches!(expanded, Cow::Borrowed(same) if std::ptr::eq(same, text.as_bytes())));
    }

    /// What is put in stands there as it is, however much it looks like a reference.
    #[test]
    fn what_is_put_in_is_not_expanded_again(before in "[a-z]{0,4}", value in near_reference(), after in "[a-z]{0,4}") {
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
    fn what_was_escaped_comes_out_as_it_was(text in near_reference()) {
        let escaped = text.replace('$', "$$");
        prop_assert_eq!(expand(&escaped, Release::NEWEST, |_| None).into_owned(), text.into_bytes());
    }

    /// Unique names, one answer for every name, the same when composed again, and no panic.
    #[test]
    fn a_composition_keeps_its_laws_or_is_a_typed_error(data in vec(any::<u8>(), 0..400)) {
        composition::check(&data);
    }

    #[test]
    fn a_service_that_is_not_referred_to_changes_only_its_own_variables(
        names in proptest::collection::btree_set("[a-d](-(port|service|80|tcp|host)){0,2}", 1..6),
        taken in any::<proptest::sample::Index>(),
        values in vec("(x|\\$\\([A-D]_(SERVICE_HOST|PORT)\\)|\\$\\(V\\)){0,3}", 0..5),
    ) {
        let names: Vec<&String> = names.iter().collect();
        let removed = names[taken.index(names.len())];
        let variable = |value: String| EnvVar { name: "V".into(), value, ..EnvVar::default() };
        let app = Container { name: "app".into(), env: values.into_iter().map(variable).collect(), ..Container::default() };
        let metadata = PodMeta { namespace: "shop".into(), ..PodMeta::default() };
        let spec = PodSpec { containers: vec![app], ..PodSpec::default() };
        let pod = Pod { metadata, spec, ..Pod::default() }.with_defaults();

        let with = Objects { services: names.iter().map(|name| service(name)).collect(), ..Objects::default() };
        let mut without = with.clone();
        without.services.delete("shop", removed);
        let with = compose(&pod, "app", &Facts::of(&with)).unwrap().into_environment();
        let without = compose(&pod, "app", &Facts::of(&without)).unwrap().into_environment();
        let own = format!("{}_", removed.replace('-', "_").to_uppercase());
        let is_own = |name: &str| name.starts_with(&own);
        let mentions_own = with.declared().iter().any(|declared| declared.references().iter().any(|reference| is_own(reference.name)));
        prop_assume!(!mentions_own);
        let rest = |environment: &kubelet_env::Environment<'_>| -> Vec<(String, Vec<u8>)> {
            let others = environment.iter().filter(|variable| !is_own(&variable.name()));
            others.map(|variable| (variable.name().into_owned(), variable.value().as_bytes().to_vec())).collect()
        };
        prop_assert_eq!(rest(&with), rest(&without));
    }
}
