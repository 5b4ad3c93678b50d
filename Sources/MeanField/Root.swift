/// The place between `low` and `high` where a function changes its sign, to rounding.
///
/// If the function has the same sign at both ends, there is no root, or rounding has hidden a root
/// at one of the ends. The result is then the end where |f| is smaller.
///
/// Source: the Illinois variant of regula falsi (Dowell and Jarratt, BIT 11, 1971), with a
/// bisection step if three steps did not at least halve the interval.
func root(of f: (Double) -> Double, _ low: Double, _ high: Double) -> Double {
  var (a, b) = (low, high)
  var (fa, fb) = (f(a), f(b))
  if fa == 0 || (fa < 0) == (fb < 0) { return abs(fa) < abs(fb) ? a : b }
  if fb == 0 { return b }
  var width = abs(b - a)
  for iteration in 1...300 {
    var x = b - fb * (b - a) / (fb - fa)
    if iteration % 3 == 0 {
      if abs(b - a) > width / 2 { x = a + (b - a) / 2 }
      width = abs(b - a)
    }
    // This also handles a quotient that is NaN.
    if !(min(a, b)...max(a, b) ~= x) { x = a + (b - a) / 2 }
    if x == a || x == b { return x }
    let fx = f(x)
    if fx == 0 { return x }
    if (fx < 0) != (fb < 0) {
      (a, fa) = (b, fb)
    } else {
      fa /= 2
    }
    (b, fb) = (x, fx)
  }
  return b
}
