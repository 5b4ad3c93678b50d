import BLAS
import Comparison
import Foundation
import Testing

@Suite struct LeadingSpacesTests {
  /// Two sets of `angles.count` orthonormal vectors [n, k] with these principal angles between them, each
  /// set turned within itself.
  private func spaces(_ angles: [Double], n: Int) -> (u: [Double], v: [Double]) {
    let k = angles.count
    var (u, v) = ([Double](repeating: 0, count: n * k), [Double](repeating: 0, count: n * k))
    for j in 0..<k {
      u[j * k + j] = 1
      v[j * k + j] = cos(angles[j])
      v[(k + j) * k + j] = sin(angles[j])
    }
    return (mixed(u, n, k, by: 0.3), mixed(v, n, k, by: 1.1))
  }

  /// Rows turned by a fixed reflection, the same for both sets; columns by `angle`.
  private func mixed(_ a: [Double], _ n: Int, _ k: Int, by angle: Double) -> [Double] {
    let normal = (0..<n).map { sin(Double(3 * $0 + 1)) }
    let square = normal.reduce(0) { $0 + $1 * $1 }
    var a = a
    for j in 0..<k {
      let part = (0..<n).reduce(0) { $0 + normal[$1] * a[$1 * k + j] } * 2 / square
      for i in 0..<n { a[i * k + j] -= part * normal[i] }
    }
    for j in 0..<k - 1 {
      for i in 0..<n {
        let (x, y) = (a[i * k + j], a[i * k + j + 1])
        a[i * k + j] = cos(angle) * x - sin(angle) * y
        a[i * k + j + 1] = sin(angle) * x + cos(angle) * y
      }
    }
    return a
  }

  private func products(_ u: [Double], _ v: [Double], _ k: Int) -> [Double] {
    var result = [Double](repeating: 0, count: k * k)
    dgemm(
      .transpose, .none, m: k, n: k, k: u.count / k, u, lda: k, v, ldb: k, into: &result, ldc: k)
    return result
  }

  /// What the stage does, with rows in chunks.
  private func angles(_ u: [Double], _ v: [Double], _ k: Int, chunk: Int) throws -> [Double] {
    let first = try #require(OrthonormalFrame(gram: products(u, u, k), order: k))
    let second = try #require(OrthonormalFrame(gram: products(v, v, k), order: k))
    let straight = first.products(products(u, v, k), with: second, count: k)
    var residual = ResidualTriangle(order: k)
    for start in stride(from: 0, to: u.count / k, by: chunk) {
      let rows = start * k..<min(start + chunk, u.count / k) * k
      let count = rows.count / k
      try residual.add(
        u: first.straighten(Array(u[rows]), rows: count), columnsOfU: k,
        v: second.straighten(Array(v[rows]), rows: count), columnsOfV: k, products: straight)
    }
    return try LeadingSpaces.angles(products: straight, residual: residual.triangle, order: k)
  }

  @Test("Tiny, middling and right angles are found together", arguments: [1, 7, 40])
  func angles(chunk: Int) throws {
    let right = Double.pi / 2
    let wanted = [0, 1e-14, 1e-10, 1e-5, 0.3, right / 2, 1.5, right - 1e-10, right]
    let (u, v) = spaces(wanted, n: 40)
    let found = try angles(u, v, wanted.count, chunk: chunk)
    for (angle, expected) in zip(found, wanted) { #expect(abs(angle - expected) < 5e-15) }
  }

  @Test("A space makes no angle with itself, however its vectors are turned")
  func itself() throws {
    let (u, v) = spaces([0, 0, 0], n: 20)
    let found = try angles(u, v, 3, chunk: 6)
    #expect(found.allSatisfy { $0 < 2e-15 })
    #expect(abs(LeadingSpaces.overlap(products(u, v, 3), order: 3, vectors: 3) - 1) < 1e-14)
  }

  @Test("Vectors that rounding has left off orthonormal give the angles of their spaces")
  func straightened() throws {
    let wanted = [1e-10, 0.2, 1]
    let (u, v) = spaces(wanted, n: 20)
    // A column with a part of another one: the spaces are the same.
    var bent = u
    for i in 0..<20 { bent[i * 3 + 2] = bent[i * 3 + 2] * (1 + 1e-6) + 1e-6 * bent[i * 3] }
    for (angle, expected) in zip(try angles(bent, v, 3, chunk: 8), wanted) {
      #expect(abs(angle - expected) < 5e-15)
    }
  }

  @Test("Overlaps of leading vectors: all, none, and a half")
  func overlaps() {
    // e1, e2, e3 and e1, e3, e4.
    let products = [1.0, 0, 0, 0, 0, 0, 0, 1, 0]
    #expect(LeadingSpaces.overlap(products, order: 3, vectors: 1) == 1)
    #expect(LeadingSpaces.overlap(products, order: 3, vectors: 2) == 0.5)
    #expect(abs(LeadingSpaces.overlap(products, order: 3, vectors: 3) - 2.0 / 3) < 1e-15)
  }

  @Test("The numbers of vectors that are compared end with the last")
  func counts() {
    #expect(LeadingSpaces.counts(upTo: 0) == [])
    #expect(LeadingSpaces.counts(upTo: 1) == [1])
    #expect(LeadingSpaces.counts(upTo: 10) == [1, 2, 5, 10])
    #expect(LeadingSpaces.counts(upTo: 37) == [1, 2, 5, 10, 20, 37])
  }

  @Test("Vectors that are not orthonormal are told")
  func notOrthonormal() {
    #expect(OrthonormalFrame(gram: [1, 0.1, 0.1, 1], order: 2) == nil)
    #expect(OrthonormalFrame(gram: [.nan], order: 1) == nil)
  }
}
