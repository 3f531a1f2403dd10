//! Reading files of any size in bounded memory.

mod batch;
mod pipeline;
mod source;
mod split;

pub use batch::{Batch, Record};
pub use pipeline::in_order;
pub use source::Opened;
pub use split::{Limits, Shape, Splitter, Stray};
