//! Drives every public function on generated objects, as documents that a fuzzer has damaged.
//!
//! No function panics. Every text for people stays on its lines, shows no value of a Secret or of a
//! secret env file, and every report round trips through JSON.

use std::fmt::{Debug, Display};

use kubelet_env::api::{
    Container, Pod, PodMeta, PodTemplateSpec, Service, Timestamp, Workload, WorkloadKind,
};
use kubelet_env::container::{
    DeviceVariable, EnvFiles, IpRange, Known, ResourceField, World, expand, pieces, validate_env,
};
use kubelet_env::environment::Size;
use kubelet_env::export::UnknownVariables;
use kubelet_env::inspect::discover::Discovered;
use kubelet_env::inspect::{
    Captured, Expectations, Severity, SizeLimits, compare, diagnose_container, diagnose_service,
    drift, upgrade, upgrade_built,
};
use kubelet_env::pod::{Built, PodContext, PodSource};
use kubelet_env::process::{
    CriO, Engine, EntryOrigin, EnvEntry, ImageConfig, Passwd, Process, ProcessFacts, Runc, Runtime,
    hostname,
};
use kubelet_env::services::{ServiceVariableKind, generate, validate_service};
use kubelet_env::{
    Composition, Document, Environment, Facts, Form, Objects, Order, Release, compose,
};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::composition::{Choices, Scenario};

/// A text in every secret value and in nothing else.
const CANARY: &str = "cAnArY";

/// The base64 of [`CANARY`].
const ENCODED_CANARY: &str = "Y0FuQXJZ";

pub(crate) fn check(data: &[u8]) {
    let mut choices = Choices(data);
    let hostile = hostile_text(&mut choices);
    if hostile.contains(CANARY) || hostile.contains(ENCODED_CANARY) {
        return;
    }
    check_parsers(&hostile);
    let damages = choices.many(4, |choices| (choices.number(256), choices.number(8)));
    let release = choices.number(16);
    let index = choices.number(4);
    let flags = choices.number(256);
    let scenario = Scenario::choose(choices.0);
    let mut document = list_of(&scenario);
    for (leaf, kind) in damages {
        let mut leaf = leaf;
        damage(&mut document, &mut leaf, kind, &hostile);
    }
    let Some(objects) = read(&document, &hostile) else { return };
    Case {
        hostile: &hostile,
        release: Release::known().nth(release).unwrap_or(Release::NEWEST),
        index: u32::try_from(index).ok(),
        flags,
        scenario: &scenario,
        objects: &objects,
    }
    .check();
}

/// Returns a text of the fuzzer, or one that breaks lines and terminals.
fn hostile_text(choices: &mut Choices<'_>) -> String {
    if choices.flag() {
        return "\u{1b}[31m\n\u{2028}\u{202e}\u{200b}=$(A)/'\"\\-x".to_owned();
    }
    let len = choices.number(24).min(choices.0.len());
    let (text, rest) = choices.0.split_at(len);
    choices.0 = rest;
    String::from_utf8_lossy(text).into_owned()
}

fn check_parsers(text: &str) {
    fn check<T: std::str::FromStr<Err: Display + Debug> + Debug>(text: &str) {
        match text.parse::<T>() {
            Ok(value) => assert_quiet(&value),
            Err(error) => assert_line(&error),
        }
    }
    check::<Release>(text);
    check::<Runc>(text);
    check::<IpRange>(text);
    check::<ResourceField>(text);
    check::<ServiceVariableKind>(text);
    check::<Timestamp>(text);
    check::<kubelet_env::api::Quantity>(text);
    check::<kubelet_env::api::Protocol>(text);
    check::<kubelet_env::api::PortNumber>(text);
    use kubelet_env::names::{
        is_dns1035_label, is_dns1123_label, is_dns1123_subdomain, is_env_var_name,
        is_relaxed_env_var_name, mangle, validate_qualified_annotation_name,
        validate_qualified_name,
    };
    let mangled = mangle(text);
    assert_eq!(mangle(&mangled), mangled);
    assert!(!is_dns1035_label(text) || is_dns1123_label(text));
    assert!(!is_dns1123_label(text) || is_dns1123_subdomain(text));
    assert!(!is_env_var_name(text) || is_relaxed_env_var_name(text));
    for result in [validate_qualified_name(text), validate_qualified_annotation_name(text)] {
        if let Err(error) = result {
            assert_line(&error);
        }
    }
    assert!(pieces(text).count() <= text.len());
    let expanded = expand(text, Release::NEWEST, |_| None);
    assert!(expanded.len() <= text.len());
    assert_quiet(&Passwd::parse(text));
    assert_quiet(&EnvEntry::parse(text, EntryOrigin::Image));
}

