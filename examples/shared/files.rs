//! Objects read from files and directories.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt::Display;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use kubelet_env::api::Object;
use kubelet_env::objects::{DocumentLimits, Owner};
use kubelet_env::{Document, ObjectError, ObjectRef, Objects, Store};
use serde::de::DeserializeSeed;

use super::yaml_1_1;

/// The objects of all files.
pub(crate) struct Files {
    /// All objects. Of several with one name, this has the first one. ConfigMaps and Secrets of which
    /// there are several are left out.
    pub(crate) objects: Rc<Objects>,
    /// The objects by file.
    pub(crate) parts: Vec<Part>,
    /// True if objects of different files have the same name.
    has_conflicts: bool,
}

/// The objects of a file, or of all files if every object is defined once.
#[derive(Default)]
pub(crate) struct Part {
    pub(crate) file: PathBuf,
    pub(crate) objects: Objects,
    /// The source location of each object, for error messages.
    origins: BTreeMap<ObjectRef, String>,
}

impl Part {
    /// Prefixes an error with the location of the object.
    pub(crate) fn at_origin(&self, object: &ObjectRef, error: &dyn Display) -> String {
        match self.origins.get(object) {
            Some(origin) => format!("{origin}: {error}"),
            None => error.to_string(),
        }
    }

    pub(crate) fn origin(&self, object: &ObjectRef) -> &str {
        self.origins.get(object).map_or("", String::as_str)
    }
}

impl Files {
    /// Reads the objects of files. Objects without a namespace are in `namespace`.
    ///
    /// What holds no Kubernetes object is skipped with a note on standard error. If `is_strict`, it is
    /// an error, and so are two objects of one name.
    pub(crate) fn read(
        files: &[String],
        namespace: &str,
        is_strict: bool,
    ) -> Result<Self, Box<dyn Error>> {
        let mut reader =
            Reader { namespace, is_strict, parts: vec![Part::default()], skipped: Vec::new() };
        for file in files {
            for path in paths(file)? {
                reader.read(&path)?;
            }
        }
        let Reader { parts, skipped, .. } = reader;
        let is_empty = parts.iter().all(|part| part.objects == Objects::default());
        if let ([Skipped { text, .. }], true) = (skipped.as_slice(), is_empty) {
            return Err(text.as_str().into());
        }
        for Skipped { level, text } in &skipped {
            eprintln!("{level}: {text}: skipped");
        }
        if is_empty && !skipped.is_empty() {
            return Err("these files hold no Kubernetes object".into());
        }
        Ok(Files::of(parts))
    }

    fn of(parts: Vec<Part>) -> Self {
        for conflict in conflicts(&parts) {
            eprintln!("note: {conflict}");
        }
        let has_conflicts = {
            let all: usize = parts.iter().map(|part| part.origins.len()).sum();
            let distinct: BTreeSet<&ObjectRef> =
                parts.iter().flat_map(|part| part.origins.keys()).collect();
            all > distinct.len()
        };
        let objects = union(&parts.iter().collect::<Vec<_>>());
        Files { objects: Rc::new(objects), parts, has_conflicts }
    }

    /// Returns the objects as a Pod or workload of this part sees them: those of its own file win over
    /// those of its directory, and these over all others.
    pub(crate) fn seen_from(&self, part: &Part) -> Rc<Objects> {
        if !self.has_conflicts {
            return Rc::clone(&self.objects);
        }
        let mut objects = Objects::clone(&self.objects);
        let is_near = |other: &&Part| other.file.parent() == part.file.parent();
        objects.apply(union(&self.parts.iter().filter(is_near).collect::<Vec<_>>()));
        objects.apply(part.objects.clone());
        Rc::new(objects)
    }

    /// Returns the Pods and workloads of all namespaces with their parts.
    pub(crate) fn owners(&self) -> impl Iterator<Item = (&Part, Owner<'_>)> {
        self.parts.iter().flat_map(|part| part.objects.owners().map(move |owner| (part, owner)))
    }

