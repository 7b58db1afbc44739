//! What an environment takes of the memory for a program's start, counted by Linux itself.
#![cfg(target_os = "linux")]

use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use kubelet_env::Environment;
use kubelet_env::environment::Size;
use kubelet_env::inspect::SizeLimits;
use proptest::prelude::*;

const E2BIG: i32 = 7;

fn found(program: &str) -> PathBuf {
    let paths = std::env::var_os("PATH").unwrap();
    std::env::split_paths(&paths)
        .map(|path| path.join(program))
        .find(|path| path.is_file())
        .unwrap()
}

fn name(number: usize) -> String {
    format!("V{number}")
}

/// An environment of so many variables that it and the arguments take exactly `total` bytes: no string
/// is longer than Linux takes.
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
        command.env(&*variable.name(), OsStr::from_bytes(variable.value().as_bytes()));
    }
    command.status()
}

/// A quarter of the stack limit of this process, as far as Linux goes.
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
    let refused = run(program, arguments, &too_large).unwrap_err();
    assert_eq!(refused.raw_os_error(), Some(E2BIG));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn a_program_starts_at_the_limit_and_not_one_byte_beyond(
        count in 60_usize..3_000,
        arguments in proptest::collection::vec("[a-z]{0,300}", 1..20),
    ) {
        let arguments: Vec<&[u8]> = arguments.iter().map(|argument| argument.as_bytes()).collect();
        assert_is_the_limit(limit(), count, &found("true"), &arguments);
    }
}

#[test]
fn the_path_of_the_program_counts_as_it_is_given() {
    let program = found("true");
    let detour = Path::new(&"/.".repeat(500)).join(program.strip_prefix("/").unwrap());
    assert_is_the_limit(limit(), 100, &detour, &[b"true"]);
}

#[test]
fn one_string_has_its_own_limit() {
    let program = found("true");
    let of_length = |length: usize| Environment::default().with_base([("V", "x".repeat(length))]);
    let longest = SizeLimits::default().string - "V=\0".len();
    assert_eq!(Size::of_environment(&of_length(longest)).strings, 131_072);
    assert!(run(&program, &[b"true"], &of_length(longest)).unwrap().success());
    let refused = run(&program, &[b"true"], &of_length(longest + 1)).unwrap_err();
    assert_eq!(refused.raw_os_error(), Some(E2BIG));
    let none = Environment::default();
    assert!(run(&program, &[b"true", &vec![b'x'; 131_071]], &none).unwrap().success());
    let refused = run(&program, &[b"true", &vec![b'x'; 131_072]], &none).unwrap_err();
    assert_eq!(refused.raw_os_error(), Some(E2BIG));
}

#[test]
fn no_argument_is_an_empty_one() {
    let none = Environment::default();
    assert_eq!(Size::of(b"p", [], &none), Size::of(b"p", [b"".as_slice()], &none));
    assert_eq!(Size::of(b"p", [], &none).bytes(), "p\0\0".len() + 8);
}

/// Under other limits than this process has: the same tests, run again in such a process.
#[test]
fn the_limit_is_a_quarter_of_the_stacks_within_bounds() {
    const AGAIN: &str = "KUBELET_ENV_UNDER_STACK_LIMIT";
    if std::env::var_os(AGAIN).is_some() {
        return assert_is_the_limit(limit(), 100, &found("true"), &[b"true"]);
    }
    let this = std::env::current_exe().unwrap();
    for kibibytes in ["8192", "4096", "3000", "300"] {
        let script = format!("ulimit -s {kibibytes} && exec \"$@\"");
        let test = "size::the_limit_is_a_quarter_of_the_stacks_within_bounds";
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
