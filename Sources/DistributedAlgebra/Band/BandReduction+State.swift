extension BandReduction {
  /// The size in bytes of this rank's part of the state: the band of the finished columns, the lower triangle of the
  /// other columns, and the carried columns. Local.
  public var stateBytes: Int {
    var count = 0
    forEachKeptColumn(until: next) { _, rows, _ in count += rows.count }
    return count * MemoryLayout<Scalar>.stride + (carried?.mutableBytes.count ?? 0)
  }

  /// Passes this rank's part of the state to `write`, piece by piece. Local.
  ///
  /// Errors: what `write` throws.
  public borrowing func save<E: Error>(
    _ write: (UnsafeRawBufferPointer) throws(E) -> Void
  ) throws(E) {
    settle()
    try forEachKeptColumn(until: next) { (_, rows, elements) throws(E) in
      try write(
        UnsafeRawBufferPointer(start: elements, count: rows.count * MemoryLayout<Scalar>.stride))
    }
    if let carried { try write(UnsafeRawBufferPointer(carried.mutableBytes)) }
  }

  /// Makes a reduction whose columns before `next` are finished. Its elements are not yet set; call `restore` to fill
  /// them.
  ///
  /// Collective. Errors: the matrix is not square, or there is no memory.
  ///
  /// - Parameter carried: As many columns as in the saved state. `restore` replaces their elements.
  ///
  /// Precondition: the layout is that of the saved state.
  public init(
    resuming matrix: consuming DistributedMatrix<Scalar>, at next: Int,
    carrying carried: CarriedColumns? = nil
  ) throws {
    try self.init(unchecked: matrix, next: next, carried)
  }

  /// Restores this rank's part of the state. `read` fills the pieces in the order in which `save` wrote them.
  ///
  /// Local. Errors: what `read` throws.
  public mutating func restore<E: Error>(
    _ read: (UnsafeMutableRawBufferPointer) throws(E) -> Void
  ) throws(E) {
    try forEachKeptColumn(until: next) { (_, rows, elements) throws(E) in
      try read(
        UnsafeMutableRawBufferPointer(
          start: elements, count: rows.count * MemoryLayout<Scalar>.stride))
    }
    if let carried { try read(carried.mutableBytes) }
  }
}
