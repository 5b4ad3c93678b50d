/// A part of an image: rows and columns from a first index up to, but not including, an end index.
/// As in Python, negative indices count from the end. (`stax.Index`.)
struct Slice: Layer {
  private let rows: (first: Int?, end: Int?)
  private let columns: (first: Int?, end: Int?)

  init(_ parameters: inout LayerParameters) throws(NetworkError) {
    rows = try parameters.range("rows")
    columns = try parameters.range("columns")
  }

  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    let input = try network.pixels()
    let (down, across) = (range(rows, of: input.height), range(columns, of: input.width))
    guard !down.isEmpty, !across.isEmpty else {
      throw network.error(
        "it leaves nothing of the \(input) pixels that reach it; use a larger part")
    }
    network.signal.pixels = PixelShape(height: down.count, width: across.count)
    network.add(
      .mix(
        .axes(
          AxisMatrix(input: input.height, part: down), AxisMatrix(input: input.width, part: across))
      )
    )
  }

  private func range(_ asked: (first: Int?, end: Int?), of count: Int) -> Range<Int> {
    func place(_ index: Int) -> Int { min(max(index < 0 ? index + count : index, 0), count) }
    let first = place(asked.first ?? 0)
    return first..<max(place(asked.end ?? count), first)
  }
}
