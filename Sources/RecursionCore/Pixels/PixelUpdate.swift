/// An operation on each pair of pixels on its own: an activation or a normalization.
protocol PixelUpdate: Sendable {
  /// The number of values per pixel that the update needs.
  var valueCount: Int { get }
  /// A lower bound for the correlations of the input.
  var leastCorrelation: Double { get set }
  /// A lower bound for the correlations of the result.
  var leastCorrelationAfter: Double { get }
  /// Whether the update is a nonlinearity.
  var isActivation: Bool { get }
  /// Whether the result at a pixel depends on the variances of all pixels.
  var needsAllPixels: Bool { get }
  /// Notes the numbers that the update works with for one image, whose largest variance is
  /// `largest`.
  func note(
    _ map: PixelVariances, image: Int, largest: Double, _ watch: inout RangeWatch,
    place: () -> (step: Int, network: Int?))
  /// Takes the variances of some images through the update, and writes each pixel's values.
  func advance(_ map: PixelVariances, _ write: PixelRowWriter)
  /// Runs in double precision over a row of cells, or by offsets over all rows.
  func run(_ pass: PixelPass<Float64Lanes>)
  /// Runs in single precision over a row of cells, or by offsets over all rows.
  func run(_ pass: PixelPass<Float32Lanes>)
}

extension PixelUpdate {
  var isActivation: Bool { false }
  var needsAllPixels: Bool { false }

  func note(
    _ map: PixelVariances, image: Int, largest: Double, _ watch: inout RangeWatch,
    place: () -> (step: Int, network: Int?)
  ) {}
}

/// The identity: a convolution that no activation follows.
struct PixelIdentity: PixelUpdate {
  var valueCount: Int { 0 }
  var leastCorrelation = -1.0
  var leastCorrelationAfter: Double { leastCorrelation }
  func advance(_ map: PixelVariances, _ write: PixelRowWriter) {}
  func run(_ pass: PixelPass<Float64Lanes>) { pass.run(Rule()) }
  func run(_ pass: PixelPass<Float32Lanes>) { pass.run(Rule()) }

  private struct Rule: PixelRule {
    @inline(__always)
    func apply<L: Lanes, X: ImageValues, Y: ImageValues>(
      _ gaps: PixelGaps<L>, _ x: X, _ y: Y
    ) -> PixelGaps<L> where X.Register == L, Y.Register == L { gaps }
  }
}

