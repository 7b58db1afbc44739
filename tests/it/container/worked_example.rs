//! The examples of the documentation, composed by the library.

use kubelet_env::api::PodStatus;
use kubelet_env::container::EnvFiles;
use kubelet_env::pod::{PodContext, UndecidedField};
use kubelet_env::{Facts, Objects, Order, compose};

use crate::support::documents::read_yaml;
use crate::support::lines;

#[test]
fn worked_example_uses_every_source() {
    let objects = read_yaml(include_str!("../../../examples/worked/shop.yaml"));
    let mut env_files = EnvFiles::default();
    env_files.insert("features", "shop.env", include_str!("../../../examples/worked/shop.env"));
    let context = PodContext { node: objects.nodes.get("worker-3"), ..PodContext::of(&objects) };
    let mut built =
        context.workload(objects.deployments.in_namespace("shop").get("storefront").unwrap());
    built.decide(UndecidedField::Name, "storefront-7d4b9");
    let status = PodStatus::with_ips(["10.244.1.23"]);
    let facts = Facts {
        node: objects.nodes.get("worker-3"),
        pod_status: Some(&status),
        env_files: &env_files,
        ..Facts::of(&objects).with_pod(&built)
    };
    let composition = compose(&built.pod, "app", &facts).unwrap();

    insta::assert_snapshot!(lines(composition.environment(), Order::Kubelet), @r#"
    CURRENCY=EUR
    motd=Free shipping
    this week

    DB_PASSWORD=correct-horse-battery
    DB_USER=storefront
    LOG_LEVEL=debug
    DATABASE_URL=postgres://storefront:correct-horse-battery@10.96.14.7:5432/orders
    TOO_EARLY=$(POD_NAME)
    POD_NAME=storefront-7d4b9
    POD_IP=10.244.1.23
    NODE_IP=192.168.10.13
    TIER=front
    APP=storefront
    MEMORY_MIB=512
    CPUS=4
    BANNER=Free shipping
    this week

    PGPASSWORD=correct-horse-battery
    FEATURES=search,
    gift-cards
    KUBERNETES_SERVICE_HOST=10.96.0.1
    KUBERNETES_SERVICE_PORT=443
    KUBERNETES_SERVICE_PORT_HTTPS=443
    KUBERNETES_PORT=tcp://10.96.0.1:443
    KUBERNETES_PORT_443_TCP=tcp://10.96.0.1:443
    KUBERNETES_PORT_443_TCP_PROTO=tcp
    KUBERNETES_PORT_443_TCP_PORT=443
    KUBERNETES_PORT_443_TCP_ADDR=10.96.0.1
    ORDERS_DB_SERVICE_HOST=10.96.14.7
    ORDERS_DB_SERVICE_PORT=5432
    ORDERS_DB_SERVICE_PORT_POSTGRES=5432
    ORDERS_DB_PORT=tcp://10.96.14.7:5432
    ORDERS_DB_PORT_5432_TCP=tcp://10.96.14.7:5432
    ORDERS_DB_PORT_5432_TCP_PROTO=tcp
    ORDERS_DB_PORT_5432_TCP_PORT=5432
    ORDERS_DB_PORT_5432_TCP_ADDR=10.96.14.7
    STOREFRONT_SERVICE_HOST=fd00:96::51
    STOREFRONT_SERVICE_PORT=80
    STOREFRONT_SERVICE_PORT_HTTP=80
    STOREFRONT_SERVICE_PORT_METRICS=9090
    STOREFRONT_PORT=tcp://[fd00:96::51]:80
    STOREFRONT_PORT_80_TCP=tcp://[fd00:96::51]:80
    STOREFRONT_PORT_80_TCP_PROTO=tcp
    STOREFRONT_PORT_80_TCP_PORT=80
    STOREFRONT_PORT_80_TCP_ADDR=fd00:96::51
    STOREFRONT_PORT_9090_TCP=tcp://[fd00:96::51]:9090
    STOREFRONT_PORT_9090_TCP_PROTO=tcp
    STOREFRONT_PORT_9090_TCP_PORT=9090
    STOREFRONT_PORT_9090_TCP_ADDR=fd00:96::51
    "#);
    let args: Vec<&str> =
        composition.args().iter().map(|arg| arg.value.as_str().unwrap()).collect();
    insta::assert_snapshot!(args.join("\n"), @"
    --listen=10.244.1.23:8080
    --db=postgres://storefront:correct-horse-battery@10.96.14.7:5432/orders
    --price-format=$(amount)
    ");
    let skipped: Vec<String> = composition
        .skipped()
        .iter()
        .map(|skipped| format!("{} {}", skipped.entry, skipped.reason))
        .collect();
    insta::assert_snapshot!(skipped.join("\n"), @r#"
    envFrom[2] there is no ConfigMap shop/storefront-overrides, which is optional
    env[13] ConfigMap shop/storefront has no key "theme", which is optional
    env[14] there is no Secret shop/payments, which is optional
    "#);
    let secret: Vec<String> = composition
        .environment()
        .iter()
        .filter(|variable| variable.value().is_secret())
        .map(|variable| variable.name().into_owned())
        .collect();
    assert_eq!(secret, ["DB_PASSWORD", "DB_USER", "DATABASE_URL", "PGPASSWORD", "FEATURES"]);
    assert!(composition.args()[1].value.is_secret());
}

/// The README shows the JSON of its example in Rust and the output in a block of text.
#[test]
fn readme_example_has_its_documented_output() {
    let readme = include_str!("../../../README.md");
    let (_, json) = readme.split_once("r#\"").unwrap();
    let (json, rest) = json.split_once("\"#").unwrap();
    let (_, output) = rest.split_once("```text\n").unwrap();
    let (output, _) = output.split_once("```").unwrap();
    let objects: Objects = serde_json::from_str(json).unwrap();
    let pod = objects.pods.in_namespace("default").get("web").unwrap().clone().with_defaults();
    let composition = compose(&pod, "app", &Facts::of(&objects)).unwrap();
    assert_eq!(lines(composition.environment(), Order::Kubelet), output);
}
