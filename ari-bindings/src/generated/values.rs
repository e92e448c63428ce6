//! Values.
/// The state of a channel.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChannelState {
    /// `Down`
    Down,
    /// `Up`
    Up,
    /// A value that Asterisk does not declare.
    Other(String),
}
crate::value::value! { ChannelState { Down = "Down", Up = "Up" } }
