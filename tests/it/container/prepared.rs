//! Services prepared for many containers.

use kubelet_env::api::{Pod, Service};
use kubelet_env::container::{Known, PreparedServices};
use kubelet_env::services::ServiceLinks;
use kubelet_env::{ComposeError, Facts, Form, Objects, Order, compose};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::support::strategies::{any_service, namespace};

/// Returns the text of the container, its collisions, and the names of its variables.
fn composed(pod: &Pod, facts: &Facts<'_>) -> Result<(Vec<u8>, usize, Vec<String>), ComposeError> {
    let composition = compose(pod, "app", facts)?;
    let environment = composition.environment();
    let names = environment.iter().map(|variable| variable.name().into_owned()).collect();
    let text = environment.render(Order::Kubelet, Form::NulSeparated);
    Ok((text, environment.collisions().len(), names))
}

fn pod(namespace: &str, links: bool) -> Pod {
    let env = [("FOO_PORT", "$(FOO_SERVICE_HOST)"), ("A", "$(FOO_SERVICE_PORT)$(A_PORT)")];
    let env = env.map(|(name, value)| kubelet_env::api::EnvVar::new(name, value));
    let app = kubelet_env::api::Container::new("app").with_env(env);
    let mut pod = Pod::new(namespace, "web-0").with_container(app).with_defaults();
    pod.spec.enable_service_links = Some(links);
    pod
}

proptest! {
    /// Services of another namespace are not used.
    #[test]
    fn prepared_services_change_no_result(
        services in vec(any_service(), 0..6),
        prepared_for in namespace(),
        own in namespace(),
        links: bool,
        is_open: bool,
        size_limit in prop_oneof![Just(usize::MAX), 0_usize..2_000],
    ) {
        let mut objects = Objects::default();
        objects.services.extend(services);
        let known = Known::default();
        let facts = if is_open { Facts::open(&objects, &known) } else { Facts::of(&objects) };
        let facts = Facts { size_limit, ..facts };
        let prepared = PreparedServices::of(prepared_for, &facts);
        let with_prepared = Facts { prepared_services: Some(&prepared), ..facts };
        let pod = pod(own, links);
        prop_assert_eq!(composed(&pod, &with_prepared), composed(&pod, &facts));
    }
}

#[test]
fn other_objects_are_not_mixed_up() {
    let service =
        |host| Service::new("default", "foo").with_cluster_ip(host).with_port(80).unwrap();
    let objects = ["10.0.0.1", "10.0.0.2"].map(|host| {
        let mut objects = Objects::default();
        objects.services.apply(service(host));
        objects
    });
    let facts = Facts::of(&objects[0]);
    let prepared = PreparedServices::of("default", &facts);
    let other = Facts { prepared_services: Some(&prepared), ..Facts::of(&objects[1]) };
    let (text, ..) = composed(&pod("default", true), &other).unwrap();
    assert!(String::from_utf8(text).unwrap().contains("FOO_SERVICE_HOST=10.0.0.2"));
    assert_eq!(
        format!("{prepared:?}"),
        "PreparedServices { namespace: \"default\", services: 1, .. }"
    );
}

/// Containers of one namespace are composed by several threads.
#[test]
fn threads_share_prepared_services() {
    let mut objects = Objects::default();
    let service = Service::new("default", "foo").with_cluster_ip("10.0.0.1");
    objects.services.apply(service.with_port(80).unwrap());
    let facts = Facts::of(&objects);
    let prepared = PreparedServices::of("default", &facts);
    let facts = Facts { prepared_services: Some(&prepared), ..facts };
    let pod = pod("default", ServiceLinks::default() == ServiceLinks::Enabled);
    let expected = composed(&pod, &facts).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| assert_eq!(composed(&pod, &facts).unwrap(), expected));
        }
    });
}
