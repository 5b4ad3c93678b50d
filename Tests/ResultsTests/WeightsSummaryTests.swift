import Results
import Testing

@Suite struct WeightsSummaryTests {
  @Test("Parts of the targets count leading eigenvectors, which come last")
  func parts() {
    // Two images of two classes less an offset of 1/2: |Y|^2 is 1.
    let half = 0.5.squareRoot()
    let found = WeightsSummary(
      [0.3, 0.4, half, half * half], labels: [0, 1], classes: 2, targetOffset: 0.5)
    #expect(found.squaredNorm == 1 && found.normError < 1e-15)
    #expect(found.leading.map(\.eigenvectors) == [1, 1, 2, 2])
    #expect(found.leading.map(\.part) == [0.5, 0.75, 0.9, 0.99])
  }

  @Test("Targets that are all zero have no parts")
  func zero() {
    let found = WeightsSummary([0, 0], labels: [0, 0], classes: 1, targetOffset: 1)
    #expect(found.squaredNorm == 0 && found.normError == 0 && found.leading.isEmpty)
  }
}
