import BlockCyclic
import Dynamics
import Jobs
import Solve

/// Estimates the seconds that the solvers take, from the speed of matrix products on one core.
///
/// The routines reach certain fractions of that speed, and some parts run on one core at certain
/// rates. These fractions and rates were measured on two ranks at orders of 6,000 to 50,000
/// (docs/performance, Solvers).
struct SolverTime {
  let layout: MatrixLayout
  /// The FLOP per second of all ranks together.
  private let speedF64: Double
  private let speedF32: Double
  /// The seconds to read the kernel from the store once.
  private let reading: Double
  private let nodes: Double

  private var n: Double { Double(layout.n) }

  /// - Parameter elementBytes: the bytes of an element in the store.
  init(_ layout: MatrixLayout, machine: MachineProfile, ranks: Int, nodes: Int, elementBytes: Int) {
    self.layout = layout
    self.nodes = Double(nodes)
    speedF64 = machine.gflopsF64 * 1e9 * Double(ranks)
    speedF32 = machine.gflopsF32 * 1e9 * Double(ranks)
    let order = Double(layout.n)
    reading = order * order / 2 * Double(elementBytes) / 1.5e9 / Double(nodes)
  }

  /// The seconds for the spectrum of one kernel.
  func spectrum(_ choice: SolverChoice) -> Double {
    let cube = n * n * n
    let solving =
      switch choice.solver {
      case .eigenvalues, .elpaEigenvalues: 4 / 3 * cube / (0.21 * speedF64)
      // Divide and conquer with its vectors, and the back transformation, consist of matrix products.
      case .eigenpairs: 4 / 3 * cube / (0.21 * speedF64) + 4 * cube / (0.66 * speedF64)
      case .elpaEigenpairs: 4 / 3 * cube / (0.21 * speedF64) + 4 * cube / (0.8 * speedF64)
      case .band, .cholesky: band(speed: choice.scalarBytes == 8 ? speedF64 : speedF32)
      }
    let vectors = Double(choice.lanczosVectors)
    // Products with the matrix, and orthogonalization against a basis of twice as many vectors.
    // Their number depends on the spectrum; it may well be half or twice this estimate.
    let searching = vectors * n * (50 * n + 450 * vectors) / speedF64
    return reading + solving + (vectors > 0 ? reading + searching : 0)
  }

  /// The seconds for the weights of the targets in all eigenvectors, in addition to the spectrum of
  /// one kernel: the rotations of the QL iteration on one core.
  func weights(_ choice: SolverChoice) -> Double {
    choice.solver == .band ? n * n * 3e-8 : 0
  }

  /// The seconds for the reduction, in which the factorizations of panels matter less for larger
  /// matrices, and for the bulge chasing and dsterf on one core.
  private func band(speed: Double) -> Double {
    4 / 3 * n * n * n * (1.15 + 3_000 / n) / speed + n * n * Double(layout.nb) * 0.35e-9
      + n * n * 1e-8
  }

  /// The seconds for one Cholesky factorization.
  private var factorization: Double { n * n * n / 3 / (0.85 * speedF64) }

  /// The seconds for the predictions of one kernel.
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

  /// The seconds for the predictions of one kernel by conjugate gradients.
  func iteration(
    _ section: PredictionSection, _ forecast: IterationForecast, _ tiles: HeldTiles
  ) -> Double {
    // The tiles are read once, and again for exact residuals; or they are read for each product.
    let readings = tiles == .store ? forecast.iterations + Double(forecast.rank) / 512 : 4
    let once =
      readings * reading + forecast.operations / (RegressionChoice.iterationRate * speedF64)
    return (section.validation > 0 ? 2 : 1) * once + reading
  }

  /// The seconds for learning with one kernel from random subsets of the images.
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

  /// The seconds for the spectral density of one kernel.
  func density(_ section: DensitySection, _ tiles: HeldTiles) -> Double {
    let (steps, probes) = (min(Double(section.steps), n), Double(section.probes))
    // There is one product with the kernel for each step, and the vectors are orthogonalized twice.
    let operations = 2 * n * n * steps * probes + 4 * n * steps * steps * probes
    return (tiles == .store ? steps : 1) * reading
      + operations / (RegressionChoice.iterationRate * speedF64)
  }

  /// The seconds for the training of one kernel at `times` times.
  func training(times: Int, hasEigenvectors: Bool) -> Double {
    guard hasEigenvectors else {
      // There is a product and a solution for each of about fifty blocks, and together they read
      // the matrix three times.
      return 2 * reading + factorization + 50 * n * n * 8 * 3 / (8e9 * nodes)
    }
    // The vectors are read once, and multiplied once for each function and each time.
    return n * n * 8 / 1.5e9 / nodes + Double(4 * times) * n * n * 10 / (0.3 * speedF64)
  }

  /// The seconds for the alignment of one kernel, with or without regression on the signs of eigenvectors.
  func alignment(hasTargets: Bool) -> Double {
    2 * reading + (hasTargets ? reading + factorization : 0)
  }

  /// The number of regularizations that have a Cholesky factor of their own.
  static func factorizations(_ section: PredictionSection) -> Int {
    section.variance || section.leaveOneOut
      ? section.regularization.count : RegularizationGroups.of(section.regularization).count
  }
}
