//! The user's jq filter.

use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use jaq_json::Val;

use crate::failure::Failure;

type Data = data::JustLut<Val>;

/// A compiled jq filter.
pub(crate) struct Filter(jaq_core::Filter<Data>);

impl Filter {
    /// Compiles an expression.
    pub(crate) fn new(expression: &str) -> Result<Self, Failure> {
        let definitions = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
        let functions = jaq_core::funs::<Data>().chain(jaq_std::funs()).chain(jaq_json::funs());
        let arena = Arena::default();
        let modules = Loader::new(definitions)
            .load(&arena, File { code: expression, path: () })
            .map_err(|errors| refused(expression, &errors))?;
        let compiled = Compiler::default().with_funs(functions).compile(modules);
        compiled.map(Self).map_err(|errors| refused(expression, &errors))
    }

    /// Its results for a value, each computed when it is asked for.
    pub(crate) fn run(&self, value: Val) -> impl Iterator<Item = Result<Val, Failure>> {
        let context = Ctx::<Data>::new(&self.0.lut, Vars::new([]));
        self.0
            .id
            .run((context, value))
            .map(unwrap_valr)
            .map(|result| result.map_err(|error| Failure::usage(format!("the jq filter failed: {error}"))))
    }
}

impl std::fmt::Debug for Filter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Filter")
    }
}

fn refused(expression: &str, errors: &impl std::fmt::Debug) -> Failure {
    Failure::usage(format!("`{expression}` is no jq filter: {errors:?}"))
}
