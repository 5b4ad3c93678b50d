import MessagePassing

private struct Mishap: Error, CustomStringConvertible {
  let rank: Int
  var description: String { "mishap on \(rank)" }
}

func checkAgreement(_ world: Communicator, _ verdict: inout Verdict) throws {
  let value = try world.agree { world.rank * 2 }
  verdict.expect(value == world.rank * 2, "a step that succeeds returns its own result")

  // Each single rank fails in turn.
  for failing in 0..<world.size {
    do {
      try world.agree(exitStatus: { ($0 as? Mishap).map { Int32(60 + $0.rank) } ?? 70 }) {
        if world.rank == failing { throw Mishap(rank: failing) }
      }
      verdict.expect(false, "rank \(failing) failed and nothing was thrown")
    } catch let error as Mishap {
      verdict.expect(error.rank == world.rank && world.rank == failing, "its own error")
    } catch let error as PeerFailure {
      let expected = PeerFailure(
        rank: failing, text: "mishap on \(failing)", exitStatus: Int32(60 + failing))
      verdict.expect(world.rank != failing && error == expected, "\(error)")
    }
  }

  // All but rank 0 fail: rank 0 hears of the lowest, the others throw their own.
  if world.size > 1 {
    do {
      try world.agree { if world.rank > 0 { throw Mishap(rank: world.rank) } }
      verdict.expect(false, "nothing was thrown")
    } catch let error as Mishap {
      verdict.expect(world.rank > 0 && error.rank == world.rank, "its own error")
    } catch let error as PeerFailure {
      verdict.expect(
        world.rank == 0 && error.rank == 1 && error.exitStatus == 70
          && error.description == "rank 1: mishap on 1", "\(error)")
    }
  }

  // The ranks are still in step.
  verdict.expect(try world.allReduce(1, .sum) == world.size, "in step after failures")
}
