import Foundation

/// The memory of this node.
enum NodeMemory {
  /// Bytes that this process and its neighbours may still take: what the kernel calls available,
  /// or what the control group (a SLURM job's, a container's) leaves, if that is less.
  static var available: Int {
    // Files of /proc have no size, so they are read to their end.
    func text(_ path: String) -> String? {
      guard let file = FileHandle(forReadingAtPath: path) else { return nil }
      defer { try? file.close() }
      return (try? file.readToEnd()).map { String(decoding: $0, as: UTF8.self) }
    }
    var bytes = Int.max
    for line in (text("/proc/meminfo") ?? "").split(separator: "\n")
    where line.hasPrefix("MemAvailable:") {
      let number = line.split(separator: " ").dropFirst().first.flatMap { Int($0) }
      bytes = number.map { $0 * 1024 } ?? bytes
    }
    // Version 2: one line, `0::/path`.
    let group = (text("/proc/self/cgroup") ?? "").split(separator: "\n")
      .first { $0.hasPrefix("0::") }.map { "/sys/fs/cgroup" + $0.dropFirst(3) }
    if let group, let limit = number(text(group + "/memory.max")),
      let used = number(text(group + "/memory.current"))
    {
      bytes = min(bytes, max(limit - used, 0))
    }
    return bytes
  }

  private static func number(_ text: String?) -> Int? {
    text.flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }
  }
}
