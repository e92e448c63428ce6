use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use ari_bindings::SUPPORTED_RELEASES;
use serde_json::Value;

/// An operation as Asterisk declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Declared {
    /// The HTTP method.
    pub(crate) method: String,
    /// The path, with `{name}` for each parameter.
    pub(crate) path: String,
    /// The names of the parameters in the path.
    pub(crate) in_path: BTreeSet<String>,
    /// The names of the parameters in the query.
    pub(crate) in_query: BTreeSet<String>,
    /// The names of the parameters in the body.
    pub(crate) in_body: BTreeSet<String>,
}

/// All operations that the supported releases declare in `api-docs/`, with the parameters of all of them, by resource
/// and name. They are read without the generator's code, as an independent check.
///
pub(crate) fn declared_operations() -> BTreeMap<(String, String), Declared> {
    let mut operations = BTreeMap::new();
    for release in SUPPORTED_RELEASES {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../api-docs").join(release);
        let files = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
        for file in files {
            let path = file.expect("a readable folder").path();
            let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let document: Value =
                serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            let resource = path.file_stem().and_then(|stem| stem.to_str()).expect("a plain name");
            if resource != "resources" {
                read(resource, &document, &mut operations);
            }
        }
    }
    operations
}

fn read(resource: &str, document: &Value, operations: &mut BTreeMap<(String, String), Declared>) {
    for api in list(document, "apis") {
        for operation in list(api, "operations") {
            let (method, path) = (text(operation, "httpMethod"), text(api, "path"));
            let declared =
                operations.entry((resource.to_owned(), text(operation, "nickname"))).or_insert_with(|| Declared {
                    method: method.clone(),
                    path: path.clone(),
                    in_path: BTreeSet::new(),
                    in_query: BTreeSet::new(),
                    in_body: BTreeSet::new(),
                });
            assert_eq!((&declared.method, &declared.path), (&method, &path), "it differs between the releases");
            for parameter in list(operation, "parameters") {
                let names = match text(parameter, "paramType").as_str() {
                    "path" => &mut declared.in_path,
                    "query" => &mut declared.in_query,
                    "body" => &mut declared.in_body,
                    other => panic!("a parameter in {other}"),
                };
                names.insert(text(parameter, "name"));
            }
        }
    }
}

fn list<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value[key].as_array().into_iter().flatten()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap_or_else(|| panic!("no {key}: {value}")).to_owned()
}
