import Failures
import Features
import Testing

/// Centering and normalizing the kernel is centering and normalizing the features.
@Suite struct FeatureMomentsTests {
  private static let (n, m, p) = (6, 4, 9)

  /// Features of the training points and, behind them, of the test points.
  private static func features() -> [[Double]] {
    var numbers = Numbers(11)
    return (0..<n + m).map { _ in numbers.list(p).map { $0 + 1 } }
  }

  private static func dot(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private static func moments(
    _ features: [[Double]], centred: Bool, normalized: Bool
  ) throws -> FeatureMoments {
    func means(_ rows: Range<Int>) -> [Double] {
      rows.map { i in (0..<n).reduce(0) { $0 + dot(features[i], features[$1]) } / Double(n) }
    }
    return try FeatureMoments(
      isCentred: centred, isNormalized: normalized,
      diagonal: (0..<n).map { dot(features[$0], features[$0]) },
      testDiagonal: (n..<n + m).map { dot(features[$0], features[$0]) },
      means: centred ? means(0..<n) : [], testMeans: centred ? means(n..<n + m) : [])
  }

  @Test(
    "the kernel is that of centered and normalized features",
    arguments: [(false, false), (true, false), (false, true), (true, true)])
  func kernels(centred: Bool, normalized: Bool) throws {
    let raw = Self.features()
    var features = raw
    if centred {
      let mean = (0..<Self.p).map { column in
        (0..<Self.n).reduce(0) { $0 + raw[$1][column] } / Double(Self.n)
      }
      features = raw.map { row in zip(row, mean).map { $0 - $1 } }
    }
    if normalized {
      features = features.map { row in
        let norm = Self.dot(row, row).squareRoot()
        return row.map { $0 / norm }
      }
    }
    let moments = try Self.moments(raw, centred: centred, normalized: normalized)
    func isClose(_ a: Double, _ b: Double) -> Bool { abs(a - b) < 1e-12 * max(1, abs(b)) * 100 }
    for i in 0..<Self.n {
      for j in 0..<Self.n {
        let sum = Self.dot(raw[i], raw[j])
        #expect(isClose(moments.train(i, j, sum), Self.dot(features[i], features[j])))
        let difference = zip(features[i], features[j]).map { $0 - $1 }
        #expect(isClose(moments.gap(i, j, sum), Self.dot(difference, difference)))
      }
    }
    for i in 0..<Self.m {
      let own = features[Self.n + i]
      #expect(isClose(moments.testDiagonal(i), Self.dot(own, own)))
      for j in 0..<Self.n {
        let sum = Self.dot(raw[Self.n + i], raw[j])
        #expect(isClose(moments.test(i, j, sum), Self.dot(own, features[j])))
      }
    }
  }

  @Test("a point without features cannot be normalized")
  func zero() throws {
    var features = Self.features()
    features[Self.n + 2] = [Double](repeating: 0, count: Self.p)
    _ = try Self.moments(features, centred: false, normalized: false)
    let error = #expect(throws: Refusal.self) {
      try Self.moments(features, centred: false, normalized: true)
    }
    #expect(error?.description.contains("test point 2") ?? false)
  }
}
