import Foundation
import RecursionCore
import Testing

/// What the arithmetic cannot carry is refused, with a sentence that says what to do.
@Suite struct RangeTests {
  static func layer(_ name: String, _ parameters: [String: Double] = [:]) -> LayerDescription {
    LayerDescription(name, parameters.map { .init($0.key, .number($0.value)) })
  }

  static func image(_ pixel: Double, other: Double? = nil) -> PlainImage {
    var values = (0..<48).map { pixel * (1 + 0.1 * Double($0 % 7)) }
    if let other { values[5] = other }
    return PlainImage(height: 4, width: 4, channels: 3, values: values)
  }

  static func pooled(_ layer: LayerDescription, w: Double = 1) -> [LayerDescription] {
    [
      PlainRecursionTests.convolution([3, 3], w: w, b: 0), layer,
      LayerDescription("global_average_pool"), dense(1, 0),
    ]
  }

  func refusal(_ body: () throws -> Void) -> String {
    do {
      try body()
      return "accepted"
    } catch let error as RangeError {
      return error.description
    } catch {
      return "not a RangeError: \(error)"
    }
  }

  @Test("a variance that erf cannot carry is refused, in both precisions")
  func largeVariances() throws {
    let steep = Self.layer("erf", ["scale": 1e10])
    let flat = refusal {
      _ = try onePair([Self.layer("flatten"), dense(1, 0), steep], .f32, q1: 1, q2: 1, u: 0.5)
    }
    #expect(flat.contains("the variance of an image is 1.0 at step 2"), "\(flat)")
    #expect(!flat.contains("use precision f64") && flat.contains("scale the images down"))
    let erf = LayerDescription("erf")
    for readout in ["flatten", "global_average_pool"] {
      var layers = Self.pooled(erf, w: 1e16)
      layers[2] = LayerDescription(readout)
      let single = refusal { _ = try FastKernels([layers], [Self.image(1)], nil, .f32) }
      #expect(single.contains("can carry there"), "\(single)")
      let double = refusal { _ = try FastKernels([layers], [Self.image(1e20)], nil, .f64) }
      #expect(double.contains("scale the images down"), "\(double)")
    }
    let mild = refusal {
      _ = try FastKernels([Self.pooled(erf, w: 1e8)], [Self.image(1)], nil, .f32)
    }
    #expect(mild.contains("use precision f64"), "\(mild)")
    _ = try FastKernels([Self.pooled(erf, w: 1e8)], [Self.image(1)], nil, .f64)
  }

  @Test("precision f64 is not advised where a later step leaves its range too")
  func honestAdvice() {
    let deep = fullyConnected(LayerDescription("relu"), depth: 800, w: 6, b: 0)
    let error = refusal { _ = try onePair(deep, .f32, q1: 1, q2: 1, u: 0.5) }
    #expect(error.contains("smaller weight variances or fewer layers"), "\(error)")
  }

  @Test(
    "images whose squares overflow or vanish are refused, black ones are not",
    arguments: Precision.allCases)
  func pixels(_ precision: Precision) throws {
    for readout in ["flatten", "global_average_pool"] {
      var layers = Self.pooled(LayerDescription("relu"))
      layers[2] = LayerDescription(readout)
      let large = refusal { _ = try FastKernels([layers], [Self.image(1e160)], nil, precision) }
      #expect(large.contains("scale the images down"), "\(large)")
      let small = refusal { _ = try FastKernels([layers], [Self.image(5e-324)], nil, precision) }
      #expect(small.contains("scale the images up"), "\(small)")
      let black = try FastKernels([layers], [Self.image(0), Self.image(1)], nil, precision)
      let (pair, bright) = (black.nngp[0][1][0], black.nngp[0][1][1])
      #expect(black.nngp[0][0][0] == 0 && abs(pair) <= 1e-6 * bright, "\(pair) \(bright)")
    }
  }

  @Test("one pixel that is nearly black counts as a black one", arguments: Precision.allCases)
  func darkPixel(_ precision: Precision) throws {
    for readout in ["flatten", "global_average_pool"] {
      let layers = [
        PlainRecursionTests.convolution([1, 1], w: 1, b: 0), LayerDescription("relu"),
        LayerDescription(readout), dense(1, 0),
      ]
      let size = precision == .f64 ? 1e-160 : 1e-25
      func kernels(_ pixel: Double) throws -> [[Double]] {
        var images = [Self.image(1), Self.image(0.7)]
        for image in images.indices {
          images[image].values.replaceSubrange(3..<6, with: [pixel, 0, 0])
        }
        return try FastKernels([layers], images, nil, precision).ntk[0]
      }
      let (dark, black) = (try kernels(size), try kernels(0))
      for (a, b) in zip(dark.joined(), black.joined()) {
        #expect(abs(a - b) <= 1e-6 * b, "\(readout) \(a) \(b)")
      }
    }
  }