/// Returns the objects of a scenario as one document, with workloads and a LimitRange.
fn list_of(scenario: &Scenario) -> Value {
    let to_json = |object: &dyn erased::Json| object.to_json();
    let mut items: Vec<Value> = Vec::new();
    let objects = &scenario.objects;
    items.extend(objects.services.iter().map(|object| to_json(object)));
    items.extend(objects.config_maps.iter().map(|object| to_json(object)));
    for secret in objects.secrets.iter() {
        let mut secret = secret.clone();
        for value in secret.data.values_mut() {
            *value = [CANARY.as_bytes(), value.as_bytes()].concat().into();
        }
        items.push(to_json(&secret));
    }
    items.extend(scenario.node.iter().map(|object| to_json(object)));
    items.push(to_json(&scenario.pod));
    let template = PodTemplateSpec {
        metadata: scenario.pod.metadata.clone(),
        spec: scenario.pod.spec.clone(),
    };
    for kind in [WorkloadKind::StatefulSet, WorkloadKind::Job] {
        let mut workload = Workload::new(kind, PodMeta::new("shop", "work"), template.clone());
        workload.completion_mode = "Indexed".into();
        items.push(to_json(&workload));
    }
    items.push(json!({"apiVersion": "v1", "kind": "LimitRange",
        "metadata": {"name": "limits", "namespace": "shop"},
        "spec": {"limits": [{"type": "Container", "default": {"cpu": "1"}, "defaultRequest": {"memory": "1Mi"}}]}}));
    json!({"apiVersion": "v1", "kind": "List", "items": items})
}

/// Lets a list of objects of several types be written.
mod erased {
    pub(super) trait Json {
        fn to_json(&self) -> serde_json::Value;
    }

    impl<T: serde::Serialize> Json for T {
        fn to_json(&self) -> serde_json::Value {
            serde_json::to_value(self).expect("objects have a JSON form")
        }
    }
}

/// Damages the leaf with this index, counted from the start.
fn damage(value: &mut Value, leaf: &mut usize, kind: usize, hostile: &str) {
    let is_here = |leaf: &mut usize| {
        let is_here = *leaf == 0;
        *leaf = leaf.wrapping_sub(1);
        is_here
    };
    match value {
        Value::Array(items) => items.iter_mut().for_each(|it| damage(it, leaf, kind, hostile)),
        Value::Object(fields) => {
            let mut renamed = None;
            for (name, field) in fields.iter_mut() {
                if kind == 0 && field.is_string() && *leaf == 0 {
                    renamed = Some(name.clone());
                }
                damage(field, leaf, kind, hostile);
            }
            if let Some(field) = renamed.and_then(|name| fields.remove(&name)) {
                fields.insert(hostile.to_owned(), field);
            }
        }
        leaf_value if is_here(leaf) => {
            *leaf_value = match kind {
                0 => return,
                1 => Value::Null,
                2 => json!(70_000),
                3 => json!([]),
                4 => json!({hostile: hostile}),
                _ => json!(hostile),
            }
        }
        _ => {}
    }
}

