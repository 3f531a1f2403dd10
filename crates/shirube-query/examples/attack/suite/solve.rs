//! Least squares.

/// Solves `rows · x = values` in the sense of least squares, drawn to the middle
/// where the equations leave it open.
pub fn least_squares(rows: &[Vec<f64>], values: &[f64], middle: f64) -> Vec<f64> {
    let n = rows.first().map_or(0, Vec::len);
    let mut matrix = vec![vec![0.0; n + 1]; n];
    for (row, value) in rows.iter().zip(values) {
        let rest = value - middle * row.iter().sum::<f64>();
        for i in 0..n {
            if row[i] == 0.0 {
                continue;
            }
            for j in 0..n {
                matrix[i][j] += row[i] * row[j];
            }
            matrix[i][n] += row[i] * rest;
        }
    }
    for (i, line) in matrix.iter_mut().enumerate() {
        line[i] += 1e-6;
    }
    for i in 0..n {
        let pivot =
            (i..n).max_by(|a, b| matrix[*a][i].abs().total_cmp(&matrix[*b][i].abs())).unwrap();
        matrix.swap(i, pivot);
        let line = matrix[i].clone();
        for (number, other) in matrix.iter_mut().enumerate() {
            let factor = other[i] / line[i];
            if number == i || factor == 0.0 {
                continue;
            }
            for (cell, own) in other.iter_mut().zip(&line).skip(i) {
                *cell -= factor * own;
            }
        }
    }
    (0..n).map(|i| matrix[i][n] / matrix[i][i] + middle).collect()
}
