/// Points that belong together, and how they are drawn.
public struct Series: Equatable, Sendable {
  /// How points are drawn.
  public enum Style: Sendable {
    case line
    case points
    case linePoints
    /// What is beside measurements: theory, bounds.
    case dashed
    /// A line, filled down to zero.
    case area
    /// A closed outline, filled faintly.
    case region
  }

  /// One place; without a y, the line has a gap there.
  public struct Point: Equatable, Sendable {
    /// Along the horizontal axis.
    public var x: Double
    /// Along the vertical axis.
    public var y: Double?

    /// A point.
    public init(_ x: Double, _ y: Double?) {
      self.x = x
      self.y = y
    }
  }

  /// What the key calls it; nil leaves it out of the key.
  public var label: String?
  /// The points in order.
  public var points: [Point]
  /// How they are drawn.
  public var style: Style
  /// Which of the palette's colours; nil for that of text.
  public var colour: Int?

  /// A series of points.
  public init(_ label: String?, _ points: [Point], style: Style = .line, colour: Int? = nil) {
    self.label = label
    self.points = points
    self.style = style
    self.colour = colour
  }
}
