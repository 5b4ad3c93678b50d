/// How chunks are cut into panels of columns, which are added one after the other. Pure.
///
/// The panels decide the rounding, and therefore depend on the chunks alone.
package enum PanelPlan {
  /// Columns of a whole panel: its sums of products in single precision lose some 1e-6 of the norms, and
  /// adding them up in double precision takes a thirtieth of the time.
  package static let width = 4096

  /// How many panels a chunk of so many columns has.
  package static func count(_ columns: Int) -> Int { (columns + width - 1) / width }

  /// The columns of a panel of such a chunk.
  package static func columns(of panel: Int, in columns: Int) -> Range<Int> {
    panel * width..<min((panel + 1) * width, columns)
  }

  /// Between two panels: all panels of some chunks, and some of the next, are in front of it.
  package struct Place: Codable, Comparable, Sendable {
    /// Whole chunks in front.
    package var chunk: Int
    /// Panels of the next chunk in front.
    package var panel: Int

    package init(chunk: Int = 0, panel: Int = 0) { (self.chunk, self.panel) = (chunk, panel) }

    package static func < (a: Place, b: Place) -> Bool {
      (a.chunk, a.panel) < (b.chunk, b.panel)
    }

    /// The place behind the next panel, where the next chunk has so many columns.
    package func next(columns: Int) -> Place {
      panel + 1 < count(columns)
        ? Place(chunk: chunk, panel: panel + 1) : Place(chunk: chunk + 1, panel: 0)
    }
  }
}
