import CVector

/// Precisions that every step has a loop for.
protocol CoreLanes: Lanes {
  /// The precision of the lanes.
  static var precision: Precision { get }

  /// Writes four rows of numbers in double precision, rounded to these lanes' scalars and `stride`
  /// apart.
  static func convertRows(
    _ numbers: Float64Lanes, to pointer: UnsafeMutablePointer<Scalar>, stride: Int)

  /// Adds to the sums of a row's pairs those of `even` and the first ones of `odd`'s pairs, and to
  /// others the second ones of `odd`'s; with the numbers `second` further on, unless that is 0.
  ///
  /// - Parameter width: numbers of `even` and of `odd`, 32 or 16.
  static func addPairs(
    _ even: UnsafePointer<Scalar>, _ odd: UnsafePointer<Scalar>, second: Int, width: Int,
    to here: UnsafeMutablePointer<Double>, and next: UnsafeMutablePointer<Double>)

  /// Writes 16 sums of three of 32 numbers, each two on from the one before. Behind the last pair
  /// lies `right`, and behind pair `seam`, unless that is negative, `atSeam`.
  static func halve(
    _ line: UnsafePointer<Scalar>, right: Scalar, seam: Int, atSeam: Scalar,
    to left: UnsafeMutablePointer<Scalar>)

  /// Writes the gaps of `width` windows (16 or 8) with as many others behind a pool, from sums by
  /// offset, to a matrix with rows of `columns` numbers, of g and `plane` further on of h; see
  /// `PooledImage`.
  static func writePooledGaps(
    _ sums: (UnsafePointer<Double>, UnsafePointer<Double>),
    _ images: (UnsafePointer<Double>, UnsafePointer<Double>, plane: Int), width: Int,
    to matrix: UnsafeMutablePointer<Scalar>, columns: Int, plane: Int)

  /// The same of `count` pairs of windows side by side, or of one window (`isOne`) with `count`
  /// others.
  static func writePooledGaps(
    _ sums: (UnsafePointer<Double>, UnsafePointer<Double>),
    _ images: (UnsafePointer<Double>, UnsafePointer<Double>, plane: Int), count: Int, isOne: Bool,
    to row: UnsafeMutablePointer<Scalar>, plane: Int)

  /// Runs `step` over a block of these lanes.
  static func apply(
    _ step: any AnyActivationStep, to block: PairBlock<Self>, rows: StepValues<Scalar>,
    columns: StepValues<Scalar>)

  /// Runs `update` over cells of these lanes.
  static func sweep(_ update: any PixelUpdate, _ pass: PixelPass<Self>)

  /// See `MatrixProduct`.
  static func multiply(
    _ product: any MatrixProduct, m: Int, n: Int, k: Int, _ a: UnsafePointer<Scalar>, lda: Int,
    _ b: UnsafePointer<Scalar>, ldb: Int, transposed: Bool, _ c: UnsafeMutablePointer<Scalar>,
    ldc: Int)
}

extension CoreLanes {
  /// Images whose numbers lie side by side in a table: enough for four rows and for a register.
  @inline(__always)
  static var groupCount: Int { Swift.max(rowCount, 4) }

  /// The largest value of a pixel: formulas multiply those of two, and for one that is almost black
  /// the product of their inverses must stay finite.
  @inline(__always)
  static var largestValue: Double { precision == .f64 ? 1e154 : 1e19 }
}

extension Float64Lanes: CoreLanes {
  static var precision: Precision { .f64 }

  @inline(__always)
  static func convertRows(
    _ numbers: Float64Lanes, to pointer: UnsafeMutablePointer<Double>, stride: Int
  ) {
    numbers.storeRows(to: pointer, stride: stride)
  }

  @inline(__always)
  static func addPairs(
    _ even: UnsafePointer<Double>, _ odd: UnsafePointer<Double>, second: Int, width: Int,
    to here: UnsafeMutablePointer<Double>, and next: UnsafeMutablePointer<Double>
  ) {
    if width == 32 {
      ntk_f64_add_pairs_16(here, next, even, odd, second)
    } else {
      ntk_f64_add_pairs_8(here, next, even, odd, second)
    }
  }

  static func halve(
    _ line: UnsafePointer<Double>, right: Double, seam: Int, atSeam: Double,
    to left: UnsafeMutablePointer<Double>
  ) {
    ntk_f64_halve_16(left, line, right, seam, atSeam)
  }

  static func writePooledGaps(
    _ sums: (UnsafePointer<Double>, UnsafePointer<Double>),
    _ images: (UnsafePointer<Double>, UnsafePointer<Double>, plane: Int), width: Int,
    to matrix: UnsafeMutablePointer<Double>, columns: Int, plane: Int
  ) {
    if width == 16 {
      ntk_f64_pooled_gaps(
        matrix, plane, columns, 16, sums.0, sums.1, images.0, images.1, images.plane)
    } else {
      ntk_f64_pooled_gaps(
        matrix, plane, columns, 8, sums.0, sums.1, images.0, images.1, images.plane)
    }
  }

