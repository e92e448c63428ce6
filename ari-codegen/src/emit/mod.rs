//! From the generated crate as data to its text. Nothing is chosen here.

mod availability;
mod events;
mod handles;
mod ids;
mod imports;
mod layout;
mod models;
mod operations;
mod print;
mod reference;
mod surface;
mod tokens;
mod values;

use proc_macro2::TokenStream;
use quote::quote;
use rayon::prelude::*;

use crate::diagnostic::Diagnostics;
use crate::release::Release;
use crate::rust::Crate;

/// A generated file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its path under the folder of generated code, with `/`.
    pub path: String,
    /// Its text.
    pub text: String,
}

/// What makes the code of a file: tokens cannot leave their thread, so they are made where they are printed.
type Part<'a> = Box<dyn Fn() -> TokenStream + Send + 'a>;

/// The files of the bindings, in the order of their paths.
///
/// # Errors
/// Text that is not Rust: a bug of the generator, reported with the file.
pub fn emit(generated: &Crate, releases: &[Release]) -> Result<Vec<File>, Diagnostics> {
    let mut parts: Vec<(String, Part<'_>)> = vec![
        ("availability.rs".to_owned(), Box::new(|| availability::availability(&generated.availability))),
        ("events.rs".to_owned(), Box::new(|| events::events(&generated.events))),
        ("handles.rs".to_owned(), Box::new(|| handles::handles(&generated.handles))),
        ("ids.rs".to_owned(), Box::new(|| ids::ids(&generated.ids))),
        ("mod.rs".to_owned(), Box::new(|| root(releases))),
        ("models.rs".to_owned(), Box::new(|| models::models(&generated.models))),
        ("operations/mod.rs".to_owned(), Box::new(|| operations::root(&generated.modules))),
        ("values.rs".to_owned(), Box::new(|| values::values(&generated.values))),
    ];
    for module in &generated.modules {
        let name = module.name.trim_start_matches("r#");
        parts.push((format!("operations/{name}.rs"), Box::new(|| operations::module(module))));
    }
    parts.sort_by(|a, b| a.0.cmp(&b.0));
    print_all(parts)
}

/// The files of the fake server: the operations as a server reads them.
///
/// # Errors
/// Text that is not Rust: a bug of the generator, reported with the file.
pub fn emit_surface(generated: &Crate) -> Result<Vec<File>, Diagnostics> {
    print_all(vec![
        ("mod.rs".to_owned(), Box::new(surface::root)),
        ("surface.rs".to_owned(), Box::new(|| surface::surface(&generated.surface))),
    ])
}

/// The files of the command line: what it offers and explains.
///
/// # Errors
/// Text that is not Rust: a bug of the generator, reported with the file.
pub fn emit_reference(generated: &Crate) -> Result<Vec<File>, Diagnostics> {
    print_all(vec![
        ("mod.rs".to_owned(), Box::new(reference::root)),
        ("models.rs".to_owned(), Box::new(|| reference::models(&generated.reference))),
        ("resources.rs".to_owned(), Box::new(|| reference::resources(&generated.reference))),
    ])
}

fn print_all(parts: Vec<(String, Part<'_>)>) -> Result<Vec<File>, Diagnostics> {
    let printed: Vec<_> = parts.into_par_iter().map(|(path, tokens)| (print::text(tokens()), path)).collect();
    let mut diagnostics = Diagnostics::default();
    let mut files = Vec::new();
    for (text, path) in printed {
        match text {
            Ok(text) => files.push(File { path, text }),
            Err(error) => {
                diagnostics.general(format!("generated {path} is not Rust: {error}; this is a fault of the generator"));
            }
        }
    }
    diagnostics.or(files)
}

fn root(releases: &[Release]) -> TokenStream {
    let releases = releases.iter().map(ToString::to_string);
    let needs_client = operations::needs_client();
    quote! {
        //! Everything that is generated from the API declarations.

        pub(crate) mod availability;
        pub mod events;
        #needs_client
        pub mod handles;
        pub mod ids;
        pub mod models;
        pub mod operations;
        pub mod values;

        /// The releases of Asterisk that the bindings were generated from.
        pub const SUPPORTED_RELEASES: &[&str] = &[#(#releases),*];
    }
}
