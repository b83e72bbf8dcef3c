//! The curve of the latency-bound walk, as it stands in the README.

use plotters::prelude::*;

use crate::{Outcome, latency::Point};

const PATH: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/concurrency.svg");

pub(crate) fn write(curve: &[Point]) -> Outcome<()> {
    let area = SVGBackend::new(PATH, (640, 300)).into_drawing_area();
    area.fill(&WHITE)?;
    // Each step doubles the concurrency, so the steps are evenly spaced.
    let last = curve.len().saturating_sub(1) as f64;
    let mut chart = ChartBuilder::on(&area)
        .margin(12)
        .x_label_area_size(40)
        .y_label_area_size(50)
        .build_cartesian_2d(0.0..last, 0.0..6.0)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.1))
        .x_labels(curve.len())
        .x_label_formatter(&|step| {
            let point = curve.get(step.round() as usize);
            point.map(|point| point.concurrency.to_string()).unwrap_or_default()
        })
        .x_desc("concurrency(n)")
        .y_desc("seconds for 100 pages at 50 ms")
        .draw()?;
    let points = |value: fn(&Point) -> f64| {
        curve
            .iter()
            .enumerate()
            .map(move |(step, point)| (step as f64, value(point)))
    };
    let least = points(|point| point.least.as_secs_f64());
    chart
        .draw_series(LineSeries::new(least, BLACK.mix(0.4)))?
        .label("waiting alone")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 20, y)], BLACK.mix(0.4)));
    let measured = points(|point| point.measured.as_secs_f64());
    chart
        .draw_series(LineSeries::new(measured, BLUE.stroke_width(2)).point_size(3))?
        .label("measured")
        .legend(|(x, y)| PathElement::new([(x, y), (x + 20, y)], BLUE.stroke_width(2)));
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::UpperRight)
        .draw()?;
    area.present()?;
    println!("\nwritten: {PATH}");
    Ok(())
}
