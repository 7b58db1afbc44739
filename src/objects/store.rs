//! The objects of one kind in a cluster, by namespace and name.

use alloc::borrow::ToOwned;
use alloc::collections::{BTreeMap, btree_map};
use alloc::string::String;
use alloc::vec::{self, Vec};
use core::fmt;
use core::mem;

use super::names::{NameAt, Names, Positions as NamePositions};
use crate::api::{Node, Object, Timestamp};

/// The objects of one kind, sorted by namespace and name (client-go: `cache.Indexer`).
///
/// A namespace has at most one object of a name. An object without a name is found by its
/// `generateName`. A watch feeds the store: [`apply`](Self::apply) an
/// added or modified object, [`delete`](Self::delete) a deleted one, and
/// [`replace`](Self::replace) all of them after a new list. Each lookup takes logarithmic time. So
/// does each event on average, and it moves at most 512 positions.
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
    /// The objects, in the order of their insertion unless some were deleted.
    objects: Vec<T>,
    index: Index,
}

impl<T: Object> Store<T> {
    /// Inserts an object and returns the one it replaced, if any.
    pub fn apply(&mut self, object: T) -> Option<T> {
        let end = self.objects.len();
        let (namespace, name) = (object.namespace(), object.name_or_prefix());
        let position = self.index.insert(namespace, name, end, &name_at(&self.objects));
        match self.objects.get_mut(position) {
            Some(former) => Some(mem::replace(former, object)),
            None => {
                self.objects.push(object);
                None
            }
        }
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
        self.remove(object.namespace(), object.name_or_prefix())
    }

    pub(super) fn remove(&mut self, namespace: &str, name: &str) -> Option<T> {
        let position = self.index.remove(namespace, name, &name_at(&self.objects))?;
        let last = self.objects.last()?;
        let (namespace, name) = (last.namespace(), last.name_or_prefix());
        self.index.set(namespace, name, position, &name_at(&self.objects));
        let last = self.objects.pop()?;
        let removed = match self.objects.get_mut(position) {
            None => last,
            Some(object) => mem::replace(object, last),
        };
        if self.objects.len() < self.objects.capacity() / 4 {
            self.objects.shrink_to(self.objects.len().saturating_mul(2));
        }
        Some(removed)
    }

    /// Replaces the contents. The last of several objects with the same namespace and name wins.
    pub fn replace(&mut self, objects: impl IntoIterator<Item = T>) {
        *self = objects.into_iter().collect();
    }

    /// Returns the objects of one namespace. Nodes are in the namespace `""`.
    #[must_use]
    pub fn in_namespace(&self, namespace: &str) -> Namespace<'_, T> {
        Namespace { objects: &self.objects, names: self.index.by_namespace.get(namespace) }
    }

    pub(super) fn find(&self, namespace: &str, name: &str) -> Option<&T> {
        self.in_namespace(namespace).get(name)
    }

    /// Returns the names of the objects in a namespace.
    #[cfg(feature = "serde")]
    pub(super) fn names_in(&self, namespace: &str) -> Vec<String> {
        self.in_namespace(namespace).iter().map(|object| object.name_or_prefix().into()).collect()
    }

    /// Keeps the objects that [existed](Object::existed_at) at `time`.
    #[must_use]
    pub fn as_of(self, time: Timestamp) -> Self {
        let mut kept = Store::default();
        for object in self.objects {
            if object.existed_at(time) {
                kept.apply(object);
            }
        }
        kept
    }

    /// Inserts all objects of another store, and replaces those of the same namespace and name.
    pub(super) fn append(&mut self, other: Store<T>) {
        if self.is_empty() {
            *self = other;
            return;
        }
        for object in other.objects {
            self.apply(object);
        }
    }
}

impl<T> Store<T> {
    /// Returns the objects, sorted by namespace and name.
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { objects: &self.objects, positions: self.index.positions(self.len()) }
    }

    /// Returns the number of objects.
    #[must_use]
    pub fn len(&self) -> usize {
        self.objects.len()
    }

    /// Reports whether there are no objects.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }
}

impl Store<Node> {
    /// Returns the Node of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Node> {
        self.in_namespace("").get(name)
    }
}

