import Foundation
import RecursionCore
import Testing

/// Formulas that are smooth except at 0: by tables for images and by sums of products for pixels.
@Suite struct KinkedFormulaTests {
  /// A formula and the layer with its closed form.
  struct Twin: Sendable, CustomTestStringConvertible {
    let formula: String
    let closed: LayerDescription
    var testDescription: String { formula }
    var layer: LayerDescription { FormulaActivationTests.elementwise(formula) }
  }

  static let twins = [
    Twin(formula: "max(x, 0)", closed: LayerDescription("relu")),
    Twin(
      formula: "max(x, 0.2 * x)",
      closed: ActivationExamples.layer("leaky_relu", ["negative_slope": 0.2])),
    Twin(formula: "abs(x)", closed: LayerDescription("abs")),
    Twin(formula: "max(x, 0) ** 2", closed: ActivationExamples.degree("rectified_monomial", 2)),
    Twin(formula: "sign(x)", closed: LayerDescription("sign")),
    Twin(formula: "where(x < 0, 0, 1)", closed: ActivationExamples.degree("rectified_monomial", 0)),
  ]

  @Test("tables agree with closed forms, deficits included", arguments: twins)
  func images(_ twin: Twin) throws {
    for (q1, q2, u) in FormulaActivationTests.pairs {
      func values(_ layer: LayerDescription, _ precision: Precision) throws -> [Double] {
        try onePair(
          // Squares grow fast.
          fullyConnected(
            layer, depth: 3, w: twin.closed.name == "rectified_monomial" ? 0.3 : 1.5, b: 0.1),
          precision, q1: q1, q2: q2, u: u)
      }
      let known = try values(twin.closed, .f64)
      for (precision, tolerance) in [(Precision.f64, 1e-12), (.f32, 4e-6)] {
        let given = try values(twin.layer, precision)
        for index in 0..<2 {
          #expect(
            abs(given[index] - known[index])
              < tolerance * (abs(known[index]) + abs(known[index + 2])),
            "\(precision) \(q1) \(q2) \(u) \(index)")
        }
        // Different variances enter by their difference.
        let rounding = precision == .f64 ? 1e-14 : 1e-6
        for index in 2..<4 where known[index] > 0 {
          let apart = q1 == q2 ? 0 : rounding * abs(known[index - 2] / known[index])
          #expect(
            relativeError(given[index], known[index]) < 10 * tolerance + apart,
            "deficit \(precision) \(q1) \(q2) \(u) \(index)")
        }
      }
    }
  }

  @Test(
    "convolutional networks agree with closed forms", arguments: twins,
    ["flatten", "global_average_pool"])
  func pixels(_ twin: Twin, _ readout: String) throws {
    func network(_ activation: LayerDescription) -> [LayerDescription] {
      let affine: [LayerDescription.Parameter] = [
        .init("weight_variance", .number(1.5)), .init("bias_variance", .number(0.1)),
      ]
      let convolution = LayerDescription(
        "convolution", [.init("filter", .numbers([3, 3]))] + affine)
      return [convolution, activation, convolution, activation, LayerDescription(readout)]
        + [LayerDescription("dense", affine)]
    }
    var random = SplitMix64(seed: 7)
    // From black to very bright.
    let images = (0..<6).map { image in
      PlainImage(
        height: 4, width: 4, channels: 3,
        values: (0..<48).map { _ in Double(image * image) / 8 * random.uniform(-1, 1) })
    }
    for (precision, tolerance) in [(Precision.f64, 1e-12), (.f32, 4e-6)] {
      let given = try FastKernels([network(twin.layer)], images, nil, precision)
      let known = try FastKernels([network(twin.closed)], images, nil, precision)
      var worst = 0.0
      for (a, b) in [(given.nngp[0], known.nngp[0]), (given.ntk[0], known.ntk[0])] {
        for i in images.indices {
          for j in 0...i {
            worst = max(worst, abs(a[i][j] - b[i][j]) / (b[i][i] * b[j][j]).squareRoot())
          }
        }
      }
      #expect(worst < tolerance, "\(precision)")
    }
  }

  @Test(
    "images of one pixel have the same kernels as pixels and as images",
    arguments: [
      LayerDescription("elu"), ActivationExamples.layer("elu", ["alpha": 0.3]),
      LayerDescription("selu"), FormulaActivationTests.elementwise("1 + max(x, 0)"),
      FormulaActivationTests.elementwise("exp(-abs(x))"),
      FormulaActivationTests.elementwise("where(x < 0, 1, 2)"),
      FormulaActivationTests.elementwise("sign(x) * (1 - exp(-abs(x)))"),
    ])
  func onePixel(_ layer: LayerDescription) throws {
    func network(_ affine: LayerDescription) -> [LayerDescription] {
      [affine, layer, affine, layer, affine]
    }
    let convolution = LayerDescription("convolution", [.init("filter", .numbers([1, 1]))])
    let pixels =
      network(convolution).dropLast() + [LayerDescription("flatten"), LayerDescription("dense")]
    let dense = [LayerDescription("flatten")] + network(LayerDescription("dense"))
    // Variances of every level, equal ones, nearly equal ones and nearly black.
    let radii = [1, 1.0000001, 1, 2, 0.3, 4, 0.707, 2.828, 5, 9, 0.05, 1e-4]
    let images = radii.enumerated().map { index, radius in
      PlainImage(
        height: 1, width: 1, channels: 2,
        values: [radius * cos(Double(index)), radius * sin(Double(index))])
    }
    for (precision, tolerance) in [(Precision.f64, 1e-12), (.f32, 4e-6)] {
      let found = try FastKernels([Array(pixels)], images, nil, precision)
      var worst = 0.0
      for i in radii.indices {
        for j in 0..<i {
          let known = try onePair(
            dense, precision, q1: radii[i] * radii[i] / 2, q2: radii[j] * radii[j] / 2,
            u: 1 - cos(Double(i - j)))
          let given = [found.nngp[0][i][j], found.ntk[0][i][j]]
          // Gaps have the digits of the brighter pixel.
          let contrast = max(radii[i] / radii[j], radii[j] / radii[i])
          for index in 0..<2 {
            let error = abs(given[index] - known[index]) / contrast
            worst = max(worst, error / (abs(known[index]) + known[index + 2]))
          }
        }
      }
      #expect(worst < tolerance, "\(precision)")
    }
  }

  @Test("curves with breaks elsewhere, and what is not smooth enough, are computed by quadrature")
  func others() throws {
    for formula in ["where(x > 0.3, x, 0)", "max(tanh(x), 0.3)", "sqrt(abs(x) + 0.001)"] {
      let certificate = try #require(
        try ActivationCertificate.all(in: [FormulaActivationTests.elementwise(formula)]).first)
      #expect(certificate.form == .quadrature, "\(formula)")
    }
  }

  @Test(
    "tables agree with the quadrature",
    arguments: [
      "exp(-abs(x))", "where(x < 0, 1, 2)", "sign(x) * (1 - exp(-abs(x)))",
      "where(x > 0, sin(0.6 * x), 0)", "x + where(x < 0, 0, 0.001)",
    ])
  func quadrature(_ formula: String) throws {
    // It refuses larger errors.
    let certificate = try #require(
      try ActivationCertificate.all(in: [FormulaActivationTests.elementwise(formula)]).first)
    #expect(certificate.form == .tables && certificate.pairs == 256)
  }

  @Test("an activation jumps only where it does")
  func jumps() throws {
    for name in ["elu", "selu", "hard_tanh", "relu", "tanh"] {
      #expect(try !ActivationExamples.jumps(LayerDescription(name)), "\(name)")
    }
    for formula in ["abs(x - 1)", "abs(x - 2)", "abs(abs(x) - 1)", "abs(sin(x))", "max(x, 0.3)"] {
      #expect(
        try !ActivationExamples.jumps(FormulaActivationTests.elementwise(formula)), "\(formula)")
    }
    for formula in ["sign(x)", "where(x > 0.5, x, 0)", "x + where(x < 0, 1, 1.001)"] {
      #expect(
        try ActivationExamples.jumps(FormulaActivationTests.elementwise(formula)), "\(formula)")
    }
  }
}
