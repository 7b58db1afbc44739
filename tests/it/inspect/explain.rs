//! Explanations of present and absent variables, as text and as JSON.

use kubelet_env::api::{Container, EnvFromSource, Pod};
use kubelet_env::container::{EnvFiles, Known};
use kubelet_env::environment::Entry;
use kubelet_env::inspect::{Absence, Code, Explanation, Finding, Origin};
use kubelet_env::{Facts, Objects, compose};

use crate::support::cluster::Cluster;
use crate::support::{env_var, pod_with_env, yaml};

const WEB: &str = "clusterIP: 10.0.0.1, ports: [{name: http, port: 80}]";

/// Explains a variable of the container. The explanation has passed a round trip through JSON.
fn explain(cluster: &Cluster, name: &str) -> Explanation {
    let explanation =
        cluster.compose(|composition| composition.explain(name, &cluster.objects.services));
    let json = serde_json::to_string(&explanation).unwrap();
    assert_eq!(serde_json::from_str::<Explanation>(&json).unwrap(), explanation);
    explanation
}

fn text(cluster: &Cluster, name: &str) -> String {
    explain(cluster, name).to_string()
}

fn json(cluster: &Cluster, name: &str) -> String {
    serde_json::to_string_pretty(&explain(cluster, name)).unwrap()
}

