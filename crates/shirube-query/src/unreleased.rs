//! What has not passed the gate.

/// Something computed from records that has not passed the gate.
///
/// There is no way to its inside but through [`crate::Gate::release`]: it
/// cannot be printed, copied, compared, written out or taken apart.
///
/// It can be carried around:
/// ```
/// fn carry<T>(value: shirube_query::Unreleased<T>) -> shirube_query::Unreleased<T> {
///     value
/// }
/// ```
/// It cannot be taken apart:
/// ```compile_fail,E0616
/// fn open<T>(value: shirube_query::Unreleased<T>) -> T {
///     value.inside
/// }
/// ```
/// Nor opened by the crate's own way:
/// ```compile_fail,E0624
/// fn open<T>(value: shirube_query::Unreleased<T>) -> T {
///     value.into_inside()
/// }
/// ```
/// It cannot be printed:
/// ```compile_fail,E0277
/// fn print(value: &shirube_query::Unreleased<u64>) -> String {
///     format!("{value:?}")
/// }
/// ```
/// ```compile_fail,E0277
/// fn print(value: &shirube_query::Unreleased<u64>) -> String {
///     format!("{value}")
/// }
/// ```
/// It cannot be copied:
/// ```compile_fail,E0277
/// fn copy<T: Clone>(_: T) {}
/// fn twice(value: shirube_query::Unreleased<u64>) {
///     copy(value);
/// }
/// ```
/// It cannot be made elsewhere:
/// ```compile_fail,E0624
/// let value = shirube_query::Unreleased::new(1_u64);
/// ```
#[must_use = "computed from records, and not yet released"]
pub struct Unreleased<T> {
    inside: T,
}

impl<T> Unreleased<T> {
    pub(crate) fn new(inside: T) -> Self {
        Self { inside }
    }

    pub(crate) fn into_inside(self) -> T {
        self.inside
    }
}
