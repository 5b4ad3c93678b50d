import CVector
import Synchronization

/// How an activation without a closed form is computed, and how accurately. The test takes pairs
/// with random variances and correlations through the tables of each precision, and compares the
/// results with the series or the quadrature without tables.
public struct ActivationCertificate: Codable, Equatable, Sendable {
  /// The name of the layer in the job.
  public let activation: String
  /// phi(x).
  public let formula: String
  /// How pairs of images are computed.
  public enum Form: String, Codable, Sendable {
    case tables
    case closedForms = "closed_forms"
    case quadrature
  }
  /// Tables if phi is smooth, or smooth except at 0; closed forms if it is piecewise linear with
  /// other breaks.
  public let form: Form
  /// The number of multiplications and additions in the polynomials of a pair with variances near
  /// 1, in double precision; nil without tables.
  public private(set) var operations: Int?
  /// The number of operations for a pair with equal variances.
  public private(set) var operationsOfEqual: Int?
  /// The number of random pairs that were compared.
  public private(set) var pairs: Int?
  /// The largest error in double precision: of E[phi phi] relative to sqrt(K11 K22), and likewise
  /// of E[phi' phi'].
  public private(set) var errorF64: Double?
  /// The largest error in single precision, defined likewise.
  public private(set) var errorF32: Double?

  /// The largest errors allowed. If phi or phi' jumps, a dual changes like the root of 1 + c near
  /// c = -1, and so does the rounding error of c in single precision.
  private static func tolerance(_ duals: FormulaDuals) -> (f64: Double, f32: Double) {
    let jumps = duals.function.jumpsAtZero
    return (1e-12, jumps.slope || jumps.value || duals.piecewiseLinear != nil ? 5e-6 : 1e-6)
  }

  /// A one-line summary.
  public var description: String {
    guard let errorF64, let errorF32, let pairs else {
      return
        "\(activation): \(formula), by truncated series, microseconds a pair, and for nearly equal "
        + "images by quadrature, some 10 milliseconds a pair"
    }
    var cost = "closed forms, about a microsecond a pair"
    if let operations, let operationsOfEqual {
      cost =
        "tables: \(operations) multiplications a pair, \(operationsOfEqual) where variances are equal"
    }
    return "\(activation): \(formula), by \(cost); largest error of \(pairs) random pairs "
      + "\(Self.rounded(errorF64)) in f64, \(Self.rounded(errorF32)) in f32"
  }

  /// The error, rounded to two digits.
  private static func rounded(_ error: Double) -> Double {
    guard error > 0 else { return 0 }
    var scale = 1.0
    while error * scale < 10 { scale *= 10 }
    return (error * scale).rounded() / scale
  }

  /// The certificates that this process has made; the networks of a job mostly share their
  /// activations.
  private static let known = Mutex([LayerDescription: ActivationCertificate]())

  /// The certificates of all activations without a closed form in `layers`.
  ///
  /// Errors: invalid parameters; errors above the tolerance.
  public static func all(
    in layers: [LayerDescription]
  ) throws(NetworkError) -> [ActivationCertificate] {
    var found: [LayerDescription] = []
    collect(layers, &found)
    var certificates: [ActivationCertificate] = []
    for layer in found {
      let activation = try LayerCatalog.activation(layer, position: layer.name)
      guard let activation = activation as? FormulaActivation else { continue }
      if let known = known.withLock({ $0[layer] }) {
        certificates.append(known)
        continue
      }
      let certificate = try Self(layer, activation.duals)
      known.withLock { $0[layer] = certificate }
      certificates.append(certificate)
    }
    return certificates
  }

  private static func collect(_ layers: [LayerDescription], _ found: inout [LayerDescription]) {
    for layer in layers {
      if LayerCatalog.activation(layer.name) != nil, !found.contains(layer) { found.append(layer) }
      for parameter in layer.parameters {
        switch parameter.value {
        case .layers(let inner): collect(inner, &found)
        case .branches(let branches): for inner in branches { collect(inner, &found) }
        case .word(let name) where parameter.name == "activation":
          collect([LayerDescription(name)], &found)
        case .number, .word, .flag, .numbers, .optionalNumbers, .matrix: break
        }
      }
    }
  }

