//! From the generated crate as data to its text. Nothing is chosen here.

mod availability;
mod events;
mod handles;
mod ids;
mod models;
mod operations;
mod print;
mod tokens;
mod values;

use proc_macro2::TokenStream;
use quote::quote;

use crate::availability::Availability;
use crate::problem::Problems;
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

/// The files of the generated crate, in the order of their paths.
///
/// # Errors
/// Text that is not Rust: a fault of the generator, told with the file.
pub fn emit(generated: &Crate, releases: &[Release], since: &Availability) -> Result<Vec<File>, Problems> {
    let mut parts: Vec<(String, TokenStream)> = vec![
        ("availability.rs".to_owned(), availability::availability(since)),
        ("events.rs".to_owned(), events::events(&generated.events)),
        ("handles.rs".to_owned(), handles::handles(&generated.handles)),
        ("ids.rs".to_owned(), ids::ids(&generated.ids)),
        ("mod.rs".to_owned(), root(releases)),
        ("models.rs".to_owned(), models::models(&generated.models)),
        ("operations/mod.rs".to_owned(), operations::root(&generated.modules)),
        ("values.rs".to_owned(), values::values(&generated.values)),
    ];
    for module in &generated.modules {
        let name = module.name.trim_start_matches("r#");
        parts.push((format!("operations/{name}.rs"), operations::module(module)));
    }
    parts.sort_by(|a, b| a.0.cmp(&b.0));
    let mut problems = Problems::default();
    let mut files = Vec::new();
    for (path, tokens) in parts {
        match print::text(tokens) {
            Ok(text) => files.push(File { path, text }),
            Err(error) => {
                problems.general(format!("generated {path} is not Rust: {error}; this is a fault of the generator"));
            }
        }
    }
    problems.or(files)
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
