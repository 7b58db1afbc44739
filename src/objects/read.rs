//! Objects read out of documents (client-go: the universal deserializer).

use alloc::borrow::ToOwned;
use alloc::string::String;

use serde::de::{Deserialize, DeserializeOwned, Deserializer, Error};

use super::document::{Document, Value};
use super::field::{self, FieldError};
use super::set::{DuplicateObjectError, Objects, insert};
use super::{ObjectRef, Store};
use crate::api::{
    ConfigMap, LimitRange, Node, Pod, ReadWorkload, Secret, Service, Workload, WorkloadKind, wire,
};

/// A document does not hold the objects that it should.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ObjectError {
    /// A field of an object is missing, or is not what its type wants.
    #[error("{}{error}", prefix(object))]
    Field {
        /// The object, as far as it could be made out.
        object: ObjectRef,
        /// The field, and what is wrong with it.
        error: FieldError,
    },
    /// An object is defined twice.
    #[error(transparent)]
    Duplicate(#[from] DuplicateObjectError),
}

/// Nothing is known of what is no object.
fn prefix(object: &ObjectRef) -> String {
    if *object == ObjectRef::default() { String::new() } else { alloc::format!("{object}: ") }
}

impl Objects {
    /// Takes in the objects of a document: one object, or a list of them. An empty document
    /// (YAML's between two `---`) holds none; objects of kinds that do not matter to a
    /// container's environment end in [`ignored`](Objects::ignored).
    ///
    /// # Errors
    /// - The document is no object, or one without an `apiVersion` or a `kind`, or with one that is
    ///   longer than any is, 317 bytes.
    /// - An object that is not ignored has no name. A Pod may have none, and a Job that has a
    ///   `generateName`.
    /// - A field is not what its type wants: the error says which field of which object.
    /// - There are two objects of a kind with one name in one namespace, counting those that
    ///   were taken in before.
    ///
    /// Then nothing of the document was taken in.
    pub fn add(&mut self, document: Document<'_>) -> Result<(), ObjectError> {
        let mut read = Objects::default();
        if document.0 != Value::Null {
            read.add_object(document.0, None)?;
        }
        Ok(self.merge(read)?)
    }

    fn workloads_mut(&mut self, kind: WorkloadKind) -> &mut Store<Workload> {
        match kind {
            WorkloadKind::Deployment => &mut self.deployments,
            WorkloadKind::StatefulSet => &mut self.stateful_sets,
            WorkloadKind::DaemonSet => &mut self.daemon_sets,
            WorkloadKind::ReplicaSet => &mut self.replica_sets,
            WorkloadKind::Job => &mut self.jobs,
            WorkloadKind::CronJob => &mut self.cron_jobs,
        }
    }

    fn add_object(
        &mut self,
        value: Value<'_>,
        item_type: Option<&TypeMeta>,
    ) -> Result<(), ObjectError> {
        let object = object_ref(&value);
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
        if let Some(kind) = type_meta.workload_kind() {
            // A Job may have a `generateName` instead, and no name yet.
            let read = if kind == WorkloadKind::Job && has_generate_name(&value) {
                read_object(value, object)?
            } else {
                read_named(value, object)?
            };
            return Ok(insert(self.workloads_mut(kind), ReadWorkload::of_kind(read, kind))?);
        }
        if type_meta.is::<Service>() {
            insert(&mut self.services, read_named(value, object)?)?;
        } else if type_meta.is::<ConfigMap>() {
            insert(&mut self.config_maps, read_named(value, object)?)?;
        } else if type_meta.is::<Secret>() {
            insert(&mut self.secrets, read_named(value, object)?)?;
        } else if type_meta.is::<Pod>() {
            // It may have a `generateName` instead, and no name yet.
            insert(&mut self.pods, read_object(value, object)?)?;
        } else if type_meta.is::<Node>() {
            insert(&mut self.nodes, read_named(value, object)?)?;
        } else if type_meta.is::<LimitRange>() {
            insert(&mut self.limit_ranges, read_named(value, object)?)?;
        } else {
            self.ignored.push(object);
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
                    self.add_object(item, item_type).map_err(|error| match error {
                        ObjectError::Field { object, error } => {
                            ObjectError::Field { object, error: error.in_item(index) }
                        }
                        duplicate => duplicate,
                    })?;
                }
                Ok(())
            }
            Some((key, other)) => {
                let error = FieldError::of_kind(&other, "a list").at_key(key);
                Err(ObjectError::Field { object, error })
            }
        }
    }
}

/// Reads all objects of one document. An error's text is that of [`ObjectError`].
impl<'de> Deserialize<'de> for Objects {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let document = Document::deserialize(deserializer)?;
        let mut objects = Objects::default();
        objects.add(document).map_err(D::Error::custom)?;
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
    field::read(value).map_err(|error| ObjectError::Field { object, error })
}

/// What can be said of an object before it is read.
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

/// A group of 253 bytes, `/` and a version of 63: no API server knows a longer `apiVersion`, nor a
/// longer `kind`. A list's are also those of its items, each of which has a copy.
const LONGEST_TYPE: usize = 317;

/// `TypeMeta`: of which kind an object is.
#[derive(Clone)]
struct TypeMeta {
    api_version: String,
    kind: String,
}

impl TypeMeta {
    /// What the object says of itself, or else what its list says of its items.
    fn of(value: &Value<'_>, item_type: Option<&TypeMeta>) -> Result<Self, FieldError> {
        let Value::Map(_) = value else { return Err(FieldError::of_kind(value, "an object")) };
        let read = |key: &'static str, inherited: Option<&String>| match value.get(key) {
            Some(text) if text.as_str().is_some_and(|text| text.len() > LONGEST_TYPE) => {
                Err(FieldError::of_kind(text, "a string of at most 317 bytes").at_key(key))
            }
            Some(Value::Text(text)) if !text.is_empty() => Ok(text.clone().into_owned()),
            None | Some(Value::Null | Value::Text(_)) => {
                inherited.cloned().ok_or_else(|| FieldError::missing_field(key))
            }
            Some(other) => Err(FieldError::of_kind(other, "a string").at_key(key)),
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

    /// If this is called like a list: what its items are where they do not say so themselves.
    /// Those of a `v1` `List` do.
    fn item_type(&self) -> Option<Option<TypeMeta>> {
        let kind = self.kind.strip_suffix("List")?;
        let item_type = TypeMeta { api_version: self.api_version.clone(), kind: kind.to_owned() };
        Some((!kind.is_empty()).then_some(item_type))
    }
}
