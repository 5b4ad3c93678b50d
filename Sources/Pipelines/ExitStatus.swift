import BlockCyclic
import Datasets
import DistributedAlgebra
import DurableFiles
import Jobs
import MessagePassing
import NumPyFiles
import RecursionCore
import TileSchedule
import TileStore

/// How the program ends, in the numbers of sysexits.h.
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

  /// The status that an error of any module asks for.
  public init(of error: any Error) {
    switch error {
    case let error as PipelineError: self = error.status
    case let error as AgreedError: self = error.status
    case let error as PeerFailure: self = ExitStatus(rawValue: error.exitStatus) ?? .internalError
    case let error as JobError: self = error.isMissingFile ? .missingInput : .badJob
    case is NetworkError, is ScheduleError: self = .badJob
    case let error as DatasetError: self = Self.status(of: error)
    case let error as NumPyError: self = Self.status(of: error)
    case is RangeError: self = .badData
    case let error as TileStoreError: self = Self.status(of: error)
    case let error as FileError: self = Self.status(of: error)
    case is BlockCyclicError, is DistributedAlgebraError: self = .unavailable
    default: self = .internalError
    }
  }

  private static func status(of error: TileStoreError) -> ExitStatus {
    switch error {
    case .file(let error): return status(of: error)
    case .badMetadata, .wrongSize, .badChecksum, .missing, .overflow: return .badData
    case .differentFingerprint, .differentLayout: return .badJob
    case .badSpec, .outOfRange: return .internalError
    }
  }

  private static func status(of error: DatasetError) -> ExitStatus {
    switch error {
    case .missingFolder, .missingBatch: return .missingInput
    case .tooFewImages, .negativeCount, .noTrainingImages, .unbalanceable, .tooFewOfClass,
      .noLabels:
      return .badJob
    case .file(let error): return status(of: error)
    case .wrongBuffer: return .internalError
    default: return .badData
    }
  }

  private static func status(of error: NumPyError) -> ExitStatus {
    switch error {
    case .missing: return .missingInput
    case .cannotCreate: return .cannotCreate
    case .inputOutput: return .inputOutput
    default: return .badData
    }
  }

  private static func status(of error: FileError) -> ExitStatus {
    switch error.operation {
    case .create, .makeFolder: return error.isShortage ? .inputOutput : .cannotCreate
    default: return error.isMissing ? .missingInput : .inputOutput
    }
  }
}

/// What a pipeline itself refuses or ends with.
public struct PipelineError: Error, Sendable, CustomStringConvertible {
  /// The exit status it asks for.
  public let status: ExitStatus
  /// One sentence.
  public let description: String

  /// An error with its sentence.
  public init(_ status: ExitStatus, _ description: String) {
    self.status = status
    self.description = description
  }
}
