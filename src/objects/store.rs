//! The objects of one kind in a cluster, by namespace and name (client-go: `cache.Indexer` with the
//! index by namespace).

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet};
use alloc::string::String;
use core::borrow::Borrow;
use core::cmp::Ordering;
use core::fmt;

use crate::api::{Object, Timestamp};

/// The objects of one kind, at most one of a name in a namespace, iterated by namespace and name.
///
/// It is fed as a watch is: [`apply`](Self::apply) what was added or modified,
/// [`delete`](Self::delete) what was deleted, [`replace`](Self::replace) all after a new list. An
/// event and a look-up cost the logarithm of what it holds, and what is asked of one namespace does
/// not touch the others. It is what client-go's `cache.Indexer` is to the kubelet.
///
/// ```
/// use kubelet_env::api::{ObjectMeta, Service};
/// use kubelet_env::Store;
///
/// let mut services = Store::default();
/// services.apply(Service { metadata: ObjectMeta::new("prod", "web"), ..Service::default() });
/// services.apply(Service { metadata: ObjectMeta::new("prod", "db"), ..Service::default() });
/// let names: Vec<&str> = services.in_namespace("prod").map(|service| service.metadata.name.as_str()).collect();
/// assert_eq!(names, ["db", "web"]);
/// ```
#[derive(Clone)]
pub struct Store<T> {
    by_namespace: BTreeMap<String, BTreeSet<ByName<T>>>,
}

impl<T: Object> Store<T> {
    /// Takes an object in, in the place of one of its name in its namespace, which is returned.
    pub fn apply(&mut self, object: T) -> Option<T> {
        let in_namespace = match self.by_namespace.get_mut(object.namespace()) {
            Some(in_namespace) => in_namespace,
            None => self.by_namespace.entry(object.namespace().to_owned()).or_default(),
        };
        in_namespace.replace(ByName(object)).map(|ByName(former)| former)
    }

    /// Takes an object out, and returns it if it was there.
    pub fn delete(&mut self, namespace: &str, name: &str) -> Option<T> {
        let in_namespace = self.by_namespace.get_mut(namespace)?;
        let ByName(object) = in_namespace.take(name)?;
        if in_namespace.is_empty() {
            self.by_namespace.remove(namespace);
        }
        Some(object)
    }

    /// Holds these objects from now on, and no other. Of two with one name in one namespace the
    /// later stands.
    pub fn replace(&mut self, objects: impl IntoIterator<Item = T>) {
        *self = objects.into_iter().collect();
    }

    /// The object of that name in that namespace.
    #[must_use]
    pub fn get(&self, namespace: &str, name: &str) -> Option<&T> {
        self.by_namespace.get(namespace)?.get(name).map(|ByName(object)| object)
    }

    /// The objects of one namespace, to look many of them up without the namespace.
    pub(crate) fn namespace(&self, namespace: &str) -> Namespace<'_, T> {
        Namespace(self.by_namespace.get(namespace))
    }

    /// All objects, by namespace and name.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        self.by_namespace.values().flatten().map(|ByName(object)| object)
    }

    /// The objects of one namespace, by name.
    pub fn in_namespace(&self, namespace: &str) -> impl Iterator<Item = &T> {
        self.by_namespace.get(namespace).into_iter().flatten().map(|ByName(object)| object)
    }

    /// Gives the objects away, by namespace and name.
    pub fn into_objects(self) -> impl Iterator<Item = T> {
        self.by_namespace.into_values().flatten().map(|ByName(object)| object)
    }

    /// Takes out all objects of a namespace, by name.
    pub(crate) fn take_namespace(&mut self, namespace: &str) -> impl Iterator<Item = T> + use<T> {
        self.by_namespace.remove(namespace).into_iter().flatten().map(|ByName(object)| object)
    }

    /// How many objects it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_namespace.values().map(BTreeSet::len).sum()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_namespace.is_empty()
    }

    /// Those that were there at `moment`, as [`Object::existed_at`] has it.
    #[must_use]
    pub fn as_of(self, moment: Timestamp) -> Self {
        self.into_objects().filter(|object| object.existed_at(moment)).collect()
    }
}

/// The objects of one namespace, if there are any.
pub(crate) struct Namespace<'s, T>(Option<&'s BTreeSet<ByName<T>>>);

impl<'s, T: Object> Namespace<'s, T> {
    pub(crate) fn get(&self, name: &str) -> Option<&'s T> {
        self.0?.get(name).map(|ByName(object)| object)
    }
}

impl<T> Default for Store<T> {
    fn default() -> Self {
        Store { by_namespace: BTreeMap::new() }
    }
}

impl<T: fmt::Debug> fmt::Debug for Store<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set()
            .entries(self.by_namespace.values().flatten().map(|ByName(object)| object))
            .finish()
    }
}

impl<T: Object> FromIterator<T> for Store<T> {
    fn from_iter<I: IntoIterator<Item = T>>(objects: I) -> Self {
        let mut store = Store::default();
        store.extend(objects);
        store
    }
}

impl<T: Object> Extend<T> for Store<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, objects: I) {
        for object in objects {
            self.apply(object);
        }
    }
}

impl<T: Object + PartialEq> PartialEq for Store<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<T: Object + Eq> Eq for Store<T> {}

/// An object that is found and ordered by its name alone, so that the name is stored once.
#[derive(Clone)]
struct ByName<T>(T);

impl<T: Object> Borrow<str> for ByName<T> {
    fn borrow(&self) -> &str {
        self.0.name()
    }
}

impl<T: Object> PartialEq for ByName<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T: Object> Eq for ByName<T> {}

impl<T: Object> PartialOrd for ByName<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T: Object> Ord for ByName<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.name().cmp(other.0.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{ObjectMeta, Service};

    /// What `BTreeSet` asks of its items, whether or not it makes use of it today.
    #[test]
    fn keys_compare_like_names() {
        let named = |name| {
            ByName(Service { metadata: ObjectMeta::new("default", name), ..Service::default() })
        };
        for (a, b) in [("a", "a"), ("a", "b"), ("b", "a")] {
            assert_eq!(named(a) == named(b), a == b);
            assert_eq!(named(a).partial_cmp(&named(b)), a.partial_cmp(b));
        }
    }
}
