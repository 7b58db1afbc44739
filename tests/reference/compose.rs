//! Composition from objects derived from bytes: an environment with its invariants, or a typed
//! error.

use std::collections::BTreeSet;

use kubelet_env::api::{
    ConfigMap, ConfigMapEnvSource, ConfigMapKeySelector, Container, EnvFromSource, EnvVar,
    EnvVarSource, FileKeySelector, Node, NodeAddress, ObjectFieldSelector, ObjectMeta, Pod,
    PodStatus, PortNumber, Quantity, ResourceFieldSelector, Secret, SecretEnvSource,
    SecretKeySelector, Service, ServicePort,
};
use kubelet_env::container::EnvFiles;
use kubelet_env::{Environment, Facts, Form, Objects, Order, Release, compose};

/// Choices derived from bytes. After the last byte every choice is the first option.
pub(crate) struct Choices<'d>(pub(crate) &'d [u8]);

impl Choices<'_> {
    pub(crate) fn number(&mut self, below: usize) -> usize {
        let Some((&first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        usize::from(first) % below
    }

    pub(crate) fn flag(&mut self) -> bool {
        self.number(2) == 1
    }

    fn of(&mut self, texts: &[&str]) -> String {
        texts[self.number(texts.len())].to_owned()
    }

    /// Returns at most this many items.
    pub(crate) fn many<T>(&mut self, most: usize, mut one: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.number(most + 1)).map(|_| one(self)).collect()
    }

    fn optional(&mut self) -> Option<bool> {
        [None, Some(false), Some(true)][self.number(3)]
    }

    fn name(&mut self) -> String {
        self.of(&[
            "A",
            "B",
            "C",
            "WEB_PORT",
            "WEB_SERVICE_HOST",
            "DB_PORT_80_TCP",
            "",
            "1st",
            "a b",
            "..",
            "é",
        ])
    }

    fn text(&mut self) -> String {
        let part = [
            "",
            "x",
            "$",
            "$$",
            "$(",
            ")",
            "$(A)",
            "$(B)",
            "$(C)",
            "$(WEB_SERVICE_HOST)",
            "$(DB_PORT)",
            "$()",
            "é",
            "$é",
        ];
        self.many(5, |choices| choices.of(&part)).concat()
    }

    fn object(&mut self) -> String {
        self.of(&["a", "b", "c", ""])
    }

    fn quantity(&mut self) -> Quantity {
        let texts = [
            "0", "1", "100m", "1Gi", "1e3", "1n", "8Ei", "10E", "-1", "-1.5Ki", ".", "1e-20",
            "1e30",
        ];
        self.of(&texts).parse().expect("every text is a quantity")
    }

    fn service(&mut self) -> Service {
        let mut service = Service::default();
        let namespace = self.of(&["shop", "default"]);
        service.metadata =
            ObjectMeta::new(namespace, self.of(&["web", "db", "web-port", "kubernetes", "", "ǆ"]));
        service.spec.cluster_ip = self.of(&["10.0.0.1", "fd00::1", "None", "", "x"]);
        service.spec.ports = self.many(3, |choices| ServicePort {
            name: choices.of(&["", "http", "80-tcp"]),
            ..ServicePort::new(
                PortNumber::new([80, 443, 65535][choices.number(3)])
                    .expect("every number is a port number"),
            )
        });
        service
    }

    fn value_from(&mut self) -> EnvVarSource {
        let mut source = EnvVarSource::default();
        match self.number(6) {
            0 => {
                let paths = [
                    "metadata.name",
                    "metadata.uid",
                    "metadata.labels",
                    "metadata.annotations['a.b/c']",
                    "metadata.labels['']",
                    "metadata.name['x']",
                    "spec.nodeName",
                    "spec.serviceAccountName",
                    "status.hostIP",
                    "status.hostIPs",
                    "status.podIP",
                    "status.podIPs",
                    "status.phase",
                    "['a']",
                ];
                let api_version = self.of(&["v1", "v1", "", "v2"]);
                source.field_ref =
                    Some(ObjectFieldSelector { api_version, field_path: self.of(&paths) });
            }
            1 => {
                let resources = [
                    "limits.cpu",
                    "limits.memory",
                    "requests.cpu",
                    "limits.hugepages-2Mi",
                    "limits.gpu",
                ];
                source.resource_field_ref = Some(ResourceFieldSelector {
                    container_name: self.of(&["", "", "app", "init", "none"]),
                    resource: self.of(&resources),
                    divisor: self.flag().then(|| self.quantity()),
                });
            }
            2 => {
                let (name, key, optional) = (self.object(), self.name(), self.optional());
                source.config_map_key_ref = Some(ConfigMapKeySelector { name, key, optional });
            }
            3 => {
                let (name, key, optional) = (self.object(), self.name(), self.optional());
                source.secret_key_ref = Some(SecretKeySelector { name, key, optional });
            }
            4 => {
                let (volume_name, path) = (self.of(&["v", "w"]), self.of(&["f", "./f", "g"]));
                let (key, optional) = (self.name(), self.optional());
                source.file_key_ref = Some(FileKeySelector { volume_name, path, key, optional });
            }
            _ => {}
        }
        source
    }

    fn container(&mut self, name: &str) -> Container {
        let mut container = Container { name: name.to_owned(), ..Container::default() };
        container.env_from = self.many(3, |choices| EnvFromSource {
            prefix: choices.of(&["", "", "P_", "1"]),
            config_map_ref: choices.flag().then(|| ConfigMapEnvSource {
                name: choices.object(),
                optional: choices.optional(),
            }),
            secret_ref: choices
                .flag()
                .then(|| SecretEnvSource { name: choices.object(), optional: choices.optional() }),
        });
        container.env = self.many(8, |choices| EnvVar {
            name: choices.name(),
            value: choices.text(),
            value_from: choices.flag().then(|| choices.value_from()),
        });
        container.command = self.many(2, Choices::text);
        container.args = self.many(2, Choices::text);
        for list in [&mut container.resources.limits, &mut container.resources.requests] {
            for resource in ["cpu", "memory", "hugepages-2Mi"] {
                if self.flag() {
                    list.insert(resource.to_owned(), self.quantity());
                }
            }
        }
        container
    }
}

