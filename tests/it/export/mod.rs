//! The forms for other tools. Each is read back as its tool reads it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use kubelet_env::api::{
    Container, EnvFromSource, EnvVar, EnvVarSource, ObjectMeta, Pod, Secret, SecretEnvSource,
    SecretKeySelector,
};
use kubelet_env::export::{FormError, FormProblem};
use kubelet_env::{Environment, Facts, Form, Objects, Order, Release, compose};
use proptest::prelude::*;

use crate::support::{
    app_pod, env_var, env_var_from, lines, name_value_pairs, pod_with_env, service,
};

/// Returns an environment that holds only these variables.
fn environment<N: Into<String>, V: Into<Vec<u8>>>(
    variables: impl IntoIterator<Item = (N, V)>,
) -> Environment<'static> {
    Environment::default().with_base(variables)
}

/// Renders an environment in every form. A form that cannot hold it gives the error.
fn forms(environment: &Environment<'_>) -> Vec<(&'static str, Result<String, String>)> {
    fn text_or_error<T>(
        written: Result<T, FormError>,
        show: impl Fn(T) -> String,
    ) -> Result<String, String> {
        written.map(show).map_err(|error| error.to_string())
    }
    let order = Order::Kubelet;
    let utf8 = |bytes: Vec<u8>| bytes.escape_ascii().to_string();
    vec![
        ("lines", Ok(utf8(environment.render(order, Form::Lines)))),
        ("NUL-separated", Ok(utf8(environment.render(order, Form::NulSeparated)))),
        ("text", text_or_error(environment.to_text_pairs(order), json)),
        ("JSON", serde_json::to_string(environment).map_err(|error| error.to_string())),
        ("os", text_or_error(environment.to_os_pairs(), |pairs| format!("{pairs:?}"))),
        ("OCI", text_or_error(environment.to_oci_env(order), json)),
        ("docker", text_or_error(environment.to_docker_env_file(order), |file| file)),
        ("shell", text_or_error(environment.to_shell_exports(order), utf8)),
        ("env", text_or_error(environment.to_env_vars(order), json)),
    ]
}

fn json<T: serde::Serialize>(value: T) -> String {
    serde_json::to_string(&value).unwrap()
}

