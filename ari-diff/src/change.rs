//! One difference between two releases: what kind, of what, where. Nothing here says whether it matters.

use crate::direction::Uses;
use ari_codegen::Span;

/// Declares the kinds together with the list of them, so that no kind can be left out of it.
macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident,)*) => {
        /// Kinds of change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Kind {
            $($(#[$doc])* $name,)*
        }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }
    };
}

kinds! {
    /// A resource file is new.
    ResourceAdded,
    /// A resource file is gone.
    ResourceRemoved,
    /// Modules that a resource needs.
    RequiredModules,
    /// The path under which a resource's declarations are served.
    ResourcePath,
    /// `swaggerVersion`
    SwaggerVersion,
    /// `apiVersion`
    ApiVersion,
    /// What Asterisk says of the first release with an item.
    Since,

    /// Method and path are new.
    OperationAdded,
    /// Method and path are gone.
    OperationRemoved,
    /// Another nickname for the same method and path.
    OperationRenamed,
    /// The same method and path in another resource file.
    OperationRegrouped,
    /// The same name at another path.
    OperationMoved,
    /// The same name and path with another method.
    OperationMethod,
    /// A path parameter has another name.
    PathParameterRenamed,
    /// `upgrade` or `websocketProtocol`
    Upgrade,
    /// Replies are of another type.
    ResponseType,
    /// Nothing was answered, something is.
    ResponseGained,
    /// Something was answered, nothing is.
    ResponseLost,
    /// One object became a list of them, or the other way round.
    ResponseList,
    /// An error is declared.
    ErrorAdded,
    /// An error is declared no longer.
    ErrorRemoved,

    /// A new parameter that may be left out.
    ParameterAddedOptional,
    /// A new parameter that must be given.
    ParameterAddedRequired,
    /// A parameter is gone.
    ParameterRemoved,
    /// It may no longer be left out.
    ParameterBecameRequired,
    /// It may be left out.
    ParameterBecameOptional,
    /// It travels elsewhere.
    ParameterMoved,
    /// Required parameters come in another order.
    ParameterOrder,
    /// Its type accepts everything that it accepted before, and more.
    ParameterTypeWidened,
    /// Its type accepts only a part of what it accepted before.
    ParameterTypeNarrowed,
    /// Its type is another one.
    ParameterTypeChanged,
    /// `int` became `long`.
    ParameterNumberWidened,
    /// `long` became `int`.
    ParameterNumberNarrowed,
    /// It takes a list.
    ParameterBecameRepeatable,
    /// It takes a list no longer.
    ParameterNoLongerRepeatable,
    /// More values are allowed.
    ParameterValuesWidened,
    /// Fewer values are allowed.
    ParameterValuesNarrowed,
    /// Values are listed for the first time.
    ParameterValuesIntroduced,
    /// Values are listed no longer.
    ParameterValuesDropped,
    /// More numbers are allowed.
    ParameterRangeWidened,
    /// Fewer numbers are allowed.
    ParameterRangeNarrowed,
    /// The server's default if the parameter is omitted.
    ParameterDefault,
    /// What a body holds.
    BodyShape,

    /// A model is new.
    ModelAdded,
    /// A model is gone.
    ModelRemoved,
    /// A model with the same properties has another name.
    ModelRenamed,
    /// A model inherits from another one.
    SubtypeMoved,
    /// The property that distinguishes events.
    Discriminator,
    /// An event is new.
    EventAdded,
    /// An event is gone.
    EventRemoved,

    /// A new property that may be absent.
    PropertyAddedOptional,
    /// A new property that is always there.
    PropertyAddedRequired,
    /// An optional property is gone.
    PropertyRemovedOptional,
    /// A required property is gone.
    PropertyRemovedRequired,
    /// It is always there.
    PropertyBecameRequired,
    /// It may be absent.
    PropertyBecameOptional,
    /// Its type holds all that it held, and more.
    PropertyTypeWidened,
    /// Its type contains only a part of the former values.
    PropertyTypeNarrowed,
    /// Its type is another one.
    PropertyTypeChanged,
    /// `int` became `long`.
    PropertyNumberWidened,
    /// `long` became `int`.
    PropertyNumberNarrowed,
    /// It takes more values.
    PropertyValuesWidened,
    /// It takes fewer values.
    PropertyValuesNarrowed,
    /// Values are listed for the first time.
    PropertyValuesIntroduced,
    /// Values are listed no longer.
    PropertyValuesDropped,
    /// Its bounds.
    PropertyRange,
}

/// One side of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Side {
    /// Where it stands.
    pub span: Span,
    /// What stands there, in a few words.
    pub value: String,
}

/// A difference between two releases.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// What kind.
    pub kind: Kind,
    /// The resource file that it belongs to; none for the release as a whole.
    pub resource: Option<String>,
    /// What changed, without spaces: `channels.originate.timeout`, `Channel.state`.
    pub subject: String,
    /// What the subject is part of, such as `POST /channels`.
    pub context: Option<String>,
    /// What the old release has.
    pub old: Option<Side>,
    /// What the new release has.
    pub new: Option<Side>,
    /// Which way the subject travels.
    pub uses: Uses,
    /// Models that inherit a changed property: it is reported once, here.
    pub inherited_by: usize,
}
