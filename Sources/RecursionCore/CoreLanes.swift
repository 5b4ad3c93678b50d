import CVector

/// Precisions that every step has a loop for.
protocol CoreLanes: Lanes {
  /// The largest variance, and the inverse of the smallest, whose square the lanes can hold.
  static var largestVariance: Double { get }

  /// Writes numbers in double precision, rounded to these lanes' scalars.
  static func convert(_ numbers: Float64Lanes, to pointer: UnsafeMutablePointer<Scalar>)

  /// Adds to 16 sums the pairs of `even`'s 32 numbers and the first ones of `odd`'s pairs, and to 16
  /// others the second ones of `odd`'s.
  static func addPairs(
    _ even: UnsafePointer<Scalar>, _ odd: UnsafePointer<Scalar>,
    to here: UnsafeMutablePointer<Double>, and next: UnsafeMutablePointer<Double>)

  /// Runs `step` over a block of these lanes.
  static func apply(
    _ step: any AnyActivationStep, to block: PairBlock<Self>, rows: StepValues<Scalar>,
    columns: StepValues<Scalar>)

  /// Runs `update` over cells of these lanes.
  static func sweep(_ update: any PixelUpdate, _ pass: PixelPass<Self>)
}

extension CoreLanes {
  /// Images whose numbers lie side by side in a table: enough for four rows and for a register.
  @inline(__always)
  static var groupCount: Int { Swift.max(rowCount, 4) }

  /// Whether the squares and inverses of a variance stay in range; none at all (a black image) does.
  static func holds(_ variance: Double) -> Bool {
    variance == 0 || (variance <= largestVariance && variance >= 1 / largestVariance)
  }
}

extension Float64Lanes: CoreLanes {
  static var largestVariance: Double { 1e150 }

  @inline(__always)
  static func convert(_ numbers: Float64Lanes, to pointer: UnsafeMutablePointer<Double>) {
    numbers.store(to: pointer)
  }

  @inline(__always)
  static func addPairs(
    _ even: UnsafePointer<Double>, _ odd: UnsafePointer<Double>,
    to here: UnsafeMutablePointer<Double>, and next: UnsafeMutablePointer<Double>
  ) {
    ntk_f64_add_pairs(here, next, even, odd)
  }

  static func apply(
    _ step: any AnyActivationStep, to block: PairBlock<Self>, rows: StepValues<Double>,
    columns: StepValues<Double>
  ) {
    step.apply(block, rows: rows, columns: columns)
  }

  static func sweep(_ update: any PixelUpdate, _ pass: PixelPass<Self>) { update.run(pass) }
}

extension Float32Lanes: CoreLanes {
  static var largestVariance: Double { 1e18 }

  @inline(__always)
  static func convert(_ numbers: Float64Lanes, to pointer: UnsafeMutablePointer<Float>) {
    ntk_f64_store_rounded(pointer, numbers.value)
  }

  @inline(__always)
  static func addPairs(
    _ even: UnsafePointer<Float>, _ odd: UnsafePointer<Float>,
    to here: UnsafeMutablePointer<Double>, and next: UnsafeMutablePointer<Double>
  ) {
    ntk_f32_add_pairs(here, next, even, odd)
  }

  static func apply(
    _ step: any AnyActivationStep, to block: PairBlock<Self>, rows: StepValues<Float>,
    columns: StepValues<Float>
  ) {
    step.apply(block, rows: rows, columns: columns)
  }

  static func sweep(_ update: any PixelUpdate, _ pass: PixelPass<Self>) { update.run(pass) }
}
