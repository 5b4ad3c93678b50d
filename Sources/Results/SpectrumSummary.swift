/// A spectrum and its accuracy. eps = 2^-52; the norms are given below.
package struct SpectrumSummary: Codable, Equatable {
  /// The question that was asked: the job's section with every default.
  package var question: String?
  package var routine: String
  /// The reason for choosing this routine.
  package var reason: String?
  /// The precision of the decomposition.
  package var precision: String?
  package var n: Int
  package var lambdaMax: Double
  /// The second largest eigenvalue; absent if there is only one.
  package var lambda2: Double?
  /// The median of all eigenvalues except the largest.
  package var bulkMedian: Double?
  package var lambdaMin: Double
  /// lambda_max / lambda_min; absent if lambda_min is not above the noise floor.
  package var conditionNumber: Double?
  /// Eigenvalues below this are rounding errors: n eps lambda_max; in f32, eps (2^-23) times the
  /// trace; at least eps (2^-23) times the Frobenius norm if the kernel's elements are f32.
  package var noiseFloor: Double
  package var belowNoiseFloor: Int
  package var trace: Double
  /// |sum of the eigenvalues - trace| / trace.
  package var traceError: Double
  /// |sum of the squared eigenvalues - squared Frobenius norm| / squared Frobenius norm.
  package var frobeniusError: Double
  package var eigenvectors: Int
  /// |AQ - QW|_1 / (n eps |A|_1); only with eigenvectors.
  package var residual: Double?
  /// |Q'Q - I|_1 / (n eps); only with eigenvectors.
  package var orthogonality: Double?
  /// The routine that found the eigenvectors, if it is not the routine of the eigenvalues, and the
  /// largest difference between the eigenvalues of the two routines, divided by lambda_max.
  package var vectorRoutine: String?
  package var leadingValueError: Double?
  package var grid: [Int]
  package var blockSize: Int
  package var secondsReading: Double
  package var secondsSolving: Double
  package var secondsChecking: Double
  /// The weights of the targets in all eigenvectors, if requested.
  package var weights: WeightsSummary?
  /// The seconds of block Lanczos, including its reading.
  package var secondsVectors: Double?
  /// The seconds spent on writing states for a restart.
  package var secondsSavingState: Double?

  package init(
    routine: String, reason: String? = nil, precision: String? = nil, n: Int, lambdaMax: Double,
    lambda2: Double? = nil, bulkMedian: Double? = nil, lambdaMin: Double,
    conditionNumber: Double? = nil, noiseFloor: Double, belowNoiseFloor: Int, trace: Double,
    traceError: Double, frobeniusError: Double, eigenvectors: Int, residual: Double? = nil,
    orthogonality: Double? = nil, vectorRoutine: String? = nil, leadingValueError: Double? = nil,
    grid: [Int], blockSize: Int, secondsReading: Double, secondsSolving: Double,
    secondsChecking: Double, secondsVectors: Double? = nil, secondsSavingState: Double? = nil
  ) {
    self.routine = routine
    self.reason = reason
    self.precision = precision
    self.n = n
    self.lambdaMax = lambdaMax
    self.lambda2 = lambda2
    self.bulkMedian = bulkMedian
    self.lambdaMin = lambdaMin
    self.conditionNumber = conditionNumber
    self.noiseFloor = noiseFloor
    self.belowNoiseFloor = belowNoiseFloor
    self.trace = trace
    self.traceError = traceError
    self.frobeniusError = frobeniusError
    self.eigenvectors = eigenvectors
    self.residual = residual
    self.orthogonality = orthogonality
    self.vectorRoutine = vectorRoutine
    self.leadingValueError = leadingValueError
    self.grid = grid
    self.blockSize = blockSize
    self.secondsReading = secondsReading
    self.secondsSolving = secondsSolving
    self.secondsChecking = secondsChecking
    self.secondsVectors = secondsVectors
    self.secondsSavingState = secondsSavingState
  }
}