/// An activation on pairs of pixels; see `Activation.pixelGaps`.
package struct PixelActivation<A: Activation>: PixelUpdate {
  let activation: A
  var leastCorrelation = -1.0 {
    didSet { inputIsNonNegative = leastCorrelation >= A.leastOfNonNegativeForm }
  }
  /// Whether the form for non-negative covariances is valid for the input.
  private var inputIsNonNegative = false

  init(activation: A) { self.activation = activation.preparedForPixels() }

  var valueCount: Int { activation.pixelValueCount }
  var leastCorrelationAfter: Double { activation.leastCorrelation }
  var isActivation: Bool { true }

  func note(
    _ map: PixelVariances, image: Int, largest: Double, _ watch: inout RangeWatch,
    place: () -> (step: Int, network: Int?)
  ) {
    watch.note(
      .variance, largest, largest: { activation.largestVariance($0) }, place: place)
  }

  func advance(_ map: PixelVariances, _ write: PixelRowWriter) {
    A.advance(self, map, write)
  }

  @inline(__always)
  func advanceAll(_ map: PixelVariances, _ write: PixelRowWriter) {
    let constant = Float64Lanes(activation.constantMean * activation.constantMean)
    map.update(valueCount: activation.pixelValueCount, write) { variance, tangent, set in
      let moments = activation.moments(variances: variance)
      let after = moments.derivativeSquare * tangent
      activation.writePixelValues(
        variance: variance, tangent: tangent, square: moments.square, afterTangent: after, set)
      return (moments.square + constant, after)
    }
  }

  func run(_ pass: PixelPass<Float64Lanes>) { A.run(self, over: pass) }
  func run(_ pass: PixelPass<Float32Lanes>) { A.run(self, over: pass) }

  @inline(__always)
  package func sweep<L: Lanes>(_ pass: PixelPass<L>) {
    if A.sharesLoops {
      SharedRule.run(activation, over: pass)
    } else if A.hasFormOfNonNegative && inputIsNonNegative {
      pass.run(NonNegative(activation: activation))
    } else if A.isCalled {
      pass.run(Called(activation: activation))
    } else {
      pass.run(General(activation: activation))
    }
  }

  private struct General: PixelRule {
    let activation: A
    @inline(__always)
    func apply<L: Lanes, X: ImageValues, Y: ImageValues>(
      _ gaps: PixelGaps<L>, _ x: X, _ y: Y
    ) -> PixelGaps<L> where X.Register == L, Y.Register == L { activation.pixelGaps(gaps, x, y) }
  }

  private struct Called: PixelRule {
    let activation: A
    @inline(never)
    func apply<L: Lanes, X: ImageValues, Y: ImageValues>(
      _ gaps: PixelGaps<L>, _ x: X, _ y: Y
    ) -> PixelGaps<L> where X.Register == L, Y.Register == L { activation.pixelGaps(gaps, x, y) }
  }

  private struct NonNegative: PixelRule {
    let activation: A
    @inline(__always)
    func apply<L: Lanes, X: ImageValues, Y: ImageValues>(
      _ gaps: PixelGaps<L>, _ x: X, _ y: Y
    ) -> PixelGaps<L> where X.Register == L, Y.Register == L {
      activation.pixelGapsOfNonNegative(gaps, x, y)
    }
  }
}

extension Activation {
  /// The activation as an update of pixels.
  var pixelUpdate: any PixelUpdate { PixelActivation(activation: self) }

  /// The number of the dual's values, plus four: the roots of K and Theta before and after.
  package var pixelValueCount: Int { imageValueCount + 4 }

  /// Default: image by image, through the scalar formula.
  package func moments(variances: Float64Lanes) -> (
    square: Float64Lanes, derivativeSquare: Float64Lanes
  ) {
    var squares = [Double](repeating: 0, count: Float64Lanes.count)
    var derivatives = squares
    for (image, variance) in variances.numbers.enumerated() {
      let moments = moments(variance: variance)
      (squares[image], derivatives[image]) = (moments.square, moments.derivativeSquare)
    }
    return (Float64Lanes(numbers: squares), Float64Lanes(numbers: derivatives))
  }

  /// Default: image by image, through the scalar formula.
  package func writePixelValues(
    variance: Float64Lanes, tangent: Float64Lanes, square: Float64Lanes,
    afterTangent: Float64Lanes, _ set: (Int, Float64Lanes) -> Void
  ) {
    let count = imageValueCount
    var values = [Double](repeating: 0, count: count * Float64Lanes.count)
    for (image, variance) in variance.numbers.enumerated() {
      var ofImage = [Double](repeating: 0, count: count)
      ofImage.withUnsafeMutableBufferPointer {
        if let base = $0.baseAddress { writeImageValues(variance: variance, to: base) }
      }
      for index in 0..<count { values[index * Float64Lanes.count + image] = ofImage[index] }
    }
    for index in 0..<count {
      let first = index * Float64Lanes.count
      set(index, Float64Lanes(numbers: Array(values[first..<first + Float64Lanes.count])))
    }
    writeRoots(variance, tangent, square, afterTangent, from: count, set)
  }

