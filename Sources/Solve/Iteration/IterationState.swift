import DistributedAlgebra
import DurableFiles
import RankProgram
import Results

/// The state of a long iteration on disk: the solution so far, in one file, from which the iteration can continue on
/// any number of ranks.
///
/// The file contains the length of the header as 8 bytes, the header as JSON, the solution [n, columns] in float64, and
/// a CRC-32C of all of these; little endian.
package struct IterationState {
  /// Identifies the equations that the state belongs to, and records the progress of the iteration.
  struct Header: Codable, Equatable {
    /// The version of this format.
    var format = 2
    /// The fingerprint of the matrix.
    var matrix: [String]
    /// A checksum of the right-hand sides.
    var targets: UInt32
    var order: Int
    /// The number added to the diagonal, for each column.
    var shifts: [Double]
    /// The number of iterations of each column.
    var iterations: [Int]
    /// The largest change of a prediction in the last refinement, for each column.
    var changes: [Double?]
    var refinements = 0
    var products = 0
    var seconds = 0.0

    /// Whether both headers belong to the same equations.
    func fits(_ other: Header) -> Bool {
      var same = other
      (same.iterations, same.products, same.seconds) = (iterations, products, seconds)
      (same.changes, same.refinements) = (changes, refinements)
      return self == same
    }
  }

  let folder: String
  let ranks: Ranks
  private let disk = Disk()

  package init(folder: String, ranks: Ranks) {
    (self.folder, self.ranks) = (folder, ranks)
  }

  private var path: String { folder + "/state" }

  /// Writes the state. Collective. Errors: files; agreed by all ranks. If an error occurs, the previous state is kept.
  ///
  /// - Parameter rows: Each rank's rows of the solution.
  func save(_ rows: [Double], _ share: RowShare, _ header: Header) throws {
    let whole = try share.whole(rows, columns: header.shifts.count)
    try ranks.onRoot {
      try disk.createFolder(above: path)
      let text = try JSONText.bytes(header)
      var bytes = withUnsafeBytes(of: UInt64(text.count).littleEndian) { [UInt8]($0) } + text
      whole.withUnsafeBytes { bytes.append(contentsOf: $0) }
      let checksum = bytes.withUnsafeBytes { CRC32C.checksum($0) }
      bytes += withUnsafeBytes(of: checksum.littleEndian) { [UInt8]($0) }
      try disk.publish(bytes, to: path)
    }
  }

  /// Reads the state on disk if it belongs to the wanted equations, and returns this rank's rows of the solution.
  /// Otherwise `found` is nil and, if there is a state, `reason` says why it cannot be used.
  ///
  /// Collective. Errors: files that cannot be read; agreed by all ranks.
  func load(
    _ wanted: Header, _ share: RowShare
  ) throws -> (found: (header: Header, rows: [Double])?, reason: String?) {
    var (text, values, reason) = ([UInt8](), [Double](), "")
    try ranks.onRoot {
      guard try disk.exists(path) else { return }
      switch Self.parse(try disk.read(path, limit: .max)) {
      case nil: reason = "it is damaged"
      case (let header, _, _)? where !header.fits(wanted):
        reason = "it belongs to another kernel, other targets or other regularizations"
      case (_, let own, let solution)?: (text, values) = (own, solution)
      }
    }
    text = try ranks.world.broadcast(text)
    reason = try ranks.world.broadcast(reason)
    guard !text.isEmpty else { return (nil, reason.isEmpty ? nil : reason) }
    values = try ranks.world.broadcast(values)
    let header = try ranks.agree { try JSONText.value(Header.self, text) }
    return ((header, share.own(of: values, columns: header.shifts.count)), nil)
  }

  /// Splits a file into its parts; nil if the file is damaged.
  private static func parse(
    _ bytes: [UInt8]
  ) -> (header: Header, text: [UInt8], solution: [Double])? {
    guard bytes.count >= 12 else { return nil }
    let (length, stored) = bytes.withUnsafeBytes { raw in
      (
        UInt64(littleEndian: raw.loadUnaligned(as: UInt64.self)),
        UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: raw.count - 4, as: UInt32.self))
      )
    }
    let checksum = bytes.withUnsafeBytes {
      CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0.dropLast(4)))
    }
    guard checksum == stored, length <= UInt64(bytes.count - 12) else { return nil }
    let text = Array(bytes[8..<8 + Int(length)])
    guard let header = try? JSONText.value(Header.self, text) else { return nil }
    let payload = bytes[(8 + Int(length))..<(bytes.count - 4)]
    guard payload.count == 8 * header.order * header.shifts.count else { return nil }
    var solution = [Double](repeating: 0, count: payload.count / 8)
    solution.withUnsafeMutableBytes { $0.copyBytes(from: payload) }
    return (header, text, solution)
  }

  /// Removes the state. Collective.
  package func remove() throws {
    try ranks.onRoot {
      guard try disk.exists(folder) else { return }
      try disk.removeStaleTemporaries(in: folder, olderThan: 0)
      try disk.remove(path)
      try disk.removeEmptyFolder(folder)
    }
  }
}
