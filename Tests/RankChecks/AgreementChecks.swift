import Failures
import MessagePassing

private struct Mishap: Failure {
  let rank: Int
  var kind: FailureKind { rank % 2 == 0 ? .badData : .inputOutput }
  var description: String { "mishap on \(rank)" }
}

func checkAgreement(_ world: Communicator, _ verdict: inout Verdict) throws {
  let value = try world.agree { world.rank * 2 }
  verdict.expect(value == world.rank * 2, "a step that succeeds returns its own result")

  // Each single rank fails in turn; all ranks throw its error.
  for failing in 0..<world.size {
    verdict.expectThrows(
      "rank \(failing) fails", { isCollective($0, Mishap(rank: failing), on: failing) }
    ) {
      try world.agree { if world.rank == failing { throw Mishap(rank: failing) } }
    }
  }

  // All ranks from one on fail: the lowest is named.
  for first in 0..<world.size {
    verdict.expectThrows(
      "ranks from \(first) on fail", { isCollective($0, Mishap(rank: first), on: first) }
    ) {
      try world.agree { if world.rank >= first { throw Mishap(rank: world.rank) } }
    }
  }

  // What an inner agreement throws passes through an outer one as it is.
  let last = world.size - 1
  verdict.expectThrows("nested", { isCollective($0, Mishap(rank: last), on: last) }) {
    try world.agree {
      try world.agree { if world.rank == last { throw Mishap(rank: last) } }
    }
  }

  // An error without a kind is a fault of the program.
  struct Unknown: Error {}
  verdict.expectThrows("no kind", { ($0 as? CollectiveFailure)?.kind == .internal }) {
    try world.agree { throw Unknown() }
  }

  // A failure of MPI is its rank's alone, and waits for no other rank.
  let broken = MPIError(function: "MPI_Send", code: 1, text: "gone")
  verdict.expectThrows("MPI fails", { $0 as? MPIError == broken }) {
    try world.agree { throw broken }
  }

  for rank in [0, 2] {
    let failure = CollectiveFailure(onAllRanks: Mishap(rank: rank))
    verdict.expect(
      failure.rank == 0 && failure.description == "mishap on \(rank)", "found by all ranks")
  }
  do {
    try world.agree { if world.rank == last { throw Mishap(rank: last) } }
  } catch {
    let prefix = last == 0 ? "" : "rank \(last): "
    verdict.expect("\(error)" == "\(prefix)mishap on \(last)", "the sentence names the rank")
  }

  // The ranks are still in step.
  verdict.expect(try world.allReduce(1, .sum) == world.size, "in step after failures")
}