/// Everything that a composition depends on.
#[derive(Clone)]
pub(crate) struct Scenario {
    pub(crate) objects: Objects,
    pub(crate) pod: Pod,
    pub(crate) node: Option<Node>,
    pub(crate) node_ips: Vec<String>,
    pub(crate) pod_status: Option<PodStatus>,
    pub(crate) env_files: EnvFiles,
    pub(crate) release: Release,
    pub(crate) services_listed: bool,
    pub(crate) size_limit: usize,
}

impl Scenario {
    /// Returns the scenario that the bytes choose.
    pub(crate) fn choose(data: &[u8]) -> Self {
        let mut choices = Choices(data);
        let mut objects = Objects::default();
        objects.services.extend(choices.many(4, Choices::service));
        for name in choices.many(3, Choices::object) {
            let data =
                choices.many(3, |choices| (choices.name(), choices.text())).into_iter().collect();
            objects.config_maps.apply(ConfigMap { metadata: ObjectMeta::new("shop", name), data });
        }
        for name in choices.many(3, Choices::object) {
            let bytes =
                |choices: &mut Choices<'_>| choices.many(3, |choices| choices.number(256) as u8);
            let data = choices
                .many(3, |choices| (choices.name(), bytes(choices).into()))
                .into_iter()
                .collect();
            objects.secrets.apply(Secret { metadata: ObjectMeta::new("shop", name), data });
        }
        let mut pod = Pod::default();
        pod.metadata.namespace = choices.of(&["shop", "shop", "default", ""]);
        pod.metadata.name = choices.of(&["web-0", ""]);
        pod.metadata.labels =
            choices.many(2, |choices| (choices.name(), choices.text())).into_iter().collect();
        pod.spec.containers = vec![choices.container("app")];
        pod.spec.init_containers = vec![choices.container("init")];
        pod.spec.enable_service_links = choices.optional();
        if choices.flag() {
            pod = pod.with_defaults();
            assert_eq!(pod.clone().with_defaults(), pod);
        }
        let node = choices.flag().then(|| {
            let mut node = Node::default();
            node.status.addresses = choices.many(3, |choices| NodeAddress {
                type_: choices.of(&["InternalIP", "ExternalIP", "Hostname"]),
                address: choices.of(&["10.0.0.1", "fd00::1", "node", "::ffff:1.2.3.4"]),
            });
            node.status.allocatable.insert("cpu".to_owned(), choices.quantity());
            node
        });
        let status = choices.flag().then(|| {
            PodStatus::with_ips(
                choices.many(3, |choices| choices.of(&["010.0.0.1", "FD00::1", "x"])),
            )
        });
        let mut env_files = EnvFiles::default();
        env_files.insert("v", "f", choices.of(&["A='x'\nB=''", "A='$(B)'", "A=x", "", "A='"]));
        Scenario {
            release: [
                Release::NEWEST,
                "1.34.0".parse().expect("1.34.0 is a release"),
                Release::OLDEST,
            ][choices.number(3)],
            services_listed: choices.number(8) != 1,
            size_limit: [usize::MAX, 1000, 10][choices.number(3)],
            objects,
            pod,
            node,
            node_ips: Vec::new(),
            pod_status: status,
            env_files,
        }
    }

