//! A call as a ladder: a column for each channel, bridge and application, a row for each step between them.

mod diagram;
mod html;
mod step;
mod svg;
#[cfg(test)]
mod tests;
mod text;

pub(crate) use self::diagram::Diagram;
pub(crate) use self::html::page;
#[cfg(test)]
pub(crate) use self::svg::Escaped;
pub(crate) use self::svg::picture;
pub(crate) use self::text::Painter;