#[test]
fn renders_every_form() {
    let environment = environment([
        ("GREETING", "it's \"$5\" # \\ each"),
        ("EMPTY", ""),
        ("PATH", "/usr/bin:/bin"),
    ]);
    let rendered: Vec<String> = forms(&environment)
        .into_iter()
        .map(|(form, text)| format!("{form}\n{}\n", text.unwrap()))
        .collect();
    insta::assert_snapshot!(rendered.join("\n"), @r#"
    lines
    GREETING=it\'s \"$5\" # \\ each\nEMPTY=\nPATH=/usr/bin:/bin\n

    NUL-separated
    GREETING=it\'s \"$5\" # \\ each\x00EMPTY=\x00PATH=/usr/bin:/bin\x00

    text
    [["GREETING","it's \"$5\" # \\ each"],["EMPTY",""],["PATH","/usr/bin:/bin"]]

    JSON
    {"GREETING":"it's \"$5\" # \\ each","EMPTY":"","PATH":"/usr/bin:/bin"}

    os
    [("GREETING", "it's \"$5\" # \\ each"), ("EMPTY", ""), ("PATH", "/usr/bin:/bin")]

    OCI
    ["GREETING=it's \"$5\" # \\ each","EMPTY=","PATH=/usr/bin:/bin"]

    docker
    GREETING=it's "$5" # \ each
    EMPTY=
    PATH=/usr/bin:/bin


    shell
    export GREETING=\'it\'\\\'\'s \"$5\" # \\ each\'\nexport EMPTY=\'\'\nexport PATH=\'/usr/bin:/bin\'\n

    env
    [{"name":"GREETING","value":"it's \"$$5\" # \\ each"},{"name":"EMPTY"},{"name":"PATH","value":"/usr/bin:/bin"}]
    "#);

    let yaml = yaml_serde::to_string(&environment.to_env_vars(Order::Name).unwrap()).unwrap();
    insta::assert_snapshot!(yaml, @r#"
    - name: EMPTY
    - name: GREETING
      value: 'it''s "$$5" # \ each'
    - name: PATH
      value: /usr/bin:/bin
    "#);
}

#[test]
fn every_form_rejects_what_it_cannot_hold() {
    let long = "x".repeat(65_534);
    let variables: [(&str, &[u8]); 21] = [
        ("", b"empty name"),
        ("A=B", b""),
        ("A\0B", b""),
        ("A\nB", b""),
        ("A B", b""),
        ("A.B", b""),
        ("1PASSWORD_PORT", b""),
        ("#A", b""),
        (" A", b""),
        ("\u{a0}A", b""),
        ("\u{feff}A", b""),
        ("UID", b"1000"),
        ("OPTIND", b"1"),
        ("_", b""),
        ("NUL", b"canary\0canary"),
        ("LINE_FEED", b"canary\ncanary"),
        ("CARRIAGE_RETURN", b"canary\r"),
        ("INNER_CARRIAGE_RETURN", b"canary\rcanary"),
        ("BYTES", b"canary\xff"),
        ("A", long.as_bytes()),
        ("", b"\xff\0\n"),
    ];
    let mut errors = String::new();
    for (name, value) in variables {
        let environment = environment([(name, value)]);
        for (form, written) in forms(&environment) {
            if let Err(error) = written {
                assert!(!error.contains("canary"), "{error}");
                errors += &format!("{form}: {error}\n");
            }
        }
    }
    insta::assert_snapshot!(errors, @r##"
    os: variable "": this form cannot hold an empty name
    OCI: variable "": this form cannot hold an empty name
    docker: variable "": this form cannot hold an empty name
    shell: variable "": this form cannot hold an empty name
    env: variable "": this form cannot hold an empty name
    os: variable "A=B": this form cannot hold a name with '=' in it
    OCI: variable "A=B": this form cannot hold a name with '=' in it
    docker: variable "A=B": this form cannot hold a name with '=' in it
    shell: variable "A=B": this form cannot hold a name with '=' in it
    env: variable "A=B": this form cannot hold a name with '=' in it
    os: variable "A\0B": this form cannot hold a name with '\0' in it
    OCI: variable "A\0B": this form cannot hold a name with '\0' in it
    docker: variable "A\0B": this form cannot hold a name with '\0' in it
    shell: variable "A\0B": this form cannot hold a name with '\0' in it
    env: variable "A\0B": this form cannot hold a name with '\0' in it
    docker: variable "A\nB": this form cannot hold a name with '\n' in it
    shell: variable "A\nB": this form cannot hold a name with '\n' in it
    env: variable "A\nB": this form cannot hold a name with '\n' in it
    docker: variable "A B": this form cannot hold a name with ' ' in it
    shell: variable "A B": this form cannot hold a name with ' ' in it
    shell: variable "A.B": this form cannot hold a name with '.' in it
    shell: variable "1PASSWORD_PORT": this form cannot hold a name that begins with '1'
    docker: variable "#A": this form cannot hold a name that begins with '#'
    shell: variable "#A": this form cannot hold a name with '#' in it
    docker: variable " A": this form cannot hold a name that begins with ' '
    shell: variable " A": this form cannot hold a name with ' ' in it
    docker: variable "\u{a0}A": this form cannot hold a name that begins with '\u{a0}'
    shell: variable "\u{a0}A": this form cannot hold a name with '\u{a0}' in it
    env: variable "\u{a0}A": this form cannot hold a name with '\u{a0}' in it
    docker: variable "\u{feff}A": this form cannot hold a name that begins with '\u{feff}'
    shell: variable "\u{feff}A": this form cannot hold a name with '\u{feff}' in it
    env: variable "\u{feff}A": this form cannot hold a name with '\u{feff}' in it
    shell: variable "UID": bash sets this variable itself: rename the variable, or pass it without a shell
    shell: variable "OPTIND": mksh evaluates the value of this variable, which can run a command: rename the variable, or pass it without a shell
    shell: variable "_": the shell sets this variable itself: rename the variable, or pass it without a shell
    os: variable "NUL": this form cannot hold a NUL in a value
    OCI: variable "NUL": this form cannot hold a NUL in a value
    docker: variable "NUL": this form cannot hold a NUL in a value
    shell: variable "NUL": this form cannot hold a NUL in a value
    docker: variable "LINE_FEED": this form cannot hold a line feed in a value
    docker: variable "CARRIAGE_RETURN": this form cannot hold a value that ends in a carriage return
    text: variable "BYTES": this form cannot hold a value that is not UTF-8
    JSON: variable "BYTES": this form cannot hold a value that is not UTF-8
    OCI: variable "BYTES": this form cannot hold a value that is not UTF-8
    docker: variable "BYTES": this form cannot hold a value that is not UTF-8
    env: variable "BYTES": this form cannot hold a value that is not UTF-8
    docker: variable "A": this form cannot hold a line of more than 65535 bytes
    text: variable "": this form cannot hold a value that is not UTF-8
    JSON: variable "": this form cannot hold a value that is not UTF-8
    os: variable "": this form cannot hold an empty name
    OCI: variable "": this form cannot hold an empty name
    docker: variable "": this form cannot hold an empty name
    shell: variable "": this form cannot hold an empty name
    env: variable "": this form cannot hold an empty name
    "##);
}

#[test]
fn docker_limits_line_length() {
    let of_length = |length: usize| {
        environment([("A", "x".repeat(length - 2))]).to_docker_env_file(Order::Kubelet)
    };
    assert_eq!(of_length(65_535).unwrap().len(), 65_536);
    let too_long = FormProblem::LineTooLong { limit: 65_535 };
    assert_eq!(of_length(65_536).unwrap_err().problem, too_long);
}

#[test]
fn every_form_keeps_every_order() {
    let service = service("default", "web", "10.0.0.1", &["80"]);
    let generated = [&service];
    let environment = Environment::from(kubelet_env::services::generate(&generated).unwrap())
        .with_base([("Z", "1"), ("A", "2")]);
    for order in [Order::Kubelet, Order::Name, Order::Dash] {
        let expected = lines(&environment, order);
        assert_eq!(environment.to_docker_env_file(order).unwrap(), expected);
        assert_eq!(environment.to_oci_env(order).unwrap().join("\n") + "\n", expected);
        let text = environment.to_text_pairs(order).unwrap();
        assert_eq!(
            text.iter().map(|(name, value)| format!("{name}={value}\n")).collect::<String>(),
            expected
        );
        let env = environment.to_env_vars(order).unwrap();
        assert_eq!(
            env.iter().map(|env| format!("{}={}\n", env.name, env.value)).collect::<String>(),
            expected
        );
        let exports = String::from_utf8(environment.to_shell_exports(order).unwrap()).unwrap();
        assert_eq!(exports.replace("export ", "").replace('\'', ""), expected);
    }
}

const CANARY: &str = "hunter2-$(NOT)-'$";

/// Returns a container with secret values: a whole Secret, one key, overridden entries and
/// references.
fn pod_with_secrets() -> (Objects, Pod) {
    let mut objects = Objects::default();
    let data = [("PASSWORD".to_owned(), CANARY.into()), ("TOKEN".to_owned(), CANARY.into())].into();
    objects.secrets.apply(Secret { metadata: ObjectMeta::new("default", "db"), data });
    objects.services.apply(service("default", "web", "10.0.0.1", &["80"]));
    let db = SecretEnvSource { name: "db".into(), ..SecretEnvSource::default() };
    let key = SecretKeySelector {
        name: "db".into(),
        key: "TOKEN".into(),
        ..SecretKeySelector::default()
    };
    let from_key = EnvVarSource { secret_key_ref: Some(key), ..EnvVarSource::default() };
    let container = Container {
        env_from: vec![EnvFromSource { secret_ref: Some(db), ..EnvFromSource::default() }],
        env: vec![
            env_var("HOST", "$(WEB_SERVICE_HOST)"),
            env_var_from("DIRECT", from_key.clone()),
            env_var_from("OVERWRITTEN", from_key),
            env_var("URL", "http://me:$(PASSWORD)@$(HOST)/"),
            env_var("TWICE", "<$(URL)>"),
            env_var("OVERWRITTEN", "plain"),
            env_var("PLAIN", "[redacted]?"),
        ],
        ..Container::default()
    };
    (objects, app_pod("default", container))
}

#[test]
fn redaction_applies_to_every_form() {
    let (objects, pod) = pod_with_secrets();
    let environment = compose(&pod, "app", &Facts::of(&objects))
        .unwrap()
        .into_environment()
        .with_base([("PATH", "/bin")]);
    let redacted = environment.clone().redacted();
    insta::assert_snapshot!(lines(&redacted, Order::Kubelet), @"
    PATH=/bin
    PASSWORD=[redacted]
    TOKEN=[redacted]
    HOST=10.0.0.1
    DIRECT=[redacted]
    URL=[redacted]
    TWICE=[redacted]
    OVERWRITTEN=plain
    PLAIN=[redacted]?
    WEB_SERVICE_HOST=10.0.0.1
    WEB_SERVICE_PORT=80
    WEB_PORT=tcp://10.0.0.1:80
    WEB_PORT_80_TCP=tcp://10.0.0.1:80
    WEB_PORT_80_TCP_PROTO=tcp
    WEB_PORT_80_TCP_PORT=80
    WEB_PORT_80_TCP_ADDR=10.0.0.1
    ");

    let pairs = forms(&environment).into_iter().zip(forms(&redacted));
    for ((form, with_secrets), (_, without)) in pairs {
        assert!(with_secrets.unwrap().contains("hunter2"), "{form}");
        assert!(!without.unwrap().contains("hunter2"), "{form}");
    }
    assert!(!format!("{redacted:?}").contains("hunter2"));
    for declared in redacted.declared() {
        assert!(
            !declared.value().as_bytes().unwrap().escape_ascii().to_string().contains("hunter2")
        );
    }

    assert_eq!(environment.len(), redacted.len());
    for (before, after) in environment.iter().zip(redacted.iter()) {
        assert_eq!((before.name(), before.is_base()), (after.name(), after.is_base()));
        assert_eq!(before.service_variable(), after.service_variable());
        if before.value().is_secret() {
            assert_eq!(after.value().as_bytes().unwrap(), b"[redacted]");
            assert!(after.value().is_secret());
        } else {
            assert_eq!(before.value(), after.value());
        }
        if let (Some(before), Some(after)) = (before.declared(), after.declared()) {
            let rest = |it: &kubelet_env::environment::Declared<'_>| {
                format!("{:?}{:?}{:?}", it.entry(), it.source(), it.references())
            };
            assert_eq!(rest(before), rest(after));
        }
    }
    assert_eq!(
        redacted.render(Order::Kubelet, Form::Lines),
        redacted.clone().redacted().render(Order::Kubelet, Form::Lines)
    );
}

#[test]
fn redacted_environment_is_text() {
    let mut objects = Objects::default();
    let data = [("BYTES".to_owned(), vec![0xff, 0, b'\n'].into())].into();
    objects.secrets.apply(Secret { metadata: ObjectMeta::new("default", "db"), data });
    let db = SecretEnvSource { name: "db".into(), ..SecretEnvSource::default() };
    let env_from = vec![EnvFromSource { secret_ref: Some(db), ..EnvFromSource::default() }];
    let pod = app_pod("default", Container { env_from, ..Container::default() });
    let environment = compose(&pod, "app", &Facts::of(&objects)).unwrap().into_environment();
    assert!(environment.to_oci_env(Order::Kubelet).is_err());
    assert_eq!(environment.redacted().to_oci_env(Order::Kubelet).unwrap(), ["BYTES=[redacted]"]);
}

/// Returns the installed shells. `sh` is always installed.
#[cfg(unix)]
fn shells() -> impl Iterator<Item = Command> {
    let all: [&[&str]; 8] = [
        &["sh"],
        &["dash"],
        &["bash"],
        &["bash", "--posix"],
        &["busybox", "sh"],
        &["ksh93"],
        &["mksh"],
        &["zsh"],
    ];
    all.into_iter().filter_map(|words| {
        let mut shell = Command::new(words[0]);
        shell.args(&words[1..]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let runs = Command::new(words[0]).args(&words[1..]).args(["-c", ":"]).output().is_ok();
        runs.then_some(shell)
    })
}

/// Names and values, as bytes.
#[cfg(unix)]
type Variables = Vec<(Vec<u8>, Vec<u8>)>;

/// Runs these lines in a shell and returns the environment of a program that it starts.
#[cfg(unix)]
fn environment_after(shell: &mut Command, lines: &[u8]) -> Result<Variables, String> {
    let mut shell = shell.spawn().unwrap();
    // A shell that stops early does not read the rest.
    let _ = shell.stdin.take().unwrap().write_all(&[lines, b"/usr/bin/env -0\n"].concat());
    let output = shell.wait_with_output().unwrap();
    if !output.status.success() || !output.stderr.is_empty() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(read_nul_separated(&output.stdout))
}

#[cfg(unix)]
fn read_nul_separated(text: &[u8]) -> Variables {
    let variables = text.split(|&byte| byte == 0).filter_map(|variable| {
        let equals = variable.iter().position(|&byte| byte == b'=')?;
        Some((variable[..equals].to_vec(), variable[equals + 1..].to_vec()))
    });
    variables.collect()
}

#[test]
#[cfg(unix)]
fn process_receives_the_same_bytes() {
    let every_byte: Vec<u8> = (1..=255).collect();
    let variables = [("EVERY_BYTE", every_byte.as_slice()), ("a.b-c d", b""), ("1", b"a=b")];
    let environment = environment(variables);
    let output = Command::new("/usr/bin/env")
        .arg("-0")
        .env_clear()
        .envs(environment.to_os_pairs().unwrap())
        .output();
    let mut seen = read_nul_separated(&output.unwrap().stdout);
    seen.sort();
    let mut expected = variables.map(|(name, value)| (name.as_bytes().to_vec(), value.to_vec()));
    expected.sort();
    assert_eq!(seen, expected);
}

/// Returns the names that some shell lists as its own, and those that only the manuals name.
#[cfg(unix)]
fn shell_variables() -> std::collections::BTreeSet<String> {
    const IN_MANUALS: &str = "A BASH BASHPID BASH_ARGV0 BASH_COMPAT BASH_ENV BASH_LOADABLES_PATH \
        BASH_MONOSECONDS BASH_REMATCH BASH_XTRACEFD CDPATH CHILD_MAX COMP_WORDBREAKS ENV \
        EPOCHREALTIME EPOCHSECONDS EXECIGNORE FCEDIT FIGNORE FPATH FUNCNAME FUNCNEST GLOBIGNORE \
        GLOBSORT HISTCMD HISTCONTROL HISTFILE HISTFILESIZE HISTIGNORE HISTTIMEFORMAT HOSTFILE \
        IGNOREEOF INPUTRC JOBMAX KEYTIMEOUT LISTMAX LOGCHECK MAIL MAILCHECK MAILPATH NULLCMD \
        OLDPWD OPTARG PATHSEP POSIXLY_CORRECT PROMPT_COMMAND PROMPT_DIRTRIM PS0 RANDOM \
        READNULLCMD REPLY REPORTTIME SAVEHIST SECONDS SHLVL SRANDOM TIMEFORMAT TMOUT TMPDIR TTY \
        TZ VISUAL WATCH WORDCHARS ZDOTDIR";
    let mut names: std::collections::BTreeSet<String> =
        IN_MANUALS.split_whitespace().map(str::to_owned).collect();
    for mut shell in shells() {
        let output = shell.args(["-c", "set; typeset 2>/dev/null"]).env_clear().output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout);
        let words = text.lines().flat_map(|line| line.split_whitespace());
        let names_in = words.map(|word| word.split('=').next().unwrap_or_default());
        let is_name = |name: &&str| {
            name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
                && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name.len() > 1
        };
        names.extend(names_in.filter(is_name).map(str::to_owned));
    }
    names
}

/// Each shell receives the names that are accepted with values that some shell would interpret.
#[test]
#[cfg(unix)]
fn shells_interpret_no_accepted_name() {
    let directory = std::env::temp_dir().join(format!("kubelet-env-shells-{}", std::process::id()));
    std::fs::create_dir_all(&directory).unwrap();
    let (mark, history) = (directory.join("mark"), directory.join("history"));
    let accepted: Vec<String> = shell_variables()
        .into_iter()
        .filter(|name| environment([(name.as_str(), "")]).to_shell_exports(Order::Name).is_ok())
        // Unknown locales and libraries cause warnings, but are exported.
        .filter(|name| !name.starts_with("LC_") && name != "LANG" && !name.starts_with("LD_"))
        // zsh prints statistics.
        .filter(|name| !name.starts_with("REPORT"))
        .collect();
    assert!(accepted.len() > 50, "{accepted:?}");
    let lines_of_history = "line\n".repeat(1_000);
    for value in
        [format!("a[$(touch {})]", mark.display()), "it's -1".into(), history.display().to_string()]
    {
        let variables = accepted.iter().map(|name| (name.as_str(), value.as_str()));
        let lines = environment(variables).to_shell_exports(Order::Kubelet).unwrap();
        for mut shell in shells() {
            std::fs::write(&history, &lines_of_history).unwrap();
            let seen = environment_after(shell.env_clear(), &lines);
            let seen = seen.unwrap_or_else(|error| panic!("{shell:?} {value}: {error}"));
            for name in &accepted {
                let exported = seen.iter().filter(|(seen, _)| seen == name.as_bytes());
                let exported: Vec<&Vec<u8>> = exported.map(|(_, value)| value).collect();
                assert_eq!(exported, [value.as_bytes()], "{shell:?} {name}");
            }
            assert!(!mark.exists(), "{shell:?} runs the value");
            assert_eq!(std::fs::read_to_string(&history).unwrap(), lines_of_history, "{shell:?}");
        }
    }
    std::fs::remove_dir_all(&directory).unwrap();
}

#[test]
fn reserved_names_state_shell_and_effect() {
    let error =
        |name| environment([(name, "1")]).to_shell_exports(Order::Kubelet).unwrap_err().to_string();
    let names = ["TMOUT", "STTY", "HISTFILE", "BASH_XTRACEFD", "SHLVL", "path"];
    insta::assert_snapshot!(names.map(error).join("\n"), @r#"
    variable "TMOUT": mksh evaluates the value of this variable, which can run a command: rename the variable, or pass it without a shell
    variable "STTY": zsh evaluates the value of this variable, which can run a command: rename the variable, or pass it without a shell
    variable "HISTFILE": bash truncates its history file when this variable is assigned: rename the variable, or pass it without a shell
    variable "BASH_XTRACEFD": bash sends its trace to the file descriptor in this variable: rename the variable, or pass it without a shell
    variable "SHLVL": bash sets this variable itself: rename the variable, or pass it without a shell
    variable "path": zsh sets this variable itself: rename the variable, or pass it without a shell
    "#);
}

#[test]
fn env_yaml_quotes_every_text() {
    let values = [
        "yes",
        "no",
        "on",
        "off",
        "y",
        "n",
        "~",
        "",
        "1_000",
        "0_7",
        "0x1f",
        "1e3",
        "a: b #",
        "tab\tline\nescape\u{1b}\u{85}\u{2028}\u{feff}",
        "é\"\\'$",
    ];
    let variables = values.iter().zip(10..).map(|(value, name)| (format!("on{name}"), *value));
    let environment = environment(variables);
    let yaml = environment.to_env_yaml(Order::Kubelet).unwrap();
    for line in yaml.lines() {
        let (_, text) = line.split_once(": ").unwrap();
        assert!(text.starts_with('"') && text.ends_with('"'), "{line}");
    }
    let escaped = concat!(
        "- name: \"on23\"\n",
        "  value: \"tab\\tline\\nescape\\x1b\\u0085\\u2028\\ufeff\"\n",
        "- name: \"on24\"\n",
        "  value: \"é\\\"\\\\'$$\"\n",
    );
    assert!(yaml.ends_with(escaped), "{yaml}");
    let read: Vec<EnvVar> = yaml_serde::from_str(&yaml).unwrap();
    assert_eq!(read, environment.to_env_vars(Order::Kubelet).unwrap());
    assert_eq!(Environment::default().to_env_yaml(Order::Kubelet).unwrap(), "[]\n");
}

#[test]
fn to_text_names_the_variable_that_is_not_utf8() {
    let environment = environment([("A", &b"1"[..]), ("B", b"\xff")]);
    let error = environment.to_text(Order::Kubelet, Form::Lines).unwrap_err();
    assert_eq!((error.variable.as_str(), error.problem), ("B", FormProblem::NotUtf8));
    let mut written = Vec::new();
    environment.write_to(Order::Kubelet, Form::NulSeparated, &mut written).unwrap();
    assert_eq!(written, environment.render(Order::Kubelet, Form::NulSeparated));
}

/// Returns bytes, many of which have a meaning in some form.
fn value(without: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let byte = prop_oneof![
        3 => any::<u8>(),
        2 => prop::sample::select(b"'\"$`\\()!#=\n\r \t\0\x01\x7f\x81\x88".as_slice()),
        2 => prop::sample::select(b"ab01".as_slice()),
    ];
    let byte = byte.prop_filter("not in this form", |byte| !without.contains(byte));
    prop::collection::vec(byte, 0..24)
}

fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[$()]{1,4}",
        "\\$\\((A|B|WEB_SERVICE_HOST|)\\)",
        "\\PC{0,3}",
        "[\n\r\t '\"#=a]{1,3}"
    ];
    prop::collection::vec(piece, 0..6).prop_map(|pieces| pieces.concat())
}

/// Reads an env file as Docker does. Returns `None` where Docker reports an error.
fn read_docker(file: &str) -> Option<Vec<(String, String)>> {
    let mut variables = Vec::new();
    let file = file.strip_prefix('\u{feff}').unwrap_or(file);
    for line in file.strip_suffix('\n')?.split('\n') {
        let line = line.strip_suffix('\r').unwrap_or(line).trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (name, value) = line.split_once('=')?;
        if name.is_empty() || name.contains([' ', '\t']) || line.contains('\0') {
            return None;
        }
        variables.push((name.to_owned(), value.to_owned()));
    }
    Some(variables)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 8, ..ProptestConfig::default() })]

    #[test]
    #[cfg(unix)]
    fn shell_exports_round_trip(
        variables in prop::collection::btree_map("[A-Za-z_][A-Za-z0-9_]{4,8}", value(b"\0"), 300),
    ) {
        let lines = environment(variables.clone()).to_shell_exports(Order::Kubelet).unwrap();
        for mut shell in shells() {
            let seen = environment_after(&mut shell, &lines).unwrap();
            let seen: std::collections::BTreeMap<_, _> = seen.into_iter().collect();
            for (name, value) in &variables {
                prop_assert_eq!(seen.get(name.as_bytes()), Some(value), "{:?} {}", shell, name);
            }
        }
    }
}