    /// Prefixes an error with the location of the object.
    pub(crate) fn at_origin(&self, object: &ObjectRef, error: &dyn Display) -> String {
        match self.parts.iter().find(|part| part.origins.contains_key(object)) {
            Some(part) => part.at_origin(object, error),
            None => error.to_string(),
        }
    }
}

/// Returns all objects, the first one of each name. ConfigMaps and Secrets of which there are several
/// that differ are left out, because their values are not known.
fn union(parts: &[&Part]) -> Objects {
    let mut objects = Objects::default();
    for part in parts.iter().rev() {
        objects.apply(part.objects.clone());
    }
    remove_conflicts(&mut objects.config_maps, parts, |objects| &objects.config_maps);
    remove_conflicts(&mut objects.secrets, parts, |objects| &objects.secrets);
    objects
}

/// Removes the objects of which there are several that differ.
fn remove_conflicts<T: Object + PartialEq + Clone>(
    all: &mut Store<T>,
    parts: &[&Part],
    store: fn(&Objects) -> &Store<T>,
) {
    for object in parts.iter().flat_map(|part| store(&part.objects)) {
        let first = all.in_namespace(object.namespace()).get(object.name());
        if first.is_some_and(|first| first != object) {
            all.delete(object);
        }
    }
}

/// Returns a text for each Service, ConfigMap and Secret of which there are several that differ.
fn conflicts(parts: &[Part]) -> Vec<String> {
    fn of<T: Object + PartialEq>(
        parts: &[Part],
        store: fn(&Objects) -> &Store<T>,
        texts: &mut Vec<String>,
    ) {
        let mut first: BTreeMap<ObjectRef, (&Part, &T)> = BTreeMap::new();
        let mut reported = BTreeSet::new();
        for part in parts {
            for object in store(&part.objects) {
                let name = ObjectRef::of(object);
                let (first_part, first_object) =
                    *first.entry(name.clone()).or_insert((part, object));
                if first_object != object && reported.insert(name.clone()) {
                    texts.push(format!(
                        "{name} is defined by {} and differs in {}: containers see the one next to them",
                        first_part.origin(&name),
                        part.origin(&name)
                    ));
                }
            }
        }
    }
    let mut texts = Vec::new();
    of(parts, |objects| &objects.services, &mut texts);
    of(parts, |objects| &objects.config_maps, &mut texts);
    of(parts, |objects| &objects.secrets, &mut texts);
    texts
}

/// Returns a file itself, or the manifests below a directory.
fn paths(file: &str) -> Result<Vec<PathBuf>, String> {
    let path = Path::new(file);
    if file == "-" || !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut found = Vec::new();
    add_manifests(path, &mut found).map_err(|error| format!("{file}: {error}"))?;
    if found.is_empty() {
        return Err(format!("{file}: no file below it ends in .yaml, .yml or .json"));
    }
    Ok(found)
}

/// Adds the manifests below a directory in the order of their names. Hidden files are left out.
fn add_manifests(directory: &Path, found: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries = fs::read_dir(directory)?.collect::<io::Result<Vec<_>>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let is_hidden = entry.file_name().as_encoded_bytes().starts_with(b".");
        // The file type is that of a symbolic link itself, which could lead back.
        if is_hidden {
        } else if entry.file_type()?.is_dir() {
            add_manifests(&path, found)?;
        } else if path.is_file() && is_manifest(&path) {
            found.push(path);
        }
    }
    Ok(())
}

/// Reports whether the name of a file is that of a manifest.
pub(crate) fn is_manifest(path: &Path) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    matches!(extension, Some("yaml" | "yml" | "json"))
}

struct Skipped {
    /// `note` for what is no Kubernetes object, otherwise `warning`.
    level: &'static str,
    text: String,
}

struct Reader<'n> {
    namespace: &'n str,
    is_strict: bool,
    /// The parts so far. The last one is being read.
    parts: Vec<Part>,
    /// The files and documents that were skipped, with the reasons.
    skipped: Vec<Skipped>,
}

