import CVector

/// A continuous function of straight pieces, as hard_tanh and relu6 are: its duals have closed forms. With
/// phi' = s_0 + sum_j J_j 1(x > t_j), h_j = t_j / sqrt(q1), k_j = t_j / sqrt(q2) and `OrthantLoss`,
///
///     E[phi' phi'](1) - E[phi' phi'](c) = sum_ij J_i J_j loss_ij(c),
///     E[phi phi](1) - E[phi phi](c) = sqrt(q1 q2) ((1 - c) E[phi' phi'](c) + sum_ij J_i J_j moment_ij(c)).
///
/// What is lost at c = 1, where the variances differ, is half of E[(phi(u) - phi(v))^2], the squares of
/// straight pieces, less half of the squared difference of the roots of E[phi^2].
struct PiecewiseLinear: Sendable {
  /// phi(x) = slope x + offset up to the next break.
  struct Piece: Sendable, Equatable {
    let slope: Double
    let offset: Double
  }

  /// In ascending order.
  let breaks: [Double]
  /// One more than there are breaks.
  let pieces: [Piece]
  private let jumps: [Double]

  /// nil where phi is something else.
  init?(_ function: ActivationFunction) {
    guard !function.isSmooth, !function.jumps else { return nil }
    let all = function.breaks(.infinity)
    var (breaks, pieces) = ([Double](), [Piece]())
    let ends = [(all.first ?? 0) - Self.beyond] + all + [(all.last ?? 0) + Self.beyond]
    for (index, (low, high)) in zip(ends, ends.dropFirst()).enumerated() {
      guard let piece = Self.piece(function, low, high) else { return nil }
      if piece == pieces.last { continue }
      if index > 0 { breaks.append(low) }
      pieces.append(piece)
    }
    guard !breaks.isEmpty, breaks.count <= Self.mostBreaks else { return nil }
    (self.breaks, self.pieces) = (breaks, pieces)
    jumps = zip(pieces, pieces.dropFirst()).map { $1.slope - $0.slope }
  }

  /// How far outside of the breaks phi is looked at.
  private static let beyond = 600.0
  /// The time for a pair grows with their square.
  private static let mostBreaks = 16

  /// phi between two points, nil where it is not straight there.
  private static func piece(
    _ function: ActivationFunction, _ low: Double, _ high: Double
  ) -> Piece? {
    // At irregular places, near the ends too.
    let places = (1...20).map { low + (high - low) * (0.5 - ntk_cos(Double($0) * 0.1443) / 2) }
    let (values, slopes) = (function.values(at: places), function.slopes(at: places))
    let slope = slopes[0]
    guard slopes.allSatisfy({ abs($0 - slope) <= 1e-14 * abs(slope) }) else { return nil }
    // Where numbers are small; phi is continuous, so the ends count.
    let anchor = min(max(0, low), high)
    let offset = function.values(at: [anchor])[0] - slope * anchor
    let size = abs(offset) + abs(slope) * max(abs(low), abs(high))
    let isStraight = zip(places, values).allSatisfy {
      abs($1 - slope * $0 - offset) <= 1e-14 * size
    }
    return isStraight ? Piece(slope: slope, offset: abs(offset) > 1e-14 * size ? offset : 0) : nil
  }

  /// E[phi^2] and E[phi'^2].
  func moments(_ variance: Double) -> Moments { Scaled(self, variance).moments }

  /// Both duals of a pair.
  func dual(_ q1: Double, _ q2: Double, _ correlation: Correlation) -> DualValues {
    let x = Scaled(self, q1)
    let y = q1 == q2 ? x : Scaled(self, q2)
    let apart = q1 == q2 ? Moments(square: 0, derivativeSquare: 0) : x.squaredDifference(y)
    var (losses, moments) = (0.0, 0.0)
    for (h, ofH) in zip(x.breaks, jumps) {
      for (k, ofK) in zip(y.breaks, jumps) {
        let loss = OrthantLoss(h, k, correlation)
        losses += ofH * ofK * loss.probability
        moments += ofH * ofK * loss.moment
      }
    }
    let (first, second) = (x.moments, y.moments)
    func lostAtOne(_ apart: Double, _ a: Double, _ b: Double) -> Double {
      let difference = a.squareRoot() - b.squareRoot()
      return max(apart - difference * difference, 0) / 2
    }
    let slopes =
      (first.derivativeSquare + second.derivativeSquare - apart.derivativeSquare) / 2 - losses
    let distance = correlation.isNegative ? 2 - correlation.distance : correlation.distance
    let valueDeficit =
      lostAtOne(apart.square, first.square, second.square)
      + x.root * y.root * (distance * slopes + moments)
    let slopeDeficit =
      lostAtOne(apart.derivativeSquare, first.derivativeSquare, second.derivativeSquare) + losses
    func relative(_ deficit: Double, _ a: Double, _ b: Double) -> Double {
      let largest = (a * b).squareRoot()
      return largest > 0 ? max(deficit, 0) / largest : 0
    }
    let value = relative(valueDeficit, first.square, second.square)
    let slope = relative(slopeDeficit, first.derivativeSquare, second.derivativeSquare)
    return DualValues(value: 1 - value, valueDeficit: value, slope: 1 - slope, slopeDeficit: slope)
  }

  /// phi(sqrt(q) z) as a function of z.
  private struct Scaled {
    let root: Double
    let breaks: [Double]
    let pieces: [Piece]
    let moments: Moments

    init(_ function: PiecewiseLinear, _ variance: Double) {
      let root = max(variance.squareRoot(), Self.least)
      let breaks = function.breaks.map { $0 / root }
      let pieces = function.pieces.map { Piece(slope: $0.slope * root, offset: $0.offset) }
      var (square, slopes) = (0.0, 0.0)
      for (index, piece) in pieces.enumerated() {
        let low = index > 0 ? breaks[index - 1] : -Double.infinity
        let high = index < breaks.count ? breaks[index] : Double.infinity
        square += Normal.square(piece.slope, piece.offset, low, high)
        slopes +=
          function.pieces[index].slope * function.pieces[index].slope
          * Normal.probability(low, high)
      }
      (self.root, self.breaks, self.pieces) = (root, breaks, pieces)
      moments = Moments(square: square, derivativeSquare: slopes)
    }

    /// In place of the root of no variance at all.
    private static let least = 1e-140

    /// E[(phi(sqrt(q1) z) - phi(sqrt(q2) z))^2], and the same of phi'.
    func squaredDifference(_ other: Self) -> Moments {
      var (square, slopes) = (0.0, 0.0)
      var (index, place) = ((0, 0), -Double.infinity)
      while true {
        let next = (
          index.0 < breaks.count ? breaks[index.0] : Double.infinity,
          index.1 < breaks.count ? other.breaks[index.1] : Double.infinity
        )
        let end = min(next.0, next.1)
        let (a, b) = (pieces[index.0], other.pieces[index.1])
        square += Normal.square(a.slope - b.slope, a.offset - b.offset, place, end)
        if index.0 != index.1 {
          let difference = a.slope / root - b.slope / other.root
          slopes += difference * difference * Normal.probability(place, end)
        }
        guard end < Double.infinity else { break }
        if next.0 == end { index.0 += 1 }
        if next.1 == end { index.1 += 1 }
        place = end
      }
      return Moments(square: square, derivativeSquare: slopes)
    }
  }
}
