import Foundation

/// The values of an axis that are labeled, far enough apart to be legible.
struct AxisTicks {
  /// The values in ascending order.
  let values: [Double]

  /// A logarithmic axis with at least this ratio of its ends is labeled with powers of ten.
  private static let fewestDecades = 200.0
  private static let fontSize = 16
  /// The minimum number of pixels between two labels.
  private static let gap = 8.0

  /// Computes the labels of an axis; nil for a long logarithmic axis, for which gnuplot chooses powers of ten.
  ///
  /// The labels are the ticks that the axis gives, or multiples of a round step, or, on a short
  /// logarithmic axis, a few digits times powers of ten.
  init?(_ axis: Axis, range: ClosedRange<Double>, isHorizontal: Bool) {
    let given = axis.ticks.filter { range.contains($0) && axis.shows($0) }.sorted()
    if !given.isEmpty {
      values = Self.legible(given, axis, range, isHorizontal)
    } else if axis.scale == .linear {
      values = Self.multiples(axis, range, isHorizontal)
    } else if range.upperBound / range.lowerBound < Self.fewestDecades {
      values = Self.legible(Self.digits(axis, range), axis, range, isHorizontal)
    } else {
      return nil
    }
  }

  /// A few digits times powers of ten.
  private static func digits(_ axis: Axis, _ range: ClosedRange<Double>) -> [Double] {
    let isShort = range.upperBound / range.lowerBound < 8
    let digits = isShort ? [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9] : [1, 2, 5]
    let first = Int(log10(range.lowerBound).rounded(.down))
    return (first...(first + 4)).flatMap { power in
      digits.map { $0 * pow(10, Double(power)) }
    }
    .filter { range.contains($0) && (!axis.isCount || $0.rounded() == $0) }
  }

  /// The multiples of the smallest step of 1, 2 or 5 times a power of ten whose labels are legible.
  private static func multiples(
    _ axis: Axis, _ range: ClosedRange<Double>, _ isHorizontal: Bool
  ) -> [Double] {
    let span = range.upperBound - range.lowerBound
    guard span > 0, span.isFinite else { return [] }
    let first = Int(log10(span).rounded(.down)) - 1
    for power in first...(first + 2) {
      for digit in [1.0, 2, 5] {
        let step = digit * pow(10, Double(power))
        guard step >= 1 || !axis.isCount else { continue }
        let (low, high) = (
          (range.lowerBound / step).rounded(.up), (range.upperBound / step).rounded(.down)
        )
        // For larger values, multiples are not exact and labels do not differ.
        guard low <= high, max(abs(low), abs(high)) < 1e9 else { continue }
        let values = stride(from: low, through: high, by: 1).map { $0 * step }
        if values.count <= 10, legible(values, axis, range, isHorizontal).count == values.count {
          return values
        }
      }
    }
    return legible([range.lowerBound, range.upperBound], axis, range, isHorizontal)
  }

  /// The elements of `values` whose labels neither touch the previous label nor leave the picture.
  private static func legible(
    _ values: [Double], _ axis: Axis, _ range: ClosedRange<Double>, _ isHorizontal: Bool
  ) -> [Double] {
    let length = Double(isHorizontal ? Chart.plotWidth : Chart.plotHeight)
    func place(_ value: Double) -> Double { axis.scale == .linear ? value : log(value) }
    let (low, high) = (place(range.lowerBound), place(range.upperBound))
    var kept: [Double] = []
    var end = -Double.infinity
    for value in values {
      let center = (place(value) - low) / (high - low) * length
      let size =
        isHorizontal ? TextWidth.pixels(Gnuplot.tick(value), size: fontSize) : fontSize
      let half = Double(size) / 2
      guard center - half >= end + gap || kept.isEmpty else { continue }
      guard !isHorizontal || center + half <= length + Double(Chart.right) else { continue }
      kept.append(value)
      end = center + half
    }
    return kept
  }
}