  @Test("an epsilon of layer_norm that is too small beside no variance is refused")
  func epsilon() throws {
    for precision in Precision.allCases {
      let norm = Self.layer("layer_norm", ["epsilon": 1e-300])
      let flat = refusal {
        _ = try onePair([dense(1, 0), norm, dense(1, 0)], precision, q1: 0, q2: 1, u: 0)
      }
      #expect(flat.contains("use a larger epsilon"), "\(flat)")
      let pooled = refusal {
        _ = try FastKernels([Self.pooled(norm)], [Self.image(0)], nil, precision)
      }
      #expect(pooled.contains("use a larger epsilon"), "\(pooled)")
      _ = try FastKernels([Self.pooled(norm)], [Self.image(1)], nil, precision)
      let none = Self.layer("layer_norm", ["epsilon": 0])
      let black = try FastKernels([Self.pooled(none)], [Self.image(0)], nil, precision)
      #expect(black.nngp[0][0][0] == 0)
    }
  }

  @Test("parameters whose squares overflow are refused when the network is built")
  func parameters() {
    for layer in [
      Self.layer("erf", ["scale": 1e200]), Self.layer("erf", ["amplitude": -1e160]),
      Self.layer("sin", ["frequency": 1e80]),
    ] {
      #expect(throws: NetworkError.self) { try Network([dense(1, 0), layer], imageShape: [4]) }
    }
  }

  @Test("opposite images have a kernel, or are refused", arguments: Precision.allCases)
  func opposite(_ precision: Precision) throws {
    for q in [1e-3, 0.7, 3, 1000, 12345.678] {
      for layer in ActivationExamples.all {
        do {
          let values = try onePair(
            [dense(1, 0), layer, dense(1, 0)], precision, q1: q, q2: 1.3 * q, u: 2)
          let isFinite = values.allSatisfy { $0.isFinite }
          #expect(isFinite, "\(text([layer])) \(q) \(values)")
        } catch let error as RangeError {
          #expect(q > 3 || precision == .f32, "\(text([layer])) \(q) \(error)")
        }
      }
    }
  }

  @Test("variances up to the largest one keep their digits", arguments: Precision.allCases)
  func largest(_ precision: Precision) throws {
    for layer in ActivationExamples.all where layer.name != "gelu" {
      let activation = try ActivationExamples.activation(layer)
      let bound = activation.largestVariance(precision)
      guard bound.isFinite, let plain = PlainDuals(layer) else { continue }
      for ratio in [1, 1.01, 1.3, 100] {
        for u in [1e-6, 0.01, 0.5, 1, 1.5] {
          let (q1, q2) = (0.9 * bound, 0.9 * bound / ratio)
          let value = try onePair([dense(1, 0), layer], precision, q1: q1, q2: q2, u: u)[0]
          let own = [q1, q2].map { plain.dual($0, $0, $0).value }
          let expected = plain.dual(q1, q2, (q1 * q2).squareRoot() * (1 - u)).value
          let error = abs(value - expected) / (own[0] * own[1]).squareRoot()
          #expect(
            error < (precision == .f64 ? 1e-7 : 1e-3), "\(text([layer])) \(ratio) \(u): \(error)")
        }
      }
      let refused = refusal {
        _ = try onePair([dense(1, 0), layer], precision, q1: 1.1 * bound, q2: 1, u: 0.5)
      }
      #expect(refused.contains("can carry there"), "\(text([layer])): \(refused)")
    }
  }

  /// The largest error of K12 and of the derivative's dual beside the images' own, for pairs of any
  /// angle up to `largestU`.
  func error<A: Activation>(
    _ activation: A, _ reference: (_ q1: Double, _ q2: Double, _ u: Double) -> Double,
    _ precision: Precision, q: Double
  ) throws -> Double {
    var worst = 0.0
    for ratio in [1, 1.01, 1.3, 100] {
      for u in [0, 1e-6, 0.01, 0.5, 1, 1.5] {
        let q2 = q / ratio
        let values = try onePair([dense(1, 0), Self.layer(A.name)], precision, q1: q, q2: q2, u: u)
        let largest = (reference(q, q, 0) * reference(q2, q2, 0)).squareRoot()
        worst = max(worst, abs(values[0] - reference(q, q2, u)) / largest)
      }
    }
    return worst
  }

  @Test("what is accepted keeps its digits", arguments: Precision.allCases)
  func accepted(_ precision: Precision) throws {
    let tolerance = precision == .f64 ? 1e-7 : 1e-3
    let erf = try error(
      Erf(),
      { q1, q2, u in
        let (s, e) = ((q1 * q2).squareRoot(), 1 + 2 * q1 + 2 * q2 + 4 * q1 * q2 * u * (2 - u))
        return 2 / Double.pi * atan2(2 * s * (1 - u), e.squareRoot())
      }, precision, q: 0.99 * Erf().largestVariance(precision))
    #expect(erf < tolerance, "\(erf)")
    let relu = try error(
      ReLU(),
      { q1, q2, u in
        let (s, sine) = ((q1 * q2).squareRoot(), (u * (2 - u)).squareRoot())
        return s * (sine + (Double.pi - atan2(sine, 1 - u)) * (1 - u)) / (2 * .pi)
      }, precision, q: precision == .f64 ? 1e149 : 1e17)
    #expect(relu < tolerance, "\(relu)")
    let sin = try error(
      Sin(),
      { q1, q2, u in
        let (s, d) = ((q1 * q2).squareRoot(), (q1 - q2) / (q1.squareRoot() + q2.squareRoot()))
        return (exp(-d * d / 2 - s * u) - exp(-d * d / 2 - s * (2 - u))) / 2
      }, precision, q: 0.99 * Sin().largestVariance(precision))
    #expect(sin < tolerance, "\(sin)")
  }
}
