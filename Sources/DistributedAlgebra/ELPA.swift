import BlockCyclic
import CELPA
import MessagePassing

/// The eigensolvers of ELPA. They are available if the package was built with the trait ELPA.
///
/// Source: ELPA (Marek et al., J. Phys. Condens. Matter 26, 2014); release 2021.11 or later.
public enum ELPA {
  /// Whether the program was built with `--traits ELPA`.
  public static var isBuiltIn: Bool { ntk_elpa_is_built_in() == 1 }

  /// Whether every rank has a part of the matrix. ELPA requires this.
  public static func takes(_ layout: MatrixLayout) -> Bool {
    layout.n > layout.nb * (max(layout.grid.nprow, layout.grid.npcol) - 1)
  }

  /// Returns all eigenvalues of a symmetric matrix in ascending order, on all ranks.
  ///
  /// Collective. Uses the one-stage solver, reads both triangles, and takes over the memory of the matrix. ELPA
  /// allocates three and a half more matrices.
  ///
  /// Errors: an element is not finite, the layout leaves ranks without elements, or ELPA reports an error.
  public static func eigenvalues(
    of matrix: consuming DistributedMatrix<Double>
  ) throws -> [Double] {
    try solve(&matrix, vectors: nil)
  }

  /// Returns all eigenvalues and eigenvectors of a symmetric matrix.
  ///
  /// Collective. Memory and errors are as for `eigenvalues`, except that the total, including the eigenvectors, is four
  /// and a quarter matrices.
  public static func eigenpairs(
    of matrix: consuming DistributedMatrix<Double>
  ) throws -> Eigenpairs {
    let vectors = try DistributedMatrix<Double>(uninitialized: matrix.layout, on: matrix.context)
    let values = try solve(&matrix, vectors: vectors.pointer)
    return Eigenpairs(values: values, vectors: vectors)
  }

  private static func solve(
    _ matrix: inout DistributedMatrix<Double>, vectors: UnsafeMutablePointer<Double>?
  ) throws -> [Double] {
    let (layout, context) = (matrix.layout, matrix.context)
    let solver: Solver = vectors == nil ? .elpaEigenvalues : .elpaEigenpairs
    try context.communicator.agree { try layout.requireSquare(for: "ELPA", solver) }
    try matrix.requireFiniteLowerTriangle()
    var values = [Double](repeating: 0, count: layout.n)
    let status =
      takes(layout)
      ? ntk_elpa_solve(
        context.communicator.fortranHandle, Int32(layout.n), Int32(layout.nb),
        Int32(layout.rows.numroc(context.myrow)), Int32(layout.columns.numroc(context.mycol)),
        Int32(context.myrow), Int32(context.mycol), matrix.pointer, &values, vectors)
      : -1
    let worst = try context.communicator.allReduce(abs(Int(status)), .max)
    guard worst == 0 else {
      throw CollectiveFailure(
        onAllRanks: DistributedAlgebraError.failed(routine: "ELPA", info: worst))
    }
    return try context.communicator.broadcast(values)
  }
}
