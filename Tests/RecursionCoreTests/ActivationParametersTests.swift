import RecursionCore
import Testing

/// Parameters of activations that make no sense are refused, each with one sentence.
@Suite struct ActivationParametersTests {
  private static func layer(_ name: String, _ parameters: [String: Double]) -> LayerDescription {
    ActivationExamples.layer(name, parameters)
  }

  @Test(
    "bad parameters have a sentence",
    arguments: [
      (layer("leaky_relu", ["slope": 1]), "unknown parameter 'slope' (known: negative_slope)"),
      (layer("leaky_relu", ["negative_slope": .infinity]), "'negative_slope' must be finite"),
      (layer("abs", ["slope": 1]), "unknown parameter 'slope' (it takes none)"),
      (layer("abrelu", ["negative_slope": 1]), "abrelu needs 'positive_slope'"),
      (layer("abrelu", ["positive_slope": 1]), "abrelu needs 'negative_slope'"),
      (
        layer("abrelu", ["negative_slope": 1e80, "positive_slope": 1]),
        "'negative_slope' must be at"
      ),
      (layer("rbf", ["gamma": -1]), "'gamma' must be finite and at least 0.0, not -1.0"),
      (layer("gaussian", ["rate": 1e80]), "'rate' must be at most 1e+75"),
      (layer("exp_normalized", ["gamma": -0.1]), "'gamma' must be finite and at least 0.0"),
      (layer("exp_normalized", ["gamma": 10, "shift": 1e3]), "use a smaller gamma"),
      (layer("monomial", [:]), "monomial needs 'degree'"),
      (layer("monomial", ["degree": 1.5]), "'degree' must be a whole number, not 1.5"),
      (layer("monomial", ["degree": 31]), "'degree' must be at most 30, not 31"),
      (layer("hermite", ["degree": -1]), "'degree' must be finite and at least 0.0, not -1.0"),
      (layer("rectified_monomial", ["degree": 1e3]), "'degree' must be at most 30, not 1000"),
      (layer("polynomial", [:]), "polynomial needs 'coefficients', for example [0, 1, 0.5]"),
      (layer("polynomial", ["coefficients": 2]), "must be a list of 1 to 31 numbers, not 2.0"),
      (
        ActivationExamples.layer("polynomial", "coefficients", []),
        "'coefficients' must be a list of 1 to 31 numbers, not 0 of them"
      ),
      (
        ActivationExamples.layer("polynomial", "coefficients", [1, .nan]),
        "'coefficients' must be at most 1e+75, not nan"
      ),
    ])
  func refused(_ layer: LayerDescription, _ part: String) {
    do {
      _ = try Network([dense(1, 0), layer, dense(1, 0)], imageShape: [4])
      Issue.record("accepted: \(text([layer]))")
    } catch {
      #expect(error.description.contains(part), "\(error.description)")
    }
  }
}
