/// A part of an image: some of its rows and columns. (`stax.Index`.)
struct Slice: Layer {
  private let rows: AxisSlice
  private let columns: AxisSlice

  init(_ parameters: inout LayerParameters) throws(NetworkError) {
    rows = try parameters.slice("rows")
    columns = try parameters.slice("columns")
  }

  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    let input = try network.pixels()
    let (down, across) = (rows.places(of: input.height), columns.places(of: input.width))
    guard !down.isEmpty, !across.isEmpty else {
      throw network.error(
        "it leaves nothing of the \(input) pixels that reach it; use a larger part")
    }
    network.signal.pixels = PixelShape(height: down.count, width: across.count)
    network.add(
      .mix(
        .axes(
          AxisMatrix(input: input.height, places: down),
          AxisMatrix(input: input.width, places: across))
      )
    )
  }
}
