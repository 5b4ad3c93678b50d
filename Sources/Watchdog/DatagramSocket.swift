import CDatagrams

/// An IPv4 datagram socket. It is closed when its last reference is released.
public final class DatagramSocket: Sendable {
  /// The source or the destination of a datagram.
  package typealias Place = (address: UInt32, port: UInt16)

  /// The address of all interfaces.
  public static var anyAddress: UInt32 { ntk_datagrams_any() }
  /// The address that only this host can reach.
  public static var loopback: UInt32 { ntk_datagrams_loopback() }

  /// The port that the socket is bound to.
  public let port: UInt16
  private let descriptor: Int32

  /// Binds a socket to a free port of an address; nil if this is not possible.
  public init?(on address: UInt32) {
    var port: UInt16 = 0
    descriptor = ntk_datagrams_open(address, &port)
    self.port = port
    guard descriptor >= 0 else { return nil }
  }

  deinit { if descriptor >= 0 { ntk_datagrams_close(descriptor) } }

  /// Sends without waiting. A lost datagram does not matter, because others follow.
  package func send(_ bytes: [UInt8], to place: Place) {
    _ = ntk_datagrams_send(descriptor, place.address, place.port, bytes, Int32(bytes.count))
  }

  /// Receives a datagram, or the beginning of a longer one; nil if none arrives in time.
  package func receive(
    into buffer: UnsafeMutableRawBufferPointer, waiting seconds: Double
  ) -> (count: Int, from: Place)? {
    var place: Place = (0, 0)
    let count = ntk_datagrams_receive(
      descriptor, Int32(seconds * 1e3), buffer.baseAddress, Int32(buffer.count), &place.address,
      &place.port)
    return count < 0 ? nil : (Int(count), place)
  }
}
