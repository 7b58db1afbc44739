//! Snapshots of all containers among objects.

use kubelet_env::container::Known;
use kubelet_env::inspect::Snapshot;
use kubelet_env::{Facts, Objects};

use crate::support::yaml;

const SHOP: &str = "
apiVersion: v1
kind: List
items:
- apiVersion: apps/v1
  kind: Deployment
  metadata: {name: web, namespace: shop}
  spec:
    template:
      spec:
        enableServiceLinks: false
        initContainers:
        - name: migrate
          env: [{name: TEXT, value: \"two\\nlines\"}, {name: URL, value: $(NOWHERE)}]
        containers:
        - name: app
          envFrom: [{secretRef: {name: extra}, prefix: X_}]
          env:
          - {name: PASSWORD, valueFrom: {secretKeyRef: {name: db, key: PASSWORD}}}
          - {name: TOKEN, valueFrom: {secretKeyRef: {name: db, key: TOKEN}}}
          - {name: ADDRESS, value: 'web:$(PASSWORD)@$(TOKEN)'}
- {apiVersion: v1, kind: Secret, metadata: {name: db, namespace: shop}, stringData: {PASSWORD: hunter2}}
- apiVersion: v1
  kind: Pod
  metadata: {name: broken}
  spec:
    containers:
    - {name: app, env: [{name: A, valueFrom: {fieldRef: {fieldPath: spec.nonsense}}}]}
";

#[test]
fn lists_variables_and_findings() {
    let objects: Objects = yaml(SHOP);
    let mut known = Known::default();
    known.services.replace([]);
    let snapshot = Snapshot::open(&objects, &known);
    insta::assert_snapshot!(snapshot, @r#"
    # Pod default/broken app
    # error: Pod default/broken, container app: env[0] A: fieldRef "spec.nonsense": field label not supported

    # Deployment shop/web migrate
    TEXT=two\nlines
    URL=$(NOWHERE)
    # info reference-unknown: NOWHERE

    # Deployment shop/web app
    PASSWORD=[elided]
    TOKEN=<Secret shop/db TOKEN>
    ADDRESS=[elided]<Secret shop/db TOKEN>
    # names not known: envFrom[0] (Secret shop/extra, prefix "X_")
    "#);
    let closed = Snapshot { facts: Facts::of(&objects), ..snapshot };
    insta::assert_snapshot!(closed, @r#"
    # Pod default/broken app
    # error: Pod default/broken, container app: env[0] A: fieldRef "spec.nonsense": field label not supported

    # Deployment shop/web migrate
    TEXT=two\nlines
    URL=$(NOWHERE)
    # warning reference-undefined: URL

    # Deployment shop/web app
    # error: Pod in shop, container app: envFrom[0]: there is no Secret shop/extra: create it, or make the reference optional
    "#);
    assert!(!snapshot.to_string().contains("hunter2"));
}

#[test]
fn no_containers_give_no_text() {
    let (objects, known) = (Objects::default(), Known::default());
    assert_eq!(Snapshot::open(&objects, &known).to_string(), "");
}
