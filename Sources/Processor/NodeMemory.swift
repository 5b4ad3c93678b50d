import Glibc

/// The memory of this node.
package enum NodeMemory {
  /// Bytes that the processes of this node may still take: what the kernel calls available, or what
  /// the control groups (version 2; of a SLURM job or a container) leave, if that is less.
  package static var available: Int {
    var bytes = Int.max
    for line in (text("/proc/meminfo") ?? "").split(separator: "\n")
    where line.hasPrefix("MemAvailable:") {
      let number = line.split(separator: " ").dropFirst().first.flatMap { Int($0) }
      bytes = number.map { $0 * 1024 } ?? bytes
    }
    // Version 2: one line, `0::/path`. SLURM limits the job, some levels above the process.
    var group =
      (text("/proc/self/cgroup") ?? "").split(separator: "\n")
      .first { $0.hasPrefix("0::/") }.map { String($0.dropFirst(3)) } ?? "/"
    while group != "/" {
      let folder = "/sys/fs/cgroup" + group
      if let limit = number(text(folder + "/memory.max")),
        let used = number(text(folder + "/memory.current"))
      {
        // Cached files count as used, and are dropped when memory is needed.
        let cached = (text(folder + "/memory.stat") ?? "").split(separator: "\n")
          .filter { $0.hasPrefix("inactive_file ") || $0.hasPrefix("active_file ") }
          .reduce(0) { $0 + (number($1.split(separator: " ").last.map(String.init)) ?? 0) }
        bytes = min(bytes, max(limit - used + cached, 0))
      }
      let parent = group.lastIndex(of: "/").map { String(group[..<$0]) } ?? ""
      group = parent.isEmpty ? "/" : parent
    }
    return bytes
  }

  private static func number(_ text: String?) -> Int? {
    text.flatMap { Int($0.filter { !$0.isWhitespace }) }
  }

  /// The text of a file of /proc or /sys; these have no size, so it is read to its end.
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
