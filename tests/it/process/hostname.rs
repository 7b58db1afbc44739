use kubelet_env::Release;
use kubelet_env::api::Pod;
use kubelet_env::process::{Hostname, HostnameError, hostname};

const LABEL_63: &str = "a23456789-123456789-123456789-123456789-123456789-123456789-123";

fn pod(name: &str) -> Pod {
    let mut pod = Pod::default();
    pod.metadata.name = name.into();
    pod.metadata.namespace = "shop".into();
    pod
}

fn name_in(pod: &Pod, release: &str) -> Result<Hostname, HostnameError> {
    hostname(pod, "cluster.local", release.parse().unwrap())
}

fn name(pod: &Pod) -> Result<Hostname, HostnameError> {
    hostname(pod, "cluster.local", Release::NEWEST)
}

fn named(name: &str) -> Result<Hostname, HostnameError> {
    Ok(Hostname::Pod(name.into()))
}

#[test]
fn is_the_pods_name_unless_spec_names_another() {
    let mut pod = pod("web.0");
    assert_eq!(name(&pod), named("web.0"));
    pod.spec.hostname = "web".into();
    assert_eq!(name(&pod), named("web"));
}

#[test]
fn is_cut_to_63_bytes() {
    assert_eq!(LABEL_63.len(), 63);
    assert_eq!(name(&pod(LABEL_63)), named(LABEL_63));
    assert_eq!(name(&pod(&format!("{LABEL_63}x"))), named(LABEL_63));
    let ends_in_dash = format!("{}-.x", &LABEL_63[..61]);
    assert_eq!(name(&pod(&ends_in_dash)), named(&LABEL_63[..61]));
    // Only what is cut loses its end.
    assert_eq!(name(&pod("web-")), named("web-"));
    let multibyte = format!("{}éx", &LABEL_63[..62]);
    assert_eq!(name(&pod(&multibyte)), named(&LABEL_63[..62]));
    let error = name(&pod(&"-".repeat(64))).unwrap_err();
    assert!(error.to_string().starts_with("hostname for pod \"---"), "{error}");
}

#[test]
fn override_takes_precedence_since_1_35() {
    let mut pod = pod("web-0");
    pod.spec.hostname = "web".into();
    pod.spec.subdomain = "sub".into();
    pod.spec.set_hostname_as_fqdn = true;
    pod.spec.hostname_override = "db.example.com".into();
    assert_eq!(name_in(&pod, "1.34"), named("web.sub.shop.svc.cluster.local"));
    assert_eq!(name_in(&pod, "1.35"), named("db.example.com"));
    pod.spec.hostname_override = format!("{LABEL_63}.x");
    assert_eq!(name(&pod), named(LABEL_63));
}

#[test]
fn fqdn_needs_a_subdomain_and_the_flag() {
    let mut pod = pod("web-0");
    pod.spec.set_hostname_as_fqdn = true;
    assert_eq!(name(&pod), named("web-0"));
    pod.spec.subdomain = "sub".into();
    assert_eq!(name(&pod), named("web-0.sub.shop.svc.cluster.local"));
    pod.spec.set_hostname_as_fqdn = false;
    assert_eq!(name(&pod), named("web-0"));
}

#[test]
fn fqdn_has_at_most_64_bytes() {
    let mut pod = pod("web-0");
    pod.spec.set_hostname_as_fqdn = true;
    let rest = ".shop.svc.cluster.local".len() + "web-0.".len();
    pod.spec.subdomain = "s".repeat(64 - rest);
    assert!(matches!(name(&pod), Ok(Hostname::Pod(fqdn)) if fqdn.len() == 64));
    pod.spec.subdomain.push('s');
    let error = name(&pod).unwrap_err().to_string();
    assert!(error.contains("(64 characters is the max, 65 characters requested)"), "{error}");
}

#[test]
fn is_the_nodes_with_host_network() {
    let mut pod = pod("web-0");
    pod.spec.hostname = "web".into();
    pod.spec.host_network = true;
    assert_eq!(name(&pod), Ok(Hostname::Node));
    // The kubelet checks the name all the same.
    pod.spec.hostname = "Web".into();
    assert!(name(&pod).is_err());
}

#[test]
fn is_unknown_without_a_name() {
    assert_eq!(name(&pod("")), Ok(Hostname::Unknown));
}

#[test]
fn rejects_invalid_names() {
    let error = |change: fn(&mut Pod)| {
        let mut pod = pod("web-0");
        change(&mut pod);
        name(&pod).unwrap_err().to_string()
    };
    insta::assert_snapshot!(error(|pod| pod.spec.hostname = "a.b".into()), @r#"pod Hostname "a.b" is not a valid DNS label: use at most 63 lower-case letters, digits and '-', with a letter or digit at both ends"#);
    insta::assert_snapshot!(error(|pod| pod.spec.subdomain = "Sub".into()), @r#"pod Subdomain "Sub" is not a valid DNS label: use at most 63 lower-case letters, digits and '-', with a letter or digit at both ends"#);
    insta::assert_snapshot!(error(|pod| pod.spec.hostname_override = "a..b".into()), @r#"pod HostnameOverride "a..b" is not a valid DNS subdomain: use labels of lower-case letters, digits and '-', joined by '.'"#);
}
