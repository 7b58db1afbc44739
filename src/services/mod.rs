//! The Services that a container sees, and the variables that each of them produces.
//!
//! [`select`] chooses the Services of a container, [`generate`] returns their variables, and
//! [`validate_service`] reports what an API server rejects. [`compose`](crate::compose) does the
//! first two for a whole container.
//!
//! ```
//! use kubelet_env::api::{ObjectMeta, PortNumber, Service, ServicePort, ServiceSpec};
//! use kubelet_env::services::{ServiceLinks, generate, select};
//!
//! let redis = Service {
//!     metadata: ObjectMeta::new("prod", "redis"),
//!     spec: ServiceSpec {
//!         cluster_ip: "10.0.0.11".into(),
//!         ports: vec![ServicePort::new(PortNumber::new(6379)?)],
//!         ..ServiceSpec::default()
//!     },
//! };
//! let services = select([&redis], "prod", ServiceLinks::Enabled);
//! let generated = generate(&services)?;
//! let first = generated.into_iter().next().ok_or("no variable")?;
//! assert_eq!(first.to_string(), "REDIS_SERVICE_HOST=10.0.0.11");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod block;
mod generate;
mod grammar;
mod linked;
mod numbers;
mod rendered;
mod select;
mod validate;

pub(crate) use block::Block;
pub(crate) use generate::{Extent, Position, variables_of, write_cluster_ip_of};
pub use generate::{Generated, NoPortsError, ServiceVariable, ServiceVariables, generate};
pub(crate) use grammar::{PortKey, Suffix, cuts, read_number};
pub use grammar::{ServiceVariableKind, ServiceVariableKindError};
pub use linked::Collision;
pub(crate) use linked::{LinkedServices, LinkedVariable, LinkedVariables, last_of_each_service};
pub use select::{ServiceLinks, select};
pub(crate) use select::{is_master, select_linked, sort_by_name};
pub use validate::{Violation, ViolationProblem, validate_service};
