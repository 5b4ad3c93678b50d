import DurableFiles
import MessagePassing

/// Checks the memory that the ranks of a node share: each rank must see what the others write.
enum WindowCheck {
  private static let words = 1 << 17
  /// The bytes that the images of a data set may need. CIFAR-10 with its test images takes 1.5 GB.
  private static let need = 2_000_000_000

  /// Performs the check. Collective.
  static func perform(_ site: Site) throws -> [Finding] {
    let node = site.ranks.node
    let window = try SharedWindow(byteCount: 8 * words * node.size, on: node)
    let memory = window.bytes.bindMemory(to: Int.self)
    for place in 0..<words { memory[node.rank * words + place] = place ^ node.rank }
    try window.fence()
    var wrong = memory.indices.count { memory[$0] != ($0 % words) ^ ($0 / words) }
    if site.isBroken("windows") { wrong += 1 }
    try window.free()
    let free = (try? Disk().freeBytes(at: "/dev/shm")) ?? Int.max
    guard let figures = try site.gather(Double(wrong), Double(free)) else { return [] }
    if let rank = figures.firstIndex(where: { $0[0] > 0 }) {
      return [
        Finding(
          "shared memory", "\(site.name(rank)) does not see what the ranks of its node write", .bad,
          advice: "try another MPI, or keep jobs off this node")
      ]
    }
    let least = figures.indices.min { figures[$0][1] < figures[$1][1] } ?? 0
    let isTight = figures[least][1] < Double(need)
    let gigabytes = short(figures[least][1] * 1e-9)
    return [
      Finding(
        "shared memory", "seen by all ranks of a node; \(gigabytes) GB free in /dev/shm",
        lookIf: isTight,
        advice:
          "give /dev/shm of \(site.hosts[least]) more than 2 GB for images (docker --shm-size)")
    ]
  }
}
