import BLAS
import Foundation
import MessagePassing
import RankProgram

/// Measures the speed of the memory and of matrix products on every rank, on all ranks at once, and finds slow ranks.
enum SpeedCheck {
  private static let order = 384
  private static let rounds = 12
  /// The number of elements of an array; three arrays exceed a core's share of the caches.
  private static let elements = 1 << 21

  /// Performs the check. Collective.
  static func perform(_ site: Site) throws -> [Finding] {
    let repeats = site.isBroken("slow") ? 16 : 1
    let memory = try triad(site, repeats: repeats)
    let (products, share) = try products(site, repeats: repeats)
    guard let figures = try site.gather(memory, products, share) else { return [] }
    return [
      finding("memory", "GB/s", site, figures.map { $0[0] }, look: 2),
      finding("products", "GFLOP/s", site, figures.map { $0[1] }, look: 1.5),
      sharing(site, figures.map { $0[2] }),
    ]
  }

  /// Computes a <- b + s c and returns the GB/s of this rank. Collective.
  ///
  /// Source: McCalpin's STREAM.
  private static func triad(_ site: Site, repeats: Int) throws -> Double {
    let memory = UnsafeMutablePointer<Double>.allocate(capacity: 3 * elements)
    defer { memory.deallocate() }
    memory.initialize(repeating: 1, count: 3 * elements)
    let (a, b, c) = (memory, memory + elements, memory + 2 * elements)
    var best = Double.infinity
    try site.world.barrier()
    for _ in 0..<rounds {
      let start = processorSeconds
      for _ in 0..<repeats {
        for i in 0..<elements { a[i] = b[i] + 0.5 * c[i] }
      }
      best = min(best, processorSeconds - start)
    }
    return Double(24 * elements) / best * 1e-9
  }

  /// The GFLOP/s of this rank, and the fraction of the time in which it had a core. Collective.
  private static func products(
    _ site: Site, repeats: Int
  ) throws -> (gflops: Double, share: Double) {
    let n = order
    let (a, b) = ([Double](repeating: 1, count: n * n), [Double](repeating: 0.5, count: n * n))
    var c = [Double](repeating: 0, count: n * n)
    var best = Double.infinity
    try site.world.barrier()
    let (begin, first) = (Site.seconds, processorSeconds)
    for _ in 0..<rounds {
      let start = processorSeconds
      for _ in 0..<repeats {
        dgemm(m: n, n: n, k: n, a, lda: n, b, ldb: n, into: &c, ldc: n)
      }
      best = min(best, processorSeconds - start)
    }
    let share = (processorSeconds - first) / max(Site.seconds - begin, 1e-9)
    return (2 * Double(n * n * n) / best * 1e-9, share)
  }

  /// - Parameter look: a rank that is slower than most by this factor is worth a look; twice this factor is bad.
  private static func finding(
    _ check: String, _ unit: String, _ site: Site, _ speeds: [Double], look: Double
  ) -> Finding {
    let outliers = Outliers(speeds)
    let slow = outliers.beyond(look)
    var finding = Finding(
      check, "\(short(outliers.typical)) \(unit) a rank, all at once")
    if let worst = slow.first {
      finding.result =
        "\(site.name(worst.rank)) is \(short(worst.factor)) times slower than most"
        + (slow.count > 1 ? ", and \(slow.count - 1) more ranks slow" : "")
      finding.verdict = worst.factor >= 2 * look ? .bad : .look
      finding.advice =
        "keep jobs off \(site.hosts[worst.rank]), or look what slows it (other programs, clock, BLAS)"
    }
    finding.nodes = site.nodes.map { name, ranks in
      let own = ranks.map { speeds[$0] }
      return (name, "\(short(own.min() ?? 0)) to \(short(own.max() ?? 0)) \(unit) a rank")
    }
    return finding
  }

  /// Checks whether every rank had a core of its own.
  private static func sharing(_ site: Site, _ shares: [Double]) -> Finding {
    let low = shares.indices.min { shares[$0] < shares[$1] } ?? 0
    let isMeant = StartReport.sharingIsMeant
    let isShared = shares[low] < 0.8 && !isMeant
    var finding = Finding(
      "cores",
      isShared
        ? "\(site.name(low)) had a core for \(short(100 * shares[low])) % of the time"
        : isMeant
          ? "shared on purpose (OMPI_MCA_mpi_yield_when_idle)" : "every rank has one for itself")
    if isShared {
      finding.verdict = .look
      finding.advice = "end other programs on \(site.hosts[low]), or start fewer ranks there"
    }
    return finding
  }

  /// The processor seconds of the calling thread; threads of others on the same core do not increase them.
  private static var processorSeconds: Double {
    var time = timespec()
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
  }
}