    /// Returns the facts of the closed world.
    pub(crate) fn facts(&self) -> Facts<'_> {
        Facts {
            release: self.release,
            services_listed: self.services_listed,
            node: self.node.as_ref(),
            node_ips: &self.node_ips,
            pod_status: self.pod_status.as_ref(),
            env_files: &self.env_files,
            size_limit: self.size_limit,
            ..Facts::of(&self.objects)
        }
    }
}

/// Checks the composition of a Pod derived from the bytes.
pub(crate) fn check(data: &[u8]) {
    let scenario = Scenario::choose(data);
    for container in ["app", "init", "none"] {
        check_container(&scenario.pod, container, &scenario.facts());
    }
}

fn check_container(pod: &Pod, container: &str, facts: &Facts<'_>) {
    let composition = match compose(pod, container, facts) {
        Ok(composition) => composition,
        Err(error) => {
            assert!(error.to_string().contains(&format!(", container {container}: ")));
            assert_eq!(compose(pod, container, facts).unwrap_err(), error);
            return;
        }
    };
    let environment = composition.environment();
    check_environment(environment);
    let render =
        |environment: &Environment<'_>| environment.render(Order::Kubelet, Form::NulSeparated);
    let again = compose(pod, container, facts).expect("composing succeeded before");
    assert_eq!(render(again.environment()), render(environment));
    assert_eq!((again.command(), again.args()), (composition.command(), composition.args()));
    assert_eq!(again.skipped(), composition.skipped());

    let declared: usize = environment
        .declared()
        .iter()
        .map(|declared| declared.value().as_bytes().unwrap().len())
        .sum();
    let texts = composition.command().iter().chain(composition.args());
    let texts: usize = texts.map(|text| text.value.as_bytes().unwrap().len()).sum();
    assert!(declared + texts <= facts.size_limit);
    check_environment(&composition.into_environment().with_base([
        ("A", "base"),
        ("PATH", "/bin"),
        ("A", "base again"),
    ]));
}

fn check_environment(environment: &Environment<'_>) {
    let mut names = BTreeSet::new();
    let mut rendered = Vec::new();
    for variable in environment.iter() {
        let name = variable.name();
        assert_eq!(environment.get(&name), Some(variable), "{name}");
        rendered
            .extend([name.as_bytes(), b"=", variable.value().as_bytes().unwrap(), b"\0"].concat());
        assert!(names.insert(name), "every name is unique");
    }
    assert_eq!(environment.len(), names.len());
    assert_eq!(environment.render(Order::Kubelet, Form::NulSeparated), rendered);
    for order in [Order::Name, Order::Dash] {
        let reordered: BTreeSet<_> =
            environment.in_order(order).iter().map(|variable| variable.name()).collect();
        assert_eq!(reordered, names);
    }
    assert!(environment.get("NO SUCH VARIABLE").is_none());
}
