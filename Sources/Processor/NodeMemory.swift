import CProcess
import Glibc

/// The memory of this node.
package enum NodeMemory {
  /// The memory that some processes may take, and the reason for the limit.
  package struct Room {
    /// The number of bytes for all processes together.
    package var bytes: Int
    /// A phrase to follow the number in a sentence: the reason for the limit, unless it is the node itself.
    package var reason = ""
  }

  /// The bytes that the processes of this node may still take: the memory that the kernel reports
  /// as available, or less if control groups (of a SLURM job or a container) leave less.
  package static var available: Int { room(for: 1, addressSpace: nil).bytes }

  /// The memory that this number of processes like this one may still take. It is at most what the
  /// limit of each process's address space (ulimit -v) leaves.
  package static func room(for processes: Int) -> Room {
    let limit = Int(ntk_limit_address_space())
    return room(for: processes, addressSpace: limit < 0 ? nil : max(limit - addressSpace, 0))
  }

  /// - Parameter addressSpace: the bytes of address space that a process may still take; nil without a limit.
  private static func room(for processes: Int, addressSpace: Int?) -> Room {
    var room = Room(bytes: bytes(after: "MemAvailable:", in: "/proc/meminfo") ?? Int.max)
    let inGroups = min(
      left(
        in: "/sys/fs/cgroup", group("0::/"), limit: "memory.max", used: "memory.current", cached: ""
      ),
      left(
        in: "/sys/fs/cgroup/memory", group(":memory:/"), limit: "memory.limit_in_bytes",
        used: "memory.usage_in_bytes", cached: "total_"))
    if inGroups < room.bytes {
      room = Room(
        bytes: inGroups, reason: " (in the control group of the job; ask the queue for more memory)"
      )
    }
    if let addressSpace, addressSpace < room.bytes / max(processes, 1) {
      room = Room(bytes: addressSpace * processes, reason: " (by ulimit -v, which may be raised)")
    }
    return room
  }

  /// The bytes of address space that this process uses.
  private static var addressSpace: Int { bytes(after: "VmSize:", in: "/proc/self/status") ?? 0 }

  /// The bytes that the control groups leave, from the group of the process up to the root;
  /// `Int.max` without a limit. SLURM sets the limit on the group of the job, some levels above the process.
  ///
  /// - Parameters:
  ///   - cached: the prefix of the names of file caches in memory.stat.
  private static func left(
    in root: String, _ group: String?, limit: String, used: String, cached: String
  ) -> Int {
    guard var group else { return Int.max }
    var bytes = Int.max
    while true {
      let folder = root + group
      if let limit = number(text(folder + "/" + limit)),
        let used = number(text(folder + "/" + used))
      {
        // Cached files count as used, but they are dropped when memory is needed.
        let files = (text(folder + "/memory.stat") ?? "").split(separator: "\n")
          .filter {
            $0.hasPrefix(cached + "inactive_file ") || $0.hasPrefix(cached + "active_file ")
          }
          .reduce(0) { $0 + (number($1.split(separator: " ").last.map(String.init)) ?? 0) }
        bytes = min(bytes, max(limit - used + files, 0))
      }
      // In a container, the root is the container's own group.
      if group == "/" { return bytes }
      let parent = group.lastIndex(of: "/").map { String(group[..<$0]) } ?? ""
      group = parent.isEmpty ? "/" : parent
    }
  }

  /// The path of this process's control group. It follows `0::` in version 2, and `N:memory:` in version 1.
  private static func group(_ mark: String) -> String? {
    (text("/proc/self/cgroup") ?? "").split(separator: "\n").first {
      mark.hasPrefix("0") ? $0.hasPrefix(mark) : $0.contains(mark)
    }.map { "/" + $0.split(separator: "/", maxSplits: 1).dropFirst().joined() }
  }

  /// A number of bytes, given in kB in a file of /proc.
  private static func bytes(after name: String, in path: String) -> Int? {
    (text(path) ?? "").split(separator: "\n").first { $0.hasPrefix(name) }
      .flatMap { $0.split(whereSeparator: \.isWhitespace).dropFirst().first }
      .flatMap { Int($0) }.map { $0 * 1024 }
  }

  private static func number(_ text: String?) -> Int? {
    text.flatMap { Int($0.filter { !$0.isWhitespace }) }
  }

  /// The text of a file in /proc or /sys. Such files have no size, so they are read to their end.
  private static func text(_ path: String) -> String? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(descriptor, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { return nil }
      if count == 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += buffer[..<count]
    }
  }
}
