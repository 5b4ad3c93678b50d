/// One datagram of a watchdog.
public struct Pulse: Equatable, Sendable {
  /// What it says.
  public enum Kind: UInt32, Sendable {
    /// I am here; from rank 0: I have heard you.
    case here
    /// I leave in order.
    case leaving
  }

  /// The run that it belongs to: others may send to the same port later.
  public let token: UInt64
  /// Who sends it.
  public let rank: Int
  /// What it says.
  public let kind: Kind

  /// A datagram's content.
  public init(token: UInt64, rank: Int, kind: Kind) {
    (self.token, self.rank, self.kind) = (token, rank, kind)
  }

  /// Bytes of a datagram.
  static let size = 24

  private static let magic: UInt64 = 0x4e54_4b2d_5055_4c53

  /// Reads a datagram; nil where it is not one of ours.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count == Self.size else { return nil }
    let words = bytes.withUnsafeBytes { raw in
      (0..<3).map {
        UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self))
      }
    }
    guard words[0] == Self.magic, let kind = Kind(rawValue: UInt32(words[2] >> 32)) else {
      return nil
    }
    self.init(token: words[1], rank: Int(words[2] & 0xffff_ffff), kind: kind)
  }

  /// The datagram.
  public var bytes: [UInt8] {
    [Self.magic, token, UInt64(kind.rawValue) << 32 | UInt64(rank)].flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
    }
  }
}
