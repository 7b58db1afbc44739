//! Where a variable comes from, or why it is not there: the text and the JSON.

use kubelet_env::inspect::{Absence, Code, Explanation, Finding, Origin};

use crate::cluster::Cluster;

const WEB: &str = "clusterIP: 10.0.0.1, ports: [{name: http, port: 80}]";

fn explained(cluster: &Cluster, name: &str) -> Explanation {
    let explanation =
        cluster.composed(|composition| composition.explain(name, &cluster.objects.services));
    let json = serde_json::to_string(&explanation).unwrap();
    assert_eq!(serde_json::from_str::<Explanation>(&json).unwrap(), explanation);
    explanation
}

fn told(cluster: &Cluster, name: &str) -> String {
    explained(cluster, name).to_string()
}

fn json(cluster: &Cluster, name: &str) -> String {
    serde_json::to_string_pretty(&explained(cluster, name)).unwrap()
}

#[test]
fn a_service_variable_comes_from_its_service_and_port() {
    let cluster = Cluster::with("").service("web", WEB);
    insta::assert_snapshot!(told(&cluster, "WEB_PORT"), @"
    WEB_PORT=tcp://10.0.0.1:80
      from Service default/web, port 80/TCP (http)
    ");
    insta::assert_snapshot!(told(&cluster, "WEB_SERVICE_PORT_HTTP"), @"
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
fn what_the_container_declares_overrides_the_service() {
    let cluster = Cluster::with("env: [{name: WEB_PORT, value: '8080'}]").service("web", WEB);
    insta::assert_snapshot!(told(&cluster, "WEB_PORT"), @"
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
fn references_are_followed_through_several_steps() {
    let cluster = Cluster::with(
        "env: [{name: HOST, value: $(WEB_SERVICE_HOST)}, {name: BASE, value: 'http://$(HOST):$(WEB_SERVICE_PORT)'}, \
         {name: URL, value: $(BASE)/$(HOST)/$(NOWHERE)}]",
    )
    .service("web", WEB);
    insta::assert_snapshot!(told(&cluster, "URL"), @"
    URL=http://10.0.0.1:80/10.0.0.1/$(NOWHERE)
      from env[2], value $(BASE)/$(HOST)/$(NOWHERE)
      $(BASE) is http://10.0.0.1:80, from env[1], value http://$(HOST):$(WEB_SERVICE_PORT)
      $(HOST) is 10.0.0.1, from env[0], value $(WEB_SERVICE_HOST)
      $(NOWHERE) stays as it is: there is no such variable before it
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
fn a_step_is_listed_once_however_many_references_lead_to_it() {
    let doubling = (1..64).map(|n| format!("{{name: A{n}, value: $(A{})$(A{})}}", n - 1, n - 1));
    let env: Vec<String> =
        std::iter::once("{name: A0, valueFrom: {}}".to_owned()).chain(doubling).collect();
    let explanation = explained(&Cluster::with(&format!("env: [{}]", env.join(", "))), "A63");
    assert_eq!(explanation.steps.len(), 64);
    assert_eq!(explanation.to_string().lines().count(), 2 + 63);

    let twice =
        Cluster::with("env: [{name: WEB_PORT, value: $(WEB_PORT)$(WEB_PORT)}]").service("web", WEB);
    assert_eq!(explained(&twice, "WEB_PORT").steps.len(), 2);
    insta::assert_snapshot!(told(&twice, "WEB_PORT"), @"
    WEB_PORT=tcp://10.0.0.1:80tcp://10.0.0.1:80
      from env[0], value $(WEB_PORT)$(WEB_PORT)
      $(WEB_PORT) is tcp://10.0.0.1:80, from Service default/web, port 80/TCP (http)
      overrides WEB_PORT=tcp://10.0.0.1:80
        from Service default/web, port 80/TCP (http)
    ");
}

#[test]
fn overridden_values_are_told_from_the_last_to_the_first() {
    let cluster = Cluster::with(
        "envFrom: [{configMapRef: {name: m}}, {secretRef: {name: s}}], \
         env: [{name: WEB_PORT, value: first}, {name: WEB_PORT, value: $(WEB_PORT) and more}]",
    )
    .service("web", WEB)
    .config_map("m", "WEB_PORT: mapped")
    .secret("s", "WEB_PORT: hunter2");
    insta::assert_snapshot!(told(&cluster, "WEB_PORT"), @"
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
fn keys_are_told_with_their_object_under_any_prefix() {
    let cluster = Cluster::with(
        "envFrom: [{prefix: M_, configMapRef: {name: m}}, {prefix: S_, secretRef: {name: s}}], \
         env: [{name: ONE, valueFrom: {configMapKeyRef: {name: m, key: k}}}, \
         {name: TWO, valueFrom: {secretKeyRef: {name: s, key: k}}}, {name: THREE, value: pw=$(TWO)}]",
    )
    .config_map("m", r#"k: "two\nlines""#)
    .secret("s", "k: hunter2");
    insta::assert_snapshot!(told(&cluster, "M_k"), @r"
    M_k=two\nlines
      from envFrom[0], key k of ConfigMap default/m
    ");
    insta::assert_snapshot!(told(&cluster, "S_k"), @"
    S_k=[elided]
      from envFrom[1], key k of Secret default/s
    ");
    insta::assert_snapshot!(told(&cluster, "ONE"), @r"
    ONE=two\nlines
      from env[0], key k of ConfigMap default/m
    ");
    insta::assert_snapshot!(told(&cluster, "TWO"), @"
    TWO=[elided]
      from env[1], key k of Secret default/s
    ");
    insta::assert_snapshot!(told(&cluster, "THREE"), @"
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
fn fields_resources_and_entries_without_a_source_are_told() {
    let cluster = Cluster::with(
        "resources: {limits: {memory: 1Gi}}, env: [{name: NAME, valueFrom: {fieldRef: {fieldPath: metadata.name}}}, \
         {name: OWN, valueFrom: {resourceFieldRef: {resource: limits.memory}}}, \
         {name: NAMED, valueFrom: {resourceFieldRef: {containerName: app, resource: limits.memory}}}, \
         {name: FILE, valueFrom: {fileKeyRef: {volumeName: v, path: p, key: k}}}, {name: NOTHING}]",
    )
    .in_release("1.34");
    let all = ["NAME", "OWN", "NAMED", "FILE", "NOTHING"].map(|name| told(&cluster, name)).concat();
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
fn what_lies_under_the_environment_is_told() {
    let cluster = Cluster::with("env: [{name: PATH, value: /app}]");
    let [overridden, alone] = cluster.composed(|composition| {
        let composition = composition.with_base([("PATH", "/usr/bin"), ("HOME", "/")]);
        ["PATH", "HOME"].map(|name| composition.explain(name, &cluster.objects.services))
    });
    assert_eq!(alone.steps[0].origin, Origin::Base);
    insta::assert_snapshot!(overridden, @"
    PATH=/app
      from env[0], value
      overrides PATH=/usr/bin
        from what lies under the kubelet's variables
    ");
    insta::assert_snapshot!(alone, @"
    HOME=/
      from what lies under the kubelet's variables
    ");
}

#[test]
fn a_name_that_nothing_makes_is_told_as_such() {
    let cluster = Cluster::with("").service("web", WEB);
    insta::assert_snapshot!(told(&cluster, "REDIS_PORT"), @"
    REDIS_PORT is not there
      no entry sets it, and no Service makes it
    ");
    insta::assert_snapshot!(told(&cluster, "WEB"), @"
    WEB is not there
      no entry sets it, and no Service makes it
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
fn services_that_do_not_make_the_name_are_told_with_the_reason() {
    let headless = Cluster::with("").service("web", "clusterIP: None");
    insta::assert_snapshot!(told(&headless, "WEB_PORT"), @"
    WEB_PORT is not there
      Service default/web is headless (clusterIP: None): it makes no variables
    ");
    let external = Cluster::with("").service("web", "type: ExternalName");
    insta::assert_snapshot!(told(&external, "WEB_PORT"), @"
    WEB_PORT is not there
      Service default/web is of type ExternalName, which has no address: it makes no variables
    ");
    let awaiting = Cluster::with("").service("web", "ports: [{port: 80}]");
    insta::assert_snapshot!(told(&awaiting, "WEB_PORT"), @"
    WEB_PORT is not there
      Service default/web has no clusterIP: it makes no variables
    ");
    let elsewhere = Cluster::with("").service("prod/web", WEB);
    insta::assert_snapshot!(told(&elsewhere, "WEB_PORT"), @"
    WEB_PORT is not there
      Service prod/web is of another namespace: only Services of the Pod's own make variables
    ");
    let unlinked =
        Cluster::of_pod("enableServiceLinks: false, containers: [{name: app}]").service("web", WEB);
    insta::assert_snapshot!(told(&unlinked, "WEB_PORT"), @"
    WEB_PORT is not there
      Service default/web is not seen, because the Pod has enableServiceLinks: false
    ");
    let other_port = Cluster::with("").service("web", WEB);
    insta::assert_snapshot!(told(&other_port, "WEB_PORT_81_TCP"), @"
    WEB_PORT_81_TCP is not there
      Service default/web has no port that such a variable would tell of
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
fn a_service_that_was_created_later_is_told_with_its_time() {
    let cluster = Cluster::with("").service("web", WEB).created("web", "2026-11-22T09:30:00Z");
    let later = cluster.clone().started_at("2026-11-22T09:29:59Z");
    insta::assert_snapshot!(told(&later, "WEB_PORT"), @"
    WEB_PORT is not there
      Service default/web was created at 2026-11-22T09:30:00Z, after the container had started: restart the container
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
    // A restart would not help here.
    insta::assert_snapshot!(told(&later, "WEB_PORT_81_TCP"), @"
    WEB_PORT_81_TCP is not there
      Service default/web has no port that such a variable would tell of
    ");
    assert!(explained(&cluster.started_at("2026-11-22T09:30:00Z"), "WEB_PORT").effective.is_some());
}

#[test]
fn a_service_that_was_changed_later_is_told() {
    let then = Cluster::with("").service("web", WEB);
    let now = Cluster::with("").service("web", "clusterIP: 10.0.0.1, ports: [{port: 81}]");
    let explain =
        |name| then.composed(|composition| composition.explain(name, &now.objects.services));
    insta::assert_snapshot!(explain("WEB_PORT_81_TCP"), @"
    WEB_PORT_81_TCP is not there
      Service default/web was changed after the container had started: restart the container
    ");
    assert_eq!(explain("WEB_PORT_82_TCP").absences.len(), 1);
    assert!(matches!(explain("WEB_PORT_82_TCP").absences[0], Absence::NoSuchPort { .. }));
}

#[test]
fn the_service_of_the_api_server_is_seen_from_everywhere() {
    let links_off = "enableServiceLinks: false, containers: [{name: app}]";
    let cluster = Cluster::of_pod(links_off)
        .service("kubernetes", WEB)
        .created("kubernetes", "2026-11-22T09:30:00Z");
    insta::assert_snapshot!(told(&cluster, "KUBERNETES_PORT_81_TCP"), @"
    KUBERNETES_PORT_81_TCP is not there
      Service default/kubernetes has no port that such a variable would tell of
    ");
    let later = cluster.started_at("2026-11-22T09:00:00Z");
    insta::assert_snapshot!(told(&later, "KUBERNETES_PORT"), @"
    KUBERNETES_PORT is not there
      Service default/kubernetes was created at 2026-11-22T09:30:00Z, after the container had started: restart the container
    ");
}

#[test]
fn optional_sources_that_are_missing_are_told() {
    let cluster = Cluster::with(
        "envFrom: [{prefix: APP_, configMapRef: {name: m, optional: true}}, {}], \
         env: [{name: KEY, valueFrom: {secretKeyRef: {name: s, key: k, optional: true}}}, \
         {name: SET, value: x}, {name: SET, valueFrom: {configMapKeyRef: {name: m, key: k, optional: true}}}]",
    )
    .secret("s", "");
    insta::assert_snapshot!(told(&cluster, "KEY"), @r#"
    KEY is not there
      env[0] was passed over: Secret default/s has no key "k", which is optional
    "#);
    insta::assert_snapshot!(told(&cluster, "APP_COLOR"), @"
    APP_COLOR is not there
      envFrom[0] was passed over: there is no ConfigMap default/m, which is optional
    ");
    insta::assert_snapshot!(told(&cluster, "APP_"), @"
    APP_ is not there
      no entry sets it, and no Service makes it
    ");
    // What an earlier entry set stands.
    insta::assert_snapshot!(told(&cluster, "SET"), @"
    SET=x
      from env[1], value
      env[2] was passed over: there is no ConfigMap default/m, which is optional
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
fn an_explanation_keeps_to_its_lines() {
    let cluster = Cluster::with(r#"env: [{name: "A\nB", value: "x\e[0m$(C\rD)"}]"#);
    insta::assert_snapshot!(told(&cluster, "A\nB"), @r"
    A\nB=x\u{1b}[0m$(C\rD)
      from env[0], value x\u{1b}[0m$(C\rD)
      $(C\rD) stays as it is: there is no such variable before it
    ");
    let key =
        Cluster::with(r#"env: [{name: A, valueFrom: {configMapKeyRef: {name: c, key: "k\e"}}}]"#);
    let key = key.config_map("c", r#""k\e": v"#);
    insta::assert_snapshot!(told(&key, "A"), @r"
    A=v
      from env[0], key k\u{1b} of ConfigMap default/c
    ");
    assert_eq!(
        key.composed(|composition| composition.explain("A", composition.facts().services).steps[0]
            .origin
            .to_string()),
        r"env[0], key k\u{1b} of ConfigMap default/c"
    );
    insta::assert_snapshot!(told(&cluster, "\u{1b}[2J"), @r"
    \u{1b}[2J is not there
      no entry sets it, and no Service makes it
    ");
}

#[test]
fn a_finding_reads_back_from_its_json() {
    let cluster = Cluster::with("env: [{name: A, value: $(B)}]").service("db", "clusterIP: None");
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
        "message": "Service db is headless, so that it makes no variables.",
        "advice": "Find it by DNS, or give it a clusterIP."
      },
      {
        "code": "reference-undefined",
        "severity": "warning",
        "variables": [
          "A"
        ],
        "objects": [],
        "message": "$(B) in A stays as it is, because it is not defined.",
        "advice": "Define it in an earlier entry, or write $$( if the text is meant."
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
fn a_service_that_does_not_say_when_it_was_created_may_be_later_too() {
    let now = Cluster::with("").service("web", "clusterIP: 10.0.0.1, ports: [{port: 80}]");
    let told = Cluster::with("")
        .composed(|composition| composition.explain("WEB_PORT", &now.objects.services).to_string());
    insta::assert_snapshot!(told, @"
    WEB_PORT is not there
      Service default/web was created after the container had started: restart the container
    ");
}
