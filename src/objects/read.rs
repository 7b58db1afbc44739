//! Objects read from documents (client-go: the universal deserializer).

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};

use super::typed::fill_value;
use super::value::{Entries, Value, get};
use super::{
    Document, DocumentLimits, DuplicateObjectError, FieldError, ObjectRef, Objects, insert,
};
use crate::api::wire::{self, Given, Place, Scalar, Shape, TypeMeta as _};
use crate::api::{
    ConfigMap, LimitRange, Node, Pod, PodMeta, ReadSecret, ReadWorkload, Secret, Service, Workload,
    WorkloadKind,
};

/// The namespace of objects without one (Go: `metav1.NamespaceDefault`).
const DEFAULT_NAMESPACE: &str = "default";

/// An error while reading objects from a document.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// A field of an object is missing or does not have the required type.
    #[error("{}{error}", prefix(object))]
    Field {
        /// The object, as far as it was read.
        object: ObjectRef,
        /// The field and its problem.
        error: FieldError,
    },
    /// An object is defined twice.
    #[error(transparent)]
    Duplicate(#[from] DuplicateObjectError),
}

impl ObjectError {
    /// Changes the error of a field.
    fn map_field(self, change: impl FnOnce(FieldError) -> FieldError) -> Self {
        match self {
            ObjectError::Field { object, error } => {
                ObjectError::Field { object, error: change(error) }
            }
            duplicate @ ObjectError::Duplicate(_) => duplicate,
        }
    }
}

/// Returns the start of a message about `object`. It is empty if the object has no identity.
fn prefix(object: &ObjectRef) -> String {
    if *object == ObjectRef::default() { String::new() } else { format!("{object}: ") }
}

impl Objects {
    /// Adds the objects of a document: one object or a list of them.
    ///
    /// An empty document, such as one between two `---` of YAML, has no objects. Objects of kinds
    /// that do not affect a container's environment are counted in [`ignored`](Objects::ignored).
    ///
    /// An object without a namespace is in the namespace `default`, as for `kubectl apply`.
    /// [`add_to_namespace`](Self::add_to_namespace) uses another one.
    ///
    /// # Errors
    ///
    /// Returns an error if
    ///
    /// - the document is not an object, has no `apiVersion` or `kind`, or has one of more than 317
    ///   bytes,
    /// - an object has no name and is not ignored (a Pod, or a Job with a `generateName`, may have
    ///   none),
    /// - a field does not have the required type,
    /// - two objects of a kind have the same name in the same namespace, including objects that
    ///   were added before.
    ///
    /// `self` is left unchanged then.
    pub fn add(&mut self, document: Document) -> Result<(), ObjectError> {
        self.add_to_namespace(DEFAULT_NAMESPACE, document)
    }

