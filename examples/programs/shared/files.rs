//! Objects read from files and directories.

use std::collections::BTreeMap;
use std::error::Error;
use std::ffi::OsString;
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
    /// All objects, the first one of each name. ConfigMaps and Secrets in conflict are left out.
    pub(crate) objects: Rc<Objects>,
    /// The objects by file.
    pub(crate) parts: Vec<Part>,
    conflicts: Conflicts,
}

/// The objects of a file, or of all files if every object is defined once.
#[derive(Default)]
pub(crate) struct Part {
    pub(crate) file: PathBuf,
    /// The names of the directories of the file.
    directories: Vec<OsString>,
    pub(crate) objects: Objects,
    /// The source location of each object, for error messages.
    origins: BTreeMap<ObjectRef, String>,
}

impl Part {
    fn of_file(file: &Path) -> Self {
        let directory = file.parent().unwrap_or(Path::new(""));
        Part {
            file: file.to_owned(),
            directories: directory.iter().map(ToOwned::to_owned).collect(),
            ..Part::default()
        }
    }

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
        let mut objects = Objects::default();
        // The first one of a name wins.
        for part in parts.iter().rev() {
            objects.apply(part.objects.clone());
        }
        let conflicts = Conflicts::among(&parts);
        conflicts.settle(&parts, None, &mut objects);
        conflicts.report(&parts);
        Files { objects: Rc::new(objects), parts, conflicts }
    }

    /// Returns the objects as a Pod or workload of this part sees them. Of several with one name it
    /// sees the nearest: that of its own file, then of its directory, then of the directory above.
    pub(crate) fn seen_from(&self, part: &Part) -> Rc<Objects> {
        if self.conflicts.is_empty() {
            return Rc::clone(&self.objects);
        }
        let mut objects = Objects::clone(&self.objects);
        self.conflicts.settle(&self.parts, Some(part), &mut objects);
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

/// Objects of one name that differ between parts.
struct Conflicts {
    services: Vec<Conflict>,
    config_maps: Vec<Conflict>,
    secrets: Vec<Conflict>,
}

struct Conflict {
    object: ObjectRef,
    /// The indexes of the parts that define the object.
    parts: Vec<usize>,
}

impl Conflicts {
    fn among(parts: &[Part]) -> Self {
        Conflicts {
            services: Conflict::all(parts, |objects| &objects.services),
            config_maps: Conflict::all(parts, |objects| &objects.config_maps),
            secrets: Conflict::all(parts, |objects| &objects.secrets),
        }
    }

    fn is_empty(&self) -> bool {
        self.all().next().is_none()
    }

    fn all(&self) -> impl Iterator<Item = &Conflict> {
        self.services.iter().chain(&self.config_maps).chain(&self.secrets)
    }

    /// Replaces the objects in conflict by those that are nearest to `part`. ConfigMaps and Secrets
    /// are removed if the nearest ones differ, because their values are not known.
    fn settle(&self, parts: &[Part], part: Option<&Part>, objects: &mut Objects) {
        for conflict in &self.services {
            let nearest = conflict.nearest(parts, part, |objects| &objects.services);
            objects.services.extend(nearest.first().copied().cloned());
        }
        fn settle<T: Object + PartialEq + Clone>(nearest: &[&T], store: &mut Store<T>) {
            let Some((&first, others)) = nearest.split_first() else { return };
            if others.iter().all(|&other| other == first) {
                store.apply(first.clone());
            } else {
                store.delete(first);
            }
        }
        for conflict in &self.config_maps {
            let nearest = conflict.nearest(parts, part, |objects| &objects.config_maps);
            settle(&nearest, &mut objects.config_maps);
        }
        for conflict in &self.secrets {
            let nearest = conflict.nearest(parts, part, |objects| &objects.secrets);
            settle(&nearest, &mut objects.secrets);
        }
    }

    fn report(&self, parts: &[Part]) {
        for Conflict { object, parts: indexes } in self.all() {
            let origins: Vec<&str> =
                indexes.iter().map(|&index| parts[index].origin(object)).collect();
            let (first, others) = (origins[0], origins.len() - 1);
            eprintln!(
                "note: {object} of {first} has {others} other {}: containers see the nearest one",
                if others == 1 { "definition that differs" } else { "definitions that differ" }
            );
        }
    }
}

impl Conflict {
    fn all<T: Object + PartialEq>(parts: &[Part], store: fn(&Objects) -> &Store<T>) -> Vec<Self> {
        let mut by_name: BTreeMap<(&str, &str), Vec<(usize, &T)>> = BTreeMap::new();
        for (index, part) in parts.iter().enumerate() {
            for object in store(&part.objects) {
                let name = (object.namespace(), object.name());
                by_name.entry(name).or_default().push((index, object));
            }
        }
        let differ = |defined: &&Vec<(usize, &T)>| {
            defined.iter().any(|(_, object)| Some(*object) != defined.first().map(|first| first.1))
        };
        by_name
            .values()
            .filter(differ)
            .map(|defined| Conflict {
                object: ObjectRef::of(defined[0].1),
                parts: defined.iter().map(|&(index, _)| index).collect(),
            })
            .collect()
    }

    /// Returns the definitions of the object that are nearest to `part`, or all of them.
    fn nearest<'p, T: Object>(
        &self,
        parts: &'p [Part],
        part: Option<&Part>,
        store: fn(&Objects) -> &Store<T>,
    ) -> Vec<&'p T> {
        let nearness = |other: &Part| part.map_or(0, |part| nearness(other, part));
        let defining = self.parts.iter().map(|&index| &parts[index]);
        let defining: Vec<(usize, &Part)> =
            defining.map(|other| (nearness(other), other)).collect();
        let nearest = defining.iter().map(|&(nearness, _)| nearness).max();
        let ObjectRef { namespace, name, .. } = &self.object;
        defining
            .into_iter()
            .filter(|&(nearness, _)| Some(nearness) == nearest)
            .filter_map(|(_, other)| store(&other.objects).in_namespace(namespace).get(name))
            .collect()
    }
}

/// Returns how many directories the files of two parts share. A part is nearest to itself.
fn nearness(other: &Part, part: &Part) -> usize {
    if std::ptr::eq(other, part) {
        return usize::MAX;
    }
    if other.file == part.file {
        return usize::MAX - 1;
    }
    let both = other.directories.iter().zip(&part.directories);
    both.take_while(|(other, part)| other == part).count()
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
            self.parts.push(Part::of_file(path));
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
            let next = Part { objects, origins: origins.collect(), ..Part::of_file(&part.file) };
            self.parts.push(next);
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