impl Reader<'_> {
    fn read(&mut self, path: &Path) -> Result<(), Box<dyn Error>> {
        let file = if path == Path::new("-") {
            "standard input".to_owned()
        } else {
            path.display().to_string()
        };
        let bytes = match file.as_str() {
            "standard input" => io::read_to_string(io::stdin()).map(String::into_bytes),
            _ => fs::read(path),
        };
        let bytes = bytes.map_err(|error| format!("{file}: {error}"))?;
        if !self.is_strict {
            self.parts.push(Part { file: path.to_owned(), ..Part::default() });
        }
        let Ok(text) = String::from_utf8(bytes) else {
            return self.skip("note", &file, &"not UTF-8");
        };
        // Editors of Windows write a byte order mark.
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        if text.trim_start().starts_with('{') && !text.trim_start().starts_with("{{") {
            self.read_json(&file, text)
        } else {
            self.read_yaml(&file, text)
        }
    }

    /// Skips a file or a document. It is an error if the reader is strict.
    fn skip(
        &mut self,
        level: &'static str,
        origin: &str,
        reason: &dyn Display,
    ) -> Result<(), Box<dyn Error>> {
        let text = format!("{origin}: {reason}");
        if self.is_strict {
            return Err(text.into());
        }
        self.skipped.push(Skipped { level, text });
        Ok(())
    }

    /// Reads documents of JSON one by one, so that only one is held at a time.
    fn read_json(&mut self, file: &str, text: &str) -> Result<(), Box<dyn Error>> {
        let limits = limits(text);
        let mut parser = serde_json::Deserializer::from_str(text);
        for number in 1.. {
            let document = match limits.deserialize(&mut parser) {
                Ok(document) => document,
                // A map of YAML in one line starts with a brace as well.
                Err(_) if number == 1 && !self.is_strict => return self.read_yaml(file, text),
                Err(error) => return self.skip("warning", file, &format!("not JSON: {error}")),
            };
            let is_last = parser.end().is_ok();
            self.add(document, &origin(file, number, number == 1 && is_last), text, &[])?;
            if is_last {
                break;
            }
        }
        Ok(())
    }

    fn read_yaml(&mut self, file: &str, text: &str) -> Result<(), Box<dyn Error>> {
        if let Err(error) = check_nesting(text) {
            return self.skip("warning", file, &format!("not YAML: {error}"));
        }
        if self.is_strict {
            yaml_1_1::check(text).map_err(|error| format!("{file}: {error}"))?;
        }
        let limits = limits(text);
        let documents = documents(text);
        for (number, &(first_line, document)) in (1..).zip(&documents) {
            let origin = origin(file, number, documents.len() == 1);
            let (converted, notes) = yaml_1_1::to_yaml_1_2(document, first_line + 1);
            let parsers = yaml_serde::Deserializer::from_str(&converted);
            let read: Result<Vec<Document>, _> =
                parsers.map(|parser| limits.deserialize(parser)).collect();
            match read {
                Ok(read) => {
                    for read in read {
                        self.add(read, &origin, document, &notes)?;
                    }
                }
                Err(_) if document.contains("{{") && !self.is_strict => {
                    self.skip("note", &origin, &"a template")?;
                }
                Err(_) => {
                    // Once more with the lines before it, for their numbers.
                    let whole = "\n".repeat(first_line) + &converted;
                    let mut parsers = yaml_serde::Deserializer::from_str(&whole);
                    let error = parsers.find_map(|parser| limits.deserialize(parser).err());
                    let error = error.map(|error| error.to_string()).unwrap_or_default();
                    self.skip("warning", file, &format!("not YAML: {error}"))?;
                }
            }
        }
        Ok(())
    }

    /// Adds the objects of a document. `text` is its source, and `notes` are about keys in it.
    fn add(
        &mut self,
        document: Document,
        origin: &str,
        text: &str,
        notes: &[String],
    ) -> Result<(), Box<dyn Error>> {
        let mut objects = Objects::default();
        match objects.add_to_namespace(self.namespace, document) {
            Ok(()) => {}
            Err(error) if self.is_strict => return Err(format!("{origin}: {error}").into()),
            Err(error) if is_no_object(&error) => {
                return self.skip("note", origin, &"no Kubernetes object");
            }
            Err(_) if text.contains("{{") => return self.skip("note", origin, &"a template"),
            Err(error) => return self.skip("warning", origin, &error),
        }
        // Other keys are fields, which the notes are not about.
        if !objects.config_maps.is_empty() || !objects.secrets.is_empty() {
            for note in notes {
                eprintln!("note: {origin}: {note}");
            }
        }
        let refs = refs(&objects);
        let Some(part) = self.parts.last_mut() else { return Ok(()) };
        if self.is_strict {
            part.objects.merge(objects).map_err(|error| format!("{origin}: {error}"))?;
            part.origins.extend(refs.into_iter().map(|object| (object, origin.to_owned())));
            return Ok(());
        }
        let is_defined_before = refs.iter().any(|object| part.origins.contains_key(object));
        let origins = refs.into_iter().map(|object| (object, origin.to_owned()));
        if is_defined_before {
            let file = part.file.clone();
            self.parts.push(Part { file, objects, origins: origins.collect() });
        } else {
            part.objects.apply(objects);
            part.origins.extend(origins);
        }
        Ok(())
    }
}