    /// Adds the objects of a document, as [`add`](Self::add) does. Objects without a namespace are in
    /// `namespace`, as for `kubectl apply --namespace`. Others keep theirs.
    ///
    /// # Errors
    ///
    /// Returns an error as [`add`](Self::add) does.
    ///
    /// ```
    /// use kubelet_env::Objects;
    ///
    /// let web = r#"{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}}"#;
    /// let mut objects = Objects::default();
    /// objects.add_to_namespace("shop", serde_json::from_str(web)?)?;
    /// assert!(objects.pods.in_namespace("shop").get("web").is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn add_to_namespace(
        &mut self,
        namespace: &str,
        document: Document,
    ) -> Result<(), ObjectError> {
        self.add_value(namespace, document.0)
    }

    fn add_value(&mut self, namespace: &str, document: Value<'_>) -> Result<(), ObjectError> {
        let mut read = Objects::default();
        if document != Value::NULL {
            read.add_object(document, None)?;
        }
        Ok(self.merge(read.with_default_namespace(namespace)?)?)
    }

    fn add_object(
        &mut self,
        value: Value<'_>,
        item_type: Option<&TypeMeta>,
    ) -> Result<(), ObjectError> {
        let value = match value {
            Value::Object(read) => return self.add_read(read),
            value => value,
        };
        let object = object_ref(&value);
        let is_secret = wire::is_secret_kind(&object.kind)
            || item_type.is_some_and(|item| wire::is_secret_kind(&item.kind));
        self.add_any_object(value, object, item_type)
            .map_err(|error| if is_secret { error.map_field(FieldError::elided) } else { error })
    }

    fn add_any_object(
        &mut self,
        value: Value<'_>,
        object: ObjectRef,
        item_type: Option<&TypeMeta>,
    ) -> Result<(), ObjectError> {
        let Value::Map(entries) = value else {
            let error = FieldError::of_value(&value, "an object");
            return Err(ObjectError::Field { object, error });
        };
        let type_of = match TypeRef::of(&entries, item_type.map(TypeMeta::as_ref)) {
            Ok(type_of) => type_of,
            Err(error) => return Err(ObjectError::Field { object, error }),
        };
        if let Some(kind) = type_of.kind.strip_suffix("List")
            && get(&entries, "items").is_some()
        {
            let object = ObjectRef { kind: type_of.kind.to_owned(), ..object };
            // The items of a `v1` `List` have a type of their own.
            let item_type = (!kind.is_empty()).then(|| TypeRef { kind, ..type_of }.to_owned());
            return self.add_items(entries, object, item_type.as_ref());
        }
        let draft = Draft::new(type_of);
        self.add_read(draft.read(entries))
    }

    fn add_read(&mut self, read: ReadObject) -> Result<(), ObjectError> {
        match read {
            ReadObject::Service(service) => insert(&mut self.services, *service)?,
            ReadObject::ConfigMap(config_map) => insert(&mut self.config_maps, *config_map)?,
            ReadObject::Secret(secret) => insert(&mut self.secrets, *secret)?,
            ReadObject::Pod(pod) => insert(&mut self.pods, *pod)?,
            ReadObject::Node(node) => insert(&mut self.nodes, *node)?,
            ReadObject::LimitRange(range) => insert(&mut self.limit_ranges, *range)?,
            ReadObject::Workload(workload) => {
                insert(self.workloads_mut(workload.kind), *workload)?;
            }
            ReadObject::Ignored(type_meta) => {
                let TypeMeta { api_version, kind } = &*type_meta;
                let count = self.ignored.entry(format!("{api_version} {kind}")).or_default();
                *count = count.saturating_add(1);
            }
            ReadObject::Invalid(error) => return Err(*error),
        }
        Ok(())
    }

    fn add_items(
        &mut self,
        list: Entries<'_>,
        object: ObjectRef,
        item_type: Option<&TypeMeta>,
    ) -> Result<(), ObjectError> {
        let mut of_items = list.into_iter().filter(|(key, _)| key == "items");
        let (items, second) = (of_items.next(), of_items.next());
        if second.is_some() {
            return Err(ObjectError::Field { object, error: FieldError::duplicate_field("items") });
        }
        let items = match items {
            // Go writes an empty list so.
            None | Some((_, Value::Scalar(Scalar::Null))) => return Ok(()),
            Some((_, Value::Items(items))) => *items,
            Some((_, Value::List(items))) => Items { rest: items, ..Items::default() },
            Some((key, other)) => {
                let error = FieldError::of_value(&other, "a list").at_key(key);
                return Err(ObjectError::Field { object, error });
            }
        };
        self.merge(items.objects)?;
        if let Some(error) = items.error {
            return Err(*error);
        }
        for (index, item) in (items.count..).zip(items.rest) {
            self.add_object(item, item_type)
                .map_err(|error| error.map_field(|error| error.in_item(index)))?;
        }
        Ok(())
    }
}

/// The items of a document that is a list, before its kind is known.
///
/// Each object is added as soon as it is complete, so that a list is never in memory twice.
#[derive(Clone, Default, PartialEq)]
pub(crate) struct Items<'de> {
    /// The objects of the first `count` items.
    objects: Objects,
    count: usize,
    /// The error in the item after them. Nothing after it is kept.
    error: Option<Box<ObjectError>>,
    /// The items from the first one on that has no type of its own or is a list.
    rest: Vec<Value<'de>>,
}

