import BLAS
import Testing

@Suite struct GeneralDecompositionsTests {
  /// Elements without any structure, the same every time.
  private func matrix(_ rows: Int, _ columns: Int) -> [Double] {
    (0..<rows * columns).map { Double(($0 * 7919 + 104_729) % 1009) / 1009 - 0.5 }
  }

  @Test("R of A = QR is upper triangular, and R'R = A'A", arguments: [(7, 4), (4, 4), (3, 5)])
  func triangle(rows: Int, columns: Int) throws {
    let a = matrix(rows, columns)
    var r = a
    try reduceToTriangle(&r, rows: rows, columns: columns)
    let order = min(rows, columns)
    for i in 0..<order {
      for j in 0..<min(i, columns) { #expect(r[i * columns + j] == 0) }
    }
    for i in 0..<columns {
      for j in 0..<columns {
        let plain = (0..<rows).reduce(0) { $0 + a[$1 * columns + i] * a[$1 * columns + j] }
        let product = (0..<order).reduce(0) { $0 + r[$1 * columns + i] * r[$1 * columns + j] }
        #expect(abs(plain - product) < 1e-14 * Double(rows))
      }
    }
  }

  @Test("Singular values are those of a diagonal, turned on both sides")
  func values() throws {
    // A rotation by 3-4-5 on both sides of diag(2, 1e-3).
    let (c, s) = (0.6, 0.8)
    let a = [
      c * c * 2 + s * s * 1e-3, c * s * 2 - s * c * 1e-3,
      s * c * 2 - c * s * 1e-3, s * s * 2 + c * c * 1e-3,
    ]
    let values = try singularValues(of: a, n: 2)
    #expect(abs(values[0] - 2) < 1e-15 && abs(values[1] - 1e-3) < 1e-15)
  }

  @Test("A matrix of another size than its shape is refused")
  func wrongShape() {
    var a = [1.0, 2]
    #expect(throws: BLASError.self) { try reduceToTriangle(&a, rows: 2, columns: 2) }
    #expect(throws: BLASError.self) { try singularValues(of: a, n: 2) }
  }

  @Test("Sums of products, and sums of vectors")
  func vectors() {
    let x = [1.0, 2, 3]
    var y = [4.0, 5, 6]
    #expect(dot(x, y, count: 3) == 32)
    add(x, to: &y, count: 3)
    #expect(y == [5, 7, 9])
  }
}
