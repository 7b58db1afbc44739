//! Objects read from documents (client-go: the universal deserializer).

use alloc::borrow::ToOwned;
use alloc::boxed::Box;
use alloc::format;
use alloc::string::String;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};

use super::value::Value;
use super::{
    Document, DocumentLimits, DuplicateObjectError, FieldError, ObjectRef, Objects, insert,
};
use crate::api::{
    ConfigMap, LimitRange, Node, Pod, ReadWorkload, Secret, Service, Workload, WorkloadKind, wire,
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
        if document != Value::Null {
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
        let type_meta = match TypeMeta::of(&value, item_type) {
            Ok(type_meta) => type_meta,
            Err(error) => return Err(ObjectError::Field { object, error }),
        };
        let object = ObjectRef { kind: type_meta.kind.clone(), ..object };
        if let Some(item_type) = type_meta.item_type().filter(|_| value.get("items").is_some()) {
            return self.add_items(value, object, item_type.as_ref());
        }
        self.add_single(value, object, &type_meta)
    }

    /// Adds an object that is not a list. It is not part of the recursion, whose frames stay small.
    fn add_single(
        &mut self,
        value: Value<'_>,
        object: ObjectRef,
        type_meta: &TypeMeta,
    ) -> Result<(), ObjectError> {
        self.add_read(ReadObject::read(value, object, type_meta)?)
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
            ReadObject::Invalid(error) => return Err(error),
        }
        Ok(())
    }

    fn add_items(
        &mut self,
        list: Value<'_>,
        object: ObjectRef,
        item_type: Option<&TypeMeta>,
    ) -> Result<(), ObjectError> {
        let Value::Map(fields) = list else { return Ok(()) };
        let mut of_items = fields.into_iter().filter(|(key, _)| key == "items");
        let (items, second) = (of_items.next(), of_items.next());
        if second.is_some() {
            return Err(ObjectError::Field { object, error: FieldError::duplicate_field("items") });
        }
        match items {
            // Go writes an empty list so.
            None | Some((_, Value::Null)) => Ok(()),
            Some((_, Value::List(items))) => {
                for (index, item) in items.into_iter().enumerate() {
                    self.add_object(item, item_type)
                        .map_err(|error| error.map_field(|error| error.in_item(index)))?;
                }
                Ok(())
            }
            Some((key, other)) => {
                let error = FieldError::of_value(&other, "a list").at_key(key);
                Err(ObjectError::Field { object, error })
            }
        }
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
    Invalid(ObjectError),
}

impl ReadObject {
    /// Reads an item of a list as soon as its value is complete, so that a list is never a tree as
    /// a whole. An item without a type of its own, or that is a list, remains a value.
    pub(super) fn of_item(item: Value<'_>) -> Value<'_> {
        let Ok(type_meta) = TypeMeta::of(&item, None) else { return item };
        if type_meta.item_type().is_some() {
            return item;
        }
        let object = ObjectRef { kind: type_meta.kind.clone(), ..object_ref(&item) };
        let is_secret = wire::is_secret_kind(&object.kind);
        let read = ReadObject::read(item, object, &type_meta)
            .map_err(|error| if is_secret { error.map_field(FieldError::elided) } else { error });
        Value::Object(read.unwrap_or_else(ReadObject::Invalid))
    }

    fn read(
        value: Value<'_>,
        object: ObjectRef,
        type_meta: &TypeMeta,
    ) -> Result<Self, ObjectError> {
        if let Some(kind) = type_meta.workload_kind() {
            // It may have a `generateName` and no name yet.
            let read = if kind == WorkloadKind::Job && has_generate_name(&value) {
                read_object(value, object)?
            } else {
                read_named(value, object)?
            };
            return Ok(ReadObject::Workload(ReadWorkload::of_kind(read, kind).into()));
        }
        Ok(if type_meta.is::<Service>() {
            ReadObject::Service(read_named::<Service>(value, object)?.into())
        } else if type_meta.is::<ConfigMap>() {
            ReadObject::ConfigMap(read_named::<ConfigMap>(value, object)?.into())
        } else if type_meta.is::<Secret>() {
            ReadObject::Secret(read_named::<Secret>(value, object)?.into())
        } else if type_meta.is::<Pod>() {
            // It may have a `generateName` and no name yet.
            ReadObject::Pod(read_object::<Pod>(value, object)?.into())
        } else if type_meta.is::<Node>() {
            ReadObject::Node(read_named::<Node>(value, object)?.into())
        } else if type_meta.is::<LimitRange>() {
            ReadObject::LimitRange(read_named::<LimitRange>(value, object)?.into())
        } else {
            ReadObject::Ignored(type_meta.clone().into())
        })
    }
}

/// The fields of an item that are skipped because its type does not have them, one level deep.
///
/// This is an optimization for the large ones. A property test compares the items of lists, whose
/// fields are skipped, with single objects, whose fields are not.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SkippedFields {
    #[default]
    None,
    /// The fields of an object with [`ObjectMeta`](crate::api::ObjectMeta) and without a status.
    OfObject {
        is_service: bool,
    },
    OfObjectMeta,
    OfServiceSpec,
    /// The fields of a Pod, a Node or a workload.
    OfOther,
    OfPodMeta,
}