/// Reports whether a document is something else than a Kubernetes object.
fn is_no_object(error: &ObjectError) -> bool {
    let ObjectError::Field { error, .. } = error else { return false };
    ["", "kind", "apiVersion"].contains(&error.path().to_string().as_str())
}

/// Only aliases make a document larger. An empty text of YAML is one `null`.
fn limits(text: &str) -> DocumentLimits {
    DocumentLimits { size: 32 * text.len().max(1), ..DocumentLimits::default() }
}

/// Splits YAML at lines that start with `---`, as `kubectl` does. Each document comes with the number
/// of lines before it.
fn documents(text: &str) -> Vec<(usize, &str)> {
    let mut documents = Vec::new();
    let (mut start, mut first_line, mut offset) = (0, 0, 0);
    let mut has_content = false;
    for (number, line) in text.split_inclusive('\n').enumerate() {
        let content = line.trim_end();
        let starts_document = content == "---" || line.starts_with("--- ");
        if starts_document && has_content {
            documents.push((first_line, &text[start..offset]));
            (start, first_line) = (offset, number);
        }
        // Comments and directives before a document belong to it.
        has_content |= starts_document || !(content.is_empty() || content.starts_with(['#', '%']));
        offset += line.len();
    }
    documents.push((first_line, &text[start..]));
    documents
}

fn origin(file: &str, number: usize, is_only: bool) -> String {
    if is_only { file.to_owned() } else { format!("{file}: document {number}") }
}

/// Returns references to the objects.
fn refs(objects: &Objects) -> Vec<ObjectRef> {
    fn of<T: Object>(store: &Store<T>) -> impl Iterator<Item = ObjectRef> {
        store.iter().map(ObjectRef::of)
    }
    let owners = objects.owners().map(Owner::object);
    of(&objects.services)
        .chain(of(&objects.config_maps))
        .chain(of(&objects.secrets))
        .chain(of(&objects.nodes))
        .chain(of(&objects.limit_ranges))
        .chain(owners)
        .collect()
}

/// The maximum number of unclosed brackets in YAML.
const YAML_NESTING: usize = 500;

/// Rejects YAML with many unclosed brackets. The parser needs time proportional to length × nesting
/// before it reaches a limit of its own. Brackets in texts and comments count too, because most of
/// them are closed.
fn check_nesting(text: &str) -> Result<(), String> {
    let mut depth = 0_usize;
    for byte in text.bytes() {
        match byte {
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > YAML_NESTING {
            return Err(format!("more than {YAML_NESTING} brackets are not closed"));
        }
    }
    Ok(())
}
