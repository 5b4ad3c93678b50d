/// The state of one image in the network: the diagonals of both kernels, in double precision for
/// any lanes. Square kernels take their diagonals from here.
public struct ImageState: Sendable, Equatable {
  /// K(x, x).
  public var variance: Double
  /// Theta(x, x).
  public var tangent: Double

  /// Creates the state of an input image with K0(x, x) = `variance` and Theta0 = 0.
  public init(variance: Double, tangent: Double = 0) {
    self.variance = variance
    self.tangent = tangent
  }
}

/// The moments of an activation at one image: E[phi(u)^2] and E[phi'(u)^2] for u ~ N(0, q).
public struct Moments: Sendable, Equatable {
  /// E[phi(u)^2].
  public var square: Double
  /// E[phi'(u)^2].
  public var derivativeSquare: Double

  /// Creates the moments.
  public init(square: Double, derivativeSquare: Double) {
    self.square = square
    self.derivativeSquare = derivativeSquare
  }
}
