import Report
import Results
import Testing

@Suite struct VariantParametersTests {
  private func parameters(_ values: [String: Double]?) -> VariantParameters {
    var variant = Summary.VariantSummary(name: "any name", network: "[]")
    variant.parameters = values
    return VariantParameters(variant)
  }

  @Test("Labels name what varies in a fixed order, whole numbers without a fraction")
  func labels() {
    let found = parameters(["weight_variance": 1.76, "depth": 30, "unknown": 2])
    #expect(found.label == "depth 30, σ_w² 1.76")
    #expect(found[.depth] == 30 && found[.biasVariance] == nil)
    // A layer of features has a name alone.
    #expect(parameters(nil).label == "any name")
  }

  @Test("Variants that differ in one parameter are equal without it")
  func without() {
    let one = parameters(["depth": 1, "bias_variance": 0.5])
    let other = parameters(["depth": 2, "bias_variance": 0.5])
    #expect(one != other && one.without(.depth) == other.without(.depth))
  }
}
