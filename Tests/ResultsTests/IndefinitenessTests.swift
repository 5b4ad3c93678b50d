import Results
import Testing

@Suite struct IndefinitenessTests {
  private func warning(
    _ lambdaMin: Double, trace: Double = 200, hasSingleElements: Bool = false
  ) -> String? {
    let spectrum = SpectrumSummary(
      routine: "band", n: 10, lambdaMax: 100, lambdaMin: lambdaMin, noiseFloor: 1e-10,
      belowNoiseFloor: 1, trace: trace, traceError: 0, frobeniusError: 0, eigenvectors: 0,
      grid: [1, 1], blockSize: 64, secondsReading: 0, secondsSolving: 0, secondsChecking: 0)
    return Indefiniteness(RunFolder("runs/x"), hasSingleElements: hasSingleElements)
      .warning("ntk", spectrum)
  }

  @Test("An eigenvalue far below zero is a warning that names the kernel, the value and the run")
  func indefinite() throws {
    let text = try #require(warning(-4.2))
    #expect(text.hasPrefix("ntk has an eigenvalue of at most -4.2") && text.contains("runs/x"))
  }

  @Test("A negative definite kernel is a warning, and a kernel of zeros is none")
  func negative() {
    #expect(warning(-4.2, trace: -20) != nil && warning(-4.2, trace: 0) != nil)
    #expect(warning(-4.2, trace: -20, hasSingleElements: true) != nil)
    #expect(warning(0, trace: 0) == nil && warning(0, trace: 0, hasSingleElements: true) == nil)
  }

  @Test("An eigenvalue that rounding explains is none")
  func rounding() {
    #expect(warning(-5e-10) == nil && warning(0.5) == nil)
    // Elements in single precision: 2^-23 times the trace of 200, a hundred times.
    #expect(warning(-1e-3) != nil && warning(-1e-3, hasSingleElements: true) == nil)
    #expect(warning(-4.2, hasSingleElements: true) != nil)
  }
}
