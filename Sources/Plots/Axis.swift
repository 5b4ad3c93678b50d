import Foundation

/// The quantity along one side of a plot.
public struct Axis: Equatable, Sendable {
  /// How values are mapped to distances.
  public enum Scale: Sendable {
    /// Equal differences have equal lengths.
    case linear
    /// Equal ratios have equal lengths; only positive values are shown.
    case logarithmic
  }

  /// The name of the quantity.
  public var name: String
  /// The unit; nil for a pure number.
  public var unit: String?
  /// How values are mapped to distances.
  public var scale: Scale
  /// The values that are labeled; empty for automatic ticks.
  public var ticks: [Double]
  /// Values that the range must include.
  public var includes: [Double]
  /// The lower bound of the shown values; nil for no bound.
  public var floor: Double?
  /// Whether values are counts or ranks, so that ticks are whole numbers.
  public var isCount: Bool

  /// An axis with a name.
  public init(
    _ name: String, unit: String? = nil, scale: Scale = .linear, ticks: [Double] = [],
    includes: [Double] = [], floor: Double? = nil, isCount: Bool = false
  ) {
    self.name = name
    self.unit = unit
    self.scale = scale
    self.ticks = ticks
    self.includes = includes
    self.floor = floor
    self.isCount = isCount
  }

  /// The name and the unit.
  var label: String { name + (unit.map { " (\($0))" } ?? "") }

  /// Whether the axis can show a value.
  func shows(_ value: Double) -> Bool { value.isFinite && (scale == .linear || value > 0) }

  /// The values that a logarithmic and a linear axis can reach. Beyond them, ends of the range, their differences or
  /// gnuplot's ten digits of them are not finite.
  private static let reach = (logarithmic: 1e-307...1e308, linear: -8e307...8e307)

  /// The range of an axis that shows `values`, with some room at both ends.
  func range(of values: [Double]) -> ClosedRange<Double> {
    var shown = (values + includes).filter(shows)
    if let floor { shown = shown.map { max($0, floor) } }
    let reach = scale == .linear ? Self.reach.linear : Self.reach.logarithmic
    shown = shown.map { min(max($0, reach.lowerBound), reach.upperBound) }
    guard var low = shown.min(), var high = shown.max() else { return 1...10 }
    switch scale {
    case .linear:
      let size = max(abs(low), abs(high))
      // gnuplot gets ten digits of the ends; values that agree to these are shown as one value.
      if high - low <= 1e-9 * size {
        (low, high) = (low - max(size, 1) / 2, high + max(size, 1) / 2)
      }
      let room = (high - low) * 0.04
      // No room is added beyond an included value.
      return
        (includes.contains(low) ? low : low - room)...(includes.contains(high) ? high : high + room)
    case .logarithmic:
      if high / low < 1.5 { (low, high) = (low / 1.5, high * 1.5) }
      // The ratio itself may exceed the largest number.
      let room = pow(high, 0.04) / pow(low, 0.04)
      return max(low / room, reach.lowerBound)...min(high * room, reach.upperBound)
    }
  }

  /// The gnuplot commands that set up the axis `letter`, which is `x` or `y`.
  func commands(_ letter: String, range: ClosedRange<Double>) -> [String] {
    var lines = [
      "set \(letter)label \(Gnuplot.quoted(label)) noenhanced",
      "set \(letter)range [\(Gnuplot.number(range.lowerBound)):\(Gnuplot.number(range.upperBound))]",
    ]
    if scale == .logarithmic { lines.append("set logscale \(letter)") }
    if let ticks = AxisTicks(self, range: range, isHorizontal: letter == "x") {
      let texts = ticks.values.map { "'\(Gnuplot.tick($0))' \(Gnuplot.number($0))" }
      lines.append("set \(letter)tics (\(texts.joined(separator: ", ")))")
    } else {
      lines.append("set format \(letter) '10^{%T}'")
    }
    return lines
  }
}
