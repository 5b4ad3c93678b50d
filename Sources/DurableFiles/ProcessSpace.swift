import Glibc

/// The boot and the namespace in which this process's number is valid.
///
/// Containers on one machine may share the host's name although each has its own process numbers.
public enum ProcessSpace {
  /// The boot and the namespace as text.
  public static let current: String = {
    let boot = bytes { buffer, count in
      let descriptor = open("/proc/sys/kernel/random/boot_id", O_RDONLY)
      defer { _ = close(descriptor) }
      return read(descriptor, buffer, count)
    }
    let namespace = bytes { buffer, count in readlink("/proc/self/ns/pid", buffer, count) }
    return String(decoding: boot.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self) + " "
      + String(decoding: namespace, as: UTF8.self)
  }()

  /// A digest of `current` for names of files, 8 hexadecimal digits.
  public static let digest: String = {
    // FNV-1a.
    let hash = current.utf8.reduce(UInt32(2_166_136_261)) { ($0 ^ UInt32($1)) &* 16_777_619 }
    let digits = String(hash, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }()

  /// What a system call writes to a buffer; nothing if it fails.
  private static func bytes(
    _ call: (_ buffer: UnsafeMutablePointer<CChar>, _ count: Int) -> Int
  ) -> [UInt8] {
    var buffer = [CChar](repeating: 0, count: 128)
    let count = call(&buffer, buffer.count)
    return buffer.prefix(max(count, 0)).map(UInt8.init(bitPattern:))
  }
}
