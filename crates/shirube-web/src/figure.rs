//! Charts as SVG text: a line or bars by year, the path to the target, the
//! target, and where it goes on as now.

use std::fmt::Write as _;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// One year of a chart.
#[derive(Debug, Clone)]
pub(crate) struct Point {
    pub label: String,
    pub value: Option<Decimal>,
    pub path: Option<Decimal>,
    pub complete: bool,
}

/// How values of years are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    /// A value that runs on from year to year.
    Line,
    /// A value of each year by itself.
    Bars,
}

/// What a chart shows.
#[derive(Debug, Clone)]
pub(crate) struct Figure {
    pub points: Vec<Point>,
    pub mark: Mark,
    pub target: Option<Decimal>,
    /// Index of the year the projection is for, and its value.
    pub projection: Option<(usize, Decimal)>,
    /// What the chart is called.
    pub title: String,
    /// The same in words, for those who do not see it.
    pub description: String,
}

/// Where values land in the picture.
struct Frame {
    left: f64,
    top: f64,
    width: f64,
    height: f64,
    low: f64,
    high: f64,
    count: usize,
}

impl Frame {
    fn new(figure: &Figure, (left, top, width, height): (f64, f64, f64, f64)) -> Self {
        let values = figure
            .points
            .iter()
            .flat_map(|point| [point.value, point.path])
            .chain([figure.target, figure.projection.map(|(_, value)| value)])
            .flatten()
            .map(number);
        let (low, high) =
            values.fold((0.0_f64, 0.0_f64), |(low, high), value| (low.min(value), high.max(value)));
        let high = if high > low { high } else { low + 1.0 };
        Self { left, top, width, height, low, high, count: figure.points.len().max(1) }
    }

    fn step(&self) -> f64 {
        self.width / size(self.count)
    }

    fn x(&self, at: usize) -> f64 {
        self.left + self.step() * (size(at) + 0.5)
    }

    fn y(&self, value: f64) -> f64 {
        self.top + self.height * (self.high - value) / (self.high - self.low)
    }
}

fn number(value: Decimal) -> f64 {
    value.to_f64().unwrap_or_default()
}

fn size(count: usize) -> f64 {
    u32::try_from(count).map_or(0.0, f64::from)
}

/// Text safe inside SVG.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Points joined where every year has one; a gap starts a new stroke.
fn strokes(frame: &Frame, values: impl Iterator<Item = Option<Decimal>>) -> String {
    let mut path = String::new();
    let mut pen = 'M';
    for (at, value) in values.enumerate() {
        let Some(value) = value else {
            pen = 'M';
            continue;
        };
        // Writing to a string cannot fail.
        let _ = write!(path, "{pen}{:.1} {:.1}", frame.x(at), frame.y(number(value)));
        pen = 'L';
    }
    path
}

/// Points joined over years without one.
fn joined(frame: &Frame, values: impl Iterator<Item = Option<Decimal>>) -> String {
    let mut path = String::new();
    for (at, value) in values.enumerate() {
        let Some(value) = value else { continue };
        let pen = if path.is_empty() { 'M' } else { 'L' };
        let _ = write!(path, "{pen}{:.1} {:.1}", frame.x(at), frame.y(number(value)));
    }
    path
}

/// Values, path and target inside a frame.
fn body(figure: &Figure, frame: &Frame, dot: f64) -> String {
    let mut out = String::new();
    let base = frame.y(0.0);
    if figure.mark == Mark::Bars {
        let wide = (frame.step() * 0.56).min(64.0);
        for (at, point) in figure.points.iter().enumerate() {
            let Some(value) = point.value else { continue };
            let y = frame.y(number(value));
            let open = if point.complete { "" } else { " open" };
            let _ = write!(
                out,
                "<rect class=\"bar{open}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{wide:.1}\" height=\"{:.1}\"/>",
                frame.x(at) - wide / 2.0,
                y.min(base),
                (base - y).abs().max(1.0)
            );
        }
    }
    if let Some(target) = figure.target {
        let y = frame.y(number(target));
        let _ = write!(
            out,
            "<line class=\"target\" x1=\"{:.1}\" y1=\"{y:.1}\" x2=\"{:.1}\" y2=\"{y:.1}\"/>",
            frame.left,
            frame.left + frame.width
        );
    }
    // The path is a straight course, so years without a point of it are no gap.
    let path = joined(frame, figure.points.iter().map(|point| point.path));
    if !path.is_empty() {
        let _ = write!(out, "<path class=\"path\" d=\"{path}\"/>");
    }
    if figure.mark == Mark::Line {
        let line = strokes(frame, figure.points.iter().map(|point| point.value));
        let _ = write!(out, "<path class=\"series\" d=\"{line}\"/>");
        for (at, point) in figure.points.iter().enumerate() {
            if let Some(value) = point.value {
                let (x, y) = (frame.x(at), frame.y(number(value)));
                let _ =
                    write!(out, "<circle class=\"dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{dot}\"/>");
            }
        }
    }
    out
}

/// A small picture of the course, named by its description.
pub(crate) fn spark(figure: &Figure, class: &str) -> String {
    let frame = Frame::new(figure, (2.0, 4.0, 236.0, 46.0));
    format!(
        "<svg class=\"spark {class}\" viewBox=\"0 0 240 54\" preserveAspectRatio=\"none\" \
         role=\"img\" aria-label=\"{}\">{}</svg>",
        escaped(&figure.description),
        body(figure, &frame, 2.5)
    )
}