  /// Writes the four roots that the default `pixelGaps` reads after the dual's values.
  @inline(__always)
  package func writeRoots(
    _ variance: Float64Lanes, _ tangent: Float64Lanes, _ square: Float64Lanes,
    _ afterTangent: Float64Lanes, from index: Int, _ set: (Int, Float64Lanes) -> Void
  ) {
    set(index, variance.squareRoot())
    set(index + 1, tangent.squareRoot())
    set(index + 2, square.squareRoot())
    set(index + 3, afterTangent.squareRoot())
  }

  /// Default: through the dual of covariance and deficit,
  ///
  ///     g = (r1 - r2)^2 + 2 d,  r = sqrt(K_ii),  d the deficit,
  ///
  /// and the same formula for Theta.
  @inline(__always)
  package func pixelGaps<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ gaps: PixelGaps<L>, _ x: X, _ y: Y
  ) -> PixelGaps<L> where X.Register == L, Y.Register == L {
    gapsThrough(gaps, x, y) { dual($0, x, y) }
  }

  /// Default `pixelGaps` for pairs whose covariance is known to be non-negative.
  @inline(__always)
  package func pixelGapsOfNonNegative<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ gaps: PixelGaps<L>, _ x: X, _ y: Y
  ) -> PixelGaps<L> where X.Register == L, Y.Register == L {
    gapsThrough(gaps, x, y) { dualOfNonNegative($0, x, y) }
  }

  @inline(__always)
  private func gapsThrough<L: Lanes, X: ImageValues, Y: ImageValues>(
    _ gaps: PixelGaps<L>, _ x: X, _ y: Y, _ dual: (Pair<L>) -> Dual<L>
  ) -> PixelGaps<L> where X.Register == L, Y.Register == L {
    let first = imageValueCount
    let (zero, half) = (L(0), L(0.5))
    @inline(__always) func deficit(_ gap: L, _ root: Int) -> L {
      let difference = x[root] - y[root]
      return half * L.max(gap - difference * difference, zero)
    }
    @inline(__always) func gap(_ deficit: L, _ root: Int) -> L {
      let difference = x[root] - y[root]
      return (deficit + deficit).adding(difference, times: difference)
    }
    let kernelDeficit = deficit(gaps.gap, first)
    let values = dual(
      Pair(covariance: x[first] * y[first] - kernelDeficit, deficit: kernelDeficit))
    let tangentDeficit = (values.derivative.covariance * deficit(gaps.tangentGap, first + 1))
      .adding(values.derivative.deficit, times: x[first + 1] * y[first + 1])
    return PixelGaps(
      gap: gap(values.value.deficit, first + 2), tangentGap: gap(tangentDeficit, first + 3))
  }

  /// The default loop.
  package static func advance(
    _ update: PixelActivation<Self>, _ map: PixelVariances, _ write: PixelRowWriter
  ) { update.advanceAll(map, write) }

  /// The default loop; a requirement so that the compiler specializes it for each activation.
  package static func run(
    _ update: PixelActivation<Self>, over pass: PixelPass<Float64Lanes>
  ) { update.sweep(pass) }

  /// The default loop.
  package static func run(
    _ update: PixelActivation<Self>, over pass: PixelPass<Float32Lanes>
  ) { update.sweep(pass) }
}

extension Float64Lanes {
  /// The lanes as an array.
  package var numbers: [Double] {
    [Double](unsafeUninitializedCapacity: Self.count) { buffer, count in
      if let base = buffer.baseAddress { store(to: base) }
      count = Self.count
    }
  }

  /// The sum of the lanes in order, without an array.
  var sum: Double {
    withUnsafeTemporaryAllocation(of: Double.self, capacity: Self.count) { buffer in
      guard let base = buffer.baseAddress else { return 0 }
      store(to: base)
      return buffer.reduce(0, +)
    }
  }

  /// Creates lanes from an array.
  package init(numbers: [Double]) {
    self = numbers.withUnsafeBufferPointer {
      guard let base = $0.baseAddress, $0.count >= Self.count else { return Float64Lanes(0) }
      return Float64Lanes(at: base)
    }
  }
}