proptest! {
    /// Every rejected variable would read back differently.
    #[test]
    fn docker_accepts_what_round_trips(
        name in "[#\u{feff}]?[A-Z=# \t\n\r\0\u{a0}.]{0,3}",
        value in value(b""),
    ) {
        match environment([(name.clone(), value.clone())]).to_docker_env_file(Order::Kubelet) {
            Ok(file) => {
                let expected = vec![(name, String::from_utf8(value).unwrap())];
                prop_assert_eq!(read_docker(&file), Some(expected));
            }
            Err(error) => {
                prop_assert_eq!(&error.variable, &name);
                if let Ok(value) = String::from_utf8(value) {
                    prop_assert_ne!(
                        read_docker(&format!("{name}={value}\n")),
                        Some(vec![(name, value)])
                    );
                }
            }
        }
    }

    #[test]
    fn docker_env_file_round_trips(
        variables in prop::collection::btree_map("[-.A-Za-z0-9]{1,4}", "[^\n\r\0]{0,8}", 0..20),
    ) {
        let environment = environment(variables.clone());
        let file = environment.to_docker_env_file(Order::Kubelet).unwrap();
        let expected: Vec<_> = variables.into_iter().collect();
        prop_assert_eq!(read_docker(&file).unwrap_or_default(), expected);
    }

    #[test]
    fn env_list_round_trips_through_compose(
        variables in prop::collection::btree_map("[ -<>-~]{1,4}|WEB_SERVICE_HOST|A|B", text(), 0..12),
        release in prop::sample::select(Release::known().collect::<Vec<_>>()),
    ) {
        let mut objects = Objects::default();
        objects.services.apply(service("default", "web", "10.0.0.1", &["80"]));
        let facts = Facts { release, ..Facts::of(&objects) };
        let services = [&service("default", "web", "10.99.99.99", &["80"])];
        let before = Environment::from(kubelet_env::services::generate(&services).unwrap())
            .with_base(variables);

        let env = before.to_env_vars(Order::Kubelet).unwrap();
        let json: Vec<EnvVar> =
            serde_json::from_str(&serde_json::to_string(&env).unwrap()).unwrap();
        prop_assert_eq!(&json, &env);
        let yaml = before.to_env_yaml(Order::Kubelet).unwrap();
        let yaml: Vec<EnvVar> = yaml_serde::from_str(&yaml).unwrap();
        prop_assert_eq!(&yaml, &env);

        let pod = pod_with_env(yaml);
        let after = compose(&pod, "app", &facts).unwrap();
        prop_assert_eq!(name_value_pairs(after.environment()), name_value_pairs(&before));
    }

    #[test]
    fn oci_env_round_trips(name in "[A-Z=. \0]{0,3}", value in value(b"")) {
        match environment([(name.clone(), value.clone())]).to_oci_env(Order::Kubelet) {
            Ok(env) => {
                let (read_name, read_value) = env[0].split_once('=').unwrap();
                prop_assert_eq!(
                    (read_name, read_value.as_bytes()),
                    (name.as_str(), value.as_slice())
                );
                prop_assert!(!env[0].contains('\0'));
            }
            Err(error) => {
                let is_held =
                    !name.is_empty() && !name.contains(['=', '\0']) && !value.contains(&0);
                prop_assert!(!is_held || std::str::from_utf8(&value).is_err(), "{}", error);
            }
        }
    }
}
