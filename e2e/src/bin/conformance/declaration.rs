//! The declaration that the server serves at `/api-docs`, read without the generator's code.

use std::collections::{BTreeMap, BTreeSet};
use std::io;

use ari_e2e::best_fit;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// An operation.
#[derive(Debug, Clone)]
pub(crate) struct Operation {
    /// `channels.play`.
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    /// The type of the reply, such as `List[Channel]`.
    pub(crate) answer: String,
    pub(crate) errors: BTreeSet<u16>,
}

/// A member of a model.
#[derive(Debug, Clone)]
pub(crate) struct Property {
    pub(crate) ty: String,
    pub(crate) required: bool,
    pub(crate) values: Option<Vec<String>>,
}

/// Everything that the server declares.
#[derive(Debug, Default)]
pub(crate) struct Declaration {
    pub(crate) operations: Vec<Operation>,
    pub(crate) models: BTreeMap<String, BTreeMap<String, Property>>,
    parents: BTreeMap<String, String>,
}

impl Declaration {
    /// Reads the declaration of the server at this base URL.
    pub(crate) async fn read(url: &str, user: &str, password: &str) -> io::Result<Self> {
        let mut declaration = Self::default();
        let resources = get(url, "/api-docs/resources.json", user, password).await?;
        for api in list(&resources["apis"]) {
            let path = text(&api["path"]).replace("{format}", "json");
            declaration.add(&get(url, &path, user, password).await?);
        }
        declaration.operations.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(declaration)
    }

    fn add(&mut self, document: &Value) {
        let resource = text(&document["resourcePath"]).replace("/api-docs/", "").replace(".{format}", "");
        for api in list(&document["apis"]) {
            for operation in list(&api["operations"]) {
                let codes = list(&operation["errorResponses"]).map(|error| text(&error["code"]));
                self.operations.push(Operation {
                    name: format!("{resource}.{}", text(&operation["nickname"])),
                    method: text(&operation["httpMethod"]),
                    path: text(&api["path"]),
                    answer: text(&operation["responseClass"]),
                    errors: codes.filter_map(|code| code.parse().ok()).collect(),
                });
            }
        }
        for (name, model) in document["models"].as_object().into_iter().flatten() {
            for sub in list(&model["subTypes"]) {
                self.parents.insert(text(sub), name.clone());
            }
            let properties = model["properties"].as_object().into_iter().flatten();
            let properties = properties.map(|(name, property)| (name.clone(), Property::of(property)));
            self.models.insert(name.clone(), properties.collect());
        }
    }

    /// The types of events, without the base types.
    pub(crate) fn events(&self) -> BTreeSet<&str> {
        let parents: BTreeSet<&str> = self.parents.values().map(String::as_str).collect();
        self.parents.keys().map(String::as_str).filter(|name| !parents.contains(name)).collect()
    }

    /// The properties of a model and its ancestors, each with the model that declares it.
    pub(crate) fn properties<'a>(&'a self, model: &'a str) -> BTreeMap<&'a str, (&'a str, &'a Property)> {
        let chain = std::iter::successors(Some(model), |name| self.parents.get(*name).map(String::as_str));
        let each = chain.flat_map(|owner| {
            let properties = self.models.get(owner).into_iter().flatten();
            properties.map(move |(name, property)| (name.as_str(), (owner, property)))
        });
        each.collect()
    }

    pub(crate) fn has(&self, operation: &str) -> bool {
        self.operations.iter().any(|it| it.name == operation)
    }

    /// The operation that matches a request.
    pub(crate) fn find(&self, method: &str, path: &str) -> Option<&Operation> {
        let path = path.split('?').next()?;
        best_fit(self.operations.iter().filter(|it| it.method == method), |it| &it.path, path)
    }
}

impl Property {
    fn of(property: &Value) -> Self {
        let values = property["allowableValues"]["values"].as_array();
        Self {
            ty: text(&property["type"]),
            required: property["required"] == true,
            values: values.map(|values| values.iter().map(text).collect()),
        }
    }
}

fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

/// The text of a string or a number: some codes are quoted, most are not.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Fetches a document without the bindings.
async fn get(url: &str, path: &str, user: &str, password: &str) -> io::Result<Value> {
    let rest = url.trim_start_matches("http://");
    let (server, prefix) = rest.split_once('/').unwrap_or((rest, ""));
    let mut stream = TcpStream::connect(server).await?;
    let request = format!(
        "GET /{prefix}{path}?api_key={user}:{password} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await?;
    let body = reply.split_once("\r\n\r\n").map_or("", |(_, body)| body);
    serde_json::from_str(body).map_err(|error| io::Error::other(format!("{path}: {error}: {reply:.200}")))
}
