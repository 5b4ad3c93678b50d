import MessagePassing

func checkSharedWindow(_ world: Communicator, _ verdict: inout Verdict) throws {
  let node = try world.splitShared()
  for count in [1, 1000, 3 << 17] {
    let window = try SharedWindow(byteCount: count * MemoryLayout<Int64>.stride, on: node)
    let values = window.bytes.bindMemory(to: Int64.self)
    verdict.expect(values.count == count, "the size of a window")
    if node.rank == 0 {
      for index in 0..<count { values[index] = Int64(index) * 3 }
    }
    try window.fence()
    verdict.expect(
      (0..<count).allSatisfy { values[$0] == Int64($0) * 3 }, "what rank 0 of the node wrote")
    try window.fence()

    // Every rank writes its own places; all see them.
    for index in stride(from: node.rank, to: count, by: node.size) {
      values[index] = Int64(node.rank)
    }
    try window.fence()
    verdict.expect(
      (0..<count).allSatisfy { values[$0] == Int64($0 % node.size) }, "what every rank wrote")
    try window.free()
  }
}
