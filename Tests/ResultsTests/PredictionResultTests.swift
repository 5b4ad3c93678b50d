import Results
import Testing

@Suite struct PredictionResultTests {
  private func summary(_ scale: String, offset: Double? = 0.1) -> PredictionSummary {
    PredictionSummary(
      testLabelsKnown: true, meanDiagonal: 4, regularizationScale: scale, targetOffset: offset,
      regularizations: [0, 0.25, 1].map {
        PredictionSummary.RegularizedSummary(regularization: $0)
      }, grid: [1, 1], blockSize: 1,
      secondsPredicting: 0)
  }

  @Test("A result is found by what it adds to the diagonal and by its targets")
  func ridges() {
    func found(_ ridge: Double, in summary: PredictionSummary) -> Double? {
      summary.result(atRidge: ridge, targetOffset: 0.1)?.regularization
    }
    #expect(found(1, in: summary("relative")) == 0.25)
    #expect(found(1 + 1e-12, in: summary("relative")) == 0.25)
    #expect(found(1, in: summary("absolute")) == 1)
    #expect(found(4, in: summary("absolute")) == nil)
    #expect(found(0, in: summary("relative")) == 0)
    #expect(found(1, in: summary("relative", offset: 0.5)) == nil)
    #expect(found(1, in: summary("relative", offset: nil)) == 0.25)
  }
}
