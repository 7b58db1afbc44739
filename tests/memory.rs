//! Memory use and number of allocations.
//!
//! This is a separate test binary, because its allocator counts.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

use kubelet_env::api::{ObjectMeta, PortNumber, Service, ServicePort, ServiceSpec};
use kubelet_env::services::generate;
use kubelet_env::{Environment, Form, Store};

/// The system's allocator, with counters for each thread.
struct Counting;

thread_local! {
    static ALLOCATIONS: Cell<usize> = const { Cell::new(0) };
    static HELD_BYTES: Cell<isize> = const { Cell::new(0) };
    static PEAK_BYTES: Cell<isize> = const { Cell::new(0) };
}

fn count(allocations: usize, bytes: isize) {
    ALLOCATIONS.set(ALLOCATIONS.get() + allocations);
    HELD_BYTES.set(HELD_BYTES.get() + bytes);
    PEAK_BYTES.set(PEAK_BYTES.get().max(HELD_BYTES.get()));
}

// SAFETY: every call is forwarded to the system's allocator under the caller's guarantees.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count(1, layout.size().cast_signed());
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        count(0, -layout.size().cast_signed());
        // SAFETY: as above.
        unsafe { System.dealloc(ptr, layout) }
    }

    unsafe fn realloc(&self, ptr: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        count(1, new_size.cast_signed() - layout.size().cast_signed());
        // SAFETY: as above.
        unsafe { System.realloc(ptr, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn allocations_of(work: impl FnOnce()) -> usize {
    let before = ALLOCATIONS.get();
    work();
    ALLOCATIONS.get() - before
}

/// Returns the largest number of bytes that the work held at any time.
fn peak_of<T>(work: impl FnOnce() -> T) -> isize {
    let before = HELD_BYTES.get();
    PEAK_BYTES.set(before);
    drop(work());
    PEAK_BYTES.get() - before
}

fn service(namespace: &str, name: String, number: usize) -> Service {
    let port = |(name, number): (&str, u16)| ServicePort {
        name: name.to_owned(),
        ..ServicePort::new(PortNumber::new(number).unwrap())
    };
    Service {
        metadata: ObjectMeta::new(namespace, name),
        spec: ServiceSpec {
            cluster_ip: format!("10.1.{}.{}", number / 250 % 250, number % 250),
            ports: [("http", 80), ("https", 443), ("metrics", 9090)].map(port).into(),
            ..ServiceSpec::default()
        },
    }
}

/// Returns Services with names of all lengths, one in a hundred of them not ASCII.
fn services() -> Vec<Service> {
    let name = |number: usize| {
        let letter = if number % 100 == 99 { "é" } else { "x" };
        format!("svc-{number:04}-{}", letter.repeat(number % 100))
    };
    (0..5_000).map(|number| service("default", name(number), number)).collect()
}

#[test]
fn rendering_into_capacity_allocates_nothing() {
    let services = services();
    let services: Vec<&Service> = services.iter().collect();
    let mut expected = Vec::new();
    generate(&services).unwrap().append(Form::NulSeparated, &mut expected);

    let mut out = Vec::with_capacity(expected.len());
    let generated = generate(&services).unwrap();
    assert_eq!(allocations_of(|| generated.append(Form::NulSeparated, &mut out)), 0);
    assert!(out == expected);
}

/// Names and values are slices of one text.
#[test]
fn reading_variables_allocates_nothing() {
    let services = services();
    let services: Vec<&Service> = services.iter().collect();
    let environment = Environment::from(generate(&services).unwrap());
    let mut bytes = 0;
    let allocations = allocations_of(|| {
        for variable in environment.iter() {
            bytes += variable.name().len() + variable.value().as_bytes().unwrap().len();
        }
    });
    assert_eq!((environment.len(), allocations), (90_000, 0));
    let text = environment.render(kubelet_env::Order::Kubelet, Form::NulSeparated);
    assert_eq!(bytes + 2 * environment.len(), text.len());
}

/// The entries and the Services decide, not the variables.
#[test]
fn composing_allocates_per_entry_and_service() {
    use kubelet_env::api::{Container, EnvVar, Pod};
    use kubelet_env::{Facts, Objects, compose};

    let entry = |number: usize| EnvVar::new(format!("ENTRY_{number}"), "http://$(ENTRY_0)/");
    let app = Container::new("app").with_env((0..1_000).map(entry));
    let pod = Pod::default().with_container(app).with_defaults();
    let mut objects = Objects::default();
    objects.services.extend((0..1_000).map(|number| service("", format!("s-{number}"), number)));
    let facts = Facts::of(&objects);
    let composed = |facts: &Facts<'_>| {
        allocations_of(|| {
            let composition = compose(&pod, "app", facts).unwrap();
            assert_eq!(composition.environment().iter().count(), 1_000 + 18_000);
        })
    };
    let allocations = composed(&facts);
    println!("{allocations} allocations for 1000 entries and 1000 Services");
    // An entry has an expanded value, which grows once, and its references. A Service has a mangled
    // name.
    assert!(allocations < 3 * 1_000 + 1_000 + 100, "{allocations}");

    let services = kubelet_env::container::PreparedServices::of("", &facts);
    let prepared = composed(&Facts { prepared_services: Some(&services), ..facts });
    println!("{prepared} allocations with prepared Services");
    assert!(prepared < 3 * 1_000 + 50, "{prepared}");
}

/// No name is built for the 90,000 variables of Services that do not collide.
#[test]
fn environment_allocates_per_service() {
    let mut services = services();
    for service in &mut services {
        // Unnamed ports have no name that could collide.
        service.spec.ports[0].name.clear();
        service.spec.ports[1].name.clear();
    }
    let services: Vec<&Service> = services.iter().collect();
    let allocations = allocations_of(|| {
        let environment = Environment::from(generate(&services).unwrap());
        assert!(environment.collisions().is_empty());
    });
    println!("{allocations} allocations for {} Services", services.len());
    assert!(allocations < 2 * services.len(), "{allocations}");
}

/// Services of many ports use another lookup.
#[test]
fn environment_allocates_per_port() {
    let mut service = service("default", "svc".to_owned(), 0);
    service.spec.ports =
        (1..=1_000).map(|number| ServicePort::new(PortNumber::new(number).unwrap())).collect();
    let allocations = allocations_of(|| {
        let environment = Environment::from(generate(&[&service]).unwrap());
        assert!(environment.collisions().is_empty());
    });
    println!("{allocations} allocations for {} ports", service.spec.ports.len());
    assert!(allocations < 2 * service.spec.ports.len(), "{allocations}");
}

/// `benches/README.md` states the size.
#[test]
fn service_takes_less_than_half_a_kilobyte() {
    let before = HELD_BYTES.get();
    let mut store = Store::default();
    for number in 0..100 {
        for namespace in 0..1_000 {
            store.apply(service(&format!("ns-{namespace:03}"), format!("svc-{number:02}"), number));
        }
    }
    let bytes = (HELD_BYTES.get() - before) / store.len().cast_signed();
    assert!(bytes < 512, "{bytes}");

    for namespace in 0..1_000 {
        for number in 0..100 {
            let service = Service::new(format!("ns-{namespace:03}"), format!("svc-{number:02}"));
            assert!(store.delete(&service).is_some());
        }
    }
    // An emptied map keeps one node.
    assert!(HELD_BYTES.get() < before + 1024, "deleted Services are still in memory");
    println!("{bytes} bytes for each of 100000 Services");
}

/// A list is not kept as a tree: `kubectl` prints the kind of an item before its fields.
#[test]
fn reading_a_list_keeps_its_objects_only() {
    let services = (0..2_000).map(|number| service("shop", format!("svc-{number:04}"), number));
    let mut items: Vec<serde_json::Value> =
        services.map(|service| serde_json::to_value(service).unwrap()).collect();
    for item in &mut items {
        item["metadata"]["annotations"] = serde_json::json!({"note": "n\n".repeat(100)});
    }
    let list = serde_json::json!({"apiVersion": "v1", "items": items, "kind": "List"});
    let text = serde_json::to_string_pretty(&list).unwrap();
    drop((list, items));

    let before = HELD_BYTES.get();
    PEAK_BYTES.set(before);
    let mut objects = kubelet_env::Objects::default();
    objects.add(serde_json::from_str::<kubelet_env::Document>(&text).unwrap()).unwrap();
    let (held, peak) = (HELD_BYTES.get() - before, PEAK_BYTES.get() - before);
    println!("{} bytes of text, {held} bytes held, {peak} at most", text.len());
    // The text itself is in memory too.
    assert_eq!(objects.services.len(), 2_000);
    assert!(2 * peak <= 3 * held, "{peak} bytes for {held}");
}

/// Lists have no spare capacity after reading, so a `Store` of read objects is no larger.
#[test]
fn read_objects_have_no_spare_capacity() {
    let made = service("default", "svc-00".to_owned(), 0);
    let json = serde_json::to_string(&made).unwrap();
    let document: kubelet_env::Document = serde_json::from_str(&json).unwrap();
    let before = HELD_BYTES.get();
    let copy = made.clone();
    let of_copy = HELD_BYTES.get() - before;

    let mut objects = kubelet_env::Objects::default();
    objects.add(document).unwrap();
    let read = objects.services.delete(&Service::new("default", "svc-00")).unwrap();
    assert_eq!(read, copy);
    assert_eq!(read.spec.ports.capacity(), read.spec.ports.len());
    drop(copy);
    let before = HELD_BYTES.get();
    drop(read);
    assert_eq!(before - HELD_BYTES.get(), of_copy);
}

/// Stated in the documentation of `DocumentLimits::size`. A vector may have twice the room it needs.
#[test]
fn list_items_take_at_most_15_times_their_share() {
    use kubelet_env::api::{Container, EnvFromSource, EnvVar, LimitRangeItem, Volume, VolumeMount};
    let largest = [
        size_of::<Container>(),
        size_of::<EnvFromSource>(),
        size_of::<EnvVar>(),
        size_of::<LimitRangeItem>(),
        size_of::<Volume>(),
        size_of::<VolumeMount>(),
    ];
    assert!(largest.iter().all(|&size| size <= 15 * 32), "{largest:?}");
}

/// Aliases make many objects of a short text. Their kind is in the text once.
#[test]
fn ignored_objects_hold_no_copy_of_their_kind() {
    let items = "*i,".repeat(20_000);
    let kind = "k".repeat(300);
    let yaml = format!("{{apiVersion: v1, kind: {kind}List, i: &i {{}}, items: [{items}]}}");
    let document = yaml_serde::from_str::<kubelet_env::Document>(&yaml).unwrap();
    let before = HELD_BYTES.get();
    let mut objects = kubelet_env::Objects::default();
    objects.add(document.clone()).unwrap();
    assert_eq!(objects.ignored.values().sum::<usize>(), 20_000);
    let held = HELD_BYTES.get() - before;
    assert!(held < 4 * 1024, "{held} bytes");
}

/// An upgrade holds the compositions of two releases and an index of their variables.
#[test]
fn upgrade_holds_two_compositions() {
    use kubelet_env::api::{ConfigMap, Container, EnvFromSource, EnvVar, Pod};
    use kubelet_env::inspect::upgrade;
    use kubelet_env::{Facts, Objects, Release, compose};

    let mut objects = Objects::default();
    let data = (0..1_000).map(|index| (format!("K{index}"), "x"));
    objects.config_maps.apply(ConfigMap::new("default", "m").with_data(data));
    let source =
        |index| EnvFromSource { prefix: format!("P{index}_"), ..EnvFromSource::config_map("m") };
    let app = Container::new("app")
        .with_env_from((0..45).map(source))
        .with_env([EnvVar::new("PRICE", "$£5")]);
    let pod = Pod::new("default", "web").with_container(app).with_defaults();
    let facts = Facts { release: Release::OLDEST, ..Facts::of(&objects) };
    let of_compose = peak_of(|| compose(&pod, "app", &facts).unwrap());
    let of_upgrade = peak_of(|| {
        let upgrade = upgrade(&pod, "app", &facts, Release::NEWEST);
        assert_eq!(upgrade.changes.len(), 1);
    });
    println!("{of_compose} bytes to compose, {of_upgrade} to upgrade");
    // Two compositions, and the maps by name that the comparison needs.
    assert!(of_upgrade < of_compose * 4, "{of_compose} {of_upgrade}");
}
