//! The example programs, run as processes.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

mod explain;
mod open_world;
mod printenv;
mod printenv_container;
mod printenv_process;
mod watcher;

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the path of a built example, next to the folder of the test binaries.
fn path_of_example(name: &str) -> PathBuf {
    let this = std::env::current_exe().unwrap();
    let profile = this.parent().and_then(Path::parent).unwrap();
    let example =
        profile.join("examples").join(name).with_extension(std::env::consts::EXE_EXTENSION);
    // `cargo test` builds the example, but `cargo test --test programs` may run an old one.
    let built = example.metadata().and_then(|metadata| metadata.modified()).ok();
    let source = if name == "watcher" { "examples/watcher.rs" } else { "examples/programs" };
    let sources = ["src", source].map(|path| last_modified(&repository().join(path)));
    assert!(
        built >= sources.into_iter().max(),
        "run `cargo build --example {name}`: {}",
        example.display()
    );
    example
}

/// Returns the modification time of a file, or the latest below a folder. The guide is left out,
/// because no example contains it.
fn last_modified(path: &Path) -> SystemTime {
    if path.ends_with("guide") {
        SystemTime::UNIX_EPOCH
    } else if path.is_dir() {
        let files = path.read_dir().unwrap().map(|entry| last_modified(&entry.unwrap().path()));
        files.max().unwrap_or(SystemTime::UNIX_EPOCH)
    } else {
        path.metadata().unwrap().modified().unwrap()
    }
}

#[derive(Debug, PartialEq)]
struct Output {
    code: Option<i32>,
    stdout: String,
    stderr: String,
}

fn run_example(name: &str, arguments: &[&str], stdin: &str) -> Output {
    let mut child = Command::new(path_of_example(name))
        .args(arguments)
        .current_dir(repository())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // An example that does not read its standard input may have exited already.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    let output = child.wait_with_output().unwrap();
    Output {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}
