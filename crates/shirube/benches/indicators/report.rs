//! The table of figures.

use std::time::{Duration, Instant};

/// One line: what was measured, its median and its spread.
struct Line {
    step: String,
    median: Duration,
    least: Duration,
    most: Duration,
    note: String,
}

/// Figures in the order they were taken.
pub(crate) struct Report {
    lines: Vec<Line>,
}

/// Does work once and gives its result with the time it took.
pub(crate) fn timed<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed())
}

/// The middle of some times; the later of the two middle ones for an even number.
pub(crate) fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// How many times `part` goes into `whole`, as text.
pub(crate) fn ratio(part: Duration, whole: Duration) -> f64 {
    part.as_secs_f64() / whole.as_secs_f64().max(f64::EPSILON)
}

impl Report {
    pub(crate) const fn new() -> Self {
        Self { lines: Vec::new() }
    }

    /// Adds a line and gives its median.
    pub(crate) fn add(
        &mut self,
        step: impl Into<String>,
        times: &[Duration],
        note: impl Into<String>,
    ) -> Duration {
        let median = median(times);
        let line = Line {
            step: step.into(),
            median,
            least: times.iter().min().copied().unwrap_or_default(),
            most: times.iter().max().copied().unwrap_or_default(),
            note: note.into(),
        };
        println!("{}", line.text());
        self.lines.push(line);
        median
    }

    /// Median of the first step whose name begins so.
    pub(crate) fn median_of(&self, step: &str) -> Duration {
        let line = self.lines.iter().find(|line| line.step.starts_with(step));
        line.map_or(Duration::ZERO, |line| line.median)
    }

    pub(crate) fn print(&self) {
        println!("\n{:<46} {:>11} {:>11} {:>11}", "step", "median ms", "least", "most");
        for line in &self.lines {
            println!("{}", line.text());
        }
    }
}

impl Line {
    fn text(&self) -> String {
        let ms = |time: Duration| format!("{:.2}", time.as_secs_f64() * 1e3);
        let times = [self.median, self.least, self.most].map(ms);
        let [median, least, most] = times;
        format!("{:<46} {median:>11} {least:>11} {most:>11}  {}", self.step, self.note)
    }
}
