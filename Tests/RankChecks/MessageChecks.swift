import MessagePassing

func checkMessages(_ world: Communicator, _ verdict: inout Verdict) throws {
  // Once as it is, once in pieces of 16 bytes or elements, as if 16 were 2^31.
  for communicator in [world, try world.inPieces(of: 16)] {
    try checkCollectives(communicator, &verdict)
    try checkPointToPoint(communicator, &verdict)
    try checkExchange(communicator, &verdict)
  }
  try checkSplit(world, &verdict)
  try checkParts(world, &verdict)
  verdict.expect(MPIEnvironment.isActive, "MPI is active")
  verdict.expect(!MPIEnvironment.implementation.isEmpty, "the library has a version")
  verdict.expectThrows("a send to no rank", { ($0 as? MPIError)?.function == "MPI_Send" }) {
    try world.send([1.0], to: world.size + 5, tag: 1)
  }
}

private func checkCollectives(_ communicator: Communicator, _ verdict: inout Verdict) throws {
  let (rank, size) = (communicator.rank, communicator.size)
  for root in [0, size - 1] {
    for count in [0, 1, 15, 16, 17, 32, 100] {
      let own = (0..<count).map { Double($0 * 1000 + rank) }
      let expected = (0..<count).map { Double($0 * 1000 + root) }
      verdict.expect(
        try communicator.broadcast(own, from: root) == expected, "broadcast of \(count) doubles")

      var sums = (0..<count).map { Double($0 + rank) }
      try communicator.allReduce(&sums, .sum)
      verdict.expect(
        sums == (0..<count).map { Double($0 * size + size * (size - 1) / 2) },
        "allreduce of \(count) doubles")

      var least = (0..<count).map { Int64($0 - rank) << 40 }
      try communicator.allReduce(&least, .min)
      verdict.expect(
        least == (0..<count).map { Int64($0 - size + 1) << 40 }, "allreduce of \(count) integers")

      var largest = (0..<count).map { $0 + rank }
      let before = largest
      try communicator.reduce(&largest, .max, to: root)
      verdict.expect(
        largest == (rank == root ? before.map { $0 - rank + size - 1 } : before),
        "reduce of \(count) integers to \(root)")
    }
    let text = try communicator.broadcast(rank == root ? "größer" : "no", from: root)
    verdict.expect(text == "größer", "broadcast of text")

    let bytes = [UInt8](repeating: UInt8(rank), count: rank * 8)
    let parts = try communicator.gather(bytes, to: root)
    let expected = (0..<size).map { [UInt8](repeating: UInt8($0), count: $0 * 8) }
    verdict.expect(parts == (rank == root ? expected : nil), "gather of different lengths")
  }
  verdict.expect(try communicator.allReduce(rank, .max) == size - 1, "allreduce of one integer")
  try communicator.barrier()
}

private func checkPointToPoint(_ communicator: Communicator, _ verdict: inout Verdict) throws {
  let (rank, size) = (communicator.rank, communicator.size)
  let right = (rank + 1) % size
  let left = (rank - 1 + size) % size
  for count in [0, 1, 2, 4, 5, 100] {
    let outgoing = (0..<count).map { Double($0) + Double(rank) / 8 }
    let expected = (0..<count).map { Double($0) + Double(left) / 8 }
    // Around the ring: an array that the request owns, received without knowing its length.
    let sending = try communicator.startSend(outgoing, to: right, tag: 7)
    let (values, envelope) = try communicator.receive(Double.self, from: left, tag: 7)
    try sending.wait()
    verdict.expect(values == expected, "an array of \(count) around the ring")
    verdict.expect(envelope.source == left && envelope.tag == 7, "its envelope")

    // And with buffers, tested until it is there.
    var incoming = [Double](repeating: -1, count: count)
    try incoming.withUnsafeMutableBytes { buffer in
      var receiving = try communicator.startReceive(into: buffer, from: left, tag: 8)
      let sending = try communicator.startSend(outgoing, to: right, tag: 8)
      while !(try receiving.test()) {}
      try sending.wait()
    }
    verdict.expect(incoming == expected, "a buffer of \(count) doubles around the ring")
  }
  try communicator.barrier()
  verdict.expect(try communicator.immediateProbe() == nil, "nothing is left over")
  try checkAnySource(communicator, &verdict)
  try checkDroppedReceive(communicator, &verdict)
}

