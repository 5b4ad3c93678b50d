import Comparison
import Testing

@Suite struct KernelSimilarityTests {
  private static let n = 12

  /// A symmetric matrix without structure, the same every time.
  private func kernel(_ seed: Int, mean: Double = 0) -> [Double] {
    let n = Self.n
    return (0..<n * n).map { place in
      let (i, j) = (max(place / n, place % n), min(place / n, place % n))
      return mean + Double((i * 7919 + j * 104_729 + seed * 31_337) % 1009) / 1009 - 0.4
    }
  }

  /// Both passes over blocks of some width.
  private func compare(_ kernels: [[Double]], width: Int) -> (MomentSums, DistanceSums) {
    let n = Self.n
    func forEachBlock(_ body: (KernelBlock) -> Void) {
      for first in stride(from: 0, to: n, by: width) {
        for second in stride(from: 0, through: first, by: width) {
          let rows = first..<min(first + width, n)
          let columns = second..<min(second + width, n)
          let parts = kernels.map { values in
            rows.flatMap { row in columns.map { values[row * n + $0] } }
          }
          let memory = parts.map { part in
            let memory = UnsafeMutablePointer<Double>.allocate(capacity: part.count)
            memory.initialize(from: part, count: part.count)
            return memory
          }
          body(KernelBlock(rows: rows, columns: columns, values: memory.map { .init($0) }))
          for part in memory { part.deallocate() }
        }
      }
    }
    var moments = MomentSums(kernels: kernels.count, n: n)
    forEachBlock { moments.add($0) }
    let distances = DistanceSums(moments.scales, width: width)
    forEachBlock { distances.add($0) }
    return (moments, distances)
  }

  private func centred(_ a: [Double]) -> [Double] {
    let n = Self.n
    let means = (0..<n).map { i in (0..<n).reduce(0) { $0 + a[i * n + $1] } / Double(n) }
    let mean = means.reduce(0, +) / Double(n)
    return a.indices.map { a[$0] - means[$0 / n] - means[$0 % n] + mean }
  }

  private func product(_ a: [Double], _ b: [Double]) -> Double {
    zip(a, b).reduce(0) { $0 + $1.0 * $1.1 }
  }

  private func cosine(_ a: [Double], _ b: [Double]) -> Double {
    product(a, b) / (product(a, a) * product(b, b)).squareRoot()
  }

  @Test("Sums over blocks are those of the whole matrices", arguments: [12, 5, 4, 1])
  func sums(width: Int) throws {
    let kernels = [kernel(1), kernel(2, mean: 0.7), kernel(3)]
    let (moments, distances) = compare(kernels, width: width)
    for (place, pair) in KernelPairs(of: 3).all.enumerated() {
      let (a, b) = (kernels[pair.first], kernels[pair.second])
      #expect(abs(moments.products[place] - product(a, b)) < 1e-12)
      let found = distances.similarities[place]
      #expect(abs(found.cosine - cosine(a, b)) < 1e-14)
      let centredCosine = try #require(found.centredCosine)
      #expect(abs(centredCosine - cosine(centred(a), centred(b))) < 1e-13)
    }
    for place in kernels.indices {
      let norm = product(centred(kernels[place]), centred(kernels[place])).squareRoot()
      let found = try #require(distances.centredNorm(place))
      #expect(abs(found - norm) < 1e-13 * norm)
    }
  }

  @Test("Equal kernels have no distance, and neither has a multiple but for rounding")
  func equal() {
    let a = kernel(1, mean: 3)
    let (_, distances) = compare([a, a, a.map { 3 * $0 }], width: 5)
    #expect(distances.similarities[0].distance == 0)
    #expect(distances.similarities[0].centredDistance == 0)
    #expect(distances.similarities[1].distance < 1e-31)
    #expect(distances.similarities[1].centredDistance ?? 1 < 1e-29)
  }

  @Test("Tiny distances keep their digits, also of centered kernels with a large mean")
  func tiny() throws {
    let (a, e) = (kernel(1, mean: 100), kernel(2))
    let epsilon = 0x1p-30
    let b = zip(a, e).map { $0 + epsilon * $1 }
    let (_, distances) = compare([a, b], width: 4)
    // 1 - cos is half the squared sine: what of the change is across the kernel.
    func expected(_ a: [Double], _ e: [Double]) -> Double {
      let across = product(e, e) - product(a, e) * product(a, e) / product(a, a)
      return epsilon * epsilon * across / product(a, a) / 2
    }
    let change = zip(a, b).map { ($1 - $0) / epsilon }
    let plain = expected(a, change)
    #expect(abs(distances.similarities[0].distance - plain) < 1e-5 * plain)
    let centredDistance = try #require(distances.similarities[0].centredDistance)
    let value = expected(centred(a), centred(change))
    #expect(abs(centredDistance - value) < 1e-3 * value)
  }

  @Test("A constant kernel has no direction once it is centered")
  func constant() {
    let n = Self.n
    let (_, distances) = compare([kernel(1), Array(repeating: 0.1, count: n * n)], width: 5)
    #expect(distances.centredNorm(0) != nil && distances.centredNorm(1) == nil)
    #expect(distances.similarities[0].centredDistance == nil)
    #expect(distances.similarities[0].distance > 0)
  }

  @Test("Pairs are numbered row by row")
  func pairs() {
    let pairs = KernelPairs(of: 4)
    #expect(pairs.count == 6 && pairs.all.count == 6)
    let first = pairs.all.prefix(4).map { [$0.first, $0.second] }
    #expect(first == [[0, 1], [0, 2], [0, 3], [1, 2]])
    #expect(KernelPairs(of: 1).all.isEmpty)
  }
}
