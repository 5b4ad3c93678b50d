import Foundation

/// What is measured along one side of a plot.
public struct Axis: Equatable, Sendable {
  /// Equal differences or equal ratios at equal distances.
  public enum Scale: Sendable {
    /// Equal differences.
    case linear
    /// Equal ratios; only what is above zero can be shown.
    case logarithmic
  }

  /// What is measured.
  public var name: String
  /// In which unit; nil for a pure number.
  public var unit: String?
  /// The scale.
  public var scale: Scale
  /// Where numbers stand; empty leaves it to the program.
  public var ticks: [Double]
  /// Values that the axis shows at least.
  public var includes: [Double]
  /// Below it nothing is shown.
  public var floor: Double?

  /// An axis of that name.
  public init(
    _ name: String, unit: String? = nil, scale: Scale = .linear, ticks: [Double] = [],
    includes: [Double] = [], floor: Double? = nil
  ) {
    self.name = name
    self.unit = unit
    self.scale = scale
    self.ticks = ticks
    self.includes = includes
    self.floor = floor
  }

  /// The name with its unit.
  var label: String { name + (unit.map { " (\($0))" } ?? "") }

  /// Whether a value has a place on the axis.
  func shows(_ value: Double) -> Bool { value.isFinite && (scale == .linear || value > 0) }

  /// From where to where the axis goes to show these values, with some room at both ends.
  func range(of values: [Double]) -> ClosedRange<Double> {
    var shown = (values + includes).filter(shows)
    if let floor { shown = shown.map { max($0, floor) } }
    guard var low = shown.min(), var high = shown.max() else { return 1...10 }
    switch scale {
    case .linear:
      if low == high { (low, high) = (low - max(abs(low), 1) / 2, high + max(abs(high), 1) / 2) }
      let room = (high - low) * 0.04
      // An axis that begins or ends with a value it was told to include does so exactly.
      return
        (includes.contains(low) ? low : low - room)...(includes.contains(high) ? high : high + room)
    case .logarithmic:
      if high / low < 1.5 { (low, high) = (low / 1.5, high * 1.5) }
      let room = pow(high / low, 0.04)
      return (low / room)...(high * room)
    }
  }

  /// The commands that set up the axis called `x` or `y`.
  func commands(_ letter: String, range: ClosedRange<Double>) -> [String] {
    var lines = [
      "set \(letter)label \(Gnuplot.quoted(label)) noenhanced",
      "set \(letter)range [\(Gnuplot.number(range.lowerBound)):\(Gnuplot.number(range.upperBound))]",
    ]
    let ratio = range.upperBound / range.lowerBound
    if scale == .logarithmic { lines.append("set logscale \(letter)") }
    if let places = places(in: range) {
      let texts = places.map { "'\(Gnuplot.short($0))' \(Gnuplot.number($0))" }
      lines.append("set \(letter)tics (\(texts.joined(separator: ", ")))")
    } else if scale == .logarithmic && ratio >= Self.fewestDecades {
      lines.append("set format \(letter) '10^{%T}'")
    }
    return lines
  }

  /// Under so large a ratio whole powers of ten are too few numbers.
  private static let fewestDecades = 200.0

  /// Where numbers stand, where that is not left to gnuplot: those asked for that are far enough
  /// apart to be read, or few digits times powers of ten on a short logarithmic axis.
  private func places(in range: ClosedRange<Double>) -> [Double]? {
    var places = ticks.filter { range.contains($0) && shows($0) }.sorted()
    if places.isEmpty {
      guard scale == .logarithmic, range.upperBound / range.lowerBound < Self.fewestDecades else {
        return nil
      }
      let isShort = range.upperBound / range.lowerBound < 8
      let digits = isShort ? [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 7, 8, 9] : [1, 2, 5]
      let first = Int(log10(range.lowerBound).rounded(.down))
      places = (first...(first + 4)).flatMap { power in
        digits.map { $0 * pow(10, Double(power)) }
      }
      .filter(range.contains)
    }
    func place(_ value: Double) -> Double { scale == .linear ? value : log(value) }
    let apart = 0.075 * (place(range.upperBound) - place(range.lowerBound))
    var kept: [Double] = []
    for value in places {
      if let last = kept.last, place(value) - place(last) < apart { continue }
      kept.append(value)
    }
    return kept
  }
}
