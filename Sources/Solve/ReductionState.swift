import DistributedAlgebra
import DurableFiles
import Foundation
import MessagePassing
import RankProgram
import Results

/// The state of a long reduction on disk. If a run is killed, it loses minutes instead of hours.
///
/// Every rank writes its own file, `part-COLUMN.RANK`, where COLUMN is the first unfinished column. Then rank 0
/// publishes `state.json`, which names these files, and only then the previous files are removed. The state that
/// `state.json` names is therefore complete at any moment.
package struct ReductionState {
  /// Identifies the reduction that the state belongs to, and records its progress.
  struct Header: Codable, Equatable {
    /// The version of this format.
    var format = 1
    /// The fingerprint of the matrix.
    var matrix: [String]
    var n: Int
    var blockSize: Int
    var grid: [Int]
    var precision: String
    /// The number and a checksum of the carried columns, or nil if there are none.
    var columns: String?
    /// The first unfinished column.
    var next = 0
    /// Sums over the elements of the matrix, and the seconds that the reduction has taken.
    var trace = 0.0
    var squares = 0.0
    var seconds = 0.0

    /// Whether both headers belong to the same matrix with the same layout and precision.
    func fits(_ other: Header) -> Bool {
      var same = other
      (same.next, same.trace, same.squares, same.seconds) = (next, trace, squares, seconds)
      return self == same
    }
  }

  let folder: String
  let ranks: Ranks
  private let disk = Disk()

  init(folder: String, ranks: Ranks) {
    self.folder = folder
    self.ranks = ranks
  }

  private var headerPath: String { folder + "/state.json" }
  private func name(_ next: Int, rank: Int) -> String { "part-\(next).\(rank)" }

  /// Returns the header on disk if it belongs to this reduction. Otherwise `header` is nil and, if there is a state,
  /// `reason` says why it cannot be used.
  ///
  /// Collective.
  func find(_ wanted: Header) throws -> (header: Header?, reason: String?) {
    var text: [UInt8] = []
    try ranks.onRoot {
      if try disk.exists(headerPath) { text = try disk.read(headerPath) }
    }
    text = try ranks.world.broadcast(text)
    guard !text.isEmpty else { return (nil, nil) }
    guard let found = try? JSONText.value(Header.self, text) else {
      return (nil, "\(headerPath) is not readable")
    }
    if found.fits(wanted) { return (found, nil) }
    let reason =
      if found.grid != wanted.grid {
        "it was begun on a grid of \(found.grid[0]) x \(found.grid[1])"
      } else if found.columns != wanted.columns {
        found.columns == nil
          ? "it was begun without the targets"
          : wanted.columns == nil ? "it was begun with the targets" : "it carries other targets"
      } else {
        "it belongs to another matrix or precision"
      }
    return (nil, reason)
  }

  /// Writes the state. Collective. Errors: files; agreed by all ranks. If an error occurs, the previous state is kept,
  /// and the parts that some ranks have written are removed, because the disk may be full.
  func save<Scalar>(_ reduction: borrowing BandReduction<Scalar>, _ header: Header) throws {
    try ranks.onRoot { try disk.createFolder(folder) }
    let path = folder + "/" + name(header.next, rank: ranks.rank)
    // Not inside a closure, because a closure cannot borrow the reduction.
    let written: Result<Void, FileError>
    do throws(FileError) {
      try write(reduction, to: path)
      written = .success(())
    } catch {
      written = .failure(error)
    }
    do {
      try ranks.agree { try written.get() }
    } catch {
      // The state that `state.json` names is of an earlier column.
      _ = try? disk.remove(path)
      throw error
    }
    try ranks.onRoot {
      try disk.publish(try JSONText.bytes(header), to: headerPath)
    }
    try ranks.agree { try removeParts(but: header.next) }
  }

  private func write<Scalar>(
    _ reduction: borrowing BandReduction<Scalar>, to path: String
  ) throws(FileError) {
    var checksum = CRC32C()
    // The closure borrows the file and cannot also borrow the reduction, so the reduction passes its pieces through
    // this array.
    var pieces: [UnsafeRawBufferPointer] = []
    reduction.save { pieces.append($0) }
    try disk.publish(to: path) { (file) throws(FileError) in
      for piece in pieces {
        checksum.update(piece)
        try file.write(piece)
      }
      var value = checksum.value.littleEndian
      let result = withUnsafeBytes(of: &value) { bytes in
        Result { () throws(FileError) in try file.write(bytes) }
      }
      try result.get()
    }
  }

  /// Restores a reduction from the state. Collective.
  ///
  /// - Returns: True if every rank found its part complete.
  func load<Scalar>(
    into reduction: inout BandReduction<Scalar>, _ header: Header
  ) throws -> Bool {
    var isWhole = false
    do {
      isWhole = try read(into: &reduction, folder + "/" + name(header.next, rank: ranks.rank))
    } catch {
      isWhole = false
    }
    return try ranks.world.allReduce(isWhole ? 1 : 0, .min) == 1
  }

  private func read<Scalar>(
    into reduction: inout BandReduction<Scalar>, _ path: String
  ) throws(FileError) -> Bool {
    let file = try ReadableFile(path)
    var checksum = CRC32C()
    var isWhole = true
    var offset = 0
    try reduction.restore { (piece) throws(FileError) in
      let count = try file.read(piece, at: offset)
      offset += count
      isWhole = isWhole && count == piece.count
      checksum.update(UnsafeRawBufferPointer(piece))
    }
    var stored = [UInt8](repeating: 0, count: 5)
    let count = try stored.withUnsafeMutableBufferPointer { (buffer) throws(FileError) in
      try file.read(UnsafeMutableRawBufferPointer(buffer), at: offset)
    }
    let value = stored.prefix(4).reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return isWhole && count == 4 && value == checksum.value
  }

  /// Removes the state. Collective.
  package func remove() throws {
    try ranks.onRoot { try disk.remove(headerPath) }
    try ranks.agree { try removeParts(but: nil) }
    try ranks.onRoot { rmdir(folder) }
  }

  private func removeParts(but kept: Int?) throws {
    guard try disk.exists(folder) else { return }
    // Remove temporary files of writers that were killed. Everything has been published at this point, so nobody is
    // writing.
    if ranks.isRoot { try disk.removeStaleTemporaries(in: folder, olderThan: 0) }
    for file in try disk.list(folder) where file.hasPrefix("part-") {
      // Rank 0 also removes the parts of ranks that no longer exist.
      let rank = Int(file.split(separator: ".").last ?? "") ?? 0
      let isMine = rank == ranks.rank || (ranks.isRoot && rank >= ranks.count)
      if isMine, kept.map({ file != name($0, rank: rank) }) ?? true {
        try disk.remove(folder + "/" + file)
      }
    }
  }
}
