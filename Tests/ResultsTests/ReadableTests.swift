import Results
import Testing

@Suite struct ReadableTests {
  @Test(
    "Durations read as people say them",
    arguments: [
      (0.42, "0.4 s"), (12.3, "12 s"), (200.0, "3 min 20 s"), (18_180, "5 h 3 min"),
      (1e300, "more than 100 years"), (.nan, "unknown"), (-5, "0.0 s"),
    ])
  func durations(_ seconds: Double, _ text: String) { #expect(readable(seconds: seconds) == text) }

  @Test("Bytes have a unit that fits")
  func bytes() {
    #expect(readable(bytes: 600_000) == "0.6 MB")
    #expect(readable(bytes: 5_370_000_000) == "5.37 GB")
    #expect(gigabytes(20_000_000_000) == "20.0")
  }
}
