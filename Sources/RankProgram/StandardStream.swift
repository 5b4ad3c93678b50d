import Glibc

/// A standard stream of a program that must continue even if the stream fails.
///
/// Output is best effort: what a stream does not accept is dropped. So a full log, a reader that
/// has stopped, or a terminal that is gone neither ends a run nor holds it up.
package enum StandardStream: Int32, Sendable {
  case output = 1
  case error = 2

  /// The milliseconds to wait until a stream has room.
  private static let patience: Int32 = 200

  /// Writes as much of the text as the stream accepts. Local; may be called on any thread.
  package func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      var rest = UnsafeRawBufferPointer(bytes)
      while !rest.isEmpty, let count = writePiece(of: rest) {
        rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
      }
    }
  }

  /// Writes the beginning of `bytes` and returns its length; nil if the stream accepts nothing.
  private func writePiece(of bytes: UnsafeRawBufferPointer) -> Int? {
    var stream = pollfd(fd: rawValue, events: Int16(POLLOUT), revents: 0)
    while true {
      let ready = poll(&stream, 1, Self.patience)
      if ready < 0 && errno == EINTR { continue }
      guard ready > 0, stream.revents & Int16(POLLNVAL) == 0 else { return nil }
      // A pipe that is ready has room for this many bytes, so the write does not block.
      let count = Glibc.write(rawValue, bytes.baseAddress, min(bytes.count, Int(PIPE_BUF)))
      if count < 0 && errno == EINTR { continue }
      return count > 0 ? count : nil
    }
  }

  /// Prepares the standard streams. Opens closed streams on /dev/null, so that no file gets their
  /// numbers. Ignores SIGPIPE and SIGXFSZ, so that the writes that cause them fail instead.
  package static func prepare() {
    signal(SIGPIPE, SIG_IGN)
    signal(SIGXFSZ, SIG_IGN)
    while true {
      let descriptor = open("/dev/null", O_RDWR)
      guard descriptor >= 0 else { return }
      guard descriptor <= StandardStream.error.rawValue else {
        close(descriptor)
        return
      }
    }
  }
}
