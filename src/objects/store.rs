//! The objects of one kind in a cluster, by namespace and name.

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, BTreeSet, btree_map};
use alloc::string::String;
use core::borrow::Borrow;
use core::cmp::Ordering;
use core::fmt;
use core::iter::Flatten;
use core::option;

use crate::api::{Node, Object, Timestamp};

/// The objects of one kind, sorted by namespace and name (client-go: `cache.Indexer`).
///
/// A namespace has at most one object of a name. An object without a name is found by its
/// `generateName`. A watch feeds the store: [`apply`](Self::apply) an
/// added or modified object, [`delete`](Self::delete) a deleted one, and
/// [`replace`](Self::replace) all of them after a new list. Each event and each lookup takes
/// logarithmic time.
///
/// ```
/// use kubelet_env::Store;
/// use kubelet_env::api::Service;
///
/// let mut services = Store::default();
/// services.apply(Service::new("prod", "web"));
/// services.apply(Service::new("prod", "db"));
///
/// let prod = services.in_namespace("prod");
/// assert!(prod.get("web").is_some());
/// let names: Vec<&str> = prod.iter().map(|service| service.metadata.name.as_str()).collect();
/// assert_eq!(names, ["db", "web"]);
/// ```
#[derive(Clone)]
pub struct Store<T> {
    by_namespace: BTreeMap<String, BTreeSet<ByName<T>>>,
}

impl<T: Object> Store<T> {
    /// Inserts an object and returns the one it replaced, if any.
    pub fn apply(&mut self, object: T) -> Option<T> {
        let in_namespace = match self.by_namespace.get_mut(object.namespace()) {
            Some(in_namespace) => in_namespace,
            None => self.by_namespace.entry(object.namespace().to_owned()).or_default(),
        };
        in_namespace.replace(ByName(object)).map(|ByName(former)| former)
    }

    /// Removes the object with the namespace and name of `object`, and returns it if it existed.
    ///
    /// ```
    /// use kubelet_env::Store;
    /// use kubelet_env::api::Service;
    ///
    /// let mut services = Store::from_iter([Service::new("prod", "web")]);
    /// assert!(services.delete(&Service::new("prod", "web")).is_some());
    /// assert!(services.is_empty());
    /// ```
    pub fn delete(&mut self, object: &T) -> Option<T> {
        let in_namespace = self.by_namespace.get_mut(object.namespace())?;
        let ByName(deleted) = in_namespace.take(object.name_or_prefix())?;
        if in_namespace.is_empty() {
            self.by_namespace.remove(object.namespace());
        }
        Some(deleted)
    }

    /// Replaces the contents. The last of several objects with the same namespace and name wins.
    pub fn replace(&mut self, objects: impl IntoIterator<Item = T>) {
        *self = objects.into_iter().collect();
    }

    /// Returns the objects of one namespace. Nodes are in the namespace `""`.
    #[must_use]
    pub fn in_namespace(&self, namespace: &str) -> Namespace<'_, T> {
        Namespace(self.by_namespace.get(namespace))
    }

    pub(super) fn find(&self, namespace: &str, name: &str) -> Option<&T> {
        self.in_namespace(namespace).get(name)
    }

    /// Removes all objects of a namespace and returns them, sorted by name.
    #[cfg(feature = "serde")]
    pub(super) fn take_namespace(&mut self, namespace: &str) -> impl Iterator<Item = T> + use<T> {
        self.by_namespace.remove(namespace).into_iter().flatten().map(|ByName(object)| object)
    }

    /// Keeps the objects that [existed](Object::existed_at) at `time`.
    #[must_use]
    pub fn as_of(self, time: Timestamp) -> Self {
        self.into_iter().filter(|object| object.existed_at(time)).collect()
    }
}

impl<T> Store<T> {
    /// Returns the objects, sorted by namespace and name.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter(self.by_namespace.values().flatten())
    }

    /// Returns the number of objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_namespace.values().map(BTreeSet::len).sum()
    }

    /// Reports whether there are no objects.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_namespace.is_empty()
    }
}

impl Store<Node> {
    /// Returns the Node of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.in_namespace("").get(name)
    }
}

/// The objects of one kind in one namespace, sorted by name.
pub struct Namespace<'a, T>(Option<&'a BTreeSet<ByName<T>>>);

impl<'a, T: Object> Namespace<'a, T> {
    /// Returns the object of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a T> {
        self.0?.get(name).map(|ByName(object)| object)
    }
}

impl<'a, T> Namespace<'a, T> {
    /// Returns the objects, sorted by name.
    pub fn iter(&self) -> NamespaceIter<'a, T> {
        NamespaceIter(self.0.into_iter().flatten())
    }
}

impl<T> Clone for Namespace<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Namespace<'_, T> {}

impl<T: fmt::Debug> fmt::Debug for Namespace<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// The objects of a [`Store`], sorted by namespace and name.
pub struct Iter<'a, T>(Flatten<btree_map::Values<'a, String, BTreeSet<ByName<T>>>>);

/// The objects of a [`Namespace`], sorted by name.
pub struct NamespaceIter<'a, T>(Flatten<option::IntoIter<&'a BTreeSet<ByName<T>>>>);

/// The objects of a consumed [`Store`], sorted by namespace and name.
pub struct IntoIter<T>(Flatten<btree_map::IntoValues<String, BTreeSet<ByName<T>>>>);

macro_rules! iterate {
    ($(<$($lifetime:lifetime)?> $iterator:ty => $item:ty),+) => { $(
        impl<$($lifetime,)? T> Iterator for $iterator {
            type Item = $item;

            fn next(&mut self) -> Option<$item> {
                self.0.next().map(|ByName(object)| object)
            }

            fn size_hint(&self) -> (usize, Option<usize>) {
                self.0.size_hint()
            }
        }

        impl<$($lifetime,)? T> fmt::Debug for $iterator {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($iterator))
            }
        }
    )+ };
}

iterate!(<'a> Iter<'a, T> => &'a T, <'a> NamespaceIter<'a, T> => &'a T, <> IntoIter<T> => T);

impl<'a, T> IntoIterator for &'a Store<T> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T> IntoIterator for Store<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    fn into_iter(self) -> IntoIter<T> {
        IntoIter(self.by_namespace.into_values().flatten())
    }
}

impl<'a, T> IntoIterator for Namespace<'a, T> {
    type Item = &'a T;
    type IntoIter = NamespaceIter<'a, T>;

    fn into_iter(self) -> NamespaceIter<'a, T> {
        self.iter()
    }
}

impl<T> Default for Store<T> {
    fn default() -> Self {
        Store { by_namespace: BTreeMap::new() }
    }
}

impl<T: fmt::Debug> fmt::Debug for Store<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self).finish()
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

impl<T: PartialEq> PartialEq for Store<T> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl<T: Eq> Eq for Store<T> {}

/// An object that is compared by its name alone, so that the name is stored once.
#[derive(Clone)]
struct ByName<T>(T);

impl<T: Object> Borrow<str> for ByName<T> {
    fn borrow(&self) -> &str {
        self.0.name_or_prefix()
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
        self.0.name_or_prefix().cmp(other.0.name_or_prefix())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Service;

    /// `BTreeSet` requires it, even of comparisons that it does not use today.
    #[test]
    fn keys_compare_like_names() {
        let named = |name| ByName(Service::new("default", name));
        for (a, b) in [("a", "a"), ("a", "b"), ("b", "a")] {
            assert_eq!(named(a) == named(b), a == b);
            assert_eq!(named(a).partial_cmp(&named(b)), a.partial_cmp(b));
        }
    }
}
