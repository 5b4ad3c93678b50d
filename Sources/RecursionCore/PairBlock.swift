/// A block of pairs (rows x columns) between steps: four planes, small enough for the first-level
/// cache, which one step after another updates in place.
package struct PairBlock<L: Lanes>: @unchecked Sendable {
  /// Number of rows in use.
  package let rows: Int
  /// Number of columns in use, a multiple of the lanes.
  package let columns: Int
  let stride: Int
  let planes: UnsafeMutablePointer<L.Scalar>
  let planeSize: Int

  /// The number of pairs that are read of the first row, and how many more of every further row.
  /// The other pairs, which are padding or above the diagonal of a symmetric tile, take part in the
  /// arithmetic.
  let read: (ofFirst: Int, more: Int)

  /// The number of pairs that are read of a row.
  func readCount(_ row: Int) -> Int { Swift.min(read.ofFirst + row * read.more, columns) }

  /// The place of one register in the four planes.
  struct Place {
    let covariance: UnsafeMutablePointer<L.Scalar>
    let planeSize: Int
    @inline(__always) var deficit: UnsafeMutablePointer<L.Scalar> { covariance + planeSize }
    @inline(__always) var tangent: UnsafeMutablePointer<L.Scalar> { covariance + 2 * planeSize }
    @inline(__always) var tangentDeficit: UnsafeMutablePointer<L.Scalar> {
      covariance + 3 * planeSize
    }
  }

  @inline(__always)
  func place(row: Int, column: Int) -> Place {
    Place(covariance: planes + row * stride + column, planeSize: planeSize)
  }

  /// Calls `body` for every register of the block, with the values of the row's image and of the
  /// columns' images.
  @inline(__always)
  func forEachRegister(
    _ rowValues: StepValues<L.Scalar>, _ columnValues: StepValues<L.Scalar>,
    _ body: (Place, RowValues<L>, ColumnValues<L>) -> Void
  ) {
    for row in 0..<rows {
      let rowImage = RowValues<L>(base: rowValues.base + row, stride: rowValues.stride)
      var column = 0
      while column < columns {
        let columnImages = ColumnValues<L>(
          base: columnValues.base + column, stride: columnValues.stride)
        body(place(row: row, column: column), rowImage, columnImages)
        column += L.count
      }
    }
  }

  /// Multiplies all four planes by the factors of both images: K and Theta of scaled signals.
  func scale(rows rowValues: StepValues<L.Scalar>, columns columnValues: StepValues<L.Scalar>) {
    forEachRegister(rowValues, columnValues) { place, row, column in
      let factor = row[0] * column[0]
      for plane in [place.covariance, place.deficit, place.tangent, place.tangentDeficit] {
        (factor * L(at: plane)).store(to: plane)
      }
    }
  }

  /// Adds the pairs of an independent signal. The deficits are computed as in `Dense`, with the
  /// values of `AffineStep.writeSumValues`.
  func add(
    _ other: PairBlock<L>, rows rowValues: StepValues<L.Scalar>,
    columns columnValues: StepValues<L.Scalar>
  ) {
    let distance = other.planes - planes
    forEachRegister(rowValues, columnValues) { place, row, column in
      @inline(__always)
      func add(_ covariance: UnsafeMutablePointer<L.Scalar>, first: Int) {
        let deficit = covariance + planeSize
        let wedge = row[first] * column[first + 1] - row[first + 1] * column[first]
        (L(at: covariance) + L(at: covariance + distance)).store(to: covariance)
        (L(at: deficit) + L(at: deficit + distance)).adding(wedge, times: wedge)
          .store(to: deficit)
      }
      add(place.covariance, first: 0)
      add(place.tangent, first: 2)
    }
  }

  /// Copies another block of the same shape.
  func copy(_ other: PairBlock<L>) {
    for plane in 0..<4 {
      for row in 0..<rows {
        let offset = plane * planeSize + row * stride
        (planes + offset).update(from: other.planes + offset, count: columns)
      }
    }
  }
}

/// The values of one step for consecutive images: value `v` of image `i` is at
/// base[v * stride + i].
package struct StepValues<Scalar>: @unchecked Sendable {
  let base: UnsafePointer<Scalar>
  let stride: Int
}