impl SkippedFields {
    pub(super) fn of_kind(kind: &str) -> Self {
        match kind {
            "Service" => SkippedFields::OfObject { is_service: true },
            "ConfigMap" | "Secret" | "LimitRange" => SkippedFields::OfObject { is_service: false },
            // Such an item is a list of items.
            kind if kind.is_empty() || kind.ends_with("List") => SkippedFields::None,
            _ => SkippedFields::OfOther,
        }
    }

    /// Returns the skipped fields inside a field.
    pub(super) fn inside(self, field: &str) -> Option<Self> {
        match (self, field) {
            (SkippedFields::OfObject { .. }, "metadata") => Some(SkippedFields::OfObjectMeta),
            (SkippedFields::OfObject { is_service: true }, "spec") => {
                Some(SkippedFields::OfServiceSpec)
            }
            (SkippedFields::OfOther, "metadata") => Some(SkippedFields::OfPodMeta),
            _ => None,
        }
    }

    pub(super) fn contains(self, field: &str) -> bool {
        match self {
            SkippedFields::None | SkippedFields::OfOther => false,
            SkippedFields::OfObject { .. } => field == "status",
            SkippedFields::OfObjectMeta => {
                !matches!(field, "name" | "namespace" | "creationTimestamp" | "generateName")
            }
            SkippedFields::OfServiceSpec => {
                !matches!(field, "clusterIP" | "ports" | "type" | "ipFamilies")
            }
            SkippedFields::OfPodMeta => field == "managedFields",
        }
    }
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

fn read_named<T: DeserializeOwned>(value: Value<'_>, object: ObjectRef) -> Result<T, ObjectError> {
    let is_named = !object.name.is_empty();
    let read = read_object(value, object.clone())?;
    if is_named {
        Ok(read)
    } else {
        Err(ObjectError::Field {
            object,
            error: FieldError::missing_field("name").at_key("metadata"),
        })
    }
}

fn has_generate_name(value: &Value<'_>) -> bool {
    let generate_name = value.get("metadata").and_then(|metadata| metadata.get("generateName"));
    generate_name.and_then(Value::as_str).is_some_and(|prefix| !prefix.is_empty())
}

fn read_object<T: DeserializeOwned>(value: Value<'_>, object: ObjectRef) -> Result<T, ObjectError> {
    T::deserialize(value).map_err(|error| ObjectError::Field { object, error })
}

/// Reads the object that [`convert`](super::convert) has serialized.
pub(super) fn read_converted<T: DeserializeOwned>(
    value: Result<Value<'_>, FieldError>,
) -> Result<T, ObjectError> {
    let value =
        value.map_err(|error| ObjectError::Field { object: ObjectRef::default(), error })?;
    let object = object_ref(&value);
    let is_secret = wire::is_secret_kind(&object.kind);
    read_object(value, object)
        .map_err(|error| if is_secret { error.map_field(FieldError::elided) } else { error })
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
#[derive(Clone, PartialEq)]
pub(crate) struct TypeMeta {
    api_version: String,
    kind: String,
}

impl TypeMeta {
    /// Reads the type of an object. An item of a list may inherit it.
    fn of(value: &Value<'_>, item_type: Option<&TypeMeta>) -> Result<Self, FieldError> {
        let Value::Map(_) = value else { return Err(FieldError::of_value(value, "an object")) };
        let read = |key: &'static str, inherited: Option<&String>| match value.get(key) {
            Some(text) if text.as_str().is_some_and(|text| text.len() > LONGEST_TYPE) => {
                Err(FieldError::of_value(text, "a string of at most 317 bytes").at_key(key))
            }
            Some(Value::Text(text)) if !text.is_empty() => Ok(text.clone().into_owned()),
            None | Some(Value::Null | Value::Text(_)) => {
                inherited.cloned().ok_or_else(|| FieldError::missing_field(key))
            }
            Some(other) => Err(FieldError::of_value(other, "a string").at_key(key)),
        };
        Ok(TypeMeta {
            kind: read("kind", item_type.map(|item| &item.kind))?,
            api_version: read("apiVersion", item_type.map(|item| &item.api_version))?,
        })
    }

    fn is<T: wire::TypeMeta>(&self) -> bool {
        self.kind == T::KIND && self.api_version == T::API_VERSION
    }

    fn workload_kind(&self) -> Option<WorkloadKind> {
        let is = |kind: &WorkloadKind| {
            self.kind == kind.as_str() && self.api_version == kind.api_version()
        };
        WorkloadKind::ALL.iter().copied().find(is)
    }

    /// Returns `None` if the kind is not that of a list. Otherwise it returns the type that the
    /// items inherit, which is `None` for a `v1` `List`.
    fn item_type(&self) -> Option<Option<TypeMeta>> {
        let kind = self.kind.strip_suffix("List")?;
        let item_type = TypeMeta { api_version: self.api_version.clone(), kind: kind.to_owned() };
        Some((!kind.is_empty()).then_some(item_type))
    }
}
