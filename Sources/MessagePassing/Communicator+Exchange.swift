import CMPI

extension Communicator {
  /// Sends one number to each rank, and returns the numbers received, one from each rank. Collective.
  ///
  /// Precondition: `counts` has one element per rank.
  ///
  /// Source: MPI_Alltoall.
  public func exchange(counts: [Int64]) throws(MPIError) -> [Int64] {
    precondition(counts.count == size, "one count per rank")
    var received = [Int64](repeating: 0, count: size)
    try counts.withUnsafeBufferPointer { (send) throws(MPIError) in
      try received.withUnsafeMutableBufferPointer { (receive) throws(MPIError) in
        try check(
          "MPI_Alltoall",
          ntk_mpi_alltoall_int64(send.baseAddress, receive.baseAddress, fortranHandle))
      }
    }
    return received
  }

  /// Sends to one rank while receiving from another. An empty buffer sends or receives no message. Local.
  public func sendReceive(
    _ outgoing: UnsafeRawBufferPointer, to destination: Int,
    _ incoming: UnsafeMutableRawBufferPointer, from source: Int
  ) throws(MPIError) {
    if destination == rank && source == rank {
      incoming.copyMemory(from: outgoing)
      return
    }
    let tag = Self.exchangeTag
    if incoming.isEmpty {
      if !outgoing.isEmpty { try send(outgoing, to: destination, tag: tag) }
      return
    }
    let receiving = try startReceive(into: incoming, from: source, tag: tag)
    if !outgoing.isEmpty { try send(outgoing, to: destination, tag: tag) }
    try receiving.wait()
  }
}
