import Glibc
import Synchronization

/// The name of a file until it is published: `.NAME.partial-HOST-PID-COUNTER`.
///
/// Host, process and counter make it unique among all writers on a shared file system. The leading
/// dot hides it from listings and from Zarr.
struct TemporaryName: Equatable {
  let host: String
  let process: Int32
  let text: String

  private static let mark = ".partial-"
  private static let counter = Atomic<Int>(0)

  static let thisHost: String = {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
    let name = buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
    return String(decoding: name, as: UTF8.self).replacing("/", with: "_")
  }()

  /// A new name for the file `name`.
  init(for name: String) {
    let number = TemporaryName.counter.add(1, ordering: .relaxed).newValue
    host = TemporaryName.thisHost
    process = getpid()
    text = ".\(name)\(TemporaryName.mark)\(host)-\(process)-\(number)"
  }

  /// Parses a name found in a folder; nil if it is not a temporary name.
  init?(parsing text: String) {
    guard text.hasPrefix("."), let range = text.ranges(of: TemporaryName.mark).last else {
      return nil
    }
    let parts = text[range.upperBound...].split(separator: "-", omittingEmptySubsequences: false)
    guard parts.count >= 3, let process = Int32(parts[parts.count - 2]), process > 0,
      Int(parts[parts.count - 1]) != nil
    else { return nil }
    self.host = parts.dropLast(2).joined(separator: "-")
    self.process = process
    self.text = text
  }

  /// Whether the writer of the file ran on this machine and has ended.
  var writerIsGone: Bool {
    guard host == TemporaryName.thisHost else { return false }
    guard kill(process, 0) == 0 else { return errno == ESRCH }
    // A zombie has ended, and it no longer has an executable.
    var byte: CChar = 0
    return readlink("/proc/self/exe", &byte, 1) == 1
      && readlink("/proc/\(process)/exe", &byte, 1) < 0 && errno == ENOENT
  }
}