/// Returns a function that returns the name of the object at a position.
fn name_at<'a, T: Object>(objects: &'a [T]) -> impl Fn(usize) -> &'a str {
    |position| objects.get(position).map_or("", T::name_or_prefix)
}

/// The position of each object of a store, by namespace and name.
#[derive(Clone, Default)]
struct Index {
    by_namespace: BTreeMap<String, Names>,
}

impl Index {
    /// Returns the positions of all objects, of which there are `count`.
    fn positions(&self, count: usize) -> Positions<'_> {
        Positions {
            namespaces: self.by_namespace.values(),
            names: NamePositions::default(),
            left: count,
        }
    }

    /// Returns the position of a name, which is `position` if the name is new.
    fn insert(
        &mut self,
        namespace: &str,
        name: &str,
        position: usize,
        name_at: NameAt<'_, '_>,
    ) -> usize {
        let names = match self.by_namespace.get_mut(namespace) {
            Some(names) => names,
            None => self.by_namespace.entry(namespace.to_owned()).or_default(),
        };
        names.insert(name, position, name_at)
    }

    /// Sets the position of a name, if there is one.
    fn set(&mut self, namespace: &str, name: &str, position: usize, name_at: NameAt<'_, '_>) {
        if let Some(names) = self.by_namespace.get_mut(namespace) {
            names.set(name, position, name_at);
        }
    }

    /// Removes a name and returns its position, if there is one.
    fn remove(&mut self, namespace: &str, name: &str, name_at: NameAt<'_, '_>) -> Option<usize> {
        let names = self.by_namespace.get_mut(namespace)?;
        let position = names.remove(name, name_at)?;
        if names.is_empty() {
            self.by_namespace.remove(namespace);
        }
        Some(position)
    }
}

/// The positions of all objects, sorted by namespace and name.
struct Positions<'a> {
    namespaces: btree_map::Values<'a, String, Names>,
    names: NamePositions<'a>,
    left: usize,
}

impl Iterator for Positions<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        loop {
            match self.names.next() {
                Some(&position) => {
                    self.left = self.left.saturating_sub(1);
                    return Some(position);
                }
                None => self.names = self.namespaces.next()?.positions(),
            }
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

/// The objects of one kind in one namespace, sorted by name.
pub struct Namespace<'a, T> {
    objects: &'a [T],
    names: Option<&'a Names>,
}

impl<'a, T: Object> Namespace<'a, T> {
    /// Returns the object of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&'a T> {
        self.objects.get(self.names?.get(name, &name_at(self.objects))?)
    }
}

impl<'a, T> Namespace<'a, T> {
    /// Returns the objects, sorted by name.
    pub fn iter(&self) -> NamespaceIter<'a, T> {
        let positions = self.names.map(Names::positions).unwrap_or_default();
        NamespaceIter { objects: self.objects, positions }
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
pub struct Iter<'a, T> {
    objects: &'a [T],
    positions: Positions<'a>,
}

/// The objects of a [`Namespace`], sorted by name.
pub struct NamespaceIter<'a, T> {
    objects: &'a [T],
    positions: NamePositions<'a>,
}

/// The objects of a consumed [`Store`], sorted by namespace and name.
pub struct IntoIter<T> {
    objects: Vec<Option<T>>,
    positions: vec::IntoIter<usize>,
}

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        self.objects.get(self.positions.next()?)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.positions.size_hint()
    }
}

impl<'a, T> Iterator for NamespaceIter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        self.objects.get(*self.positions.next()?)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.positions.size_hint()
    }
}

impl<T> Iterator for IntoIter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.objects.get_mut(self.positions.next()?)?.take()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.positions.size_hint()
    }
}

macro_rules! debug_by_name {
    ($($iterator:ty),+) => { $(
        impl<T> fmt::Debug for $iterator {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($iterator))
            }
        }
    )+ };
}

debug_by_name!(Iter<'_, T>, NamespaceIter<'_, T>, IntoIter<T>);

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
        let positions: Vec<usize> = self.index.positions(self.len()).collect();
        let objects = self.objects.into_iter().map(Some).collect();
        IntoIter { objects, positions: positions.into_iter() }
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
        Store { objects: Vec::new(), index: Index::default() }
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
