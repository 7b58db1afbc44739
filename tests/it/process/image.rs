use kubelet_env::process::{ImageConfig, Passwd, PasswdEntry};

fn read(json: &str) -> Result<ImageConfig, String> {
    serde_json::from_str(json).map_err(|error| error.to_string())
}

fn example() -> ImageConfig {
    ImageConfig {
        env: vec!["PATH=/usr/bin".into(), "EMPTY=".into()],
        entrypoint: vec!["/app".into()],
        cmd: vec!["serve".into()],
        working_dir: "/srv".into(),
        user: "app:staff".into(),
    }
}

const FIELDS: &str = r#"{"User": "app:staff", "Env": ["PATH=/usr/bin", "EMPTY="],
    "Entrypoint": ["/app"], "Cmd": ["serve"], "WorkingDir": "/srv", "Labels": {"a": "b"}}"#;

#[test]
fn reads_docker_inspect() {
    let json = format!(r#"[{{"Id": "sha256:0", "Config": {FIELDS}, "Os": "linux"}}]"#);
    assert_eq!(read(&json), Ok(example()));
}

#[test]
fn reads_an_oci_image_configuration() {
    let json = format!(
        r#"{{"architecture": "amd64", "config": {FIELDS}, "rootfs": {{"type": "layers"}}}}"#
    );
    assert_eq!(read(&json), Ok(example()));
}

#[test]
fn absent_and_null_fields_are_empty() {
    assert_eq!(read(r#"{"config": {}}"#), Ok(ImageConfig::default()));
    let json = r#"[{"Config": {"Env": null, "Entrypoint": null, "User": null}}]"#;
    assert_eq!(read(json), Ok(ImageConfig::default()));
    assert_eq!(read(r#"{"rootfs": {}, "config": null}"#), Ok(ImageConfig::default()));
}

#[test]
fn errors_name_the_field() {
    let error = |json| read(json).unwrap_err();
    insta::assert_snapshot!(error(r#"{"config": {"Env": ["A=1", 2]}}"#), @"config.Env[1] is 2, but should be a string");
    insta::assert_snapshot!(error(r#"[{"Config": {"Cmd": "serve"}}]"#), @r#"Config.Cmd is "serve", but should be a list"#);
    insta::assert_snapshot!(error(r#"{"config": {"User": 1000}}"#), @"config.User is 1000, but should be a string");
    insta::assert_snapshot!(error(r#"{"config": []}"#), @"config is a list, but should be an object");
    insta::assert_snapshot!(error("[]"), @"this is a list of 0 images: inspect exactly one");
    insta::assert_snapshot!(error(r#"[{"Config": {}}, {"Config": {}}]"#), @"this is a list of 2 images: inspect exactly one");
    insta::assert_snapshot!(error(r#"{"kind": "Pod"}"#), @"this is not the configuration of an image: config is missing (use the output of docker inspect, crane config or skopeo inspect --config)");
}

/// As runc's parser reads it, oddities included.
#[test]
fn passwd_reads_what_runc_reads() {
    let text = "\n root:x:0:0:root:/root:/bin/sh \n# app\nshort:x:7\nbad:x:no:1::/bad:\n:::\n";
    let entry =
        |name: &str, uid, home: &str| PasswdEntry { name: name.into(), uid, home: home.into() };
    assert_eq!(
        Passwd::parse(text).entries,
        [
            entry("root", 0, "/root"),
            entry("# app", 0, ""),
            entry("short", 7, ""),
            entry("bad", 0, "/bad"),
            entry("", 0, ""),
        ]
    );
    let passwd = Passwd::parse("a:x:1:1::/first:\nb:x:1:1::/second:\na:x:2:2::/third:\n");
    assert_eq!((passwd.home(1), passwd.uid("a"), passwd.home(3)), ("/first", Some(1), "/"));
}