#[test]
fn service_variable_names_service_and_port() {
    let cluster = Cluster::with_container("").with_service("web", WEB);
    insta::assert_snapshot!(text(&cluster, "WEB_PORT"), @"
    WEB_PORT=tcp://10.0.0.1:80
      from Service default/web, port 80/TCP (http)
    ");
    insta::assert_snapshot!(text(&cluster, "WEB_SERVICE_PORT_HTTP"), @"
    WEB_SERVICE_PORT_HTTP=80
      from Service default/web, port 80/TCP (http)
    ");
    insta::assert_snapshot!(json(&cluster, "WEB_PORT"), @r#"
    {
      "name": "WEB_PORT",
      "effective": 0,
      "overrides": [],
      "absences": [],
      "steps": [
        {
          "name": "WEB_PORT",
          "value": {
            "text": "tcp://10.0.0.1:80"
          },
          "origin": {
            "service": {
              "object": {
                "kind": "Service",
                "namespace": "default",
                "name": "web"
              },
              "port": 80,
              "protocol": "TCP",
              "portName": "http",
              "kind": "portUrl"
            }
          },
          "references": []
        }
      ]
    }
    "#);
}

#[test]
fn declared_entry_overrides_the_service() {
    let cluster =
        Cluster::with_container("env: [{name: WEB_PORT, value: '8080'}]").with_service("web", WEB);
    insta::assert_snapshot!(text(&cluster, "WEB_PORT"), @"
    WEB_PORT=8080
      from env[0], value
      overrides WEB_PORT=tcp://10.0.0.1:80
        from Service default/web, port 80/TCP (http)
    ");
    insta::assert_snapshot!(json(&cluster, "WEB_PORT"), @r#"
    {
      "name": "WEB_PORT",
      "effective": 1,
      "overrides": [
        0
      ],
      "absences": [],
      "steps": [
        {
          "name": "WEB_PORT",
          "value": {
            "text": "tcp://10.0.0.1:80"
          },
          "origin": {
            "service": {
              "object": {
                "kind": "Service",
                "namespace": "default",
                "name": "web"
              },
              "port": 80,
              "protocol": "TCP",
              "portName": "http",
              "kind": "portUrl"
            }
          },
          "references": []
        },
        {
          "name": "WEB_PORT",
          "value": {
            "text": "8080"
          },
          "origin": {
            "text": {
              "entry": "env[0]",
              "text": "8080"
            }
          },
          "references": []
        }
      ]
    }
    "#);
}

#[test]
fn follows_references() {
    let cluster = Cluster::with_container(
        "env: [{name: HOST, value: $(WEB_SERVICE_HOST)}, {name: BASE, value: 'http://$(HOST):$(WEB_SERVICE_PORT)'}, \
         {name: URL, value: $(BASE)/$(HOST)/$(NOWHERE)}]",
    )
    .with_service("web", WEB);
    insta::assert_snapshot!(text(&cluster, "URL"), @"
    URL=http://10.0.0.1:80/10.0.0.1/$(NOWHERE)
      from env[2], value $(BASE)/$(HOST)/$(NOWHERE)
      $(BASE) is http://10.0.0.1:80, from env[1], value http://$(HOST):$(WEB_SERVICE_PORT)
      $(HOST) is 10.0.0.1, from env[0], value $(WEB_SERVICE_HOST)
      $(NOWHERE) stays as it is: no earlier variable has this name
      $(WEB_SERVICE_PORT) is 80, from Service default/web, port 80/TCP (http)
      $(WEB_SERVICE_HOST) is 10.0.0.1, from Service default/web, port 80/TCP (http)
    ");
    insta::assert_snapshot!(json(&cluster, "URL"), @r#"
    {
      "name": "URL",
      "effective": 4,
      "overrides": [],
      "absences": [],
      "steps": [
        {
          "name": "WEB_SERVICE_HOST",
          "value": {
            "text": "10.0.0.1"
          },
          "origin": {
            "service": {
              "object": {
                "kind": "Service",
                "namespace": "default",
                "name": "web"
              },
              "port": 80,
              "protocol": "TCP",
              "portName": "http",
              "kind": "serviceHost"
            }
          },
          "references": []
        },
        {
          "name": "HOST",
          "value": {
            "text": "10.0.0.1"
          },
          "origin": {
            "text": {
              "entry": "env[0]",
              "text": "$(WEB_SERVICE_HOST)"
            }
          },
          "references": [
            {
              "name": "WEB_SERVICE_HOST",
              "step": 0
            }
          ]
        },
        {
          "name": "WEB_SERVICE_PORT",
          "value": {
            "text": "80"
          },
          "origin": {
            "service": {
              "object": {
                "kind": "Service",
                "namespace": "default",
                "name": "web"
              },
              "port": 80,
              "protocol": "TCP",
              "portName": "http",
              "kind": "servicePort"
            }
          },
          "references": []
        },
        {
          "name": "BASE",
          "value": {
            "text": "http://10.0.0.1:80"
          },
          "origin": {
            "text": {
              "entry": "env[1]",
              "text": "http://$(HOST):$(WEB_SERVICE_PORT)"
            }
          },
          "references": [
            {
              "name": "HOST",
              "step": 1
            },
            {
              "name": "WEB_SERVICE_PORT",
              "step": 2
            }
          ]
        },
        {
          "name": "URL",
          "value": {
            "text": "http://10.0.0.1:80/10.0.0.1/$(NOWHERE)"
          },
          "origin": {
            "text": {
              "entry": "env[2]",
              "text": "$(BASE)/$(HOST)/$(NOWHERE)"
            }
          },
          "references": [
            {
              "name": "BASE",
              "step": 3
            },
            {
              "name": "HOST",
              "step": 1
            },
            {
              "name": "NOWHERE",
              "step": null
            }
          ]
        }
      ]
    }
    "#);
}

#[test]
fn shared_steps_are_listed_once() {
    let doubling = (1..64).map(|n| format!("{{name: A{n}, value: $(A{})$(A{})}}", n - 1, n - 1));
    let env: Vec<String> =
        std::iter::once("{name: A0, valueFrom: {}}".to_owned()).chain(doubling).collect();
    let explanation =
        explain(&Cluster::with_container(&format!("env: [{}]", env.join(", "))), "A63");
    assert_eq!(explanation.steps.len(), 64);
    assert_eq!(explanation.to_string().lines().count(), 2 + 63);

    let twice = Cluster::with_container("env: [{name: WEB_PORT, value: $(WEB_PORT)$(WEB_PORT)}]")
        .with_service("web", WEB);
    assert_eq!(explain(&twice, "WEB_PORT").steps.len(), 2);
    insta::assert_snapshot!(text(&twice, "WEB_PORT"), @"
    WEB_PORT=tcp://10.0.0.1:80tcp://10.0.0.1:80
      from env[0], value $(WEB_PORT)$(WEB_PORT)
      $(WEB_PORT) is tcp://10.0.0.1:80, from Service default/web, port 80/TCP (http)
      overrides WEB_PORT=tcp://10.0.0.1:80
        from Service default/web, port 80/TCP (http)
    ");
}

#[test]
fn lists_overridden_values_last_first() {
    let cluster = Cluster::with_container(
        "envFrom: [{configMapRef: {name: m}}, {secretRef: {name: s}}], \
         env: [{name: WEB_PORT, value: first}, {name: WEB_PORT, value: $(WEB_PORT) and more}]",
    )
    .with_service("web", WEB)
    .with_config_map("m", "WEB_PORT: mapped")
    .with_secret("s", "WEB_PORT: hunter2");
    insta::assert_snapshot!(text(&cluster, "WEB_PORT"), @"
    WEB_PORT=first and more
      from env[1], value $(WEB_PORT) and more
      $(WEB_PORT) is first, from env[0], value
      overrides WEB_PORT=first
        from env[0], value
      overrides WEB_PORT=[elided]
        from envFrom[1], key WEB_PORT of Secret default/s
      overrides WEB_PORT=mapped
        from envFrom[0], key WEB_PORT of ConfigMap default/m
      overrides WEB_PORT=tcp://10.0.0.1:80
        from Service default/web, port 80/TCP (http)
    ");
    insta::assert_snapshot!(json(&cluster, "WEB_PORT"), @r#"
    {
      "name": "WEB_PORT",
      "effective": 4,
      "overrides": [
        0,
        1,
        2,
        3
      ],
      "absences": [],
      "steps": [
        {
          "name": "WEB_PORT",
          "value": {
            "text": "tcp://10.0.0.1:80"
          },
          "origin": {
            "service": {
              "object": {
                "kind": "Service",
                "namespace": "default",
                "name": "web"
              },
              "port": 80,
              "protocol": "TCP",
              "portName": "http",
              "kind": "portUrl"
            }
          },
          "references": []
        },
        {
          "name": "WEB_PORT",
          "value": {
            "text": "mapped"
          },
          "origin": {
            "key": {
              "entry": "envFrom[0]",
              "object": {
                "kind": "ConfigMap",
                "namespace": "default",
                "name": "m"
              },
              "key": "WEB_PORT"
            }
          },
          "references": []
        },
        {
          "name": "WEB_PORT",
          "value": "elided",
          "origin": {
            "key": {
              "entry": "envFrom[1]",
              "object": {
                "kind": "Secret",
                "namespace": "default",
                "name": "s"
              },
              "key": "WEB_PORT"
            }
          },
          "references": []
        },
        {
          "name": "WEB_PORT",
          "value": {
            "text": "first"
          },
          "origin": {
            "text": {
              "entry": "env[0]",
              "text": "first"
            }
          },
          "references": []
        },
        {
          "name": "WEB_PORT",
          "value": {
            "text": "first and more"
          },
          "origin": {
            "text": {
              "entry": "env[1]",
              "text": "$(WEB_PORT) and more"
            }
          },
          "references": [
            {
              "name": "WEB_PORT",
              "step": 3
            }
          ]
        }
      ]
    }
    "#);
}

#[test]
fn names_object_and_key_of_prefixed_keys() {
    let cluster = Cluster::with_container(
        "envFrom: [{prefix: M_, configMapRef: {name: m}}, {prefix: S_, secretRef: {name: s}}], \
         env: [{name: ONE, valueFrom: {configMapKeyRef: {name: m, key: k}}}, \
         {name: TWO, valueFrom: {secretKeyRef: {name: s, key: k}}}, {name: THREE, value: pw=$(TWO)}]",
    )
    .with_config_map("m", r#"k: "two\nlines""#)
    .with_secret("s", "k: hunter2");
    insta::assert_snapshot!(text(&cluster, "M_k"), @r"
    M_k=two\nlines
      from envFrom[0], key k of ConfigMap default/m
    ");
    insta::assert_snapshot!(text(&cluster, "S_k"), @"
    S_k=[elided]
      from envFrom[1], key k of Secret default/s
    ");
    insta::assert_snapshot!(text(&cluster, "ONE"), @r"
    ONE=two\nlines
      from env[0], key k of ConfigMap default/m
    ");
    insta::assert_snapshot!(text(&cluster, "TWO"), @"
    TWO=[elided]
      from env[1], key k of Secret default/s
    ");
    insta::assert_snapshot!(text(&cluster, "THREE"), @"
    THREE=[elided]
      from env[2], value pw=$(TWO)
      $(TWO) is [elided], from env[1], key k of Secret default/s
    ");
    insta::assert_snapshot!(json(&cluster, "THREE"), @r#"
    {
      "name": "THREE",
      "effective": 1,
      "overrides": [],
      "absences": [],
      "steps": [
        {
          "name": "TWO",
          "value": "elided",
          "origin": {
            "key": {
              "entry": "env[1]",
              "object": {
                "kind": "Secret",
                "namespace": "default",
                "name": "s"
              },
              "key": "k"
            }
          },
          "references": []
        },
        {
          "name": "THREE",
          "value": "elided",
          "origin": {
            "text": {
              "entry": "env[2]",
              "text": "pw=$(TWO)"
            }
          },
          "references": [
            {
              "name": "TWO",
              "step": 0
            }
          ]
        }
      ]
    }
    "#);
}

#[test]
fn names_fields_resources_and_empty_entries() {
    let cluster = Cluster::with_container(
        "resources: {limits: {memory: 1Gi}}, env: [{name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}, \
         {name: OWN, valueFrom: {resourceFieldRef: {resource: limits.memory}}}, \
         {name: NAMED, valueFrom: {resourceFieldRef: {containerName: app, resource: limits.memory}}}, \
         {name: FILE, valueFrom: {fileKeyRef: {volumeName: v, path: p, key: k}}}, {name: NOTHING}]",
    )
    .in_release("1.34");
    let all = ["NAME", "OWN", "NAMED", "FILE", "NOTHING"].map(|name| text(&cluster, name)).concat();
    insta::assert_snapshot!(all, @"
    NAME=web-0
      from env[0], field metadata.name of the Pod
    OWN=1073741824
      from env[1], limits.memory
    NAMED=1073741824
      from env[2], limits.memory of container app
    FILE=
      from env[3], key k of p in volume v
    NOTHING=
      from env[4], without a value
    ");
}

#[test]
fn names_the_base_environment() {
    let cluster = Cluster::with_container("env: [{name: PATH, value: /app}]");
    let [overridden, alone] = cluster.compose(|composition| {
        let composition = composition.with_base([("PATH", "/usr/bin"), ("HOME", "/")]);
        ["PATH", "HOME"].map(|name| composition.explain(name, &cluster.objects.services))
    });
    assert_eq!(alone.steps[0].origin, Origin::Base);
    insta::assert_snapshot!(overridden, @"
    PATH=/app
      from env[0], value
      overrides PATH=/usr/bin
        from the base environment
    ");
    insta::assert_snapshot!(alone, @"
    HOME=/
      from the base environment
    ");
}

#[test]
fn unknown_name_is_absent() {
    let cluster = Cluster::with_container("").with_service("web", WEB);
    insta::assert_snapshot!(text(&cluster, "REDIS_PORT"), @"
    REDIS_PORT is not set
      no entry sets it, and no Service produces it
    ");
    insta::assert_snapshot!(text(&cluster, "WEB"), @"
    WEB is not set
      no entry sets it, and no Service produces it
    ");
    insta::assert_snapshot!(json(&cluster, "REDIS_PORT"), @r#"
    {
      "name": "REDIS_PORT",
      "effective": null,
      "overrides": [],
      "absences": [
        "unknown"
      ],
      "steps": []
    }
    "#);
}

#[test]
fn absence_names_services_and_reasons() {
    let headless = Cluster::with_container("").with_service("web", "clusterIP: None");
    insta::assert_snapshot!(text(&headless, "WEB_PORT"), @"
    WEB_PORT is not set
      Service default/web is headless (clusterIP: None) and produces no variables
    ");
    let external = Cluster::with_container("").with_service("web", "type: ExternalName");
    insta::assert_snapshot!(text(&external, "WEB_PORT"), @"
    WEB_PORT is not set
      Service default/web is of type ExternalName and produces no variables
    ");
    let awaiting = Cluster::with_container("").with_service("web", "ports: [{port: 80}]");
    insta::assert_snapshot!(text(&awaiting, "WEB_PORT"), @"
    WEB_PORT is not set
      Service default/web has no clusterIP and produces no variables
    ");
    let elsewhere = Cluster::with_container("").with_service("prod/web", WEB);
    insta::assert_snapshot!(text(&elsewhere, "WEB_PORT"), @"
    WEB_PORT is not set
      Service prod/web is not in the Pod's namespace
    ");
    let unlinked = Cluster::with_pod_spec("enableServiceLinks: false, containers: [{name: app}]")
        .with_service("web", WEB);
    insta::assert_snapshot!(text(&unlinked, "WEB_PORT"), @"
    WEB_PORT is not set
      Service default/web is ignored, because the Pod has enableServiceLinks: false
    ");
    let other_port = Cluster::with_container("").with_service("web", WEB);
    insta::assert_snapshot!(text(&other_port, "WEB_PORT_81_TCP"), @"
    WEB_PORT_81_TCP is not set
      Service default/web has no matching port
    ");
    insta::assert_snapshot!(json(&headless, "WEB_PORT"), @r#"
    {
      "name": "WEB_PORT",
      "effective": null,
      "overrides": [],
      "absences": [
        {
          "noClusterIp": {
            "service": {
              "kind": "Service",
              "namespace": "default",
              "name": "web"
            },
            "clusterIp": "None"
          }
        }
      ],
      "steps": []
    }
    "#);
}

#[test]
fn absence_names_the_creation_time() {
    let cluster = Cluster::with_container("")
        .with_service("web", WEB)
        .with_creation_time("web", "2026-11-22T09:30:00Z");
    let later = cluster.clone().started_at("2026-11-22T09:29:59Z");
    insta::assert_snapshot!(text(&later, "WEB_PORT"), @"
    WEB_PORT is not set
      Service default/web was created at 2026-11-22T09:30:00Z, after the container started: restart the container
    ");
    insta::assert_snapshot!(json(&later, "WEB_PORT"), @r#"
    {
      "name": "WEB_PORT",
      "effective": null,
      "overrides": [],
      "absences": [
        {
          "createdLater": {
            "service": {
              "kind": "Service",
              "namespace": "default",
              "name": "web"
            },
            "created": "2026-11-22T09:30:00Z"
          }
        }
      ],
      "steps": []
    }
    "#);
    // A restart does not help here.
    insta::assert_snapshot!(text(&later, "WEB_PORT_81_TCP"), @"
    WEB_PORT_81_TCP is not set
      Service default/web has no matching port
    ");
    assert!(explain(&cluster.started_at("2026-11-22T09:30:00Z"), "WEB_PORT").effective.is_some());
}

#[test]
fn absence_names_changed_services() {
    let then = Cluster::with_container("").with_service("web", WEB);
    let now =
        Cluster::with_container("").with_service("web", "clusterIP: 10.0.0.1, ports: [{port: 81}]");
    let explain_later =
        |name| then.compose(|composition| composition.explain(name, &now.objects.services));
    insta::assert_snapshot!(explain_later("WEB_PORT_81_TCP"), @"
    WEB_PORT_81_TCP is not set
      Service default/web was changed after the container started: restart the container
    ");
    assert_eq!(explain_later("WEB_PORT_82_TCP").absences.len(), 1);
    assert!(matches!(explain_later("WEB_PORT_82_TCP").absences[0], Absence::NoSuchPort { .. }));
}

#[test]
fn api_server_is_visible_from_everywhere() {
    let links_off = "enableServiceLinks: false, containers: [{name: app}]";
    let cluster = Cluster::with_pod_spec(links_off)
        .with_service("kubernetes", WEB)
        .with_creation_time("kubernetes", "2026-11-22T09:30:00Z");
    insta::assert_snapshot!(text(&cluster, "KUBERNETES_PORT_81_TCP"), @"
    KUBERNETES_PORT_81_TCP is not set
      Service default/kubernetes has no matching port
    ");
    let later = cluster.started_at("2026-11-22T09:00:00Z");
    insta::assert_snapshot!(text(&later, "KUBERNETES_PORT"), @"
    KUBERNETES_PORT is not set
      Service default/kubernetes was created at 2026-11-22T09:30:00Z, after the container started: restart the container
    ");
}

#[test]
fn names_missing_optional_sources() {
    let cluster = Cluster::with_container(
        "envFrom: [{prefix: APP_, configMapRef: {name: m, optional: true}}, {}], \
         env: [{name: KEY, valueFrom: {secretKeyRef: {name: s, key: k, optional: true}}}, \
         {name: SET, value: x}, {name: SET, valueFrom: {configMapKeyRef: {name: m, key: k, optional: true}}}]",
    )
    .with_secret("s", "");
    insta::assert_snapshot!(text(&cluster, "KEY"), @r#"
    KEY is not set
      env[0] is skipped: Secret default/s has no key "k", which is optional
    "#);
    insta::assert_snapshot!(text(&cluster, "APP_COLOR"), @"
    APP_COLOR is not set
      envFrom[0] is skipped: there is no ConfigMap default/m, which is optional
    ");
    insta::assert_snapshot!(text(&cluster, "APP_"), @"
    APP_ is not set
      no entry sets it, and no Service produces it
    ");
    // The earlier entry keeps its value.
    insta::assert_snapshot!(text(&cluster, "SET"), @"
    SET=x
      from env[1], value
      env[2] is skipped: there is no ConfigMap default/m, which is optional
    ");
    insta::assert_snapshot!(json(&cluster, "APP_COLOR"), @r#"
    {
      "name": "APP_COLOR",
      "effective": null,
      "overrides": [],
      "absences": [
        {
          "skipped": {
            "entry": "envFrom[0]",
            "reason": "there is no ConfigMap default/m, which is optional"
          }
        }
      ],
      "steps": []
    }
    "#);
}

#[test]
fn explanation_escapes_control_characters() {
    let cluster = Cluster::with_container(r#"env: [{name: "A\nB", value: "x\e[0m$(C\rD)"}]"#);
    insta::assert_snapshot!(text(&cluster, "A\nB"), @r"
    A\nB=x\u{1b}[0m$(C\rD)
      from env[0], value x\u{1b}[0m$(C\rD)
      $(C\rD) stays as it is: no earlier variable has this name
    ");
    let key = Cluster::with_container(
        r#"env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: "k\e"}}}]"#,
    );
    let key = key.with_config_map("c", r#""k\e": v"#);
    insta::assert_snapshot!(text(&key, "A"), @r"
    A=v
      from env[0], key k\u{1b} of ConfigMap default/c
    ");
    assert_eq!(
        key.compose(|composition| composition.explain("A", composition.facts().services).steps[0]
            .origin
            .to_string()),
        r"env[0], key k\u{1b} of ConfigMap default/c"
    );
    insta::assert_snapshot!(text(&cluster, "\u{1b}[2J"), @r"
    \u{1b}[2J is not set
      no entry sets it, and no Service produces it
    ");
}

#[test]
fn findings_round_trip_through_json() {
    let cluster = Cluster::with_container("env: [{name: A, value: $(B)}]")
        .with_service("db", "clusterIP: None");
    let findings = cluster.findings();
    let json = serde_json::to_string_pretty(&findings).unwrap();
    assert_eq!(serde_json::from_str::<Vec<Finding>>(&json).unwrap(), findings);
    insta::assert_snapshot!(json, @r#"
    [
      {
        "code": "service-skipped",
        "severity": "info",
        "variables": [],
        "objects": [
          {
            "kind": "Service",
            "namespace": "default",
            "name": "db"
          }
        ],
        "message": "Services of the namespace without variables: db (headless).",
        "advice": "No action is needed if clients find them by DNS."
      },
      {
        "code": "reference-undefined",
        "severity": "warning",
        "variables": [
          "A"
        ],
        "objects": [],
        "message": "$(B) in A is not replaced: there is no such variable.",
        "advice": "Define it in an earlier entry, or write $$( if you mean the text."
      }
    ]
    "#);
    for &code in Code::ALL {
        let json = serde_json::to_string(&code).unwrap();
        assert_eq!(json, format!("\"{code}\""));
        assert_eq!(serde_json::from_str::<Code>(&json).unwrap(), code);
    }
}

#[test]
fn service_without_creation_time_may_be_later() {
    let now =
        Cluster::with_container("").with_service("web", "clusterIP: 10.0.0.1, ports: [{port: 80}]");
    let text = Cluster::with_container("")
        .compose(|composition| composition.explain("WEB_PORT", &now.objects.services).to_string());
    insta::assert_snapshot!(text, @"
    WEB_PORT is not set
      Service default/web was created after the container started: restart the container
    ");
}

#[test]
fn env_file_values_are_elided_unless_public() {
    let pod = pod_with_env(vec![
        yaml("{name: TOKEN, valueFrom: {fileKeyRef: {volumeName: v, path: f, key: TOKEN}}}"),
        env_var("HEADER", "Bearer $(TOKEN)"),
    ]);
    let objects = Objects::default();
    let explain_with = |env_files: &EnvFiles| {
        let facts = Facts { env_files, ..Facts::of(&objects) };
        let composition = compose(&pod, "app", &facts).unwrap();
        composition.explain("HEADER", &objects.services).to_string()
    };
    let mut env_files = EnvFiles::new();
    env_files.insert("v", "f", "TOKEN='hunter2'\n");
    insta::assert_snapshot!(explain_with(&env_files), @"
    HEADER=[elided]
      from env[1], value Bearer $(TOKEN)
      $(TOKEN) is [elided], from env[0], key TOKEN of f in volume v
    ");
    env_files.insert_public("v", "f", "TOKEN='hunter2'\n");
    insta::assert_snapshot!(explain_with(&env_files), @"
    HEADER=Bearer hunter2
      from env[1], value Bearer $(TOKEN)
      $(TOKEN) is hunter2, from env[0], key TOKEN of f in volume v
    ");
}

#[test]
fn names_open_sources() {
    let (objects, known) = (Objects::default(), Known::default());
    let app = Container::new("app")
        .with_env_from([EnvFromSource::config_map("settings")])
        .with_env([env_var("NOTE", "$(COLOR)")]);
    let pod = Pod::new("default", "").with_container(app).with_defaults();
    let composition = compose(&pod, "app", &Facts::open(&objects, &known)).unwrap();
    let explain = |name| composition.explain(name, &objects.services);
    insta::assert_snapshot!(explain("COLOR"), @"
    COLOR is not set
      envFrom[0] may set it from ConfigMap default/settings, which is not among the objects
    ");
    insta::assert_snapshot!(explain("NOTE"), @"
    NOTE=<COLOR: $(COLOR) unless ConfigMap default/settings sets it>
      from env[0], value $(COLOR)
      $(COLOR) is not known: a source that is not among the objects may set it
    ");
    let json = serde_json::to_string(&explain("NOTE")).unwrap();
    assert_eq!(serde_json::from_str::<Explanation>(&json).unwrap(), explain("NOTE"));
    assert!(json.contains(r#""isUnknown":true"#), "{json}");
}

#[test]
fn rejects_invalid_entries() {
    let read = |text: &str| serde_json::from_value::<Entry>(text.into());
    assert_eq!(read("envFrom[12]").unwrap(), Entry::EnvFrom(12));
    assert_eq!(read("volumeMounts[0]").unwrap(), Entry::VolumeMount(0));
    for text in
        ["", "env", "env[]", "env[+1]", "env[1", "Env[1]", "env[1]x", "env[99999999999999999999]"]
    {
        assert!(read(text).is_err(), "{text}");
    }
}
