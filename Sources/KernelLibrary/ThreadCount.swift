import CThreads
import Failures
import Glibc

/// How many threads compute a kernel.
enum ThreadCount {
  /// More than any machine has processors.
  private static let limit = 1 << 16

  /// What the caller asks for, or else the environment, or else as many as there are processors that this
  /// process may use.
  ///
  /// - Parameter asked: 0 where the caller leaves it open.
  ///
  /// Errors: `Refusal` for a number that is none.
  static func chosen(asked: Int32) throws(Refusal) -> Int {
    guard asked >= 0, asked <= limit else {
      throw Refusal(
        .usage, "options.threads is \(asked); it must be 0, or a number of threads up to \(limit)")
    }
    if asked > 0 { return Int(asked) }
    if let text = value("NTK_DIST_NUM_THREADS") {
      guard let count = Int(text), (1...limit).contains(count) else {
        throw Refusal(
          .usage, "NTK_DIST_NUM_THREADS is '\(text)'; it must be a number of threads up to \(limit)"
        )
      }
      return count
    }
    // OpenMP's own variable may be a list, one number for each level of nesting.
    if let first = value("OMP_NUM_THREADS")?.split(separator: ",").first,
      let count = Int(first.filter { $0 != " " }), (1...limit).contains(count)
    {
      return count
    }
    return Int(ntk_usable_processors())
  }

  private static func value(_ name: String) -> String? {
    guard let text = getenv(name), text.pointee != 0 else { return nil }
    return String(cString: text)
  }
}