/// The chart of an indicator with axes and values.
pub(crate) fn chart(figure: &Figure, shown: &dyn Fn(Decimal) -> String) -> String {
    let frame = Frame::new(figure, (72.0, 24.0, 728.0, 250.0));
    let mut out = format!(
        "<svg class=\"chart\" viewBox=\"0 0 820 320\" role=\"img\" \
         aria-labelledby=\"chart-title chart-description\"><title id=\"chart-title\">{}</title>\
         <desc id=\"chart-description\">{}</desc>",
        escaped(&figure.title),
        escaped(&figure.description)
    );
    for tick in ticks(frame.low, frame.high) {
        let y = frame.y(number(tick));
        let _ = write!(
            out,
            "<line class=\"grid\" x1=\"72\" y1=\"{y:.1}\" x2=\"800\" y2=\"{y:.1}\"/>\
             <text x=\"64\" y=\"{:.1}\" text-anchor=\"end\">{}</text>",
            y + 4.0,
            escaped(&shown(tick))
        );
    }
    let zero = frame.y(0.0);
    let _ = write!(
        out,
        "<line class=\"axis\" x1=\"72\" y1=\"{zero:.1}\" x2=\"800\" y2=\"{zero:.1}\"/>"
    );
    out.push_str(&body(figure, &frame, 4.0));
    out.push_str(&projection(figure, &frame));
    for (at, point) in figure.points.iter().enumerate() {
        let x = frame.x(at);
        let _ = write!(
            out,
            "<text x=\"{x:.1}\" y=\"300\" text-anchor=\"middle\">{}</text>",
            escaped(&point.label)
        );
        if let Some(value) = point.value {
            let y = (frame.y(number(value)) - 10.0).max(14.0);
            let _ = write!(
                out,
                "<text class=\"value-text\" x=\"{x:.1}\" y=\"{y:.1}\" text-anchor=\"middle\">{}</text>",
                escaped(&shown(value))
            );
        }
    }
    out.push_str("</svg>");
    out
}

fn projection(figure: &Figure, frame: &Frame) -> String {
    let Some((to, value)) = figure.projection else { return String::new() };
    let last = figure
        .points
        .iter()
        .enumerate()
        .rev()
        .find_map(|(at, point)| point.value.filter(|_| at <= to).map(|value| (at, value)));
    let Some((from, start)) = last else { return String::new() };
    let (x, y) = (frame.x(to), frame.y(number(value)));
    format!(
        "<path class=\"projection\" d=\"M{:.1} {:.1}L{x:.1} {y:.1}\"/>\
         <circle class=\"projection-dot\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4\"/>",
        frame.x(from),
        frame.y(number(start))
    )
}

/// Four to eight round numbers from `low` to `high`.
fn ticks(low: f64, high: f64) -> Vec<Decimal> {
    let rough = (high - low) / 5.0;
    if !rough.is_finite() || rough <= 0.0 {
        return vec![Decimal::ZERO];
    }
    let magnitude = 10_f64.powf(rough.log10().floor());
    let step = [1.0, 2.0, 2.5, 5.0, 10.0]
        .into_iter()
        .map(|factor| factor * magnitude)
        .find(|step| *step >= rough)
        .unwrap_or(rough);
    let mut out = Vec::new();
    let mut at = (low / step).ceil();
    while at * step <= high * 1.000_001 && out.len() < 12 {
        if let Ok(tick) = Decimal::try_from(at * step) {
            out.push(tick.round_dp(9).normalize());
        }
        at += 1.0;
    }
    out
}

/// The small samples a legend shows.
pub(crate) fn sample(class: &str) -> String {
    let shape = match class {
        "bar" | "bar open" => {
            format!("<rect class=\"{class}\" x=\"8\" y=\"2\" width=\"16\" height=\"12\"/>")
        }
        _ => format!("<path class=\"{class}\" d=\"M1 8L31 8\"/>"),
    };
    format!("<svg class=\"chart\" viewBox=\"0 0 32 16\" aria-hidden=\"true\">{shape}</svg>")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figure(values: &[Option<i64>]) -> Figure {
        let points = values
            .iter()
            .map(|value| Point {
                label: "<FY>".to_owned(),
                value: value.map(Decimal::from),
                path: None,
                complete: true,
            })
            .collect();
        Figure {
            points,
            mark: Mark::Line,
            target: Some(Decimal::from(10)),
            projection: Some((2, Decimal::from(12))),
            title: "a & b".to_owned(),
            description: "\"x\"".to_owned(),
        }
    }

    #[test]
    fn texts_in_charts_are_escaped_and_numbers_are_finite() {
        for values in [&[Some(1), None, Some(3)][..], &[None], &[], &[Some(-5), Some(0)]] {
            let svg = chart(&figure(values), &|value| value.to_string());
            assert!(svg.contains("a &amp; b") && !svg.contains("<FY>"), "{svg}");
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
            let small = spark(&figure(values), "");
            assert!(small.contains("&quot;x&quot;") && !small.contains("NaN"), "{small}");
        }
    }

    #[test]
    fn a_gap_breaks_the_line() {
        let svg = spark(&figure(&[Some(1), None, Some(3), Some(4)]), "");
        let line = svg.split("class=\"series\" d=\"").nth(1).unwrap();
        let line = line.split('"').next().unwrap();
        assert_eq!(line.matches('M').count(), 2, "{line}");
        assert_eq!(line.matches('L').count(), 1, "{line}");
    }

    #[test]
    fn ticks_are_round_and_few() {
        for (low, high) in [(0.0, 650.0), (0.0, 1_200_000.0), (0.0, 1.28), (-3.0, 7.0)] {
            let found = ticks(low, high);
            assert!((3..=12).contains(&found.len()), "{low} {high}: {found:?}");
        }
    }
}
