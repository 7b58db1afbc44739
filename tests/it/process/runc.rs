//! The rules of runc, and the runc that is installed.

use std::fs;
use std::path::Path;
use std::process::Command;

use insta::assert_snapshot;
use kubelet_env::process::{EntryOrigin, EnvEntry, Passwd, Runc};
use serde_json::json;

use super::lines;

const PASSWD: &str =
    "root:x:0:0:root:/root:/bin/sh\napp:x:1000:1000::/home/app:\nhomeless:x:7:7:::\n";

fn environ(runc: Runc, oci: &[&str], home: &str) -> String {
    let entries: Vec<EnvEntry<'_>> =
        oci.iter().map(|text| EnvEntry::parse(text, EntryOrigin::Image)).collect();
    match runc.environ(&entries, home) {
        Ok(environ) => lines(&environ),
        Err(error) => error.to_string(),
    }
}

#[test]
fn parses_versions() {
    for text in ["0.1.1", "1.0.0-rc93", "1.1.5+ds1", "1.2.6", "1.2"] {
        assert_eq!(text.parse(), Ok(Runc::UpTo1_2), "{text}");
    }
    for text in ["1.3.0-rc.1", "1.3.6", "1.10.0", "2.0.0"] {
        assert_eq!(text.parse(), Ok(Runc::Since1_3), "{text}");
    }
    for text in ["", "1", "v1.3", "1.x", "crun 1.3"] {
        assert!(text.parse::<Runc>().unwrap_err().to_string().contains(text));
    }
}

#[test]
fn last_value_of_duplicates_wins() {
    let oci = ["A=1", "HOME=/home", "B=2", "A=3"];
    assert_snapshot!(environ(Runc::Since1_3, &oci, "/root"), @"
    HOME=/home
    B=2
    A=3
    ");
    assert_snapshot!(environ(Runc::UpTo1_2, &oci, "/root"), @"
    A=3
    HOME=/home
    B=2
    ");
}

#[test]
fn empty_home_is_replaced() {
    let oci = ["HOME=/home", "A=1", "HOME=", "B=2"];
    assert_snapshot!(environ(Runc::Since1_3, &oci, "/root"), @"
    A=1
    B=2
    HOME=/root
    ");
    assert_snapshot!(environ(Runc::UpTo1_2, &oci, "/root"), @"
    HOME=/root
    A=1
    B=2
    ");
}

#[test]
fn missing_home_is_appended_even_if_empty() {
    for runc in [Runc::UpTo1_2, Runc::Since1_3] {
        assert_eq!(environ(runc, &["A=1"], ""), "A=1\nHOME=\n");
    }
}

#[test]
fn rejects_malformed_entries() {
    for runc in [Runc::UpTo1_2, Runc::Since1_3] {
        assert!(environ(runc, &["A=1", "B"], "/").ends_with("B: missing '=': write NAME=value"));
        assert!(environ(runc, &["=1"], "/").contains("the name is empty"));
        assert!(environ(runc, &["A=\0"], "/").contains("A: it contains NUL"));
        assert!(environ(runc, &["A\0=1"], "/").contains("A\\u{0}: it contains NUL"));
    }
    // Only runc 1.3 looks at the last entry of a name alone.
    assert_eq!(environ(Runc::Since1_3, &["A=\0", "A=1"], "/"), "A=1\nHOME=/\n");
    assert!(environ(Runc::UpTo1_2, &["A=\0", "A=1"], "/").contains("NUL"));
}

/// Process 1 prints its own environment.
fn run(bundle: &Path, oci: &[&str], uid: i64) -> Result<String, String> {
    let config = json!({
        "ociVersion": "1.0.2",
        "process": {
            "user": {"uid": uid, "gid": 0},
            "args": ["/usr/bin/cat", "/proc/self/environ"],
            "env": oci,
            "cwd": "/",
        },
        "root": {"path": "rootfs"},
        "mounts": [
            {"destination": "/proc", "type": "proc", "source": "proc"},
            {"destination": "/usr", "type": "bind", "source": "/usr", "options": ["rbind", "ro"]},
        ],
        "linux": {"namespaces": [{"type": "mount"}, {"type": "pid"}]},
    });
    fs::write(bundle.join("config.json"), config.to_string()).unwrap();
    let output = Command::new("runc")
        .arg("--root")
        .arg(bundle.join("state"))
        .args(["run", "--bundle"])
        .arg(bundle)
        .arg(format!("kubelet-env-{}", std::process::id()))
        .output()
        .map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    let environ = String::from_utf8(output.stdout).unwrap();
    Ok(environ.split_terminator('\0').map(|entry| format!("{entry}\n")).collect())
}

fn installed_version() -> Option<Runc> {
    let output = Command::new("runc").arg("--version").output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next()?.strip_prefix("runc version ")?.parse().ok()
}

#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "runc runs on Linux")]
fn installed_runc_agrees() {
    let Some(runc) = installed_version() else {
        eprintln!("SKIPPED: runc is not installed; with Debian, `apt-get install runc`");
        return;
    };
    let bundle = std::env::temp_dir().join(format!("kubelet-env-runc-{}", std::process::id()));
    let rootfs = bundle.join("rootfs");
    for directory in ["proc", "usr", "etc", "dev", "tmp"] {
        fs::create_dir_all(rootfs.join(directory)).unwrap();
    }
    #[cfg(unix)]
    for link in ["bin", "lib", "lib64"] {
        std::os::unix::fs::symlink(format!("usr/{link}"), rootfs.join(link)).unwrap();
    }
    fs::write(rootfs.join("etc/passwd"), PASSWD).unwrap();

    if let Err(error) = run(&bundle, &["A=1"], 0) {
        eprintln!("SKIPPED: runc cannot run a container here: {error}");
        fs::remove_dir_all(bundle).unwrap();
        return;
    }
    let passwd = Passwd::parse(PASSWD);
    let cases: [(&[&str], i64); 14] = [
        (&["A=1", "B=2", "A=3", "B=4", "C=5"], 0),
        (&["HOME=", "A=1"], 0),
        (&["A=1", "HOME=", "B=2"], 1000),
        (&["HOME=/home", "A=1", "HOME="], 1000),
        (&["HOME=", "A=1", "HOME=/home"], 1000),
        (&["A=1"], 4242),
        (&["A=1"], 7),
        (&["A=", "=", "B=2"], 0),
        (&["A=1", "B"], 0),
        (&["A"], 0),
        (&["=x"], 0),
        (&["A=b=c", "A.b-c=1", "two words=2", "Ä=ö"], 0),
        (&["A=x\0y"], 0),
        (&["A=\0", "A=1"], 0),
    ];
    for (oci, uid) in cases {
        let entries: Vec<EnvEntry<'_>> =
            oci.iter().map(|text| EnvEntry::parse(text, EntryOrigin::Image)).collect();
        let ours = runc.environ(&entries, passwd.home(uid));
        let theirs = run(&bundle, oci, uid);
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => {
                let ours: String = ours
                    .iter()
                    .map(|entry| {
                        let value = entry.value().unwrap().as_str().unwrap().to_owned();
                        format!("{}={value}\n", entry.name())
                    })
                    .collect();
                assert_eq!(ours, theirs, "{oci:?} of {uid}");
            }
            (Err(_), Err(_)) => {}
            (ours, theirs) => panic!("{oci:?} of {uid}: ours {ours:?}, runc {theirs:?}"),
        }
    }
    fs::remove_dir_all(bundle).unwrap();
}
