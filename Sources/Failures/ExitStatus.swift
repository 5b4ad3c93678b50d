/// The exit statuses of the program, with the numbers of sysexits.h.
public enum ExitStatus: Int32, Sendable {
  case success = 0
  case usage = 64
  case badData = 65
  case missingInput = 66
  case unavailable = 69
  case internalError = 70
  case cannotCreate = 73
  case inputOutput = 74
  case stopped = 75
  case badJob = 78

  /// The status of a kind of failure.
  public init(_ kind: FailureKind) {
    self =
      switch kind {
      case .usage: .usage
      case .badData: .badData
      case .missingInput: .missingInput
      case .resource: .unavailable
      case .internal: .internalError
      case .cannotCreate: .cannotCreate
      case .inputOutput: .inputOutput
      case .stopped: .stopped
      case .badJob: .badJob
      }
  }

  /// The status of an error.
  public init(of error: any Error) { self.init(FailureKind(of: error)) }
}