private func checkAnySource(_ communicator: Communicator, _ verdict: inout Verdict) throws {
  let (rank, size) = (communicator.rank, communicator.size)
  try communicator.barrier()

  // Rank 0 receives one message of each of the others, in any order.
  if rank == 0 {
    var heard: Set<Int> = []
    while heard.count < size - 1 {
      guard let envelope = try communicator.immediateProbe(tag: 9) else { continue }
      let (values, from) = try communicator.receive(Int64.self, from: envelope.source, tag: 9)
      if values == [Int64(from.source)] { heard.insert(from.source) }
    }
    verdict.expect(heard == Set(1..<max(size, 1)), "a message from each rank")
  } else {
    try communicator.send([Int64(rank)], to: 0, tag: 9)
    verdict.expect(true, "")
  }
  try communicator.barrier()

}

private func checkDroppedReceive(_ communicator: Communicator, _ verdict: inout Verdict) throws {
  let (rank, size) = (communicator.rank, communicator.size)
  let right = (rank + 1) % size
  let left = (rank - 1 + size) % size
  // A receive that is dropped is canceled, so the message that comes later is still there.
  var buffer = [UInt8](repeating: 0, count: 8)
  try buffer.withUnsafeMutableBytes { bytes in
    _ = try communicator.startReceive(into: bytes, from: left, tag: 10)
  }
  // The others' sends must not match it before it is cancelled.
  try communicator.barrier()
  let sending = try communicator.startSend([Int64(rank)], to: right, tag: 10)
  let (values, _) = try communicator.receive(Int64.self, from: left, tag: 10)
  try sending.wait()
  verdict.expect(values == [Int64(left)], "a message after a cancelled receive")

  let odd = try communicator.startSend([UInt8](repeating: 1, count: 9), to: right, tag: 11)
  verdict.expectThrows("9 bytes as doubles", { "\($0)".contains("9 bytes from rank \(left)") }) {
    _ = try communicator.receive(Double.self, from: left, tag: 11)
  }
  try odd.wait()
}

private func checkExchange(_ communicator: Communicator, _ verdict: inout Verdict) throws {
  let (rank, size) = (communicator.rank, communicator.size)
  let counts = (0..<size).map { Int64(rank * 100 + $0) }
  verdict.expect(
    try communicator.exchange(counts: counts) == (0..<size).map { Int64($0 * 100 + rank) },
    "an exchange of counts")

  // To the right and from the left; every third rank sends nothing.
  func part(_ from: Int) -> [Double] { (0..<(from % 3 * 7)).map { Double(from * 100 + $0) } }
  let (right, left) = ((rank + 1) % size, (rank - 1 + size) % size)
  var incoming = [Double](repeating: -1, count: part(left).count)
  try part(rank).withUnsafeBytes { send in
    try incoming.withUnsafeMutableBytes { receive in
      try communicator.sendReceive(send, to: right, receive, from: left)
    }
  }
  verdict.expect(incoming == part(left), "an exchange with the neighbors")
}

private func checkSplit(_ world: Communicator, _ verdict: inout Verdict) throws {
  let parity = try world.split(color: Int32(world.rank % 2), key: Int32(-world.rank))
  let members = (0..<world.size).filter { $0 % 2 == world.rank % 2 }
  verdict.expect(parity?.size == members.count, "the size of half the ranks")
  verdict.expect(
    parity?.rank == members.reversed().firstIndex(of: world.rank), "reversed order by key")
  if let parity {
    let sum = try parity.allReduce(world.rank, .sum)
    verdict.expect(sum == members.reduce(0, +), "a sum over half the ranks")
  }
  let alone = try world.split(color: world.rank == 0 ? 1 : nil, key: 0)
  verdict.expect(alone?.size == (world.rank == 0 ? 1 : nil), "rank 0 alone")
}

/// Parts of different lengths, none among them, in both floating-point types.
private func checkParts(_ world: Communicator, _ verdict: inout Verdict) throws {
  let counts = (0..<world.size).map { $0 % 3 * 5 }
  let start = counts[..<world.rank].reduce(0, +)
  let own = start..<start + counts[world.rank]
  func check<T: Reducible & BinaryFloatingPoint>(_ type: T.Type) throws {
    let whole = (0..<counts.reduce(0, +)).map { T($0) }
    var sums = whole
    var parts = whole.enumerated().map { own.contains($0.offset) ? $0.element : -1 }
    try sums.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      try world.sumParts(base, counts: counts)
    }
    verdict.expect(
      Array(sums[..<own.count]) == whole[own].map { $0 * T(world.size) }, "sums of parts, \(type)")
    try parts.withUnsafeMutableBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return }
      try world.gatherParts(base, counts: counts)
    }
    verdict.expect(parts == whole, "gathered parts, \(type)")
  }
  try check(Double.self)
  try check(Float.self)
}
