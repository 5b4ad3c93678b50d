import DistributedAlgebra
import DurableFiles
import Foundation
import MessagePassing
import RankProgram
import Results

/// The state of a long reduction on disk, so that a run that is killed loses minutes and not hours.
///
/// Every rank writes a file of its own, `part-COLUMN.RANK` with the first column that is not done;
/// then rank 0 publishes `state.json`, which names them, and only then the files before go. So at
/// any moment the state that is named is whole.
package struct ReductionState {
  /// What the state belongs to, and how far it is.
  struct Header: Codable, Equatable {
    /// The version of this format.
    var format = 1
    /// The fingerprint of the matrix.
    var matrix: [String]
    var n: Int
    var blockSize: Int
    var grid: [Int]
    var precision: String
    /// The carried columns, where there are any: their number and a checksum.
    var columns: String?
    /// The first column that is not done.
    var next = 0
    /// Sums over the matrix's elements, and the seconds that the reduction has taken.
    var trace = 0.0
    var squares = 0.0
    var seconds = 0.0

    /// Whether both are of the same matrix, laid out and rounded alike.
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

  /// The header on disk, if it is of this reduction; else nil and, if there is one, why not.
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

  /// Writes the state. Collective. Errors: files; agreed by all ranks, the state before is kept.
  func save<Scalar>(_ reduction: borrowing BandReduction<Scalar>, _ header: Header) throws {
    try ranks.onRoot { try disk.createFolder(folder) }
    let path = folder + "/" + name(header.next, rank: ranks.rank)
    // A closure could not borrow the reduction.
    let written: Result<Void, FileError>
    do throws(FileError) {
      try write(reduction, to: path)
      written = .success(())
    } catch {
      written = .failure(error)
    }
    try ranks.agree { try written.get() }
    try ranks.onRoot {
      try disk.publish(try JSONText.bytes(header), to: headerPath)
    }
    try ranks.agree { try removeParts(but: header.next) }
  }

  private func write<Scalar>(
    _ reduction: borrowing BandReduction<Scalar>, to path: String
  ) throws(FileError) {
    var checksum = CRC32C()
    // The body borrows the file, so the reduction hands its pieces through this.
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

  /// Fills a reduction from the state. Collective.
  ///
  /// - Returns: whether every rank found its part whole.
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
    // What writers left that were killed: all is published here, so nobody writes now.
    if ranks.isRoot { try disk.removeStaleTemporaries(in: folder, olderThan: 0) }
    for file in try disk.list(folder) where file.hasPrefix("part-") {
      // Parts of ranks that are no more are rank 0's to remove.
      let rank = Int(file.split(separator: ".").last ?? "") ?? 0
      let isMine = rank == ranks.rank || (ranks.isRoot && rank >= ranks.count)
      if isMine, kept.map({ file != name($0, rank: rank) }) ?? true {
        try disk.remove(folder + "/" + file)
      }
    }
  }
}
