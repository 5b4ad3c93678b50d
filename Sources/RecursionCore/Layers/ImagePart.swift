/// A part of an image: some of its rows and columns.
struct ImagePart: Sendable {
  private let rows: AxisSlice
  private let columns: AxisSlice

  /// Reads the slices `rows` and `columns`.
  init(_ parameters: inout LayerParameters) throws(NetworkError) {
    rows = try parameters.slice("rows")
    columns = try parameters.slice("columns")
  }

  /// The rows and columns of the part of an image of this shape; nil if the part is empty.
  func places(of shape: PixelShape) -> (down: [Int], across: [Int])? {
    let (down, across) = (rows.places(of: shape.height), columns.places(of: shape.width))
    return down.isEmpty || across.isEmpty ? nil : (down, across)
  }
}
