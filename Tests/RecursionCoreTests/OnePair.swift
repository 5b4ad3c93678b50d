import RecursionCore

/// K12, Theta12 and their deficits of one pair of images with the given K11, K22 and 1 - c.
func onePair(
  _ layers: [LayerDescription], _ precision: Precision, q1: Double, q2: Double, u: Double
) throws -> [Double] {
  let program = Program([try Network(layers, imageShape: [1])])
  let recursion = TileRecursion(program, precision: precision)
  let rows = try recursion.edge(variances: [q1])
  let columns = try recursion.edge(variances: [q2])
  let scale = (q1 * q2).squareRoot()
  var results = [Double](repeating: .nan, count: 4)
  withUnsafePointer(to: scale * (1 - u)) { covariance in
    withUnsafePointer(to: scale * u) { deficit in
      results.withUnsafeMutableBufferPointer { results in
        guard let base = results.baseAddress else { return }
        var output = KernelOutput(nngp: base, ntk: base + 1, stride: 1)
        output.nngpDeficit = base + 2
        output.ntkDeficit = base + 3
        recursion.evaluate(
          InputCovariances(covariance: covariance, deficit: deficit, stride: 1),
          rows: rows, rowRange: 0..<1, columns: columns, lowerTriangle: false, outputs: [output])
      }
    }
  }
  return results
}

/// A dense layer as a job file has it.
func dense(_ w: Double, _ b: Double) -> LayerDescription {
  LayerDescription(
    "dense", [.init("weight_variance", .number(w)), .init("bias_variance", .number(b))])
}

/// flatten, `depth` (dense, activation) pairs, dense.
func fullyConnected(
  _ activation: LayerDescription, depth: Int, w: Double, b: Double
) -> [LayerDescription] {
  let pair = LayerDescription(
    "repeat",
    [.init("count", .number(Double(depth))), .init("layers", .layers([dense(w, b), activation]))])
  return [LayerDescription("flatten"), pair, dense(w, b)]
}

/// |a - b| / |b|.
func relativeError(_ value: Double, _ reference: Double) -> Double {
  value == reference ? 0 : abs(value - reference) / abs(reference)
}