impl<'de> Items<'de> {
    /// Adds an item, or notes the first error.
    pub(super) fn push(&mut self, item: Value<'de>) {
        if self.error.is_some() {
            return;
        }
        match ReadObject::of_item(item) {
            Value::Object(read) if self.rest.is_empty() => match self.objects.add_read(read) {
                Ok(()) => self.count = self.count.saturating_add(1),
                Err(error) => {
                    let error = error.map_field(|error| error.in_item(self.count));
                    self.error = Some(Box::new(error));
                }
            },
            item => self.rest.push(item),
        }
    }

    /// Copies all borrowed text.
    pub(super) fn into_owned(self) -> Items<'static> {
        let rest = self.rest.into_iter().map(Value::into_owned).collect();
        Items { rest, objects: self.objects, count: self.count, error: self.error }
    }
}

/// An object that was read from its value, or the reason why it could not be. Boxed, because the
/// kinds differ much in size.
#[derive(Clone, PartialEq)]
pub(crate) enum ReadObject {
    Service(Box<Service>),
    ConfigMap(Box<ConfigMap>),
    Secret(Box<Secret>),
    Pod(Box<Pod>),
    Node(Box<Node>),
    LimitRange(Box<LimitRange>),
    Workload(Box<Workload>),
    /// An object that affects no container's environment.
    Ignored(Box<TypeMeta>),
    Invalid(Box<ObjectError>),
}

impl ReadObject {
    /// Reads an item of a list. One without a type of its own, or that is a list, remains a value.
    pub(super) fn of_item(item: Value<'_>) -> Value<'_> {
        match item {
            Value::Map(entries) => match Draft::of_entries(&entries) {
                Some(draft) => Value::Object(draft.read(entries)),
                None => Value::Map(entries),
            },
            item => item,
        }
    }
}

/// An object of a known type while it is read.
pub(super) struct Draft {
    pub(super) object: DraftObject,
    pub(super) given: Given,
}

/// The place of an object while it is read. Boxed like [`ReadObject`].
pub(super) enum DraftObject {
    Service(Box<Service>),
    ConfigMap(Box<ConfigMap>),
    Secret(Box<ReadSecret>),
    Pod(Box<Pod>),
    Node(Box<Node>),
    LimitRange(Box<LimitRange>),
    Workload(WorkloadKind, Box<ReadWorkload>),
    Ignored(Unread),
}

/// An object whose fields are not read.
pub(super) struct Unread(Box<TypeMeta>);

impl Place for Unread {
    fn blank() -> Self {
        Unread(Box::default())
    }

    fn expected(&mut self) -> &'static str {
        "an object"
    }

    fn shape(&mut self) -> Shape {
        Shape::Object
    }
}

impl Draft {
    /// Returns the draft of an object with these entries, if they have its type and it is not a
    /// list.
    pub(super) fn of_entries(entries: &Entries<'_>) -> Option<Self> {
        let type_of = TypeRef::given(entries)?;
        (!type_of.kind.ends_with("List")).then(|| Draft::new(type_of))
    }

    fn new(type_of: TypeRef<'_>) -> Self {
        let object = if let Some(kind) = type_of.workload_kind() {
            DraftObject::Workload(kind, Box::default())
        } else if type_of.is::<Service>() {
            DraftObject::Service(Box::default())
        } else if type_of.is::<ConfigMap>() {
            DraftObject::ConfigMap(Box::default())
        } else if type_of.is::<Secret>() {
            DraftObject::Secret(Box::default())
        } else if type_of.is::<Pod>() {
            DraftObject::Pod(Box::default())
        } else if type_of.is::<Node>() {
            DraftObject::Node(Box::default())
        } else if type_of.is::<LimitRange>() {
            DraftObject::LimitRange(Box::default())
        } else {
            DraftObject::Ignored(Unread(Box::new(type_of.to_owned())))
        };
        Draft { object, given: Given::default() }
    }

    /// Fills fields of the object.
    ///
    /// # Errors
    ///
    /// Returns the first error. The other fields are filled nevertheless.
    pub(super) fn fill(&mut self, entries: Entries<'_>) -> Result<(), FieldError> {
        let is_secret = matches!(self.object, DraftObject::Secret(_));
        let mut filled = Ok(());
        for (key, value) in entries {
            let read = fill_value(&mut self.given, self.object.place(), key, value, is_secret);
            filled = filled.and(read);
        }
        filled
    }

