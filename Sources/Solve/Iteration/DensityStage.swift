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

/// Computes the spectral density of kernels that are too large for a whole spectrum, by stochastic Lanczos quadrature.
/// Each probe and step takes n^2 operations, on the tiles as they are.
package struct DensityStage: KernelStage {
  let setting: StageSetting
  private let section: DensitySection

  package init(_ section: DensitySection, _ setting: StageSetting) {
    (self.section, self.setting) = (section, setting)
  }

  /// The advice to the user if there is not enough memory.
  package static let advice =
    "use more nodes, density.tiles: store, or fewer density.probes or density.steps"

  /// The number of bytes on the rank that needs the most, in addition to the process itself.
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

  /// Chooses where to keep the tiles: the most exact place that has room, or the store if no other place does.
  ///
  /// - Parameter room: The number of bytes available on each rank.
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

  /// Computes the density of one kernel, and writes its file.
  ///
  /// Collective. Errors: memory; damaged or missing tiles; files; a request to stop; agreed by all ranks.
  ///
  /// - Parameter hasSpectrum: Whether the eigenvalues are known. If not, negative ones are a warning.
  package func perform(
    variant: Int, kernel: KernelKind, hasSpectrum: Bool
  ) throws -> DensitySummary {
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
    try ranks.agree { try requirePositive(mean, label, section: "density") }
    let most = min(section.steps, n)
    let density = try StochasticLanczos(
      of: held, probes: section.probes, steps: most, on: ranks.world
    ) { step in
      console.show(
        "spectral density of \(label)", fraction: Double(step) / Double(most),
        detail: "\(step) of \(most) steps", at: MPIEnvironment.seconds)
      try ranks.stopIfAsked()
    }
    if !hasSpectrum {
      let indefiniteness = Indefiniteness(
        run, hasSingleElements: assignment.hasSingleElements || tiles == .f32)
      let largest = max(density.largestNode, -density.leastNode)
      let warning = indefiniteness.warning(
        label, eigenvalueAtMost: density.leastNode, trace: mean * Double(n),
        noise: Double(n) * .ulpOfOne * largest)
      if let warning { console.warn("\(warning); its density takes negative ones for zero") }
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
          // Rounding can make nodes negative.
          logDeterminant: estimate { log(max($0, 0) + shift) },
          effectiveDimension: estimate { max($0, 0) / (max($0, 0) + shift) })
      }, seconds: seconds)
  }

  /// Writes an array [points, 3]: a bound, the number of eigenvalues above the bound, and the error of that number.
  /// Collective.
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
