//! The size of an environment, checked against the limits of Linux itself.
#![cfg(target_os = "linux")]

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use kubelet_env::Environment;
use kubelet_env::environment::Size;
use kubelet_env::inspect::SizeLimits;
use proptest::prelude::*;

const E2BIG: i32 = 7;

fn path_of(program: &str) -> PathBuf {
    let paths = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&paths)
        .map(|path| path.join(program))
        .find(|path| path.is_file())
        .unwrap()
}

fn name(number: usize) -> String {
    format!("V{number}")
}

/// Returns an environment that takes exactly `total` bytes together with the path and the
/// arguments. No string exceeds the limit of Linux.
fn filling(total: usize, count: usize, path: &Path, arguments: &[&[u8]]) -> Environment<'static> {
    let path = path.as_os_str().as_encoded_bytes();
    let with = |lengths: &[usize]| {
        let variables =
            lengths.iter().enumerate().map(|(number, &length)| (name(number), vec![b'x'; length]));
        Environment::default().with_base(variables)
    };
    let mut lengths = vec![0; count];
    let mut rest = total - Size::of(path, arguments.iter().copied(), &with(&lengths)).bytes();
    for length in &mut lengths {
        *length = rest.min(120_000);
        rest -= *length;
    }
    assert_eq!(rest, 0, "more variables are needed");
    with(&lengths)
}

fn run(
    program: &Path,
    arguments: &[&[u8]],
    environment: &Environment<'_>,
) -> io::Result<ExitStatus> {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    let [name, rest @ ..] = arguments else { panic!("a program has a name") };
    let mut command = Command::new(program);
    std::os::unix::process::CommandExt::arg0(&mut command, OsStr::from_bytes(name));
    command.args(rest.iter().map(|&argument| OsStr::from_bytes(argument))).env_clear();
    for variable in environment.iter() {
        command.env(&*variable.name(), OsStr::from_bytes(variable.value().as_bytes().unwrap()));
    }
    command.status()
}

/// Returns a quarter of the stack limit of this process, within the bounds of Linux.
fn limit() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap();
    let stack = limits.lines().find_map(|line| line.strip_prefix("Max stack size")).unwrap();
    let stack = stack.split_whitespace().next().unwrap().parse().unwrap_or(usize::MAX);
    (stack / 4).clamp(128 << 10, 6 << 20)
}

#[track_caller]
fn assert_is_the_limit(total: usize, count: usize, program: &Path, arguments: &[&[u8]]) {
    let fits = filling(total, count, program, arguments);
    assert!(run(program, arguments, &fits).unwrap().success());
    let too_large = filling(total + 1, count, program, arguments);
    let error = run(program, arguments, &too_large).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(E2BIG));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn program_starts_exactly_up_to_the_limit(
        count in 60_usize..3_000,
        arguments in proptest::collection::vec("[a-z]{0,300}", 1..20),
    ) {
        let arguments: Vec<&[u8]> = arguments.iter().map(|argument| argument.as_bytes()).collect();
        assert_is_the_limit(limit(), count, &path_of("true"), &arguments);
    }
}

#[test]
fn program_path_counts_as_given() {
    let program = path_of("true");
    let detour = Path::new(&"/.".repeat(500)).join(program.strip_prefix("/").unwrap());
    assert_is_the_limit(limit(), 100, &detour, &[b"true"]);
}

#[test]
fn single_string_has_its_own_limit() {
    let program = path_of("true");
    let of_length = |length: usize| Environment::default().with_base([("V", "x".repeat(length))]);
    let longest = SizeLimits::default().string - "V=\0".len();
    assert_eq!(Size::of_environment(&of_length(longest)).strings, 131_072);
    assert!(run(&program, &[b"true"], &of_length(longest)).unwrap().success());
    let error = run(&program, &[b"true"], &of_length(longest + 1)).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(E2BIG));
    let none = Environment::default();
    assert!(run(&program, &[b"true", &vec![b'x'; 131_071]], &none).unwrap().success());
    let error = run(&program, &[b"true", &vec![b'x'; 131_072]], &none).unwrap_err();
    assert_eq!(error.raw_os_error(), Some(E2BIG));
}

#[test]
fn missing_argument_counts_as_empty() {
    let none = Environment::default();
    assert_eq!(Size::of(b"p", [], &none), Size::of(b"p", [b"".as_slice()], &none));
    assert_eq!(Size::of(b"p", [], &none).bytes(), "p\0\0".len() + 8);
}

/// The test runs itself again in processes with other stack limits.
#[test]
fn limit_is_a_quarter_of_the_stack() {
    const AGAIN: &str = "KUBELET_ENV_UNDER_STACK_LIMIT";
    if std::env::var_os(AGAIN).is_some() {
        return assert_is_the_limit(limit(), 100, &path_of("true"), &[b"true"]);
    }
    let this = std::env::current_exe().unwrap();
    for kibibytes in ["8192", "4096", "3000", "300"] {
        let script = format!("ulimit -s {kibibytes} && exec \"$@\"");
        let test = "environment::size::limit_is_a_quarter_of_the_stack";
        let mut again = Command::new("sh");
        again
            .args(["-c", &script, "sh"])
            .arg(&this)
            .args([test, "--exact", "--quiet"])
            .env(AGAIN, "1");
        let output = again.output().unwrap();
        assert!(
            output.status.success(),
            "{kibibytes}: {}",
            String::from_utf8_lossy(&output.stdout)
        );
        assert!(String::from_utf8_lossy(&output.stdout).contains("1 passed"));
    }
}
