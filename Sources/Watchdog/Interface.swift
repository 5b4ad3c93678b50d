import CDatagrams

/// An IPv4 network interface of a host.
public struct Interface: Equatable, BitwiseCopyable, Sendable {
  /// The address of the interface, in host byte order.
  public let address: UInt32
  /// The network mask of the interface, in host byte order.
  public let mask: UInt32

  /// An interface with an address and a mask.
  public init(address: UInt32, mask: UInt32) {
    self.address = address
    self.mask = mask
  }

  /// The interfaces of this host, without the loopback. Local.
  public static var own: [Interface] {
    var addresses = [UInt32](repeating: 0, count: 32)
    var masks = [UInt32](repeating: 0, count: 32)
    let count = Int(ntk_datagrams_interfaces(&addresses, &masks, 32))
    return (0..<count).map { Interface(address: addresses[$0], mask: masks[$0]) }
  }

  /// Whether an address is in the network of this interface.
  public func reaches(_ other: UInt32) -> Bool { other & mask == address & mask }

  /// The first interface of the first host in whose network every other host has an address of its
  /// own; nil if there is none.
  ///
  /// Some hosts have private networks of their own, such as those of containers, and these often
  /// use the same address on every host. Such networks do not count.
  public static func common(to hosts: [[Interface]]) -> Interface? {
    guard let first = hosts.first else { return nil }
    // Link-local addresses (169.254/16) belong to management devices and are not routed.
    return first.first { candidate in
      guard candidate.mask != 0, candidate.address >> 16 != 0xA9FE else { return false }
      var seen: Set<UInt32> = [candidate.address]
      return hosts.dropFirst().allSatisfy { host in
        host.contains { candidate.reaches($0.address) && seen.insert($0.address).inserted }
      }
    }
  }
}
