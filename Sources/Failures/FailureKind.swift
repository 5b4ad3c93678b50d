/// The kinds of failures. The kind of an error determines the exit status of the program.
public enum FailureKind: Int64, CaseIterable, Sendable {
  /// The command line is wrong.
  case usage
  /// Input data exist but cannot be used.
  case badData
  /// An input file or folder does not exist.
  case missingInput
  /// A library, memory or another resource of the machine is missing.
  case resource
  /// The program is at fault.
  case `internal`
  /// A file or folder cannot be created.
  case cannotCreate
  /// Reading or writing failed.
  case inputOutput
  /// The run was stopped and can be resumed.
  case stopped
  /// The job file asks for something that does not exist or makes no sense.
  case badJob
}
