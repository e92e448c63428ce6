//! The pages, each as one file.

mod compare;
mod fields;
mod highlight;
mod history;
mod index;
mod layout;
mod model;
mod operation;
mod parts;
mod servers;

use ari_codegen::emit::File;

use crate::file;
use crate::site::{Site, model_page, operation_page};

pub(crate) fn pages(site: &Site<'_>) -> Vec<File> {
    let mut files = vec![
        file("index.html", index::page(site)),
        file("servers.html", servers::page(site)),
        file("history.html", history::page(site)),
    ];
    files.extend(site.api.operations().map(|it| file(&operation_page(it), operation::page(site, it))));
    files.extend(site.api.models.values().map(|it| file(&model_page(it, site), model::page(site, it))));
    files.extend(compare::pages(site));
    files
}
