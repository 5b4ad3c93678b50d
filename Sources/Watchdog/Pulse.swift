/// One datagram of a watchdog.
public struct Pulse: Equatable, Sendable {
  /// What it says.
  public enum Kind: UInt32, Sendable {
    /// The sender is alive; from rank 0, also that it has heard the receiver.
    case here
    /// The sender leaves in order.
    case leaving
  }

  /// The rank that sends it.
  public let rank: Int
  /// What it says.
  public let kind: Kind
  /// Larger in each datagram of a sender.
  public let sequence: UInt64

  /// A datagram's content.
  public init(rank: Int, kind: Kind, sequence: UInt64) {
    (self.rank, self.kind, self.sequence) = (rank, kind, sequence)
  }

  /// The bytes of a datagram.
  public static let size = 24

  /// Reads a datagram; nil where it was not made with this key.
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

  /// The datagram: two words and the tag that the key gives them.
  public func bytes(key: SipHash) -> [UInt8] {
    let words = [UInt64(kind.rawValue) << 32 | UInt64(rank), sequence]
    return (words + [key.tag(of: words)]).flatMap { word in
      (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * UInt64($0))) }
    }
  }
}

/// Tells the datagrams of a run from all others, which it counts.
public struct PulseFilter: Sendable {
  /// The datagrams that were not of this run, or were sent again.
  public private(set) var strangers = 0

  private let key: SipHash
  private var lastSequence: [Int: UInt64] = [:]

  /// A filter for the run that has this key.
  public init(key: SipHash) { self.key = key }

  /// The pulse in a datagram; nil where it is not of this run or older than one that came before.
  public mutating func admit(_ bytes: UnsafeRawBufferPointer) -> Pulse? {
    guard let pulse = Pulse(bytes, key: key), pulse.sequence > lastSequence[pulse.rank] ?? 0 else {
      strangers += 1
      return nil
    }
    lastSequence[pulse.rank] = pulse.sequence
    return pulse
  }
}
