import Glibc
import Synchronization

/// The name of a file until it is published: `.NAME.partial-HOST-SPACE-PID-COUNTER`.
///
/// Host, process space, process and counter make it unique among all writers on a shared file system.
/// The leading dot hides it from listings and from Zarr.
struct TemporaryName: Equatable {
  /// The host and the process space in which `process` is valid.
  let machine: String
  let process: Int32
  let text: String

  private static let mark = ".partial-"
  private static let counter = Atomic<Int>(0)

  private static let thisHost: String = {
    var buffer = [CChar](repeating: 0, count: 256)
    guard gethostname(&buffer, buffer.count - 1) == 0 else { return "unknown" }
    let name = buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:))
    return String(decoding: name, as: UTF8.self).replacing("/", with: "_")
  }()
  static let thisMachine = "\(thisHost)-\(ProcessSpace.digest)"

  /// A new name for the file `name`.
  init(for name: String) {
    let number = TemporaryName.counter.add(1, ordering: .relaxed).newValue
    machine = TemporaryName.thisMachine
    process = getpid()
    text = ".\(name)\(TemporaryName.mark)\(machine)-\(process)-\(number)"
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
    self.machine = parts.dropLast(2).joined(separator: "-")
    self.process = process
    self.text = text
  }

  /// Whether the writer ran on this host, but before its last boot or in another container.
  var isOfAnotherSpaceHere: Bool {
    machine != TemporaryName.thisMachine
      && machine.dropLast(1 + ProcessSpace.digest.count) == TemporaryName.thisHost
  }

  /// Whether the writer of the file ran in this process space and has ended.
  var writerIsGone: Bool {
    guard machine == TemporaryName.thisMachine else { return false }
    guard kill(process, 0) == 0 else { return errno == ESRCH }
    // A zombie has ended, and it no longer has an executable.
    var byte: CChar = 0
    return readlink("/proc/self/exe", &byte, 1) == 1
      && readlink("/proc/\(process)/exe", &byte, 1) < 0 && errno == ENOENT
  }
}
