import BlockCyclic
import CScaLAPACK
import MessagePassing

/// Makes the columns of a narrow matrix orthonormal.
///
/// Source: ScaLAPACK pdgeqrf, pdorgqr.
struct PanelQR: ~Copyable {
  private let tau: LocalArray<Double>
  private let work: LocalArray<Double>

  /// Allocates the memory for matrices with the layout of `panel`. Collective.
  init(for panel: borrowing DistributedMatrix<Double>) throws {
    let layout = panel.layout
    let nb = layout.nb
    let communicator = panel.context.communicator
    let count = nb * (layout.rows.numroc(0) + layout.columns.numroc(0) + 3 * nb)
    let tau = try communicator.agree { try LocalArray<Double>(count: layout.n + nb) }
    let work = try communicator.agree { try LocalArray<Double>(count: count) }
    self.tau = tau
    self.work = work
  }

  /// Replaces A = QR by Q. Collective.
  ///
  /// - Returns: R on all ranks, [columns x columns] row-major.
  borrowing func orthonormalize(
    _ panel: inout DistributedMatrix<Double>
  ) throws -> [Double] {
    let (m, n) = (Int32(panel.layout.m), Int32(panel.layout.n))
    let factored = ntk_pdgeqrf(
      m, n, panel.pointer, 1, 1, panel.descriptor, tau.start, work.start, Int32(work.count))
    try requireSuccess("pdgeqrf", info: factored)
    let columns = panel.layout.n
    var r = try panel.replicated(rows: columns)
    for i in 0..<columns {
      for j in 0..<i { r[i * columns + j] = 0 }
    }
    let formed = ntk_pdorgqr(
      m, n, panel.pointer, panel.descriptor, tau.start, work.start, Int32(work.count))
    try requireSuccess("pdorgqr", info: formed)
    return r
  }
}
