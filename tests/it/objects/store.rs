//! A [`Store`] that receives events, compared with a plain list of Services.

use kubelet_env::Store;
use kubelet_env::api::Service;
use kubelet_env::services::{ServiceLinks, select};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::{port, service, service_with_ports};

const NAMESPACES: [&str; 3] = ["default", "prod", "kube-system"];
const NAMES: [&str; 4] = ["kubernetes", "foo", "foo-service", "web"];

#[derive(Clone, Debug)]
enum Event {
    Apply(Service),
    Delete { namespace: &'static str, name: &'static str },
    Replace(Vec<Service>),
}

fn key() -> impl Strategy<Value = (&'static str, &'static str)> {
    (proptest::sample::select(&NAMESPACES), proptest::sample::select(&NAMES))
}

fn stored_service() -> impl Strategy<Value = Service> {
    let address = proptest::sample::select(vec!["10.0.0.1", "10.0.0.2", "2001:db8::1", "None", ""]);
    (key(), address, 1_u16..4).prop_map(|((namespace, name), cluster_ip, number)| {
        service_with_ports(namespace, name, cluster_ip, [port(number)])
    })
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => stored_service().prop_map(Event::Apply),
        3 => key().prop_map(|(namespace, name)| Event::Delete { namespace, name }),
        1 => vec(stored_service(), 0..12).prop_map(Event::Replace),
    ]
}

/// A list that the store must agree with. The later of two Services of one name wins.
#[derive(Default)]
struct Model(Vec<Service>);

impl Model {
    fn delete(&mut self, namespace: &str, name: &str) -> Option<Service> {
        let matches = |service: &Service| {
            service.metadata.namespace == namespace && service.metadata.name == name
        };
        self.0.iter().position(matches).map(|index| self.0.remove(index))
    }

    fn apply(&mut self, service: Service) -> Option<Service> {
        let replaced = self.delete(&service.metadata.namespace, &service.metadata.name);
        self.0.push(service);
        replaced
    }
}

fn check_agreement(store: &Store<Service>, Model(model): &Model) -> Result<(), TestCaseError> {
    prop_assert_eq!(store.len(), model.len());
    prop_assert_eq!(store.is_empty(), model.is_empty());
    for namespace in NAMESPACES.into_iter().chain(["no-such"]) {
        for links in [ServiceLinks::Enabled, ServiceLinks::Disabled] {
            prop_assert_eq!(store.select(namespace, links), select(model, namespace, links));
        }
        for name in NAMES {
            let matches = |service: &&Service| {
                service.metadata.namespace == namespace && service.metadata.name == name
            };
            prop_assert_eq!(store.in_namespace(namespace).get(name), model.iter().find(matches));
        }
    }
    let mut sorted: Vec<&Service> = model.iter().collect();
    sorted.sort_by_key(|service| (&service.metadata.namespace, &service.metadata.name));
    prop_assert!(store.iter().eq(sorted));
    Ok(())
}

proptest! {
    #[test]
    fn events_agree_with_a_list(events in vec(event(), 0..40)) {
        let (mut store, mut model) = (Store::default(), Model::default());
        for event in events {
            match event {
                Event::Apply(service) => {
                    prop_assert_eq!(store.apply(service.clone()), model.apply(service))
                }
                Event::Delete { namespace, name } => {
                    prop_assert_eq!(store.delete(&Service::new(namespace, name)), model.delete(namespace, name));
                }
                Event::Replace(services) => {
                    store.replace(services.clone());
                    model = Model::default();
                    for service in services {
                        model.apply(service);
                    }
                }
            }
            check_agreement(&store, &model)?;
        }
        prop_assert_eq!(&store.clone(), &store);
    }
}

#[test]
fn equality_and_debug_follow_the_contents() {
    let store = |names: &[&str]| -> Store<Service> {
        names.iter().map(|name| service("default", *name, "", &[])).collect()
    };
    assert_eq!(store(&["a", "b"]), store(&["b", "a"]));
    assert_ne!(store(&["a", "b"]), store(&["a"]));
    assert_ne!(store(&["a", "b"]), store(&["a", "c"]));
    assert_eq!(format!("{:?}", store(&[])), "{}");
    assert!(format!("{:?}", store(&["a", "b"])).contains(r#"name: "b""#));
}
