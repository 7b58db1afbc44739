//! Sources whose variables are not known.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::{self, Write};

use super::{Entry, Unknown};
use crate::names::is_env_var_name;
use crate::objects::ObjectRef;
use crate::text::OneLine;

/// An `envFrom` source whose object is not among the objects, so that the names and values of its
/// variables are not known.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OpenSource<'a> {
    /// The entry.
    pub entry: Entry,
    /// The prefix of the names of its variables; may be empty.
    pub prefix: &'a str,
    /// The ConfigMap or Secret.
    pub object: ObjectRef,
}

impl OpenSource<'_> {
    /// Returns the unknown value of a variable of this source.
    pub(crate) fn unknown(&self) -> Unknown {
        Unknown::Keys { object: self.object.clone() }
    }
}

/// `envFrom[0] (Secret shop/db)`, or `envFrom[0] (Secret shop/db, prefix "DB_")`. Always on one line.
impl fmt::Display for OpenSource<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let OpenSource { entry, prefix, object } = self;
        let out = &mut OneLine(f);
        write!(out, "{entry} ({object}")?;
        if !prefix.is_empty() {
            write!(out, ", prefix {prefix:?}")?;
        }
        out.write_char(')')
    }
}

/// The open sources of an environment, with an index of their prefixes.
#[derive(Clone, Debug, Default)]
pub(super) struct OpenSources<'a> {
    all: Vec<OpenSource<'a>>,
    /// The index of the last source of each prefix.
    last: BTreeMap<String, usize>,
    /// For each source, the index of the one before with the same prefix.
    before: Vec<Option<usize>>,
    /// The lengths of the prefixes, sorted.
    prefix_lens: Vec<usize>,
    /// True if the kubelet skips names that are not strict variable names.
    needs_strict_names: bool,
}

impl<'a> OpenSources<'a> {
    pub(super) fn all(&self) -> &[OpenSource<'a>] {
        &self.all
    }

    pub(super) fn push(&mut self, source: OpenSource<'a>, needs_strict_names: bool) {
        self.before.push(self.last.insert(source.prefix.to_owned(), self.all.len()));
        let len = source.prefix.len();
        if let Err(place) = self.prefix_lens.binary_search(&len) {
            self.prefix_lens.insert(place, len);
        }
        self.needs_strict_names = needs_strict_names;
        self.all.push(source);
    }

    /// Returns the sources that may set the variable `name`, in their order.
    pub(super) fn that_may_set(&self, name: &str) -> Vec<&OpenSource<'a>> {
        if self.all.is_empty() || self.needs_strict_names && !is_env_var_name(name) {
            return Vec::new();
        }
        let lens = self.prefix_lens.iter().take_while(|&&len| len <= name.len());
        let mut indexes = Vec::new();
        for prefix in lens.filter_map(|&len| name.get(..len)) {
            let mut last = self.last.get(prefix).copied();
            while let Some(index) = last {
                indexes.push(index);
                last = self.before.get(index).copied().flatten();
            }
        }
        indexes.sort_unstable();
        indexes.iter().filter_map(|&index| self.all.get(index)).collect()
    }
}
