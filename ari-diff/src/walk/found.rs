//! Operations where they stand in the declarations.

use super::Subject;
use crate::declared::Declared;
use ari_codegen::api::path_shape;
use ari_codegen::swagger;

/// An operation and where it is declared.
#[derive(Clone, Copy)]
pub(super) struct Found<'a> {
    pub(super) resource: &'a str,
    pub(super) path: &'a str,
    pub(super) operation: &'a swagger::Operation,
}

impl<'a> Found<'a> {
    pub(super) fn all(declared: &'a Declared) -> Vec<Self> {
        let mut found = Vec::new();
        for (resource, file) in &declared.resources {
            for api in &file.apis {
                let operations = api.operations.iter();
                found.extend(operations.map(|operation| Self { resource, path: &api.path, operation }));
            }
        }
        found
    }

    pub(super) fn line(&self) -> String {
        format!("{} {}", self.operation.http_method, self.path)
    }

    pub(super) fn subject(&self) -> Subject {
        Subject { context: Some(self.line()), ..Subject::of(self.resource, self.full_name()) }
    }

    pub(super) fn full_name(&self) -> String {
        format!("{}.{}", self.resource, self.operation.nickname)
    }

    pub(super) fn name(&self) -> (&'a str, &'a str) {
        (self.resource, &self.operation.nickname)
    }

    /// Method and path without the names of its parameters: how a server distinguishes operations.
    pub(super) fn route(&self) -> (&'a str, String) {
        (&self.operation.http_method, path_shape(self.path))
    }
}
