/// A sequence of points and how it is drawn.
public struct Series: Equatable, Sendable {
  /// How points are drawn.
  public enum Style: Sendable {
    case line
    case points
    case linePoints
    /// A dashed line, for theory and bounds.
    case dashed
    /// A line with the area down to zero filled.
    case area
    /// A closed outline with a faint filling.
    case region
  }

  /// A point; the line has a gap if `y` is nil.
  public struct Point: Equatable, Sendable {
    /// The horizontal coordinate.
    public var x: Double
    /// The vertical coordinate.
    public var y: Double?

    /// A point.
    public init(_ x: Double, _ y: Double?) {
      self.x = x
      self.y = y
    }
  }

  /// The name in the key; nil leaves it out of the key.
  public var label: String?
  /// The points in order.
  public var points: [Point]
  /// How the points are drawn.
  public var style: Style
  /// The number of the color in the palette, cyclic; nil for the color of text.
  public var color: Int?

  /// A series of points.
  public init(_ label: String?, _ points: [Point], style: Style = .line, color: Int? = nil) {
    self.label = label
    self.points = points
    self.style = style
    self.color = color
  }
}
