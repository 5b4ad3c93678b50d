import RecursionCore
import Testing

/// Compositions: random ones against the slow reference, and those that make no sense.
@Suite struct NetworkTests {
  /// Without those that grow so fast that the textbook's rounding does.
  static let activations = ActivationExamples.all.filter { layer in
    let grows = ["exp", "monomial", "polynomial", "hermite", "rectified_monomial"]
    return !grows.contains(layer.name) || layer.number("degree", 3) <= 2
  }

  @Test("random compositions agree with the textbook recursion")
  func randomCompositions() throws {
    var random = SeededGenerator(state: 1)
    var compared = 0
    for round in 0..<400 {
      var layers = [LayerDescription("flatten")]
      for _ in 0..<Int.random(in: 0...6, using: &random) {
        layers.append(
          dense(.random(in: 0.3...3, using: &random), .random(in: 0...0.5, using: &random)))
        if Bool.random(using: &random) {
          layers.append(dense(.random(in: 0.5...2, using: &random), 0))
        }
        layers.append(
          Bool.random(using: &random)
            ? Self.activations.randomElement(using: &random) ?? LayerDescription("relu")
            : LayerDescription(
              "erf",
              [
                .init("amplitude", .number(.random(in: -2...2, using: &random))),
                .init("scale", .number(.random(in: 0.2...2, using: &random))),
                .init("shift", .number(.random(in: -0.5...0.5, using: &random))),
              ]))
      }
      if layers.count == 1 || Bool.random(using: &random) { layers.append(dense(1.3, 0.1)) }
      let q1 = Double.random(in: 0.1...4, using: &random)
      let q2 = Double.random(in: 0.1...4, using: &random)
      let u = Double.random(in: 0.02...1.9, using: &random)
      let scale = (q1 * q2).squareRoot()
      let expected = TextbookRecursion.run(layers, q1: q1, q2: q2, k: scale * (1 - u))
      guard expected.closest > 1e-4 else { continue }
      compared += 1
      let size = (expected.k[0] * expected.k[1]).squareRoot()
      let tangentSize = (expected.theta[0] * expected.theta[1]).squareRoot()
      for (precision, tolerance) in [(Precision.f64, 1e-11), (.f32, 2e-5)] {
        let values = try onePair(layers, precision, q1: q1, q2: q2, u: u)
        #expect(abs(values[0] - expected.k[2]) <= tolerance * size, "\(round) \(layers)")
        #expect(abs(values[1] - expected.theta[2]) <= tolerance * tangentSize, "\(round) \(layers)")
        #expect(abs(values[2] - (size - expected.k[2])) <= tolerance * size, "\(round) \(layers)")
      }
    }
    #expect(compared > 250)
  }

  @Test("what makes no sense is refused with the layer's position")
  func refused() {
    func reason(_ layers: [LayerDescription], _ shape: [Int] = [32, 32, 3]) -> String {
      do {
        _ = try Network(layers, imageShape: shape)
        return "accepted"
      } catch {
        return error.description
      }
    }
    let flatten = LayerDescription("flatten")
    let relu = LayerDescription("relu")
    #expect(
      reason([flatten, dense(2, 0), relu, relu, dense(2, 0)])
        == "the network's layer 4 (relu): an activation on the output of another (relu); "
        + "put dense between them")
    #expect(
      reason([flatten, relu]).contains("layer 2 (relu): an activation needs pre-activations"))
    #expect(reason([dense(2, 0)]).contains("ends with pixels and has no readout"))
    #expect(reason([flatten]).contains("no layer that computes"))
    #expect(reason([]).contains("no layer that computes"))
    #expect(
      reason([flatten, LayerDescription("transformer")])
        == "the network's layer 2 (transformer): unknown layer "
        + "(known: \(LayerCatalog.names.joined(separator: ", ")))")
    #expect(
      reason([flatten, dense(2, 0), LayerDescription("batch_norm")])
        == "the network's layer 3 (batch_norm): its statistics make every image depend on all others, "
        + "so that no pair of images has a kernel of its own; use layer_norm")
    #expect(reason([LayerDescription("max_pool")]).contains("use an average pool"))
    let gate = LayerDescription("product", [.init("branches", .branches([[], [relu]]))])
    #expect(reason([flatten, dense(2, 0), gate, dense(2, 0)]).contains("not independent"))
    let sum = LayerDescription("residual", [.init("main", .layers([relu]))])
    #expect(reason([flatten, dense(2, 0), sum, dense(2, 0)]).contains("not independent"))
    let branch = LayerDescription(
      "residual", [.init("main", .layers([dense(2, 0), relu]))])
    #expect(
      reason([flatten, dense(2, 0), relu, branch, dense(2, 0)])
        == "the network's layer 4 (residual): the channels of both branches have means that are not "
        + "0, and the product of these means is not part of the kernel; end one of them with a dense "
        + "layer, a convolution or attention")
    #expect(
      reason([flatten, dense(-1, 0)]).contains("'weight_variance' must be finite and at least"))
    #expect(reason([flatten, dense(.nan, 0)]).contains("layer 2 (dense)"))
    let typo = LayerDescription("dense", [.init("weight_varianc", .number(1))])
    #expect(
      reason([flatten, typo]).contains(
        "unknown parameter 'weight_varianc' (known: weight_variance, bias_variance, trained, "
          + "parameterization, width)"))
    let block = LayerDescription(
      "repeat", [.init("count", .number(2)), .init("layers", .layers([dense(1, 0), relu, relu]))])
    #expect(reason([flatten, block]).contains("layer 2, round 1, layer 3 (relu)"))
    let half = LayerDescription(
      "repeat", [.init("count", .number(1.5)), .init("layers", .layers([relu]))])
    #expect(reason([flatten, half]).contains("'count' must be a whole number, not 1.5"))
    #expect(
      reason([flatten, LayerDescription("relu", [.init("slope", .number(1))])]).contains(
        "takes none"))
  }

  @Test("a vector needs no flatten, and one does no harm")
  func vectors() throws {
    _ = try Network([dense(2, 0)], imageShape: [10])
    _ = try Network([LayerDescription("flatten"), dense(2, 0)], imageShape: [10])
  }
}

/// SplitMix64: the same networks in every run.
private struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }
}
