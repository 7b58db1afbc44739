//! From the cluster's Services to variables: which Services a container sees, the variables that
//! each of them produces, and the lookup of a variable by its name.

mod generate;
mod linked;
mod select;
mod suffix;
mod validate;

pub use generate::{Generated, NoPortsError, ServiceVariable, ServiceVariableKind, generate};
pub(crate) use generate::{Position, count_of, len_of, variables_of, write_cluster_ip_of};
pub use linked::Collision;
pub(crate) use linked::{LinkedServices, last_of_each_service};
pub use select::{ServiceLinks, select};
pub(crate) use select::{is_master, select_linked};
pub(crate) use suffix::{Part, Suffix, cuts, read_number};
pub use validate::{Violation, ViolationProblem, validate_service};
