import CMPI

extension Communicator {
  /// Sends one number to each rank and returns the one that each rank sent here. Collective.
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

  /// Sends a part of `send` to each rank and receives a part of `receive` from each, in rank order.
  ///
  /// Collective. Empty parts send no message, and sizes are 64-bit, both unlike MPI_Alltoallv.
  ///
  /// Precondition: the counts, one per rank, add up to the buffers' sizes, and what a rank sends
  /// is what the other expects.
  public func exchange(
    _ send: UnsafeBufferPointer<Double>, counts sendCounts: [Int],
    into receive: UnsafeMutableBufferPointer<Double>, counts receiveCounts: [Int]
  ) throws(MPIError) {
    precondition(sendCounts.count == size && receiveCounts.count == size, "one count per rank")
    precondition(sendCounts.reduce(0, +) == send.count, "the counts fill the send buffer")
    precondition(receiveCounts.reduce(0, +) == receive.count, "the counts fill the receive buffer")
    let sendStarts = starts(of: sendCounts)
    let receiveStarts = starts(of: receiveCounts)
    // Step s pairs this rank with the ones s above and s below, so no rank is sent to by all.
    for step in 0..<size {
      let destination = (rank + step) % size
      let source = (rank - step + size) % size
      let outgoing = UnsafeRawBufferPointer(
        UnsafeBufferPointer(
          rebasing: send[sendStarts[destination]..<sendStarts[destination + 1]]))
      let incoming = UnsafeMutableRawBufferPointer(
        UnsafeMutableBufferPointer(
          rebasing: receive[receiveStarts[source]..<receiveStarts[source + 1]]))
      try sendReceive(outgoing, to: destination, incoming, from: source)
    }
  }

  /// Sends to one rank while receiving from another; an empty side is left out. Local.
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

  private func starts(of counts: [Int]) -> [Int] {
    var starts = [0]
    for count in counts { starts.append(starts[starts.count - 1] + count) }
    return starts
  }
}
