import Assembly
import DistributedAlgebra
import DurableFiles
import Failures
import Foundation
import Jobs
import MessagePassing
import NumPyFiles
import RankProgram
import Results
import TileStore

/// The spectral density of kernels whose whole spectrum is out of reach, by stochastic Lanczos
/// quadrature: n^2 operations for each probe and step, on the tiles as they are.
package struct DensityStage: KernelStage {
  let setting: StageSetting
  private let section: DensitySection

  package init(_ section: DensitySection, _ setting: StageSetting) {
    (self.section, self.setting) = (section, setting)
  }

  /// What to do where there is no room.
  package static let advice =
    "use more nodes, density.tiles: store, or fewer density.probes or density.steps"

  /// Bytes on the rank that needs most, beside the process itself.
  package static func bytes(
    _ section: DensitySection, _ tiles: HeldTiles, order n: Int, tile: Int, ranks: Int
  ) -> Int {
    let problem = IterationProblem(
      order: n, classes: section.probes, regularizations: [1], tile: tile, isStoredSingle: false,
      ranks: ranks)
    let (own, steps) = (n / ranks + 1, min(section.steps, n))
    return problem.bytes(tiles, rank: 0) + own * section.probes * (steps + 4) * 8
      + 3 * steps * steps * 8
  }

  /// Where the tiles are: the most exact place that fits, the store where nothing else does.
  ///
  /// - Parameter room: bytes for each rank.
  package static func tiles(
    _ section: DensitySection, isStoredSingle: Bool, order n: Int, tile: Int, ranks: Int, room: Int
  ) -> HeldTiles {
    switch section.tiles {
    case .f32: return .f32
    case .f64: return .f64
    case .store: return .store
    case .auto:
      // Single precision would add its own noise to the lower end of the density.
      let first = isStoredSingle ? HeldTiles.f32 : .f64
      let needed = bytes(section, first, order: n, tile: tile, ranks: ranks)
      return needed <= room ? first : .store
    }
  }

  /// Finds the density of one kernel, and writes its file.
  ///
  /// Collective. Errors: memory; damaged or missing tiles; files; a stop that was asked for; agreed by
  /// all ranks.
  package func perform(variant: Int, kernel: KernelKind) throws -> DensitySummary {
    let start = MPIEnvironment.seconds
    let array = try store.array(variant: variant, kernel: kernel, part: .train)
    let (label, tile) = (assignment.label(variant, kernel), array.spec.grid.tileRows)
    let tiles = Self.tiles(
      section, isStoredSingle: array.spec.storage == .float32, order: n, tile: tile,
      ranks: ranks.count, room: try SolverMemory.room(ranks))
    try SolverMemory.require(
      Self.bytes(section, tiles, order: n, tile: tile, ranks: ranks.count),
      for: "the spectral density of a kernel", order: n, advice: Self.advice, ranks)
    let held = try HeldKernel(
      TileShare(of: array, ranks: ranks), order: n, tiles: tiles, ranks: ranks)
    let mean = try held.diagonal().reduce(0, +) / Double(n)
    let most = min(section.steps, n)
    let density = try StochasticLanczos(
      of: held, probes: section.probes, steps: most, on: ranks.world
    ) { step in
      console.show(
        "spectral density of \(label)", fraction: Double(step) / Double(most),
        detail: "\(step) of \(most) steps", at: MPIEnvironment.seconds)
      try ranks.stopIfAsked()
    }
    try write(density, variant, kernel)
    return summary(density, tiles, mean: mean, seconds: MPIEnvironment.seconds - start)
  }

  private func summary(
    _ density: StochasticLanczos, _ tiles: HeldTiles, mean: Double, seconds: Double
  ) -> DensitySummary {
    func estimate(_ f: (Double) -> Double) -> DensitySummary.EstimateSummary {
      let found = density.trace(f)
      return .init(value: found.value, error: found.error)
    }
    return DensitySummary(
      probes: section.probes, steps: min(section.steps, n), tiles: tiles.rawValue,
      meanDiagonal: mean, lambdaMax: density.largestNode, trace: estimate { $0 },
      regularizations: section.regularization.map { regularization in
        let shift = regularization * mean
        return .init(
          regularization: regularization,
          // Nodes below zero are rounding.
          logDeterminant: estimate { log(max($0, 0) + shift) },
          effectiveDimension: estimate { max($0, 0) / (max($0, 0) + shift) })
      }, seconds: seconds)
  }

  /// Writes [points, 3]: a bound, the number of eigenvalues above it, and the error of that. Collective.
  private func write(
    _ density: StochasticLanczos, _ variant: Int, _ kernel: KernelKind
  ) throws {
    let name = assignment.variants[variant].name
    try ranks.onRoot {
      let largest = density.largestNode
      let least = max(density.leastPositiveNode, Double(n) * .ulpOfOne * largest)
      guard largest > 0, least < largest else { return }
      let points = 200
      let values = (0..<points).flatMap { point -> [Double] in
        let bound = least * pow(largest / least, Double(point) / Double(points - 1))
        let below = density.count(below: bound)
        return [bound, Double(n) - below.value, below.error]
      }
      try Disk().createFolder(run.folder("spectrum", name))
      try NumPyArray.write(
        values, shape: [points, 3],
        to: run.result("spectrum", name, "\(kernel.rawValue)_density.npy"))
    }
  }
}