  private init(_ layer: LayerDescription, _ duals: FormulaDuals) throws(NetworkError) {
    activation = layer.name
    formula = duals.function.text
    let table = duals.window(cell: 0, window: 0, precision: .f64)
    guard table != nil || duals.piecewiseLinear != nil else {
      form = .quadrature
      return
    }
    form = table == nil ? .closedForms : .tables
    (operations, operationsOfEqual) = (table?.full.operations, table?.equal.operations)
    let random = RandomPairs(duals)
    let (f64, f32) = (
      try Self.largestError(layer, random, .f64), try Self.largestError(layer, random, .f32)
    )
    let tolerance = Self.tolerance(duals)
    guard f64 <= tolerance.f64, f32 <= tolerance.f32 else {
      throw NetworkError(
        position: layer.name,
        reason: "its \(table == nil ? "closed forms" : "tables") have errors of \(f64) in f64 and "
          + "\(f32) in f32, more than \(tolerance.f64) and \(tolerance.f32); use a function that varies less quickly"
      )
    }
    (pairs, errorF64, errorF32) = (random.count * random.count, f64, f32)
  }

  /// The largest error of a network that has only this layer.
  private static func largestError(
    _ layer: LayerDescription, _ pairs: RandomPairs, _ precision: Precision
  ) throws(NetworkError) -> Double {
    let count = pairs.count
    let dense = LayerDescription("dense")
    let program = Program([
      try Network([LayerDescription("flatten"), dense, layer, dense], imageShape: [1])
    ])
    let recursion = TileRecursion(program, lanes: precision)
    guard let edge = try? recursion.edge(variances: pairs.variances) else { return .infinity }
    let size = count * count
    let memory = AlignedStorage<Double>(count: 4 * size)
    for (place, pair) in pairs.all.enumerated() {
      memory.base[place] = pair.scale * (1 - pair.distance)
      memory.base[size + place] = pair.scale * pair.distance
    }
    recursion.evaluate(
      InputCovariances(covariance: memory.base, deficit: memory.base + size, stride: count),
      rows: edge, rowRange: 0..<count, columns: edge, lowerTriangle: false,
      outputs: [
        KernelOutput(
          nngp: memory.base + 2 * size, ntk: memory.base + 3 * size, stride: count)
      ])
    var worst = 0.0
    for (place, pair) in pairs.all.enumerated() {
      let (kernel, tangentKernel) = (
        memory.base[2 * size + place], memory.base[3 * size + place]
      )
      guard kernel.isFinite, tangentKernel.isFinite else { return .infinity }
      let value = pair.largest * pair.exact.value
      worst = max(worst, abs(kernel - value) / pair.largest)
      // Theta = K + E[phi' phi'] Theta_before, and Theta_before is the covariance.
      let tangent = pair.largestSlope * pair.exact.slope * memory.base[place]
      let error = abs(tangentKernel - value - tangent)
      worst = max(worst, error / (pair.largest + pair.largestSlope * pair.scale))
    }
    return worst
  }
}

/// All pairs of images with variances from 1/4 to 4, identical in every run, with their exact
/// duals.
private struct RandomPairs {
  /// The number of images; fewer if a pair takes a millisecond.
  let count: Int

  struct One {
    /// sqrt(q1 q2).
    let scale: Double
    /// 1 - c with the correlation c.
    let distance: Double
    let exact: DualValues
    /// The roots of the products of E[phi^2] of both images, and of E[phi'^2].
    let largest: Double
    let largestSlope: Double
  }

  let variances: [Double]
  /// The pairs, row by row.
  let all: [One]

  init(_ duals: FormulaDuals) {
    let count = duals.function.isSmooth ? 32 : 16
    let variances = (0..<count).map { ntk_exp(ntk_log(4) * (2 * Self.fraction($0) - 1)) }
    let moments = variances.map(duals.exactMoments)
    (self.count, self.variances) = (count, variances)
    all = (0..<count * count).map { place in
      let (row, column) = (place / count, place % count)
      let distance = 2 * Self.fraction(place + count)
      let (x, y) = (moments[row], moments[column])
      return One(
        scale: (variances[row] * variances[column]).squareRoot(), distance: distance,
        exact: duals.referenceDual(
          variances[row], variances[column],
          Correlation(distance: min(distance, 2 - distance), isNegative: distance > 1)),
        largest: (x.square * y.square).squareRoot(),
        largestSlope: (x.derivativeSquare * y.derivativeSquare).squareRoot())
    }
  }

  /// A sequence of numbers in 0...1 in irregular order.
  private static func fraction(_ index: Int) -> Double {
    let golden = 0.6180339887498949 * Double(index + 1)
    return golden - golden.rounded(.down)
  }
}
