/// Height and width of an image or of a layer's output, in pixels.
package struct PixelShape: Sendable, Equatable, CustomStringConvertible {
  /// Rows of pixels.
  package var height: Int
  /// Pixels in a row.
  package var width: Int

  /// A shape of `height` x `width` pixels.
  package init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  /// The total number of pixels.
  var count: Int { height * width }

  package var description: String { "\(height) x \(width)" }
}