    /// Reads the object with these entries.
    fn read(mut self, entries: Entries<'_>) -> ReadObject {
        let filled = self.fill(entries);
        self.finish(filled.err())
    }

    /// Returns the object, or the error in one of its fields.
    pub(super) fn finish(self, error: Option<FieldError>) -> ReadObject {
        let [namespace, name, prefix] = self.object.names();
        // A Pod or Job may have a `generateName` and no name yet.
        let may_be_unnamed = match &self.object {
            DraftObject::Pod(_) | DraftObject::Ignored(_) => true,
            DraftObject::Workload(WorkloadKind::Job, _) => !prefix.is_empty(),
            _ => false,
        };
        let unnamed = || FieldError::missing_field("name").at_key("metadata");
        if let Some(error) = error.or_else(|| (name.is_empty() && !may_be_unnamed).then(unnamed)) {
            let object = ObjectRef {
                kind: self.object.kind().to_owned(),
                namespace: namespace.to_owned(),
                name: name.to_owned(),
            };
            return ReadObject::Invalid(Box::new(ObjectError::Field { object, error }));
        }
        match self.object {
            DraftObject::Service(service) => ReadObject::Service(service),
            DraftObject::ConfigMap(config_map) => ReadObject::ConfigMap(config_map),
            DraftObject::Secret(secret) => ReadObject::Secret(Box::new(secret.finish())),
            DraftObject::Pod(pod) => ReadObject::Pod(pod),
            DraftObject::Node(node) => ReadObject::Node(node),
            DraftObject::LimitRange(range) => ReadObject::LimitRange(range),
            DraftObject::Workload(kind, workload) => {
                ReadObject::Workload(Box::new(workload.of_kind(kind)))
            }
            DraftObject::Ignored(Unread(type_meta)) => ReadObject::Ignored(type_meta),
        }
    }
}

impl DraftObject {
    fn kind(&self) -> &str {
        match self {
            DraftObject::Service(_) => Service::KIND,
            DraftObject::ConfigMap(_) => ConfigMap::KIND,
            DraftObject::Secret(_) => Secret::KIND,
            DraftObject::Pod(_) => Pod::KIND,
            DraftObject::Node(_) => Node::KIND,
            DraftObject::LimitRange(_) => LimitRange::KIND,
            DraftObject::Workload(kind, _) => kind.as_str(),
            DraftObject::Ignored(Unread(type_meta)) => &type_meta.kind,
        }
    }

    pub(super) fn place(&mut self) -> &mut dyn Place {
        match self {
            DraftObject::Service(service) => &mut **service,
            DraftObject::ConfigMap(config_map) => &mut **config_map,
            DraftObject::Secret(secret) => &mut **secret,
            DraftObject::Pod(pod) => &mut **pod,
            DraftObject::Node(node) => &mut **node,
            DraftObject::LimitRange(range) => &mut **range,
            DraftObject::Workload(_, workload) => &mut **workload,
            DraftObject::Ignored(unread) => unread,
        }
    }

    /// Returns the namespace, name and `generateName`.
    fn names(&self) -> [&str; 3] {
        let metadata = match self {
            DraftObject::Service(service) => &service.metadata,
            DraftObject::ConfigMap(config_map) => &config_map.metadata,
            DraftObject::Secret(secret) => &secret.metadata,
            DraftObject::LimitRange(range) => &range.metadata,
            DraftObject::Pod(pod) => return names_of_pod(&pod.metadata),
            DraftObject::Node(node) => return names_of_pod(&node.metadata),
            DraftObject::Workload(_, workload) => return names_of_pod(&workload.metadata),
            DraftObject::Ignored(_) => return [""; 3],
        };
        [&metadata.namespace, &metadata.name, ""]
    }
}

fn names_of_pod(metadata: &PodMeta) -> [&str; 3] {
    [&metadata.namespace, &metadata.name, &metadata.generate_name]
}

