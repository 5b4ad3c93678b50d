import Report
import Results
import Testing

@Suite struct EvidenceTests {
  private func figures(_ values: [Double?], failure: String? = nil) -> Summary.KernelSummary {
    let regularizations = values.enumerated().map { index, value in
      var result = PredictionSummary.RegularizedSummary(regularization: Double(index + 1))
      result.logMarginalLikelihood = value
      if value == nil { result.failure = failure }
      return result
    }
    return Summary.KernelSummary(
      prediction: PredictionSummary(
        testLabelsKnown: true, meanDiagonal: 1, regularizations: regularizations, grid: [1, 1],
        blockSize: 1, secondsPredicting: 0))
  }

  @Test("A value is partial if a regularization with a solution has none")
  func partial() {
    #expect(!Evidence.isPartial(figures([-10, -20])))
    #expect(Evidence.isPartial(figures([-10, nil])))
    #expect(!Evidence.isPartial(figures([-10, nil], failure: "singular")))
    // Conjugate gradients have no values at all.
    #expect(!Evidence.isPartial(figures([nil, nil])))
    #expect(Evidence.perImage(figures([-20, nil, -10]), images: 10) == -1)
  }
}
