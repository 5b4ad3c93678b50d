/// A linear map of an image's positions without weights, the same for every image: M <- A M A^T. It
/// describes pools, resizing, parts of images, and sums over a graph.
enum PositionMix: Sendable {
  case pool(PoolStep)
  /// A is the product of a matrix down the image and a matrix across it.
  case axes(AxisMatrix, AxisMatrix)
  /// The rows of A.
  case matrix([[Term]])

  /// A position and its factor, in one row of A.
  struct Term: Sendable, Equatable {
    let place: Int
    let factor: Double
  }

  /// The rows of A: for each output position, the inputs that it is computed from.
  var rows: [[Term]] {
    let (down, across, width): (AxisMatrix, AxisMatrix, Int)
    switch self {
    case .pool(let pool):
      down = AxisMatrix(pool.vertical, pool)
      across = AxisMatrix(pool.horizontal, pool)
      width = pool.horizontal.input
    case .axes(let vertical, let horizontal):
      (down, across, width) = (vertical, horizontal, horizontal.input)
    case .matrix(let rows): return rows
    }
    return down.rows.flatMap { row in
      across.rows.map { column in
        row.flatMap { y in
          column.map { x in
            Term(place: y.place * width + x.place, factor: y.factor * x.factor)
          }
        }
      }
    }
  }

  /// Whether no factor is negative.
  var isNonNegative: Bool {
    switch self {
    case .pool: true
    case .axes(let down, let across): down.isNonNegative && across.isNonNegative
    case .matrix(let rows): rows.joined().allSatisfy { $0.factor >= 0 }
    }
  }
}

/// A sparse matrix along one axis of an image.
struct AxisMatrix: Sendable, Equatable {
  /// Inputs along the axis.
  let input: Int
  let rows: [[PositionMix.Term]]

  var isNonNegative: Bool { rows.joined().allSatisfy { $0.factor >= 0 } }

  /// The windows of a pool.
  init(_ axis: AxisWindow, _ pool: PoolStep) {
    input = axis.input
    let weights = PoolStep.weights(
      axis, isSum: pool.isSum, normalizesEdges: pool.normalizesEdges)
    rows = (0..<axis.output).map { o in
      axis.places(o).map { PositionMix.Term(place: $0, factor: weights[o]) }
    }
  }

  /// The places `places` of an axis.
  init(input: Int, places: [Int]) {
    self.input = input
    rows = places.map { [PositionMix.Term(place: $0, factor: 1)] }
  }

  /// For each of `output` places, the nearest of `input` places (`jax.image.resize`, method
  /// "nearest").
  init(input: Int, nearest output: Int) {
    self.input = input
    rows = (0..<output).map { o in
      let place = (Double(o) + 0.5) * Double(input) / Double(output)
      return [PositionMix.Term(place: min(Int(place), input - 1), factor: 1)]
    }
  }

  /// Linear interpolation between `input` places (`jax.image.resize`, method "bilinear").
  ///
  /// - Parameter antialias: whether to widen the triangle if the image becomes smaller.
  init(input: Int, linear output: Int, antialias: Bool) {
    self.input = input
    let step = Double(input) / Double(output)
    let width = antialias ? max(step, 1) : 1
    rows = (0..<output).map { o in
      let center = (Double(o) + 0.5) * step - 0.5
      guard center >= -0.5, center <= Double(input) - 0.5 else { return [] }
      let factors = (0..<input).map { max(0, 1 - abs(center - Double($0)) / width) }
      let sum = factors.reduce(0, +)
      return factors.enumerated().filter { $0.element > 0 }
        .map { PositionMix.Term(place: $0.offset, factor: $0.element / sum) }
    }
  }
}
