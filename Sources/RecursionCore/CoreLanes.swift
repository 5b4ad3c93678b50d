import CVector

/// Lanes for which every step has a compiled loop.
protocol CoreLanes: Lanes {
  /// The precision of the lanes.
  static var precision: Precision { get }

  /// Writes four rows of double-precision numbers, rounded to the scalars of these lanes. The rows
  /// are `stride` apart.
  static func convertRows(
    _ numbers: Float64Lanes, to pointer: UnsafeMutablePointer<Scalar>, stride: Int)

  /// Adds pairs of neighboring numbers to sums. The sums at `here` get both numbers of the pairs of
  /// `even` and the first numbers of the pairs of `odd`; the sums at `next` get the second numbers
  /// of the pairs of `odd`. Unless `second` is 0, the numbers `second` further on are included.
  ///
  /// - Parameter width: number of elements of `even` and of `odd`, 32 or 16.
  static func addPairs(
    _ even: UnsafePointer<Scalar>, _ odd: UnsafePointer<Scalar>, second: Int, width: Int,
    to here: UnsafeMutablePointer<Double>, and next: UnsafeMutablePointer<Double>)

  /// Writes 16 sums of three consecutive numbers each, from 32 numbers. Each sum starts two numbers
  /// after the one before. The number after the last pair is `right`; the number after pair `seam`
  /// is `atSeam`, unless `seam` is negative.
  static func halve(
    _ line: UnsafePointer<Scalar>, right: Scalar, seam: Int, atSeam: Scalar,
    to left: UnsafeMutablePointer<Scalar>)

  /// Writes the gaps between `width` windows (16 or 8) of one image and `width` windows of another
  /// after a pool, from sums by offset, to a matrix with rows of `columns` numbers: g, and h
  /// `plane` after g. See `PooledImage`.
  static func writePooledGaps(
    _ sums: (UnsafePointer<Double>, UnsafePointer<Double>),
    _ images: (UnsafePointer<Double>, UnsafePointer<Double>, plane: Int), width: Int,
    to matrix: UnsafeMutablePointer<Scalar>, columns: Int, plane: Int)

  /// Writes the gaps of `count` pairs of windows side by side or, if `isOne`, of one window with
  /// `count` others.
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
  /// The number of images whose values lie side by side in a table: enough for four rows and for a
  /// register.
  @inline(__always)
  static var groupCount: Int { Swift.max(rowCount, 4) }

  /// The largest value of a pixel. Formulas multiply the values of two pixels, and for a nearly
  /// black pixel the product of their inverses must stay finite.
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
