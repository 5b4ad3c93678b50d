import BlockCyclic
import Dynamics
import Jobs
import Solve

/// Seconds that the solvers take, from the speed of matrix products on one core.
///
/// The fractions of that speed which the routines reach, and the rates of what runs on one core, were
/// measured on two ranks at orders of 6,000 to 50,000 (docs/performance, Solvers).
struct SolverTime {
  let layout: MatrixLayout
  /// FLOP per second of all ranks.
  private let speedF64: Double
  private let speedF32: Double
  /// Seconds of reading the kernel from the store once.
  private let reading: Double
  private let nodes: Double

  private var n: Double { Double(layout.n) }

  /// - Parameter elementBytes: of the store.
  init(_ layout: MatrixLayout, machine: MachineProfile, ranks: Int, nodes: Int, elementBytes: Int) {
    self.layout = layout
    self.nodes = Double(nodes)
    speedF64 = machine.gflopsF64 * 1e9 * Double(ranks)
    speedF32 = machine.gflopsF32 * 1e9 * Double(ranks)
    let order = Double(layout.n)
    reading = order * order / 2 * Double(elementBytes) / 1.5e9 / Double(nodes)
  }

  /// Of one kernel's spectrum.
  func spectrum(_ choice: SolverChoice) -> Double {
    let cube = n * n * n
    let solving =
      switch choice.solver {
      case .eigenvalues, .elpaEigenvalues: 4 / 3 * cube / (0.21 * speedF64)
      // Divide and conquer with its vectors, and the way back, in matrix products.
      case .eigenpairs: 4 / 3 * cube / (0.21 * speedF64) + 4 * cube / (0.66 * speedF64)
      case .elpaEigenpairs: 4 / 3 * cube / (0.21 * speedF64) + 4 * cube / (0.8 * speedF64)
      case .band, .cholesky: band(speed: choice.scalarBytes == 8 ? speedF64 : speedF32)
      }
    let vectors = Double(choice.lanczosVectors)
    // Products with the matrix, and orthogonalization against a basis of twice as many vectors; how
    // many there are depends on the spectrum, and may well be half or twice this.
    let searching = vectors * n * (50 * n + 450 * vectors) / speedF64
    return reading + solving + (vectors > 0 ? reading + searching : 0)
  }

  /// Of the targets' weights in all eigenvectors, beside one kernel's spectrum: the rotations of the QL
  /// iteration on one core.
  func weights(_ choice: SolverChoice) -> Double {
    choice.solver == .band ? n * n * 3e-8 : 0
  }

  /// The reduction, whose factorizations of panels count for less in larger matrices; the bulge chasing
  /// and dsterf on one core.
  private func band(speed: Double) -> Double {
    4 / 3 * n * n * n * (1.15 + 3_000 / n) / speed + n * n * Double(layout.nb) * 0.35e-9
      + n * n * 1e-8
  }

  /// Of one Cholesky factorization.
  private var factorization: Double { n * n * n / 3 / (0.85 * speedF64) }

  /// Of one kernel's predictions.
  func prediction(_ section: PredictionSection) -> Double {
    let count = Double(section.regularization.count)
    let factors = Double(Self.factorizations(section))
    // A shared factor costs some tens of solutions, each of which reads the matrix.
    let shared = (count - factors) * 40 * n * n * 8 * 3 / (8e9 * nodes)
    var seconds = factors * (reading + factorization) + shared + 2 * reading
    if section.validation > 0 {
      let held = Double(layout.n - section.validation) / n
      seconds += held * held * held * factors * factorization + shared
    }
    if section.leaveOneOut { seconds += factors * factorization }
    return seconds
  }

  /// Of one kernel's predictions by conjugate gradients.
  func iteration(
    _ section: PredictionSection, _ forecast: IterationForecast, _ tiles: HeldTiles
  ) -> Double {
    // The tiles once, and again for exact residuals; or for each product.
    let readings = tiles == .store ? forecast.iterations + Double(forecast.rank) / 512 : 4
    let once =
      readings * reading + forecast.operations / (RegressionChoice.iterationRate * speedF64)
    return (section.validation > 0 ? 2 : 1) * once + reading
  }

  /// Of learning with one kernel from random subsets of the images.
  func subsets(_ request: GeneralizationRequest, classes: Int) -> Double {
    let factors = Double(RegularizationGroups.of(request.regularization).count)
    let columns = Double(classes * request.regularization.count)
    let testing = reading + 2 * n * n * columns / (RegressionChoice.iterationRate * speedF64)
    return request.samples.reduce(0) { sum, count in
      let cube = Double(count) * Double(count) * Double(count)
      let learning = factors * (reading + cube / 3 / (0.85 * speedF64))
      return sum + Double(request.draws) * (learning + testing)
    }
  }

  /// Of one kernel's spectral density.
  func density(_ section: DensitySection, _ tiles: HeldTiles) -> Double {
    let (steps, probes) = (min(Double(section.steps), n), Double(section.probes))
    // A product with the kernel for each step; the vectors are made orthogonal twice.
    let operations = 2 * n * n * steps * probes + 4 * n * steps * steps * probes
    return (tiles == .store ? steps : 1) * reading
      + operations / (RegressionChoice.iterationRate * speedF64)
  }

  /// Of one kernel's training at `times` times.
  func training(times: Int, hasEigenvectors: Bool) -> Double {
    guard hasEigenvectors else {
      // A product and a solution for each of some fifty blocks, which read the matrix three times.
      return 2 * reading + factorization + 50 * n * n * 8 * 3 / (8e9 * nodes)
    }
    // The vectors are read once, and multiplied once for each function and time.
    return n * n * 8 / 1.5e9 / nodes + Double(4 * times) * n * n * 10 / (0.3 * speedF64)
  }

  /// Of one kernel's alignment, with regression on the signs of eigenvectors or without.
  func alignment(hasTargets: Bool) -> Double {
    2 * reading + (hasTargets ? reading + factorization : 0)
  }

  /// How many regularizations have a Cholesky factor of their own.
  static func factorizations(_ section: PredictionSection) -> Int {
    section.variance || section.leaveOneOut
      ? section.regularization.count : RegularizationGroups.of(section.regularization).count
  }
}
