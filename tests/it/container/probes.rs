//! The commands that exec probes and lifecycle hooks run.

use kubelet_env::Composition;
use kubelet_env::container::{ExecHandler, Replacement};

use super::Case;

const CONTAINER: &str = "
envFrom: [{configMapRef: {name: settings}}]
env:
- {name: HOST, value: first}
- {name: HOST, value: $(DB_SERVICE_HOST)}
- {name: IP, valueFrom: {fieldRef: {fieldPath: status.podIP}}}
- {name: NOTHING}
- {name: AGAIN, value: text}
- {name: AGAIN, valueFrom: {fieldRef: {fieldPath: metadata.name}}}
startupProbe: {exec: {command: [start, '$(HOST)']}}
readinessProbe:
  exec:
    command: [ready, '$(COLOR)', '$(DB_SERVICE_HOST)', '<$(IP)>', '<$(NOTHING)$(AGAIN)>', '$$(HOST)$']
livenessProbe: {httpGet: {port: 80}}
lifecycle:
  postStart: {exec: {command: [post, '$(HOST)', '$$', $(IP]}}
  preStop: {sleep: {seconds: 1}}
";

fn commands(composition: &Composition<'_>) -> Vec<String> {
    let command = |handler: &ExecHandler<'_>| {
        let words = handler.command.iter().map(|word| word.as_str().unwrap().to_owned());
        format!("{}: {}", handler.kind, words.collect::<Vec<_>>().join(" "))
    };
    composition.exec_handlers().iter().map(command).collect()
}

#[test]
fn probes_see_raw_values_of_env_alone() {
    let case = Case::new(CONTAINER);
    assert_eq!(
        commands(&case.compose().unwrap()),
        [
            "startupProbe: start $(DB_SERVICE_HOST)",
            "readinessProbe: ready $(COLOR) $(DB_SERVICE_HOST) <> <> $(HOST)$",
            "lifecycle.postStart: post $(HOST) $$ $(IP",
        ]
    );
}

#[test]
fn references_report_their_replacement() {
    let case = Case::new(CONTAINER);
    let composition = case.compose().unwrap();
    let references: Vec<_> = composition
        .exec_handlers()
        .iter()
        .flat_map(|handler| &handler.references)
        .map(|reference| (reference.index, reference.name, reference.replacement))
        .collect();
    assert_eq!(
        references,
        [
            (1, "HOST", Replacement::Text("$(DB_SERVICE_HOST)")),
            (1, "COLOR", Replacement::None),
            (2, "DB_SERVICE_HOST", Replacement::None),
            (3, "IP", Replacement::Empty),
            (4, "NOTHING", Replacement::Empty),
            (4, "AGAIN", Replacement::Empty),
            (1, "HOST", Replacement::None),
        ]
    );
}

#[test]
fn init_and_ephemeral_containers_have_them_too() {
    let mut case = Case::new(CONTAINER);
    let expected = commands(&case.compose().unwrap());
    case.pod.spec.init_containers = std::mem::take(&mut case.pod.spec.containers);
    assert_eq!(commands(&case.compose().unwrap()), expected);
    case.pod.spec.ephemeral_containers = std::mem::take(&mut case.pod.spec.init_containers);
    assert_eq!(commands(&case.compose().unwrap()), expected);
}

#[test]
fn commands_count_towards_the_limit() {
    let command = vec!["$(LONG)"; 100].join(", ");
    let long = "x".repeat(1000);
    let mut case = Case::new(&format!(
        "{{env: [{{name: LONG, value: {long}}}], livenessProbe: {{exec: {{command: [{command}]}}}}}}"
    ));
    assert!(case.compose().is_ok());
    case.size_limit = 50_000;
    assert!(case.compose().unwrap_err().to_string().contains("50000 bytes"));
}
