import BLAS
import DurableFiles
import Failures
import Jobs
import NumPyFiles
import RankProgram
import Results

/// Eigenpairs of a kernel, or Ritz pairs in a space that can replace them. Each rank holds the rows of some images. The
/// basis applies functions of the kernel to vectors without reading the kernel again.
package struct EigenBasis {
  /// The eigenvalues in descending order, [k].
  package let values: [Double]
  /// The images whose rows this rank holds.
  package let rows: Range<Int>
  /// The number of all images.
  let imageCount: Int
  /// The eigenvectors, [rows, k], row-major.
  private let vectors: [Double]
  private let ranks: Ranks

  /// The number of bytes on the rank that holds the most.
  package static func bytes(order n: Int, count: Int, ranks: Int) -> Int {
    (n / ranks + 1) * count * MemoryLayout<Double>.size
  }

  /// The images whose rows this rank holds.
  package static func rows(order n: Int, ranks: Ranks) -> Range<Int> {
    n * ranks.rank / ranks.count..<n * (ranks.rank + 1) / ranks.count
  }

  /// Makes a basis from known pairs; `vectors` is [rows, k], row-major.
  package init(values: [Double], vectors: [Double], order n: Int, ranks: Ranks) {
    self.values = values
    self.vectors = vectors
    imageCount = n
    rows = Self.rows(order: n, ranks: ranks)
    self.ranks = ranks
  }

  /// Reads the `count` leading eigenpairs of a kernel from the files of the spectrum stage.
  ///
  /// Collective. Errors: files that are missing or have another shape; memory; agreed by all ranks.
  package init(
    _ subject: SpectrumSubject, order n: Int, count: Int, run: RunFolder, ranks: Ranks
  ) throws {
    let folder = subject.variantName
    let path = run.result("spectrum", folder, subject.stem + "_vectors.npy")
    let rows = Self.rows(order: n, ranks: ranks)
    try SolverMemory.require(
      Self.bytes(order: n, count: count, ranks: ranks.count),
      for: "the eigenvectors of \(subject.label)", order: n, ranks)
    (values, vectors) = try ranks.agree {
      guard try Disk().exists(path) else {
        throw Refusal(
          .missingInput,
          "the eigenvectors \(path) are not there; run `ntk-dist spectrum` with this job first")
      }
      let values = try NumPyArray(reading: run.result("spectrum", folder, subject.stem + ".npy"))
      let file = try NumPyFileReader(path: path)
      guard values.shape == [n], file.shape == [n, count] else {
        throw Refusal(
          .badData,
          "\(path) holds an array of \(file.shape) and \(count) eigenvectors of \(n) images are "
            + "needed; run `ntk-dist spectrum` with this job")
      }
      let vectors = try [Double](unsafeUninitializedCapacity: rows.count * count) { buffer, used in
        let whole = UnsafeMutableBufferPointer(rebasing: buffer[..<(rows.count * count)])
        try file.read(rows.lowerBound * count..<rows.upperBound * count, into: whole)
        used = whole.count
      }
      return (values.doubles.suffix(count).reversed(), vectors)
    }
    imageCount = n
    self.rows = rows
    self.ranks = ranks
  }

  /// Returns Q' X, [k, columns], on all ranks. All ranks must pass the same X, [n, columns]. Collective.
  func components(of x: [Double], columns: Int) throws -> [Double] {
    let own = Array(x[rows.lowerBound * columns..<rows.upperBound * columns])
    return try components(ofRows: own, columns: columns)
  }

  /// Returns Q' X on all ranks. Each rank passes the rows of X that belong to its images. Collective.
  func components(ofRows x: [Double], columns: Int) throws -> [Double] {
    var result = [Double](repeating: 0, count: values.count * columns)
    dgemm(
      .transpose, m: values.count, n: columns, k: rows.count, vectors, lda: values.count, x,
      ldb: columns, into: &result, ldc: columns)
    try ranks.world.allReduce(&result, .sum)
    return result
  }

  /// The rows of Q C, for C [k, columns], that belong to this rank's images. Local.
  package func rows(of c: [Double], columns: Int) -> [Double] {
    var result = [Double](repeating: 0, count: rows.count * columns)
    dgemm(
      m: rows.count, n: columns, k: values.count, vectors, lda: values.count, c, ldb: columns,
      into: &result, ldc: columns)
    return result
  }

  /// Assembles a matrix [n, columns] on all ranks. Each rank passes the rows of its images. Collective.
  package func gathered(rows own: [Double], columns: Int) throws -> [Double] {
    var whole = [Double](repeating: 0, count: imageCount * columns)
    whole.replaceSubrange(rows.lowerBound * columns..<rows.upperBound * columns, with: own)
    try ranks.world.allReduce(&whole, .sum)
    return whole
  }

  /// The elements of one eigenvector that belong to this rank's images. Local.
  func vector(_ index: Int) -> [Double] {
    rows.indices.map { vectors[($0 - rows.lowerBound) * values.count + index] }
  }

  /// C [k, columns] with each row multiplied by the factor of its eigenvalue.
  package func scaled(_ c: [Double], columns: Int, by factors: [Double]) -> [Double] {
    var result = c
    for (index, factor) in factors.enumerated() {
      for place in index * columns..<(index + 1) * columns { result[place] *= factor }
    }
    return result
  }
}
