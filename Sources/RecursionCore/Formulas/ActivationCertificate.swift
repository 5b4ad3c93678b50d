import CVector
import Synchronization

/// How an activation without a closed form is computed, and how exactly: 1,024 pairs of random variances
/// and correlations through the tables of either precision, beside the series without them.
public struct ActivationCertificate: Codable, Equatable, Sendable {
  /// The layer's name in the job.
  public let activation: String
  /// phi(x).
  public let formula: String
  /// How pairs of images are computed.
  public enum Form: String, Codable, Sendable {
    case tables
    case quadrature
  }
  /// Tables where phi is smooth.
  public let form: Form
  /// Multiplications and additions of the polynomials of a pair with variances near 1, in double
  /// precision; nil without tables.
  public private(set) var operations: Int?
  /// The same where both variances are equal.
  public private(set) var operationsOfEqual: Int?
  /// The largest error in double precision, relative to sqrt(K11 K22), and the same of E[phi' phi'].
  public private(set) var errorF64: Double?
  /// The same in single precision.
  public private(set) var errorF32: Double?

  /// What the errors may be.
  private static let tolerance = (f64: 1e-12, f32: 1e-6)

  /// One line for a reader.
  public var description: String {
    guard let operations, let operationsOfEqual, let errorF64, let errorF32 else {
      return "\(activation): \(formula), by quadrature, about a millisecond a pair"
    }
    return "\(activation): \(formula), by tables: \(operations) multiplications a pair, "
      + "\(operationsOfEqual) where variances are equal; largest error of 1024 random pairs "
      + "\(Self.rounded(errorF64)) in f64, \(Self.rounded(errorF32)) in f32"
  }

  /// To two digits.
  private static func rounded(_ error: Double) -> Double {
    guard error > 0 else { return 0 }
    var scale = 1.0
    while error * scale < 10 { scale *= 10 }
    return (error * scale).rounded() / scale
  }

  /// Those that this process has made: the networks of a job mostly share their activations.
  private static let known = Mutex([LayerDescription: ActivationCertificate]())

  /// The certificates of all activations without a closed form in `layers`.
  ///
  /// Errors: parameters that do not fit; errors above the tolerance.
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
    guard let table = duals.window(cell: 0, window: 0, precision: .f64) else {
      form = .quadrature
      return
    }
    form = .tables
    operations = table.full.operations
    operationsOfEqual = table.equal.operations
    let (f64, f32) = (
      try Self.largestError(layer, duals, .f64), try Self.largestError(layer, duals, .f32)
    )
    guard f64 <= Self.tolerance.f64, f32 <= Self.tolerance.f32 else {
      throw NetworkError(
        position: layer.name,
        reason: "its tables have errors of \(f64) in f64 and \(f32) in f32, more than "
          + "\(Self.tolerance.f64) and \(Self.tolerance.f32); use a function that varies less quickly"
      )
    }
    (errorF64, errorF32) = (f64, f32)
  }

  /// Images of variances from 1/4 to 4, all with all.
  private static func largestError(
    _ layer: LayerDescription, _ duals: FormulaDuals, _ precision: Precision
  ) throws(NetworkError) -> Double {
    let count = 32
    let variances = (0..<count).map { ntk_exp(ntk_log(4) * (2 * fraction($0) - 1)) }
    let dense = LayerDescription("dense")
    let program = Program([
      try Network([LayerDescription("flatten"), dense, layer, dense], imageShape: [1])
    ])
    let recursion = TileRecursion(program, lanes: precision)
    guard let edge = try? recursion.edge(variances: variances) else { return .infinity }
    let memory = AlignedStorage<Double>(count: 4 * count * count)
    let size = count * count
    for place in 0..<size {
      let scale = (variances[place / count] * variances[place % count]).squareRoot()
      memory.base[place] = scale * (1 - 2 * fraction(place + count))
      memory.base[size + place] = scale * 2 * fraction(place + count)
    }
    recursion.evaluate(
      InputCovariances(covariance: memory.base, deficit: memory.base + size, stride: count),
      rows: edge, rowRange: 0..<count, columns: edge, lowerTriangle: false,
      outputs: [
        KernelOutput(
          nngp: memory.base + 2 * size, ntk: memory.base + 3 * size, stride: count)
      ])
    var worst = 0.0
    for place in 0..<size {
      let (q1, q2) = (variances[place / count], variances[place % count])
      let u = 2 * fraction(place + count)
      let exact = duals.dual(q1, q2, Correlation(distance: min(u, 2 - u), isNegative: u > 1))
      let (x, y) = (duals.exactMoments(q1), duals.exactMoments(q2))
      let largest = (x.square * y.square).squareRoot()
      let largestSlope = (x.derivativeSquare * y.derivativeSquare).squareRoot()
      let (kernel, tangentKernel) = (
        memory.base[2 * size + place], memory.base[3 * size + place]
      )
      guard kernel.isFinite, tangentKernel.isFinite else { return .infinity }
      worst = max(worst, abs(kernel - largest * exact.value) / largest)
      // Theta = K + E[phi' phi'] Theta before it, which is the covariance.
      let tangent = largestSlope * exact.slope * memory.base[place]
      let error = abs(tangentKernel - largest * exact.value - tangent)
      worst = max(worst, error / (largest + largestSlope * (q1 * q2).squareRoot()))
    }
    return worst
  }

  /// Numbers in 0...1 without order, the same in every run.
  private static func fraction(_ index: Int) -> Double {
    let golden = 0.6180339887498949 * Double(index + 1)
    return golden - golden.rounded(.down)
  }
}
