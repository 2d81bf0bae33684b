//! How wide the columns are on a terminal: Inspektor Gadget's way to share out its width, and never more than it.

/// What a column asks for. `min` and `max` are 0 when there is no such bound; `width` is its weight against the others.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Shape {
    pub width: usize,
    pub min: usize,
    pub max: usize,
    pub fixed: bool,
}

impl Shape {
    fn least(&self) -> usize {
        (if self.fixed { self.width } else { self.min }).max(1)
    }
}

/// Widths that, with one space between columns, fill a line of `total` as well as the bounds allow. When there is not even
/// room for what the bounds want, they give way; columns that have no room at all are left off at the end.
pub fn fit(shapes: &[Shape], total: usize) -> Vec<usize> {
    let mut widths = share(shapes, total);
    widths.iter_mut().for_each(|width| *width = (*width).max(1));
    let line = |widths: &[usize]| widths.iter().sum::<usize>() + widths.len().saturating_sub(1);
    // The widest gives first: to its least, then, when all have come to theirs, below it.
    for below in [false, true] {
        while line(&widths) > total {
            let can = |i: &usize| widths[*i] > if below { 1 } else { shapes[*i].least() };
            match (0..widths.len()).filter(can).max_by_key(|i| widths[*i]) {
                Some(widest) => widths[widest] -= 1,
                None => break,
            }
        }
    }
    while line(&widths) > total && widths.len() > 1 {
        widths.pop();
    }
    widths
}

/// Each column gets its part of the line by weight, rounded down. Those that this takes over a bound get the bound, and the
/// rest is shared out anew. What rounding left over goes, one by one from the left, to those that met no bound.
fn share(shapes: &[Shape], total: usize) -> Vec<usize> {
    let spaces = shapes.len().saturating_sub(1);
    let total = total.max(spaces + shapes.iter().map(Shape::least).sum::<usize>());
    let mut settled: Vec<Option<usize>> = shapes.iter().map(|shape| shape.fixed.then_some(shape.width)).collect();
    loop {
        let open = || shapes.iter().zip(&settled).filter(|(_, width)| width.is_none()).map(|(shape, _)| shape);
        let weight: usize = open().map(|shape| shape.width).sum();
        let pool = total as f64 - spaces as f64 - settled.iter().flatten().sum::<usize>() as f64;
        let part = |shape: &Shape| (shape.width as f64 / weight.max(1) as f64 * pool).floor().max(0.0) as usize;
        let bounded = |shape: &Shape| match part(shape) {
            width if shape.max > 0 && width > shape.max => Some(shape.max),
            width if width < shape.min => Some(shape.min),
            _ => None,
        };
        let next: Vec<Option<usize>> = shapes.iter().zip(&settled).map(|(shape, width)| width.or_else(|| bounded(shape))).collect();
        if next != settled {
            settled = next;
            continue;
        }
        let mut widths: Vec<usize> = shapes.iter().zip(&settled).map(|(shape, width)| width.unwrap_or_else(|| part(shape))).collect();
        let free: Vec<usize> = (0..shapes.len()).filter(|i| settled[*i].is_none()).collect();
        let left = total.saturating_sub(spaces + widths.iter().sum::<usize>());
        free.iter().cycle().take(if free.is_empty() { 0 } else { left }).for_each(|i| widths[*i] += 1);
        return widths;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(width: usize, min: usize, max: usize) -> Shape {
        Shape { width, min, max, fixed: false }
    }

    fn line(widths: &[usize]) -> usize {
        widths.iter().sum::<usize>() + widths.len() - 1
    }

    #[test]
    fn by_weight_and_the_rest_from_the_left() {
        assert_eq!(fit(&[shape(10, 0, 0), shape(20, 0, 0)], 31), [10, 20]);
        assert_eq!(fit(&[shape(10, 0, 0), shape(20, 0, 0)], 61), [20, 40]);
        assert_eq!(fit(&[shape(10, 0, 0), shape(10, 0, 0), shape(10, 0, 0)], 34), [11, 11, 10]);
    }

    #[test]
    fn bounds_hold_and_the_others_share_what_is_left() {
        assert_eq!(fit(&[shape(16, 0, 10), shape(16, 0, 0)], 61), [10, 50]);
        assert_eq!(fit(&[shape(16, 7, 10), shape(64, 0, 0)], 21), [7, 13]);
        let fixed = Shape { fixed: true, ..shape(19, 0, 0) };
        assert_eq!(fit(&[fixed, shape(16, 0, 0)], 80), [19, 60]);
        assert_eq!(fit(&[fixed, fixed], 80), [19, 19]);
        assert_eq!(fit(&[shape(16, 0, 5), shape(16, 0, 5)], 80), [5, 5]);
    }

    #[test]
    fn bounds_give_way_when_the_line_is_too_short() {
        assert_eq!(fit(&[shape(32, 24, 0), shape(32, 24, 0), shape(16, 7, 0)], 40), [16, 15, 7]);
        let fixed = Shape { fixed: true, ..shape(19, 0, 0) };
        assert_eq!(fit(&[fixed, shape(16, 4, 0)], 12), [7, 4]);
        assert_eq!(fit(&[shape(16, 0, 0); 5], 5), [1, 1, 1]);
        assert_eq!(fit(&[shape(16, 0, 0); 5], 0), [1]);
        assert_eq!(fit(&[], 80), []);
    }

    /// Bounds that are met in the same round can ask for more than there is.
    #[test]
    fn never_wider_than_the_terminal() {
        assert!(line(&fit(&[shape(60, 0, 59), shape(30, 45, 0), shape(10, 0, 0)], 102)) <= 102);
        let mut state = 1u64;
        let mut below = |most: u64| {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) as usize % most as usize
        };
        for _ in 0..5_000 {
            let shapes: Vec<Shape> = (0..1 + below(12))
                .map(|_| Shape { width: below(60), min: below(30) * below(2), max: below(60) * below(2), fixed: below(6) == 0 })
                .collect();
            let total = 1 + below(250);
            let widths = fit(&shapes, total);
            assert!(line(&widths) <= total, "{shapes:?} {total} {widths:?}");
            assert!(widths.iter().all(|width| *width > 0));
            assert!(widths.len() == shapes.len() || widths.len() == total.div_ceil(2), "{shapes:?} {total} {widths:?}");
        }
    }
}
