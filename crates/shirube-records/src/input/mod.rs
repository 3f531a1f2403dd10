//! Reading files of any size in bounded memory.

mod batch;
mod pipeline;
mod source;
mod split;

pub use batch::{Batch, Record};
pub use pipeline::in_order;
pub use source::Opened;
pub(crate) use source::{FREE_BYTES, RATIO_MAX, plain_name};
pub use split::{Limits, Shape, Splitter, Stray};
