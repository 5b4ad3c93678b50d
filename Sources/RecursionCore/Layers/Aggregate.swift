/// Sums over neighbors in a graph whose nodes are the pixels: M <- A M A^T. Row p of the adjacency
/// matrix A has the weights of the neighbors of p, including p itself if it counts as its own
/// neighbor. A is the same for every image. (`stax.Aggregate`, whose pattern is the transpose; Du
/// et al. 2019, arXiv 1905.13192.)
struct Aggregate: Layer {
  private let adjacency: PositionMatrix

  init(_ parameters: inout LayerParameters) throws(NetworkError) {
    adjacency = try parameters.matrix("adjacency")
  }

  func append(to network: inout NetworkBuilder) throws(NetworkError) {
    let pixels = try network.pixels()
    guard adjacency.rows == pixels.count, adjacency.columns == pixels.count else {
      throw network.error(
        "\(adjacency.path) is \(adjacency.rows) x \(adjacency.columns), and \(pixels) pixels need "
          + "\(pixels.count) x \(pixels.count)")
    }
    guard adjacency.values.allSatisfy(\.isFinite) else {
      throw network.error("\(adjacency.path) holds a value that is not finite; correct it")
    }
    let terms = (0..<pixels.count).map { row in
      (0..<pixels.count).compactMap { column -> PositionMix.Term? in
        let factor = adjacency.values[row * pixels.count + column]
        return factor == 0 ? nil : PositionMix.Term(place: column, factor: factor)
      }
    }
    network.add(.mix(.matrix(terms)))
  }
}
