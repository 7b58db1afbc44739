//! How much memory a Service takes in a [`Store`], stated in the README.
//!
//! A test of its own, because it counts every allocation of the process.
#![expect(unsafe_code, reason = "to count allocations is to be the allocator")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use kubelet_env::Store;
use kubelet_env::api::{ObjectMeta, PortNumber, Service, ServicePort, ServiceSpec};

struct Counting;

static HELD: AtomicUsize = AtomicUsize::new(0);

// SAFETY: everything is left to the system's allocator.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        HELD.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        HELD.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: the caller's promise is the same.
        unsafe { System.dealloc(place, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn service(namespace: usize, number: usize) -> Service {
    let port = |(name, port): (&str, u16)| ServicePort {
        name: name.to_owned(),
        ..ServicePort::new(PortNumber::new(port).unwrap())
    };
    Service {
        metadata: ObjectMeta::new(format!("ns-{namespace:03}"), format!("svc-{number:02}")),
        spec: ServiceSpec {
            cluster_ip: format!("10.1.{}.{number}", namespace % 250),
            ports: [("http", 80), ("https", 443), ("metrics", 9090)].map(port).to_vec(),
            ..ServiceSpec::default()
        },
    }
}

#[test]
fn a_service_of_three_ports_takes_less_than_half_a_kilobyte() {
    let before = HELD.load(Ordering::Relaxed);
    let mut store = Store::default();
    for number in 0..100 {
        for namespace in 0..1_000 {
            store.apply(service(namespace, number));
        }
    }
    let bytes = (HELD.load(Ordering::Relaxed) - before) / store.len();
    println!("{bytes} bytes for each of {} Services", store.len());
    assert!(bytes < 512, "{bytes}");

    for namespace in 0..1_000 {
        for number in 0..100 {
            assert!(store.delete(&format!("ns-{namespace:03}"), &format!("svc-{number:02}")).is_some());
        }
    }
    // The test runner holds a little of its own.
    assert!(HELD.load(Ordering::Relaxed) < before + 65_536, "what is deleted is still held");
}
