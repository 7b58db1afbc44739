//! Keeps the Services of a cluster up to date with the events of a watcher, and prints the Service
//! variables of a container in a namespace: `cargo run --example watcher -- [NAMESPACE]`.
//!
//! With `kube`, use its own `Event` and pass [`Services::handle`] the events of
//! `kube::runtime::watcher(Api::<v1::Service>::all(client), watcher::Config::default())`.

use std::error::Error;
use std::io::{self, Write};

use k8s_openapi::api::core::v1;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ObjectMeta;
use kubelet_env::api::Service;
use kubelet_env::objects::convert;
use kubelet_env::services::{ServiceLinks, generate};
use kubelet_env::{Environment, Form, ObjectError, Order, Store};

/// A substitute for `kube::runtime::watcher::Event`.
enum Event<K> {
    Apply(K),
    Delete(K),
    Init,
    InitApply(K),
    InitDone,
}

/// The Services of a cluster.
#[derive(Default)]
struct Services {
    store: Store<Service>,
    /// The Services of a list that is still incomplete.
    listed: Vec<Service>,
}

impl Services {
    fn handle(&mut self, event: Event<v1::Service>) -> Result<(), ObjectError> {
        match event {
            Event::Init => self.listed.clear(),
            Event::InitApply(theirs) => self.listed.push(convert(&theirs)?),
            Event::InitDone => self.store.replace(self.listed.drain(..)),
            Event::Apply(theirs) => {
                self.store.apply(convert(&theirs)?);
            }
            Event::Delete(theirs) => {
                self.store.delete(&convert(&theirs)?);
            }
        }
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let namespace = std::env::args().nth(1).unwrap_or_else(|| "default".to_owned());
    let mut services = Services::default();
    for event in events() {
        services.handle(event)?;
    }
    let seen = services.store.select(&namespace, ServiceLinks::Enabled);
    let environment = Environment::from(generate(&seen)?);
    io::stdout().write_all(&environment.render(Order::Kubelet, Form::Lines))?;
    Ok(())
}

/// Returns the events of a small cluster.
fn events() -> Vec<Event<v1::Service>> {
    vec![
        Event::Init,
        Event::InitApply(service("default", "kubernetes", "10.0.0.1", 443)),
        Event::InitApply(service("shop", "cart", "10.0.0.11", 80)),
        Event::InitApply(service("shop", "db", "10.0.0.12", 5432)),
        Event::InitDone,
        Event::Apply(service("shop", "cart", "10.0.0.11", 8080)),
        Event::Apply(service("default", "web", "10.0.0.13", 80)),
        Event::Delete(service("shop", "db", "10.0.0.12", 5432)),
    ]
}

fn service(namespace: &str, name: &str, cluster_ip: &str, port: i32) -> v1::Service {
    let named = ObjectMeta {
        namespace: Some(namespace.into()),
        name: Some(name.into()),
        ..ObjectMeta::default()
    };
    let ports = vec![v1::ServicePort { port, ..v1::ServicePort::default() }];
    let spec = v1::ServiceSpec {
        cluster_ip: Some(cluster_ip.into()),
        ports: Some(ports),
        ..v1::ServiceSpec::default()
    };
    v1::Service { metadata: named, spec: Some(spec), ..v1::Service::default() }
}