  static func writePooledGaps(
    _ sums: (UnsafePointer<Double>, UnsafePointer<Double>),
    _ images: (UnsafePointer<Double>, UnsafePointer<Double>, plane: Int), count: Int, isOne: Bool,
    to row: UnsafeMutablePointer<Double>, plane: Int
  ) {
    if isOne {
      ntk_f64_pooled_row(
        row, row + plane, count, sums.0, sums.1, images.0, 0, images.1, images.plane)
    } else {
      ntk_f64_pooled_row(
        row, row + plane, count, sums.0, sums.1, images.0, 1, images.1, images.plane)
    }
  }

  static func apply(
    _ step: any AnyActivationStep, to block: PairBlock<Self>, rows: StepValues<Double>,
    columns: StepValues<Double>
  ) {
    step.apply(block, rows: rows, columns: columns)
  }

  static func sweep(_ update: any PixelUpdate, _ pass: PixelPass<Self>) { update.run(pass) }

  static func multiply(
    _ product: any MatrixProduct, m: Int, n: Int, k: Int, _ a: UnsafePointer<Double>, lda: Int,
    _ b: UnsafePointer<Double>, ldb: Int, transposed: Bool, _ c: UnsafeMutablePointer<Double>,
    ldc: Int
  ) {
    product.multiply(
      m: m, n: n, k: k, a, lda: lda, b, ldb: ldb, transposed: transposed, c, ldc: ldc)
  }
}

extension Float32Lanes: CoreLanes {
  static var precision: Precision { .f32 }

  @inline(__always)
  static func convertRows(
    _ numbers: Float64Lanes, to pointer: UnsafeMutablePointer<Float>, stride: Int
  ) {
    ntk_f64_store_rows_rounded(pointer, stride, numbers.value)
  }

  @inline(__always)
  static func addPairs(
    _ even: UnsafePointer<Float>, _ odd: UnsafePointer<Float>, second: Int, width: Int,
    to here: UnsafeMutablePointer<Double>, and next: UnsafeMutablePointer<Double>
  ) {
    if width == 32 {
      ntk_f32_add_pairs_16(here, next, even, odd, second)
    } else {
      ntk_f32_add_pairs_8(here, next, even, odd, second)
    }
  }

  static func halve(
    _ line: UnsafePointer<Float>, right: Float, seam: Int, atSeam: Float,
    to left: UnsafeMutablePointer<Float>
  ) {
    ntk_f32_halve_16(left, line, right, seam, atSeam)
  }

  static func writePooledGaps(
    _ sums: (UnsafePointer<Double>, UnsafePointer<Double>),
    _ images: (UnsafePointer<Double>, UnsafePointer<Double>, plane: Int), width: Int,
    to matrix: UnsafeMutablePointer<Float>, columns: Int, plane: Int
  ) {
    if width == 16 {
      ntk_f32_pooled_gaps(
        matrix, plane, columns, 16, sums.0, sums.1, images.0, images.1, images.plane)
    } else {
      ntk_f32_pooled_gaps(
        matrix, plane, columns, 8, sums.0, sums.1, images.0, images.1, images.plane)
    }
  }

  static func writePooledGaps(
    _ sums: (UnsafePointer<Double>, UnsafePointer<Double>),
    _ images: (UnsafePointer<Double>, UnsafePointer<Double>, plane: Int), count: Int, isOne: Bool,
    to row: UnsafeMutablePointer<Float>, plane: Int
  ) {
    if isOne {
      ntk_f32_pooled_row(
        row, row + plane, count, sums.0, sums.1, images.0, 0, images.1, images.plane)
    } else {
      ntk_f32_pooled_row(
        row, row + plane, count, sums.0, sums.1, images.0, 1, images.1, images.plane)
    }
  }

  static func apply(
    _ step: any AnyActivationStep, to block: PairBlock<Self>, rows: StepValues<Float>,
    columns: StepValues<Float>
  ) {
    step.apply(block, rows: rows, columns: columns)
  }

  static func sweep(_ update: any PixelUpdate, _ pass: PixelPass<Self>) { update.run(pass) }

  static func multiply(
    _ product: any MatrixProduct, m: Int, n: Int, k: Int, _ a: UnsafePointer<Float>, lda: Int,
    _ b: UnsafePointer<Float>, ldb: Int, transposed: Bool, _ c: UnsafeMutablePointer<Float>,
    ldc: Int
  ) {
    product.multiply(
      m: m, n: n, k: k, a, lda: lda, b, ldb: ldb, transposed: transposed, c, ldc: ldc)
  }
}