/// Reads the document as JSON and as YAML, and returns the objects.
fn read(document: &Value, hostile: &str) -> Option<Objects> {
    let text = document.to_string();
    let read = serde_json::from_str::<Document>(&text).expect("a document has no schema");
    assert_eq!(serde_json::from_value::<Document>(document.clone()).expect("the same"), read);
    let mut objects = Objects::default();
    if let Err(error) = objects.add(read.clone()) {
        assert_line(&error);
        assert_eq!(objects, Objects::default());
        return None;
    }
    if let Err(error) = objects.clone().merge(objects.clone()) {
        assert_line(&error);
    }
    let mut moved = Objects::default();
    match moved.add_to_namespace(hostile, read.clone()) {
        Ok(()) => assert_eq!(moved.services.len(), objects.services.len()),
        Err(error) => assert_line(&error),
    }
    let time = "2026-11-22T08:00:00Z".parse().expect("a timestamp");
    assert!(objects.clone().as_of(time).services.len() <= objects.services.len());
    if let Err(error) = ImageConfig::from_document(read) {
        assert_line(&error);
    }
    Some(objects)
}

struct Case<'c> {
    hostile: &'c str,
    release: Release,
    index: Option<u32>,
    flags: usize,
    scenario: &'c Scenario,
    objects: &'c Objects,
}

