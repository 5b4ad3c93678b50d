import CMPI

extension Communicator {
  /// Sums arrays of the same length over the ranks and leaves each rank its part of the sum, at the
  /// beginning of `values`; the rest is without meaning afterwards.
  ///
  /// Shape: part after part, `counts` elements each, in the order of the ranks.
  ///
  /// Collective. Precondition: the counts are the same on all ranks, and their sum is below 2^31.
  ///
  /// Source: MPI_Reduce_scatter.
  public func sumParts<T: Reducible>(
    _ values: UnsafeMutablePointer<T>, counts: [Int]
  ) throws(MPIError) {
    precondition(counts.count == size, "one count per rank")
    // Not in place: MPICH 4.0 then copies a part over itself where it is longer than those before it.
    let part = UnsafeMutablePointer<T>.allocate(capacity: max(counts[rank], 1))
    defer { part.deallocate() }
    try check(
      "MPI_Reduce_scatter",
      ntk_mpi_reduce_scatter(
        values, part, counts.map { Int32($0) }, T.datatype, Reduction.sum.handle, fortranHandle))
    values.update(from: part, count: counts[rank])
  }

  /// Fills an array of which each rank has its part in place.
  ///
  /// Shape: part after part, `counts` elements each, in the order of the ranks.
  ///
  /// Collective. Precondition: the counts are the same on all ranks, and their sum is below 2^31.
  ///
  /// Source: MPI_Allgatherv.
  public func gatherParts<T: Reducible>(
    _ values: UnsafeMutablePointer<T>, counts: [Int]
  ) throws(MPIError) {
    precondition(counts.count == size, "one count per rank")
    var (starts, next) = ([Int32](), 0)
    for count in counts {
      starts.append(Int32(next))
      next += count
    }
    try check(
      "MPI_Allgatherv",
      ntk_mpi_allgatherv_in_place(
        values, counts.map { Int32($0) }, starts, T.datatype, fortranHandle))
  }
}
