//! From method and path to an operation, by the tree that Asterisk builds from the paths of its declarations.

use ari_bindings::Release;

use super::decode::decode;
use super::table::Operation;
use crate::exchange::{RawRequest, Reply};
use crate::generated::surface::OPERATIONS;

/// The order in which Asterisk lists methods.
const METHODS: [&str; 4] = ["GET", "POST", "PUT", "DELETE"];

/// The values of the parameters of a path, by name.
pub(super) type PathArguments = Vec<(&'static str, String)>;

/// The tree of paths.
#[derive(Debug)]
pub(super) struct Routes {
    root: Node,
}

#[derive(Debug, Default)]
struct Node {
    /// A literal segment, or the name of a parameter.
    segment: &'static str,
    is_parameter: bool,
    children: Vec<Node>,
    operations: Vec<&'static Operation>,
}

impl Routes {
    pub(super) fn of(release: Release, absent_modules: &[String]) -> Self {
        let mut root = Node::default();
        let is_loaded = |it: &&Operation| !it.modules.iter().any(|module| absent_modules.iter().any(|it| it == module));
        for operation in OPERATIONS.iter().filter(|it| it.is_in(release)).filter(is_loaded) {
            root.add(operation.path.trim_start_matches('/'), operation);
        }
        Self { root }
    }

    /// The operation that a request calls and what its path contains, or the reply of the routing.
    pub(super) fn find(&self, request: &RawRequest) -> Result<(&'static Operation, PathArguments), Reply> {
        let path = request.path.strip_prefix('/').unwrap_or(&request.path);
        let method = request.method.as_str();
        if let Some(slashless) = path.strip_suffix('/') {
            let message = format!("ARI URLs do not end with a slash. Try /ari/{slashless}");
            return Err(Reply::message(404, message));
        }
        if path.starts_with("api-docs/") && method != "GET" {
            return Err(Reply::message(405, "Unsupported method"));
        }
        let (node, arguments) = self.node(path).ok_or_else(|| Reply::message(404, "Resource not found"))?;
        if method == "OPTIONS" {
            return Err(Reply { allow: Some(node.allowed()), ..Reply::empty(204) });
        }
        match node.operations.iter().find(|operation| operation.method == method) {
            Some(operation) => Ok((operation, arguments)),
            None => Err(Reply { allow: Some(node.allowed()), ..Reply::message(405, "Invalid method") }),
        }
    }

    /// Walks down the tree. An empty segment ends the path.
    ///
    /// Asterisk does not forget the parameter that it passed by for a literal segment beside it: the parameter takes the
    /// next segment that nothing else takes, but keeps the value of the earlier one.
    fn node(&self, path: &str) -> Option<(&Node, PathArguments)> {
        let (mut node, mut arguments, mut passed_by) = (&self.root, PathArguments::new(), None);
        for segment in path.split('/').take_while(|segment| !segment.is_empty()) {
            let segment = decode(segment);
            let mut found = None;
            for child in &node.children {
                if child.is_parameter {
                    arguments.push((child.segment, segment.clone()));
                    passed_by = Some(child);
                } else if child.segment == segment {
                    found = Some(child);
                    break;
                }
            }
            node = found.or_else(|| passed_by.take())?;
        }
        // Where two levels have a parameter of the same name, the deeper one was recorded last.
        arguments.reverse();
        Some((node, arguments))
    }
}

impl Node {
    fn add(&mut self, path: &'static str, operation: &'static Operation) {
        if path.is_empty() {
            self.operations.push(operation);
            return;
        }
        let (segment, rest) = path.split_once('/').unwrap_or((path, ""));
        let parameter = segment.strip_prefix('{').and_then(|segment| segment.strip_suffix('}'));
        let (segment, is_parameter) = (parameter.unwrap_or(segment), parameter.is_some());
        let known = self.children.iter().position(|it| it.segment == segment && it.is_parameter == is_parameter);
        let position = known.unwrap_or_else(|| {
            self.children.push(Node { segment, is_parameter, ..Node::default() });
            self.children.len() - 1
        });
        self.children[position].add(rest, operation);
    }

    /// The header `Allow`. The event connection is not among the methods.
    fn allowed(&self) -> Box<str> {
        let has = |method: &&&str| {
            let mut plain = self.operations.iter().filter(|it| !it.opens_events);
            plain.any(|it| it.method == **method)
        };
        let methods: Vec<&str> = std::iter::once("OPTIONS").chain(METHODS.iter().filter(has).copied()).collect();
        methods.join(",").into()
    }
}