impl Case<'_> {
    fn flag(&self, bit: u32) -> bool {
        self.flags >> bit & 1 == 1
    }

    fn check(&self) {
        for service in self.objects.services.iter() {
            self.check_service(service);
        }
        let node = self.objects.nodes.iter().next();
        let source = if self.flag(0) { PodSource::File } else { PodSource::Api };
        let (index, release) = (self.index, self.release);
        let context = |release| {
            let limit_ranges = &self.objects.limit_ranges;
            PodContext { node, limit_ranges, source, index, release }
        };
        for workload in self.objects.all_workloads() {
            self.check_built(&context(release).workload(workload), |release| {
                Ok(context(release).workload(workload))
            });
        }
        for pod in self.objects.pods.iter() {
            let again = pod.clone().with_defaults();
            assert_eq!(again.clone().with_defaults(), again);
            match context(release).pod(pod) {
                Ok(built) => self.check_built(&built, |release| context(release).pod(pod)),
                Err(error) => assert_line(&error),
            }
            // A Pod that nothing was filled in for.
            let built = PodContext::of(self.objects).pod(pod);
            if let Ok(mut built) = built {
                built.pod = pod.clone();
                self.check_built(&built, |release| context(release).pod(pod));
            }
        }
    }

    fn check_service(&self, service: &Service) {
        for violation in validate_service(service, self.release) {
            assert_line(&violation);
        }
        for finding in diagnose_service(service, &self.expectations(), self.release) {
            assert_line(&finding);
            assert_round_trip(&finding);
        }
        let services = [service];
        match generate(&services) {
            Err(error) => assert_line(&error),
            Ok(generated) => {
                for variable in generated.iter() {
                    let (mut name, mut value) = (String::new(), String::new());
                    variable.write_name(&mut name).expect("a String takes all");
                    variable.write_value(&mut value).expect("a String takes all");
                    assert_eq!((&name, &value), (&variable.name(), &variable.value()));
                    assert!(format!("{:?} {}", variable.kind(), variable.kind()).len() < 100);
                }
                let environment = Environment::from(generated);
                assert_line(&environment.len());
                self.check_environment(&environment);
            }
        }
        let _ = (service.is_headless(), service.is_external_name(), service.awaits_cluster_ip());
        assert_line(&kubelet_env::ObjectRef::of(service));
    }

    fn expectations(&self) -> Expectations {
        Expectations {
            names: vec!["A".into(), self.hostile.into()],
            prefixes: vec!["WEB_".into(), self.hostile.into()],
            limits: if self.flag(1) {
                SizeLimits { string: 5, total: 20 }
            } else {
                SizeLimits::default()
            },
            size_limit: if self.flag(2) { 100 } else { 1 << 16 },
            placeholders: vec!["B".into(), self.hostile.into()],
            image: self.flag(3).then(|| ImageConfig {
                env: vec!["PATH=/bin".into(), "A=x".into(), format!("{}=x", self.hostile)],
                entrypoint: vec!["sh".into()],
                ..ImageConfig::default()
            }),
        }
    }

    fn check_built(
        &self,
        built: &Built,
        build: impl Fn(Release) -> Result<Built, kubelet_env::pod::PodError>,
    ) {
        for change in &built.changes {
            assert_line(change);
        }
        for field in built.undecided.iter() {
            assert_line(field);
        }
        let mut decided = built.clone();
        for field in built.undecided.clone().iter() {
            decided.decide(field.clone(), self.hostile);
        }
        assert!(decided.undecided.is_empty());

        let mut env_files = EnvFiles::new();
        env_files.insert("v", "f", format!("A='{CANARY}'\nB=''\nC='x'"));
        if self.flag(3) {
            env_files.insert_public("w", self.hostile, self.hostile);
        }
        assert_quiet(&env_files);
        let mut known = Known::default();
        known.set_secret_key("shop", "a", "A", CANARY);
        known.set_config_map_key("shop", "b", self.hostile, self.hostile);
        if self.flag(4) {
            let range: IpRange = "10.0.0.0/30".parse().expect("a range");
            if let Err(error) = known.allocate_cluster_ips(&self.objects.services, range) {
                assert_line(&error);
            }
        }
        assert_quiet(&known);
        let device = DeviceVariable {
            resource: self.hostile.into(),
            name: "A".into(),
            value: self.hostile.into(),
        };
        let facts = Facts {
            release: self.release,
            node: self.objects.nodes.iter().next(),
            node_ips: &self.scenario.node_ips,
            pod_status: self.scenario.pod_status.as_ref(),
            env_files: &env_files,
            device_env: std::slice::from_ref(&device),
            size_limit: if self.flag(5) { 300 } else { 1 << 20 },
            world: if self.flag(6) { World::Open } else { World::Closed },
            known: self.flag(7).then_some(&known),
            ..Facts::of(self.objects)
        };
        assert_quiet(&facts);
        let pod = if self.flag(0) { &decided.pod } else { &built.pod };
        let names = pod.spec.containers.iter().chain(&pod.spec.init_containers);
        let names: Vec<&str> = names.map(|container| &*container.name).take(2).collect();
        for name in names.into_iter().chain([self.hostile]) {
            let facts = if self.flag(0) { facts } else { facts.with_pod(built) };
            self.check_container(pod, name, &facts);
            let upgraded = upgrade_built(&build, name, &facts, Release::NEWEST);
            assert_lines(&upgraded);
            assert_round_trip(&upgraded);
        }
    }

    fn check_container(&self, pod: &Pod, name: &str, facts: &Facts<'_>) {
        if let Some(container) = pod.spec.container(name) {
            for violation in validate_env(container, self.release) {
                assert_line(&violation);
            }
        }
        match hostname(pod, "cluster.local", self.release) {
            Ok(hostname) => assert_quiet(&hostname),
            Err(error) => assert_line(&error),
        }
        let upgraded =
            upgrade(pod, name, &Facts { release: Release::OLDEST, ..*facts }, Release::NEWEST);
        assert_lines(&upgraded);
        assert_round_trip(&upgraded);
        for change in &upgraded.changes {
            assert_line(change);
        }
        let diagnosis = diagnose_container(pod, name, facts, &self.expectations());
        assert_lines(&diagnosis);
        assert_round_trip(&diagnosis);
        assert_line(&diagnosis.summary());
        let composition = match compose(pod, name, facts) {
            Ok(composition) => composition,
            Err(error) => {
                // The limit may leave out the error itself.
                assert!(diagnosis.summary().max_severity() >= Some(Severity::Warning));
                assert_line(&error);
                assert_line(error.kind());
                assert!(error.container() == name && !error.pod().kind.is_empty());
                return;
            }
        };
        self.check_composition(&composition);
        self.check_process(&composition);
        let with_base = composition.clone().with_base([("PATH", "/bin"), (self.hostile, "x")]);
        self.check_composition(&with_base);
    }

    fn check_composition(&self, composition: &Composition<'_>) {
        assert_quiet(composition);
        let environment = composition.environment();
        self.check_environment(environment);
        for skipped in composition.skipped() {
            assert_quiet(skipped);
            assert_line(&skipped.reason);
        }
        for text in composition.command().iter().chain(composition.args()) {
            assert_line(&text.value);
        }
        assert_quiet(&composition.sub_paths());
        for handler in composition.exec_handlers() {
            assert_line(&handler.kind);
            assert_quiet(handler);
        }
        assert!(composition.size().bytes() >= Size::of_environment(environment).bytes());
        assert!(composition.size_of_service_links().bytes() <= composition.size().bytes());
        assert_round_trip(&composition.ambiguities());
        assert_quiet(&composition.headroom(&SizeLimits::default()));
        for finding in composition.diagnose(&self.expectations()) {
            assert_line(&finding);
            assert_round_trip(&finding);
        }
        let declared = environment.declared().iter().map(|declared| declared.name().to_owned());
        let effective = environment.iter().map(|variable| variable.name().into_owned()).take(20);
        let others = ["", "WEB_PORT_443_TCP", self.hostile].map(str::to_owned);
        let mut names: Vec<String> = declared.chain(effective).chain(others).collect();
        names.sort();
        names.dedup();
        for name in &names {
            let explanation = composition.explain(name, &self.objects.services);
            assert_eq!(explanation.effective.is_some(), environment.get(name).is_some());
            assert_lines(&explanation);
            assert_round_trip(&explanation);
            for absence in &explanation.absences {
                assert_line(absence);
            }
            for (index, step) in explanation.steps.iter().enumerate() {
                assert_line(&step.origin);
                let steps = step.references.iter().filter_map(|reference| reference.step);
                assert!(steps.into_iter().all(|earlier| earlier < index));
            }
        }
    }

    fn check_environment(&self, environment: &Environment<'_>) {
        assert_quiet(environment);
        for variable in environment.iter().chain(environment.device_variables()) {
            assert_line(&variable.value());
            let value = variable.value();
            assert_eq!(value.is_known(), value.unknowns().next().is_none());
            assert!(
                value
                    .as_bytes()
                    .is_none_or(|bytes| value.parts().count() == usize::from(!bytes.is_empty()))
            );
        }
        for source in environment.open_sources() {
            assert_line(source);
        }
        for collision in environment.collisions() {
            assert_eq!(environment.service_variables_named(&collision.name), collision.variables);
        }
        let unknown = UnknownVariables::of(environment);
        assert_eq!(unknown.is_empty(), environment.is_known());
        for order in [Order::Kubelet, Order::Name, Order::Dash] {
            let text = environment.render(order, Form::NulSeparated);
            let captured = Captured::from_block(&text);
            assert_quiet(&captured);
            assert_lines(&compare(&captured, &Captured::from(environment)));
            check_exports(environment, order);
        }
        let captured = Captured::from(environment);
        assert!(compare(&captured, &captured).is_empty());
        let is_base = |name: &[u8]| {
            let name = std::str::from_utf8(name).expect("the environment's names are text");
            environment.get(name).is_some_and(|variable| variable.is_base())
        };
        assert!(drift(&captured, environment).iter().all(|drifted| is_base(&drifted.name)));
        let block =
            [b"A=\0\xff=1\0", self.hostile.as_bytes(), b"=x\0WEB_SERVICE_HOST=10.0.0.9"].concat();
        let running = Captured::from_block(&block);
        for drifted in drift(&running, environment) {
            assert_line(&drifted);
            assert_round_trip(&drifted);
        }
        // Values of the block are shown, and so could be the canary of the environment.
        let shown = compare(&running, &Captured::default()).with_values();
        assert_lines(&shown);
        for discovered in [Discovered::from(environment), Discovered::from_block(&block)] {
            assert_quiet(&discovered);
            for candidate in discovered.candidates() {
                if let Err(error) = candidate.service() {
                    assert_line(&error);
                }
            }
            if let Err(error) = discovered.find(self.hostile) {
                assert_line(&error);
            }
        }
        let redacted = environment.clone().redacted();
        assert_no_secret(&String::from_utf8_lossy(&redacted.render(Order::Kubelet, Form::Lines)));
        let placed = environment.clone().with_placeholders();
        assert!(placed.is_known());
        check_exports(&placed, Order::Kubelet);
    }

    fn check_process(&self, composition: &Composition<'_>) {
        let image = ImageConfig {
            env: vec!["PATH=/bin".into(), self.hostile.into(), "A=image".into()],
            cmd: vec![self.hostile.into()],
            user: if self.flag(1) { self.hostile.into() } else { "1000:1000".into() },
            ..ImageConfig::default()
        };
        let passwd = Passwd::parse(self.hostile);
        let crio = CriO { systemd: self.flag(2), default_env: vec![self.hostile.into()] };
        let runtime = Runtime {
            engine: if self.flag(3) { Engine::CriO(crio) } else { Engine::Containerd },
            runc: if self.flag(4) { Runc::UpTo1_2 } else { Runc::default() },
        };
        let facts = ProcessFacts {
            runtime,
            image: self.flag(5).then_some(&image),
            passwd: self.flag(6).then_some(&passwd),
            node_hostname: self.flag(7).then_some(self.hostile),
            ..ProcessFacts::default()
        };
        let process = match Process::new(composition, &facts) {
            Ok(process) => process,
            Err(error) => return assert_line(&error),
        };
        assert_quiet(&process);
        assert_quiet(&process.args());
        for part in process.unknown() {
            assert_line(part);
        }
        assert!(process.oci_env().len() + 8 >= process.environ().len());
        assert!(process.replaceable().count() <= process.environ().len());
        self.check_environment(&process.environment());
    }
}

