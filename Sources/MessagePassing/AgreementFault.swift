import Failures
import Glibc
import Synchronization

/// Makes one chosen agreement fail, so that a test can interrupt a program at each of its collective steps.
///
/// The environment variable NTK_DIST_FAIL_AT chooses the agreement. `12:1` makes agreement number 12, counted from 0,
/// fail on rank 1. `12:1:mpi` makes only rank 1 fail, as if MPI had returned an error there. `count` only counts the
/// agreements.
public enum AgreementFault {
  private enum Choice {
    case nothing
    case count
    case fail(step: Int, rank: Int, isMPI: Bool)
  }

  private static let choice: Choice = {
    guard let text = getenv("NTK_DIST_FAIL_AT").map({ String(cString: $0) }) else {
      return .nothing
    }
    let parts = text.split(separator: ":")
    guard parts.count >= 2, let step = Int(parts[0]), let rank = Int(parts[1]) else {
      return text == "count" ? .count : .nothing
    }
    return .fail(step: step, rank: rank, isMPI: parts.count == 3 && parts[2] == "mpi")
  }()

  private static let steps = Atomic<Int>(0)

  /// The number of agreements so far if NTK_DIST_FAIL_AT is set to `count`, otherwise nil. Local.
  public static var count: Int? {
    if case .count = choice { steps.load(ordering: .relaxed) } else { nil }
  }

  /// Counts an agreement, and throws if it is the chosen one.
  static func strike(rank: Int) throws {
    let step = steps.wrappingAdd(1, ordering: .relaxed).oldValue
    guard case .fail(let chosen, let chosenRank, let isMPI) = choice, step == chosen,
      rank == chosenRank
    else { return }
    if isMPI {
      throw MPIError(function: "NTK_DIST_FAIL_AT", code: Int32(step), text: "chosen by a test")
    }
    throw Refusal(.internal, "step \(step) fails because NTK_DIST_FAIL_AT says so")
  }
}
