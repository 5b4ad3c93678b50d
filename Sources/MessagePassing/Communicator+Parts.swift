import CMPI

extension Communicator {
  /// Sums arrays of the same length over all ranks, and leaves each rank with its own part of the sum, at the beginning
  /// of `values`. The rest of `values` is unspecified afterwards.
  ///
  /// Shape: the parts follow each other in the order of the ranks. Part r has `counts[r]` elements.
  ///
  /// Collective. Precondition: the counts are the same on all ranks, and their sum is below 2^31.
  ///
  /// Source: MPI_Reduce_scatter.
  public func sumParts<T: Reducible>(
    _ values: UnsafeMutablePointer<T>, counts: [Int]
  ) throws(MPIError) {
    precondition(counts.count == size, "one count per rank")
    // Not in place: MPICH 4.0 would copy a part onto itself if it is longer than the parts before it.
    let part = UnsafeMutablePointer<T>.allocate(capacity: max(counts[rank], 1))
    defer { part.deallocate() }
    try check(
      "MPI_Reduce_scatter",
      ntk_mpi_reduce_scatter(
        values, part, counts.map { Int32($0) }, T.datatype, Reduction.sum.handle, fortranHandle))
    values.update(from: part, count: counts[rank])
  }

  /// Completes an array of which each rank has filled in its own part.
  ///
  /// Shape: the parts follow each other in the order of the ranks. Part r has `counts[r]` elements.
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