/// Writes every form and checks the errors. The texts themselves contain the values.
fn check_exports(environment: &Environment<'_>, order: Order) {
    fn check<T>(result: Result<T, kubelet_env::export::FormError>) -> Option<T> {
        match result {
            Ok(text) => Some(text),
            Err(error) => {
                assert_line(&error);
                None
            }
        }
    }
    for form in [Form::Lines, Form::NulSeparated] {
        let mut appended = Vec::new();
        environment.append(order, form, &mut appended);
        assert_eq!(appended, environment.render(order, form));
        if let Some(text) = check(environment.to_text(order, form)) {
            assert_eq!(text.as_bytes(), appended);
        }
    }
    check(environment.to_docker_env_file(order));
    check(environment.to_env_yaml(order));
    check(environment.to_shell_exports(order));
    check(environment.to_os_pairs());
    let pairs = check(environment.to_text_pairs(order)).map(|pairs| pairs.len());
    assert!(pairs.is_none_or(|len| len == environment.len()));
    check(environment.to_oci_env(order));
    if let Some(env) = check(environment.to_env_vars(order)) {
        let objects = Objects::default();
        let pod = Pod::new("default", "again")
            .with_container(Container::new("app").with_env(env))
            .with_defaults();
        let again = compose(&pod, "app", &Facts::of(&objects)).expect("all values are text");
        assert!(
            compare(&Captured::from(environment), &Captured::from(again.environment())).is_empty()
        );
    }
}

/// Asserts that a text for people is on one line and shows no secret, and neither does `Debug`.
#[track_caller]
fn assert_line(value: &(impl Display + Debug)) {
    let text = value.to_string();
    assert!(!text.contains('\n'), "{text:?}");
    assert_text(&text);
    assert_quiet(value);
}

/// Asserts the same of a text of several lines.
#[track_caller]
fn assert_lines(value: &(impl Display + Debug)) {
    assert_text(&value.to_string());
    assert_quiet(value);
}

#[track_caller]
fn assert_text(text: &str) {
    let is_dangerous = |c: char| {
        c != '\n' && c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    assert!(!text.contains(is_dangerous), "{text:?}");
    assert_no_secret(text);
}

#[track_caller]
fn assert_quiet(value: &impl Debug) {
    assert_no_secret(&format!("{value:?}"));
}

#[track_caller]
fn assert_no_secret(text: &str) {
    assert!(!text.contains(CANARY) && !text.contains(ENCODED_CANARY), "{text}");
}

#[track_caller]
fn assert_round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) {
    let json = serde_json::to_string(value).expect("a report has a JSON form");
    assert_no_secret(&json);
    assert_eq!(serde_json::from_str::<T>(&json).expect("a report reads back"), *value);
}
