import DistributedAlgebra
import DurableFiles
import Failures
import Foundation
import MessagePassing
import RankProgram
import Results
import TileStore

/// Computes all eigenvalues of one kernel by reduction to band form and, if requested, the weights of targets in all
/// eigenvectors. It shows progress, and saves a state on disk from which an interrupted reduction can continue. If a
/// signal asks the program to stop, it stops between two panels.
struct BandSpectrum {
  let source: KernelMatrix
  let ranks: Ranks
  let console: Console
  let label: String
  let state: ReductionState
  /// The minimum number of seconds between two states on disk.
  let interval: Double
  /// The columns whose weights are wanted, [n, columns] on all ranks, and the number of columns, which is 0 if no
  /// weights are wanted.
  var targets: (values: [Double], columns: Int) = ([], 0)

  struct Outcome {
    /// The eigenvalues, in ascending order.
    var values: [Double]
    /// The weights, [n, columns], with one row per eigenvalue.
    var weights: [Double]
    var sums: KernelMatrix.Sums
    /// The seconds spent reading the matrix; reducing it and computing the eigenvalues of the band, summed over all
    /// sessions that worked on the reduction; and writing states in this session.
    var reading: Double
    var solving: Double
    var saving: Double
  }

  /// Computes the eigenvalues. Collective. Errors: as for `SpectrumStage`; agreed by all ranks.
  func find<Scalar: MatrixScalar>(_ scalar: Scalar.Type) throws -> Outcome {
    let layout = source.layout
    let start = MPIEnvironment.seconds
    var header = ReductionState.Header(
      matrix: source.array.spec.fingerprint.fields.map { "\($0.name): \($0.value)" }
        + [source.array.path.split(separator: "/").suffix(1).joined()],
      n: layout.n, blockSize: layout.nb, grid: [layout.grid.nprow, layout.grid.npcol],
      precision: "\(scalar)", columns: targetsLabel)
    var reduction = try begin(&header, scalar)
    let begun = MPIEnvironment.seconds
    let (reading, before, doneBefore) = (begun - start, header.seconds, reduction.fraction)
    var (saving, saved, savedFraction) = (0.0, begun, doneBefore)
    while !reduction.isFinished {
      try reduction.reducePanel()
      let now = MPIEnvironment.seconds
      show(fraction: reduction.fraction, from: doneBefore, since: begun, at: now - saving)
      // Writing states takes at most one twentieth of the time, measured by the clock of rank 0.
      let isOverdue = ranks.isRoot && now - saved >= max(interval, 20 * saving)
      var asked = [isOverdue ? 1 : 0, StopRequest.cause?.rawValue ?? 0]
      try ranks.world.allReduce(&asked, .max)
      let (isDue, cause) = (asked[0] == 1, StopRequest.Cause(rawValue: asked[1]))
      guard isDue || cause != nil, !reduction.isFinished else { continue }
      let bytes = try ranks.world.allReduce(reduction.stateBytes, .sum)
      // If a signal asks to stop, little time is left. A large state is then not written, and the previous state has to
      // suffice.
      if cause != .signal || bytes <= Self.quickBytes {
        header.next = reduction.next
        header.seconds = before + now - begun - saving
        do {
          try state.save(reduction, header)
          savedFraction = reduction.fraction
        } catch let failure as CollectiveFailure {
          // The reduction can finish without a saved state.
          console.warn("no state of \(label) was saved: \(failure)")
        }
        saved = MPIEnvironment.seconds
        saving += saved - now
      }
      if let cause {
        throw CollectiveFailure(
          onAllRanks: Refusal(
            .stopped,
            "\(cause.sentence) at \(Int(savedFraction * 100)) % of the spectrum of \(label)"))
      }
    }
    let found = try reduction.spectrum { step, fraction in showBand(step, fraction) }
    return Outcome(
      values: found.values, weights: found.weights,
      sums: .init(trace: header.trace, squares: header.squares), reading: reading,
      solving: before + MPIEnvironment.seconds - begun - saving, saving: saving)
  }

  /// The number of bytes that a disk can write in a second or two.
  private static let quickBytes = 1 << 28

  /// A description of the targets, for the state on disk.
  private var targetsLabel: String? {
    guard targets.columns > 0 else { return nil }
    var checksum = CRC32C()
    targets.values.withUnsafeBytes { checksum.update($0) }
    return "\(targets.columns), \(String(checksum.value, radix: 16))"
  }

  /// The columns for the reduction to carry. Collective.
  private func carried() throws -> CarriedColumns? {
    guard targets.columns > 0 else { return nil }
    return try CarriedColumns(
      rowMajor: targets.values, columns: targets.columns, layout: source.layout, on: source.context)
  }

  /// The reduction at its beginning, or at the point where an earlier session left it.
  private func begin<Scalar: MatrixScalar>(
    _ header: inout ReductionState.Header, _ scalar: Scalar.Type
  ) throws -> BandReduction<Scalar> {
    let (found, reason) = try state.find(header)
    if let reason {
      console.warn("the reduction of \(label) on disk is not taken up: \(reason)")
    }
    if let found {
      try SolverMemory.require(
        source.layout, .band, scalar: MemoryLayout<Scalar>.size, for: "the spectrum", ranks: ranks)
      var reduction = try BandReduction<Scalar>(
        resuming: DistributedMatrix(uninitialized: source.layout, on: source.context),
        at: found.next, carrying: try carried())
      if try state.load(into: &reduction, found) {
        console.say(
          "\(label): the reduction goes on at \(Int(reduction.fraction * 100)) % after "
            + readable(seconds: found.seconds))
        header = found
        return reduction
      }
      console.warn("the reduction of \(label) on disk is damaged; it begins anew")
    }
    var sums = KernelMatrix.Sums()
    let matrix: DistributedMatrix<Scalar> = try source.load(for: .band, &sums)
    (header.trace, header.squares) = (sums.trace, sums.squares)
    return try BandReduction(of: matrix, carrying: try carried())
  }

  /// Shows the progress of a step in the computation of the band's eigenvalues, which runs on rank 0.
  private func showBand(_ step: BandStep, _ fraction: Double) {
    let what =
      switch step {
      case .chasing: "reduction of the band of \(label)"
      case .iterating: "weights in the eigenvectors of \(label)"
      }
    console.show(what, fraction: fraction, detail: "on one rank", at: MPIEnvironment.seconds)
  }

  private func show(fraction: Double, from before: Double, since begun: Double, at now: Double) {
    guard fraction > before, now > begun else { return }
    let rate = (fraction - before) / (now - begun)
    let n = Double(source.order)
    console.show(
      "reduction of \(label) to a band", fraction: fraction, left: .known((1 - fraction) / rate),
      detail: String(format: "%.4g GFLOP/s", rate * 4 / 3 * n * n * n / 1e9), at: now)
  }
}
