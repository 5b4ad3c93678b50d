import BlockCyclic
import CScaLAPACK
import MessagePassing

/// All eigenvalues of a symmetric matrix, in ascending order, and its eigenvectors.
public struct Eigenpairs: ~Copyable {
  /// The eigenvalues, in ascending order, on all ranks.
  public let values: [Double]
  /// The eigenvectors: column j belongs to `values[j]` and has length 1.
  public let vectors: DistributedMatrix<Double>

  init(values: [Double], vectors: consuming DistributedMatrix<Double>) {
    self.values = values
    self.vectors = vectors
  }
}

private let jobValues = CChar(UInt8(ascii: "N"))
private let lower = CChar(UInt8(ascii: "L"))

/// Returns all eigenvalues of a symmetric matrix in ascending order, on all ranks.
///
/// Collective. Reads the lower triangle, and takes over the memory of the matrix. The workspace is one block column.
///
/// Errors: an element is not finite, the iteration does not converge, or a size exceeds LP64.
///
/// Source: ScaLAPACK pdsyev with JOBZ = 'N'.
public func eigenvalues(of matrix: consuming DistributedMatrix<Double>) throws -> [Double] {
  let (layout, communicator) = (matrix.layout, matrix.context.communicator)
  try communicator.agree { try layout.requireSquare(for: "pdsyev", .eigenvalues) }
  try matrix.requireFiniteLowerTriangle()
  let n = layout.n
  var values = [Double](repeating: 0, count: n)
  let descriptor = matrix.descriptor
  var size = 0.0
  // The routine does not use the array of eigenvectors, so the matrix is passed in its place.
  let query = ntk_pdsyev(
    jobValues, lower, Int32(n), matrix.pointer, descriptor, &values, matrix.pointer, descriptor,
    &size, -1)
  try communicator.agree { try decode("pdsyev", info: query) }
  let lwork = max(workspaceCount(from: size), layout.workspaceCount(for: .eigenvalues))
  let work = try communicator.agree { try LocalArray<Double>(count: lwork) }
  let info = ntk_pdsyev(
    jobValues, lower, Int32(n), matrix.pointer, descriptor, &values, matrix.pointer, descriptor,
    work.start, Int32(lwork))
  try communicator.agree { try decode("pdsyev", info: info) }
  return try communicator.broadcast(values)
}

/// Returns all eigenvalues and eigenvectors of a symmetric matrix.
///
/// Collective. Reads the lower triangle, and takes over the memory of the matrix. The eigenvectors need one more
/// matrix, and the workspace two more.
///
/// Errors: an element is not finite, the iteration does not converge, or a size exceeds LP64.
///
/// Source: ScaLAPACK pdsyevd (Tisseur and Dongarra, 1999).
public func eigenpairs(of matrix: consuming DistributedMatrix<Double>) throws -> Eigenpairs {
  let (layout, communicator) = (matrix.layout, matrix.context.communicator)
  try communicator.agree { try layout.requireSquare(for: "pdsyevd", .eigenpairs) }
  try matrix.requireFiniteLowerTriangle()
  let n = layout.n
  let vectors = try DistributedMatrix<Double>(uninitialized: matrix.layout, on: matrix.context)
  var values = [Double](repeating: 0, count: n)
  let descriptor = matrix.descriptor
  var size = 0.0
  var integerSize: Int32 = 0
  let query = ntk_pdsyevd(
    lower, Int32(n), matrix.pointer, descriptor, &values, vectors.pointer, descriptor, &size, -1,
    &integerSize, -1)
  try communicator.agree { try decode("pdsyevd", info: query) }
  let lwork = max(workspaceCount(from: size), layout.workspaceCount(for: .eigenpairs))
  var integers = [Int32](repeating: 0, count: max(1, Int(integerSize)))
  let work = try communicator.agree { try LocalArray<Double>(count: lwork) }
  let info = ntk_pdsyevd(
    lower, Int32(n), matrix.pointer, descriptor, &values, vectors.pointer, descriptor, work.start,
    Int32(lwork), &integers, Int32(integers.count))
  try communicator.agree { try decode("pdsyevd", info: info) }
  // pdsyevd does not set the values on a rank that holds no element.
  return Eigenpairs(values: try communicator.broadcast(values), vectors: vectors)
}

extension DistributedMatrix where Scalar == Double {
  /// Q'Y, where Q is this matrix, [columns of Q, columns] row-major, on all ranks. All ranks must pass the same Y,
  /// [rows of Q, columns].
  ///
  /// Collective. Source: PBLAS pdgemm.
  public borrowing func transposedProduct(
    rowMajor y: [Double], columns: Int
  ) throws -> [Double] {
    let y = try DistributedMatrix(rowMajor: y, columns: columns, fitting: self)
    let product = try DistributedMatrix(columns: columns, fitting: self)
    ntk_pdgemm(
      CChar(UInt8(ascii: "T")), CChar(UInt8(ascii: "N")), Int32(layout.n), Int32(columns),
      Int32(layout.m), 1, pointer, descriptor, y.pointer, 1, y.descriptor, 0, product.pointer,
      product.descriptor)
    return try product.replicated()
  }
}

/// Converts the size that a workspace query returned as a floating-point number, which may have been rounded down.
private func workspaceCount(from size: Double) -> Int { Int(size.rounded(.up)) + 1 }
