import BLAS
import Testing

/// The weights of columns in eigenvectors, found without the eigenvectors.
@Suite struct TurnedColumnsTests {
  /// Numbers in [-1, 1) that look random.
  private func noise(_ index: Int) -> Double {
    var z = UInt64(index + 1) &* 0x9E37_79B9_7F4A_7C15
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return Double(Int64(bitPattern: z ^ (z >> 31))) / 0x1p63
  }

  private func columns(_ n: Int, _ count: Int) -> [Double] {
    (0..<n * count).map { noise($0 + 7_777) }
  }

  private func band(_ n: Int, width: Int, _ element: (Int, Int) -> Double) -> SymmetricBand {
    var band = SymmetricBand(n: n, bandwidth: min(width, n - 1))
    let height = band.bandwidth + 1
    for j in 0..<n {
      for i in j..<min(n, j + height) { band.elements[i - j + j * height] = element(i, j) }
    }
    return band
  }

  private func dense(_ n: Int, width: Int, _ element: (Int, Int) -> Double) -> [Double] {
    (0..<n * n).map { place in
      let (i, j) = (max(place / n, place % n), min(place / n, place % n))
      return i - j <= width ? element(i, j) : 0
    }
  }

  /// Compares with the eigenvectors of the whole matrix: the weights' products between columns, summed
  /// over eigenvalues that are alike.
  private func check(_ n: Int, width: Int, count: Int, _ element: (Int, Int) -> Double) throws {
    let y = columns(n, count)
    var turned = y
    let matrix = try band(n, width: width, element).tridiagonal(turning: &turned, columns: count)
    let (values, products) = try matrix.eigenvalues(turning: turned, columns: count)
    let expected = try symmetricEigenpairs(of: dense(n, width: width, element), n: n)
    let norm = max(abs(expected.values[0]), abs(expected.values[n - 1]), 1e-300)
    for (found, value) in zip(values, expected.values) {
      #expect(abs(found - value) <= 1e-15 * Double(n) * norm)
    }
    let square = y.reduce(0) { $0 + $1 * $1 }
    let sum = products.reduce(0) { $0 + $1 * $1 }
    #expect(abs(sum - square) <= 1e-13 * square)
    var first = 0
    while first < n {
      var last = first
      while last + 1 < n, expected.values[last + 1] - expected.values[last] < 1e-4 * norm {
        last += 1
      }
      for a in 0..<count {
        for b in 0..<count {
          var (found, wanted) = (0.0, 0.0)
          for k in first...last {
            found += products[k * count + a] * products[k * count + b]
            let row = expected.vectors[k * n..<(k + 1) * n]
            func product(_ column: Int) -> Double {
              row.enumerated().reduce(0) { $0 + $1.element * y[$1.offset * count + column] }
            }
            wanted += product(a) * product(b)
          }
          #expect(abs(found - wanted) <= 1e-10 * square)
        }
      }
      first = last + 1
    }
  }

  @Test("Weights are those of LAPACK's eigenvectors", arguments: [1, 2, 3, 5, 16, 40, 97, 230])
  func random(n: Int) throws {
    for width in [0, 1, 2, 3, 8, 64] {
      try check(n, width: width, count: 3) { noise($0 * 1_009 + $1) }
    }
  }

  @Test("Clusters, zero blocks and graded diagonals keep the weights' sums")
  func hard() throws {
    try check(60, width: 5, count: 2) { i, j in i == j ? Double(i / 12) : 1e-9 * noise(i * 61 + j) }
    try check(50, width: 4, count: 6) { i, j in i / 10 == j / 10 ? noise(i + j) : 0 }
    try check(48, width: 6, count: 10) { i, j in
      (1 + noise(i * 49 + j)) * (i + j < 40 ? 1e-3 : 1e-9)
    }
    try check(30, width: 3, count: 1) { _, _ in 0 }
    try check(30, width: 3, count: 4) { i, j in i == j ? 2 : 0 }
  }

  @Test("A matrix of numbers beyond the square root of the largest does not overflow")
  func large() throws {
    try check(20, width: 3, count: 2) { noise($0 * 21 + $1) * 1e200 }
  }

  @Test("Progress ends at the whole, and sweeps come in their order")
  func progress() throws {
    var parts: [Double] = []
    var turned: [Double] = []
    let matrix = try band(1_500, width: 4) { noise($0 * 3 + $1) }
      .tridiagonal(turning: &turned, columns: 0) { parts.append($0) }
    #expect(parts == parts.sorted() && parts.count == 3)
    parts = []
    let found = try matrix.eigenvalues(turning: [], columns: 0) { parts.append($0) }
    #expect(parts == parts.sorted() && !parts.isEmpty && found.products.isEmpty)
    #expect(found.values == found.values.sorted() && found.values.count == 1_500)
  }

  @Test("Numbers that are not finite, and columns of another shape, are refused")
  func refusals() throws {
    let matrix = SymmetricTridiagonal(diagonal: [1, .nan, 2], beside: [1, 1])
    #expect(throws: BLASError.self) { try matrix.eigenvalues(turning: [1, 2, 3], columns: 1) }
    var short = [1.0]
    #expect(throws: BLASError.self) {
      try band(3, width: 2) { _, _ in 1 }.tridiagonal(turning: &short, columns: 1)
    }
  }
}
