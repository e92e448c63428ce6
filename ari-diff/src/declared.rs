//! The declarations of a release as the comparison takes them: as written, checked, and indexed.

use std::collections::{BTreeMap, BTreeSet};

use ari_codegen::Diagnostics;
use ari_codegen::Release;
use ari_codegen::Source;
use ari_codegen::api::{self, Api};
use ari_codegen::swagger::{self, Listing, Resource};

/// The declarations of one release.
#[derive(Debug, Clone)]
pub struct Declared {
    /// How reports call it: a release, a folder, a server's URL.
    pub name: String,
    /// The release, if known.
    pub release: Option<Release>,
    pub(super) listing: Listing,
    /// Resource files by name.
    pub(super) resources: BTreeMap<String, Resource>,
    /// The same, resolved: inheritance the way that children see it.
    pub(super) api: Api,
}

impl Declared {
    /// Reads the listing `resources.json` and the files that it lists, by resource name.
    ///
    /// # Errors
    /// Every fault of the files.
    pub fn read(
        name: impl Into<String>,
        release: Option<Release>,
        listing: &Source,
        resources: &[(String, Source)],
    ) -> Result<Self, Diagnostics> {
        let mut diagnostics = Diagnostics::default();
        let listing = diagnostics.take(swagger::read_listing(listing));
        let mut files = Vec::new();
        for (name, source) in resources {
            if let Some(resource) = diagnostics.take(swagger::read_resource(source)) {
                files.push((name.clone(), resource));
            }
        }
        let Some(listing) = listing else { return Err(diagnostics) };
        let files = diagnostics.or(files)?;
        // Resolving needs a number for what it reads; the comparison does not look at it.
        let number = release.unwrap_or(Release { major: 0, minor: 0, patch: 0 });
        let api = api::resolve(number, &files)?;
        Ok(Self { name: name.into(), release, listing, resources: files.into_iter().collect(), api })
    }

    /// The title in headings: the name, and the release unless the name contains it.
    #[must_use]
    pub fn title(&self) -> String {
        match self.release.map(|release| release.to_string()) {
            Some(release) if release != self.name => format!("{} ({release})", self.name),
            _ => self.name.clone(),
        }
    }

    /// Models that are events: the leaves below the one with a discriminator.
    pub(super) fn events(&self) -> BTreeSet<&str> {
        self.api.events().into_iter().map(|model| model.name.as_str()).collect()
    }

    /// Models as declared, by name, each with the resource file that has it.
    pub(super) fn models(&self) -> BTreeMap<&str, (&str, &swagger::Model)> {
        let files = self.resources.iter();
        files
            .flat_map(|(name, file)| file.models.iter().map(move |model| (model.id.as_str(), (name.as_str(), model))))
            .collect()
    }

    /// How many models inherit from this one, directly or not.
    pub(super) fn heirs(&self, model: &str) -> usize {
        let models = self.api.models.values();
        models.filter(|heir| self.api.lineage(heir).iter().skip(1).any(|base| base.name == model)).count()
    }
}
