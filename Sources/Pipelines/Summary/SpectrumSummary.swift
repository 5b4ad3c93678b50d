/// A spectrum and how far it can be trusted; eps = 2^-52, norms as said.
struct SpectrumSummary: Codable, Equatable {
  var routine: String
  /// Why this routine.
  var reason: String?
  /// The numbers that the matrix was decomposed in.
  var precision: String?
  var n: Int
  var lambdaMax: Double
  /// The second largest; absent where there is one alone.
  var lambda2: Double?
  /// The median of all but the largest.
  var bulkMedian: Double?
  var lambdaMin: Double
  /// lambda_max / lambda_min; absent where lambda_min is not above the noise floor.
  var conditionNumber: Double?
  /// Eigenvalues below it are rounding: n eps lambda_max; in f32, eps (2^-23) times the trace.
  var noiseFloor: Double
  var belowNoiseFloor: Int
  var trace: Double
  /// |sum of the eigenvalues - trace| / trace.
  var traceError: Double
  /// |sum of their squares - squared Frobenius norm| / squared Frobenius norm.
  var frobeniusError: Double
  var eigenvectors: Int
  /// |AQ - QW|_1 / (n eps |A|_1), with eigenvectors.
  var residual: Double?
  /// |Q'Q - I|_1 / (n eps), with eigenvectors.
  var orthogonality: Double?
  /// How the eigenvectors were found, where not by the routine of the eigenvalues, and the largest
  /// difference of its eigenvalues from those, over lambda_max.
  var vectorRoutine: String?
  var leadingValueError: Double?
  var grid: [Int]
  var blockSize: Int
  var secondsReading: Double
  var secondsSolving: Double
  var secondsChecking: Double
  /// Of block Lanczos, its reading included.
  var secondsVectors: Double?
  /// Of writing states for a restart.
  var secondsSavingState: Double?
}
