/// A datagram of the watchdog.
public struct Pulse: Equatable, Sendable {
  /// The meaning of a datagram.
  public enum Kind: UInt32, Sendable {
    /// The sender is alive. From rank 0, this also means that rank 0 has heard the receiver.
    case here
    /// The sender leaves in an orderly way.
    case leaving
  }

  /// The rank that sends it.
  public let rank: Int
  /// The meaning of the datagram.
  public let kind: Kind
  /// A number that increases with each datagram of a sender.
  public let sequence: UInt64

  /// Creates the contents of a datagram.
  public init(rank: Int, kind: Kind, sequence: UInt64) {
    (self.rank, self.kind, self.sequence) = (rank, kind, sequence)
  }

  /// The number of bytes of a datagram.
  public static let size = 24

  /// Parses a datagram; nil if it was not made with this key.
  public init?(_ bytes: UnsafeRawBufferPointer, key: SipHash) {
    guard bytes.count == Self.size else { return nil }
    let words = (0..<3).map {
      UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: 8 * $0, as: UInt64.self))
    }
    guard words[2] == key.tag(of: [words[0], words[1]]),
      let kind = Kind(rawValue: UInt32(words[0] >> 32))
    else { return nil }
    self.init(rank: Int(words[0] & 0xffff_ffff), kind: kind, sequence: words[1])
  }

  /// The bytes of the datagram: two words, and the tag that the key gives for them.
  public func bytes(key: SipHash) -> [UInt8] {
    let words = [UInt64(kind.rawValue) << 32 | UInt64(rank), sequence]
    return (words + [key.tag(of: words)]).flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
    }
  }
}

/// Distinguishes the datagrams of a run from all others, and counts the others.
public struct PulseFilter: Sendable {
  /// The number of datagrams that did not belong to this run or were repeated.
  public private(set) var strangers = 0

  private let key: SipHash
  private var lastSequence: [Int: UInt64] = [:]

  /// Creates a filter for the run with this key.
  public init(key: SipHash) { self.key = key }

  /// The pulse in a datagram; nil if it does not belong to this run or is older than a previous one.
  public mutating func admit(_ bytes: UnsafeRawBufferPointer) -> Pulse? {
    guard let pulse = Pulse(bytes, key: key), pulse.sequence > lastSequence[pulse.rank] ?? 0 else {
      strangers += 1
      return nil
    }
    lastSequence[pulse.rank] = pulse.sequence
    return pulse
  }
}
