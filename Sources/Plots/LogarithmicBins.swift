import Foundation

/// A histogram of positive numbers over their logarithm.
public struct LogarithmicBins: Equatable, Sendable {
  /// The borders of the bins as base-10 logarithms; there is one border more than bins.
  public let borders: [Double]
  /// The number of values in each bin.
  public let counts: [Int]

  /// The minimum width of a bin in decades, unless a range is given.
  private static let narrowest = 0.005

  /// Counts `values` in `count` bins of equal width between the smallest and the largest value.
  ///
  /// If a `range` is given, the bins cover it, and values outside are ignored. The result is nil if
  /// no value is positive.
  public init?(_ values: [Double], count: Int, range: ClosedRange<Double>? = nil) {
    let logarithms = values.lazy.filter { $0 > 0 && $0.isFinite }.map { log10($0) }
    guard count > 0, var low = range.map({ log10($0.lowerBound) }) ?? logarithms.min(),
      var high = range.map({ log10($0.upperBound) }) ?? logarithms.max(), low.isFinite,
      high.isFinite
    else { return nil }
    if high - low < 1e-9 {
      (low, high) = (low - 0.5, high + 0.5)
    } else if range == nil {
      // Without this, nearly equal values would look like a broad distribution.
      let missing = Self.narrowest * Double(count) - (high - low)
      if missing > 0 { (low, high) = (low - missing / 2, high + missing / 2) }
    }
    let width = (high - low) / Double(count)
    var counts = [Int](repeating: 0, count: count)
    for value in logarithms where value >= low - 1e-12 && value <= high + 1e-12 {
      counts[min(max(Int((value - low) / width), 0), count - 1)] += 1
    }
    self.counts = counts
    borders = (0...count).map { low + Double($0) * width }
  }

  /// The outline of the histogram: the fraction of the values per decade, as a function of the value.
  public var density: [Series.Point] {
    let total = Double(max(counts.reduce(0, +), 1))
    let outline = counts.indices.flatMap { bin in
      let share = Double(counts[bin]) / total / (borders[bin + 1] - borders[bin])
      return [Series.Point(pow(10, borders[bin]), share), .init(pow(10, borders[bin + 1]), share)]
    }
    return [.init(pow(10, borders[0]), 0)] + outline + [.init(pow(10, borders[counts.count]), 0)]
  }
}
