import Assembly
import Foundation

extension Calibration {
  /// Measures, on one core, reading a tile of matrices (twice if it is off the diagonal) and making
  /// it durable as in a run. The time depends strongly on whether the files are in the page cache.
  static func copying(
    _ assignment: Assignment, tile: Int, train: Int
  ) throws -> MachineProfile.TileSeconds {
    let work = try temporaryFolder()
    defer { try? FileManager.default.removeItem(atPath: work) }
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: tile * tile * 8, alignment: 64)
    defer { memory.deallocate() }
    memory.initializeMemory(as: UInt8.self, repeating: 0)
    let bytes = UnsafeRawBufferPointer(
      rebasing: memory[..<(tile * tile * assignment.storage.bytes)])
    let writing = try writingSeconds(assignment, bytes, file: work + "/0")
    let reading = try assignment.readingSeconds(tile: tile, of: train)
    return .init(apart: writing + 2 * reading, diagonal: writing + reading)
  }

  /// A new folder for temporary files of measurements.
  static func temporaryFolder() throws -> String {
    let folder =
      FileManager.default.temporaryDirectory.path
      + "/ntk-dist-calibration-\(ProcessInfo.processInfo.processIdentifier)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    return folder
  }
}
