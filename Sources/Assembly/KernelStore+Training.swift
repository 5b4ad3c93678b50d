import DurableFiles
import Failures
import Jobs
import Results
import TileStore

extension KernelStore {
  /// The training kernel of a finished or stopped run, with the checksums that the run's jobs have
  /// kept. Needs no input of the job.
  ///
  /// Local. Errors: `Refusal` if the run has no such kernel, `TileStoreError` if the array is not ours.
  package static func trainingArray(
    of run: RunFolder, variant: String, kernel: KernelKind
  ) throws -> TileArray {
    let name = RunFolder.array(variant, kernel.rawValue, Part.train.rawValue)
    let path = run.store + "/" + name
    guard try Disk().exists(path) else {
      throw Refusal(
        .missingInput,
        "\(run.path) has no kernel in its store (\(path) does not exist); run `ntk-dist assemble "
          + "--resume` with its job first")
    }
    var array = try TileArray.open(path)
    guard array.spec.grid.isLowerTriangle else {
      throw TileStoreError.badMetadata(path: path, reason: "it is no symmetric kernel")
    }
    array.checksums = try checksums(of: array, name, by: try run.writers())
    return array
  }
}
