//! Rendering allocates nothing but what its destination grows by.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};

use kubelet_env::api::{ObjectMeta, PortNumber, Service, ServicePort, ServiceSpec};
use kubelet_env::{Form, generate};

/// The system's allocator, and how often it was asked for memory.
struct Counting;

static ALLOCATIONS: AtomicUsize = AtomicUsize::new(0);

#[expect(unsafe_code, reason = "an allocator cannot be written without")]
// SAFETY: all is left to the system's allocator, under the conditions of the caller.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, place: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(place, layout) }
    }

    unsafe fn realloc(&self, place: *mut u8, layout: Layout, new_size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: as above.
        unsafe { System.realloc(place, layout, new_size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn service(number: usize) -> Service {
    let port = |(name, number): (&str, u16)| ServicePort {
        name: name.to_owned(),
        ..ServicePort::new(PortNumber::new(number).unwrap())
    };
    // Of all lengths, and one in a hundred not ASCII.
    let letter = if number % 100 == 99 { "é" } else { "x" };
    Service {
        metadata: ObjectMeta::new("default", format!("svc-{number:04}-{}", letter.repeat(number % 100))),
        spec: ServiceSpec {
            cluster_ip: format!("10.1.{}.{}", number / 250, number % 250),
            ports: [("http", 80), ("https", 443), ("metrics", 9090)].map(port).into(),
            ..ServiceSpec::default()
        },
    }
}

// The only test here: others in this process would be counted too.
#[test]
fn rendering_into_a_vector_with_room_allocates_nothing() {
    let services: Vec<Service> = (0..5_000).map(service).collect();
    let services: Vec<&Service> = services.iter().collect();
    let mut expected = Vec::new();
    generate(&services).unwrap().append(Form::NulSeparated, &mut expected);

    let mut out = Vec::with_capacity(expected.len());
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    generate(&services).unwrap().append(Form::NulSeparated, &mut out);
    let after = ALLOCATIONS.load(Ordering::Relaxed);

    assert_eq!(after.wrapping_sub(before), 0);
    assert!(out == expected);
}