/// Reads all objects of one document within the default [`DocumentLimits`], as [`Objects::add`]
/// does. An error has the text of an [`ObjectError`].
impl<'de> Deserialize<'de> for Objects {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = DocumentLimits::default().read(deserializer)?;
        let mut objects = Objects::default();
        objects.add_value(DEFAULT_NAMESPACE, document).map_err(D::Error::custom)?;
        Ok(objects)
    }
}

/// Reads the object that [`convert`](super::convert) has serialized.
pub(super) fn read_converted<T: DeserializeOwned>(
    value: Result<Value<'_>, FieldError>,
) -> Result<T, ObjectError> {
    let value =
        value.map_err(|error| ObjectError::Field { object: ObjectRef::default(), error })?;
    let object = object_ref(&value);
    let is_secret = wire::is_secret_kind(&object.kind);
    T::deserialize(value).map_err(|error| ObjectError::Field {
        object,
        error: if is_secret { error.elided() } else { error },
    })
}

/// Returns the identity of an object before it is read, as far as it has one.
fn object_ref(value: &Value<'_>) -> ObjectRef {
    let text =
        |value: Option<&Value<'_>>| value.and_then(Value::as_str).unwrap_or_default().to_owned();
    let metadata = value.get("metadata");
    ObjectRef {
        kind: text(value.get("kind")),
        namespace: text(metadata.and_then(|metadata| metadata.get("namespace"))),
        name: text(metadata.and_then(|metadata| metadata.get("name"))),
    }
}

/// The maximum length of an `apiVersion` or `kind`: a group of 253 bytes, `/` and a version of 63.
///
/// It bounds the work for the items of a list, which inherit both.
const LONGEST_TYPE: usize = 317;

/// The `apiVersion` and `kind` of an object (Go: `metav1.TypeMeta`).
#[derive(Clone, Default, PartialEq)]
pub(crate) struct TypeMeta {
    api_version: String,
    kind: String,
}

impl TypeMeta {
    fn as_ref(&self) -> TypeRef<'_> {
        TypeRef { api_version: &self.api_version, kind: &self.kind }
    }
}

/// A borrowed [`TypeMeta`].
#[derive(Clone, Copy)]
pub(super) struct TypeRef<'a> {
    api_version: &'a str,
    kind: &'a str,
}

impl<'a> TypeRef<'a> {
    /// Reads the type of an object. An item of a list may inherit it.
    fn of(entries: &'a Entries<'_>, item_type: Option<TypeRef<'a>>) -> Result<Self, FieldError> {
        let read = |key: &'static str, inherited: Option<&'a str>| match get(entries, key) {
            Some(text) if text.as_str().is_some_and(|text| text.len() > LONGEST_TYPE) => {
                Err(FieldError::of_value(text, "a string of at most 317 bytes").at_key(key))
            }
            Some(Value::Scalar(Scalar::Text(text))) if !text.is_empty() => Ok(&**text),
            None | Some(Value::Scalar(Scalar::Null | Scalar::Text(_))) => {
                inherited.ok_or_else(|| FieldError::missing_field(key))
            }
            Some(other) => Err(FieldError::of_value(other, "a string").at_key(key)),
        };
        Ok(TypeRef {
            kind: read("kind", item_type.map(|item| item.kind))?,
            api_version: read("apiVersion", item_type.map(|item| item.api_version))?,
        })
    }

    /// Returns the type of an object if it has a valid one, without the cost of an error otherwise.
    fn given(entries: &'a Entries<'_>) -> Option<Self> {
        let text = |key: &str| {
            let text = get(entries, key)?.as_str()?;
            (1..=LONGEST_TYPE).contains(&text.len()).then_some(text)
        };
        Some(TypeRef { kind: text("kind")?, api_version: text("apiVersion")? })
    }

    fn to_owned(self) -> TypeMeta {
        TypeMeta { api_version: self.api_version.into(), kind: self.kind.into() }
    }

    fn is<T: wire::TypeMeta>(self) -> bool {
        self.kind == T::KIND && self.api_version == T::API_VERSION
    }

    fn workload_kind(self) -> Option<WorkloadKind> {
        let is = |kind: &WorkloadKind| {
            self.kind == kind.as_str() && self.api_version == kind.api_version()
        };
        WorkloadKind::ALL.iter().copied().find(is)
    }
}
