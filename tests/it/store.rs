//! A [`Store`] that is fed by events, against a plain list of all Services.

use kubelet_env::Store;
use kubelet_env::api::{ObjectMeta, PortNumber, Service, ServicePort, ServiceSpec};
use kubelet_env::services::{ServiceLinks, select};
use proptest::collection::vec;
use proptest::prelude::*;

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

fn service() -> impl Strategy<Value = Service> {
    let address = proptest::sample::select(vec!["10.0.0.1", "10.0.0.2", "2001:db8::1", "None", ""]);
    (key(), address, 1_u16..4).prop_map(|((namespace, name), cluster_ip, port)| Service {
        metadata: ObjectMeta::new(namespace, name),
        spec: ServiceSpec {
            cluster_ip: cluster_ip.to_owned(),
            ports: vec![ServicePort::new(PortNumber::new(port).unwrap())],
            ..ServiceSpec::default()
        },
    })
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        6 => service().prop_map(Event::Apply),
        3 => key().prop_map(|(namespace, name)| Event::Delete { namespace, name }),
        1 => vec(service(), 0..12).prop_map(Event::Replace),
    ]
}

/// What the store has to be equal to: the later of two of one name stands.
#[derive(Default)]
struct Model(Vec<Service>);

impl Model {
    fn delete(&mut self, namespace: &str, name: &str) -> Option<Service> {
        let is_meant = |service: &Service| {
            service.metadata.namespace == namespace && service.metadata.name == name
        };
        self.0.iter().position(is_meant).map(|place| self.0.remove(place))
    }

    fn apply(&mut self, service: Service) -> Option<Service> {
        let former = self.delete(&service.metadata.namespace, &service.metadata.name);
        self.0.push(service);
        former
    }
}

fn agree(store: &Store<Service>, Model(model): &Model) -> Result<(), TestCaseError> {
    prop_assert_eq!(store.len(), model.len());
    prop_assert_eq!(store.is_empty(), model.is_empty());
    for namespace in NAMESPACES.into_iter().chain(["no-such"]) {
        for links in [ServiceLinks::Enabled, ServiceLinks::Disabled] {
            prop_assert_eq!(store.select(namespace, links), select(model, namespace, links));
        }
        for name in NAMES {
            let is_meant = |service: &&Service| {
                service.metadata.namespace == namespace && service.metadata.name == name
            };
            prop_assert_eq!(store.get(namespace, name), model.iter().find(is_meant));
        }
    }
    let mut sorted: Vec<&Service> = model.iter().collect();
    sorted.sort_by_key(|service| (&service.metadata.namespace, &service.metadata.name));
    prop_assert!(store.iter().eq(sorted));
    Ok(())
}

proptest! {
    #[test]
    fn any_sequence_of_events_agrees_with_a_list(events in vec(event(), 0..40)) {
        let (mut store, mut model) = (Store::default(), Model::default());
        for event in events {
            match event {
                Event::Apply(service) => prop_assert_eq!(store.apply(service.clone()), model.apply(service)),
                Event::Delete { namespace, name } => {
                    prop_assert_eq!(store.delete(namespace, name), model.delete(namespace, name));
                }
                Event::Replace(services) => {
                    store.replace(services.clone());
                    model = Model::default();
                    for service in services {
                        model.apply(service);
                    }
                }
            }
            agree(&store, &model)?;
        }
        prop_assert_eq!(&store.clone(), &store);
    }
}

#[test]
fn stores_are_equal_and_shown_by_what_they_hold() {
    let store = |names: &[&str]| -> Store<Service> {
        let service = |name: &&str| Service {
            metadata: ObjectMeta::new("default", *name),
            ..Service::default()
        };
        names.iter().map(service).collect()
    };
    assert_eq!(store(&["a", "b"]), store(&["b", "a"]));
    assert_ne!(store(&["a", "b"]), store(&["a"]));
    assert_ne!(store(&["a", "b"]), store(&["a", "c"]));
    assert_eq!(format!("{:?}", store(&[])), "{}");
    assert!(format!("{:?}", store(&["a", "b"])).contains(r#"name: "b""#));
}
